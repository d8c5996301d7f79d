//! Rows that are made up for the tests of terminal views.

use serde_json::{Value, json};

use crate::types::Row;

/// The fields of a JSON object.
pub(super) fn row(value: Value) -> Row {
    let Value::Object(row) = value else { panic!("a row is an object") };
    row.into()
}

/// An app as its details have it.
pub(super) fn app() -> Row {
    let mut app = row(json!({
        "kind": "app", "app_id": "com.example.harbour.master", "country": "de", "language": "en", "via": "rpc", "position": 1,
        "title": "Harbour Master: Cranes & Cargo", "summary": "Load the ships before the tide turns.",
        "description": "Run the busiest harbour of the north. Cranes, tugs and pilots wait for your word, and so do the captains, whose patience \
            is short.\n\nEACH DAY ANOTHER TIDE\n• 120 ships with a cargo of their own\n• Storms, strikes and inspections\n• A night shift for those who \
            can't stop\n\n\n港は眠らない。クレーン、タグボート、水先案内人があなたの指示を待っています。船長たちの忍耐は長くは続きません。\n\nPlay \
            offline: nothing is sent anywhere. The harbour is drawn by hand, its sounds were recorded on the piers of four cities, and every ship \
            in it has sailed for real at some time. Updates bring a pier each month, with ships and crews who have never been there before, \
            and weather that nobody ordered.\n\nThank you for playing!",
        "description_html": "Run the busiest harbour…<br>", "installs": "10,000,000+", "min_installs": 10_000_000, "real_installs": 12_345_678,
        "score": 4.372_912, "score_text": "4.4", "ratings": 345_678, "reviews": 4567, "histogram": [20_345, 9_876, 21_098, 65_432, 228_927],
        "price": 3.99, "currency": "EUR", "price_text": "3,99 €", "free": false, "original_price": 5.99, "discount_ends_at": null,
    }));
    app.extend(row(json!({
        "available": true, "preregister": false, "offers_iap": true, "iap_range": "0,99 €–19,99 €", "contains_ads": true,
        "min_android": "8.0", "min_android_api": 26, "target_sdk": 35, "version": "2.14.1", "developer": "Quayside Games",
        "developer_id": "5700000000000000000", "developer_email": "crew@quayside.example", "developer_website": "https://quayside.example",
        "developer_address": null, "genre": "Simulation", "genre_id": "GAME_SIMULATION",
        "categories": [{"name": "Simulation", "id": "GAME_SIMULATION"}, {"name": "Offline", "id": null}, {"name": "Ships", "id": null}],
        "icon": "https://images.example/icon", "screenshots": ["https://images.example/1", "https://images.example/2"], "video": null,
        "content_rating": "USK: All ages", "released": "May 4, 2021", "released_at": 1_620_086_400, "updated": "Oct 5, 2026",
        "updated_at": 1_791_158_400, "changelog": null, "fetched_at": "2026-11-26T06:18:40Z"
    })));
    app
}

const INSTALLS: [&str; 3] = ["1,000,000,000+", "500,000+", "10,000,000+"];

const TITLES: [&str; 8] = [
    "Harbour Master: Cranes & Cargo",
    "Go",
    "消しゴムパズル：東京の夜",
    "Word by Word — the crossword for a very long journey by train",
    "Paper Planes ✈️ 2",
    "Chess",
    "👨‍👩‍👧‍👦 Family Farm",
    "Kettle",
];

const IDS: [&str; 8] = [
    "com.example.harbour.master",
    "org.go",
    "jp.example.keshigomu.puzzle",
    "com.example.words.crossword.long.journey.offline",
    "com.example.planes2",
    "net.chess",
    "com.example.family.farm.global",
    "io.kettle",
];

/// A chart of `count` apps, which begins with another app in each country.
pub(super) fn chart(country: &str, category: &str, count: usize) -> Vec<Row> {
    let first = usize::from(country.bytes().last().unwrap_or_default());
    let apps = TITLES.iter().zip(IDS).zip(0_u32..).cycle().skip(first % TITLES.len()).take(count);
    let app = |(position, ((title, id), index)): (usize, ((&&str, &str), u32))| {
        let score = (index != 5).then(|| 4.96 - 0.37 * f64::from(index));
        row(json!({
            "kind": "list", "collection": "topselling_free", "category": category, "country": country, "language": "en", "num": 8,
            "position": position, "app_id": id, "title": title, "developer": format!("Studio {index}"), "icon": "https://images.example/i",
            "score": score, "score_text": score.map(|score| format!("{score:.1}")), "price": if index == 2 { 1.5 } else { 0.0 },
            "currency": "USD", "price_text": "", "genre": if index % 2 == 0 { "Puzzle" } else { "Board" },
            "description": "A description that takes far more than the sixty-four characters which a column may have, and says nothing.",
            "installs": INSTALLS[index as usize % INSTALLS.len()], "screenshots": ["https://images.example/1"], "video": null,
            "content_rating": "Everyone", "url": "https://play.example/app", "fetched_at": format!("2026-11-26T06:18:{:02}Z", index + 10)
        }))
    };
    (1..).zip(apps).map(app).collect()
}

/// The charts of four countries.
pub(super) fn charts() -> Vec<Row> {
    ["us", "kr", "de", "fr"].into_iter().flat_map(|country| chart(country, "GAME", 6)).collect()
}
