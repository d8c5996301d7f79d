//! What is read from the wire is compared with what the catalogue says.

use playfast_sim::{AppQuery, ChartQuery, Layout, StoreConfig};
use serde_json::{Value, json};

use crate::read::{array_frames, assert_same, at, blocks, distinct, each, line_frames, payload, text};
use crate::support::{FIELDS, Shop, chart_call, details_call};

/// The record of an item message.
pub(crate) fn item(message: &Value) -> Value {
    let field = |path: &str| at(message, path).clone();
    json!({
        "app_id": field("0,0"), "title": field("3"), "developer": field("14"), "icon": field("1,3,2"), "score": field("4,1"),
        "score_text": field("4,0"), "price": micros(message, "8,1,0,0"), "currency": field("8,1,0,1"), "price_text": field("8,1,0,2"),
        "genre": field("5"), "description": text(at(message, "13,1")), "installs": field("15"),
        "screenshots": distinct(message, "2", "3,2"), "video": field("12,0,0,3,2"), "header_image": field("22,3,2"),
        "content_rating": field("24,0"), "iap_range": field("29,0"), "url": format!("https://play.google.com{}", text(at(message, "10,4,2")).as_str().unwrap()),
    })
}

pub(crate) fn micros(message: &Value, path: &str) -> Value {
    at(message, path).as_f64().map_or(Value::Null, |micros| (micros / 1e6).into())
}

fn truthy(value: &Value) -> bool {
    !value.is_null() && value != &Value::from(0) && value != &Value::from(false) && value != ""
}

/// The record of a whole details answer.
pub(crate) fn app(answer: &Value) -> Value {
    let message = at(answer, "1,2");
    let mut record = json!({"app_id": at(answer, "1,11,0,0"), "data_safety": null});
    for (name, value) in direct(message).into_iter().chain(derived(message)) {
        record[name] = value;
    }
    record
}

fn direct(message: &Value) -> Vec<(&'static str, Value)> {
    const PATHS: [(&str, &str); 43] = [
        ("title", "0,0"),
        ("installs", "13,0"),
        ("min_installs", "13,1"),
        ("real_installs", "13,2"),
        ("score", "51,0,1"),
        ("score_text", "51,0,0"),
        ("ratings", "51,2,1"),
        ("reviews", "51,3,1"),
        ("currency", "57,0,0,0,0,1,0,1"),
        ("price_text", "57,0,0,0,0,1,0,2"),
        ("discount_ends_at", "57,0,0,0,0,14,1"),
        ("iap_range", "19,0"),
        ("min_android", "140,1,1,0,0,1"),
        ("min_android_api", "140,1,1,0,0,0"),
        ("max_android", "140,1,1,0,1,1"),
        ("target_sdk", "140,1,0,0,0"),
        ("version", "140,0,0,0"),
        ("developer", "68,0"),
        ("developer_email", "69,1,0"),
        ("developer_website", "69,0,5,2"),
        ("developer_address", "69,2,0"),
        ("developer_legal_name", "69,4,0"),
        ("developer_legal_email", "69,4,1,0"),
        ("developer_legal_address", "69,4,2,0"),
        ("developer_legal_phone", "69,4,3"),
        ("seller", "37,0"),
        ("privacy_policy", "99,0,5,2"),
        ("genre", "79,0,0,0"),
        ("genre_id", "79,0,0,2"),
        ("icon", "95,0,3,2"),
        ("header_image", "96,0,3,2"),
        ("video", "100,0,0,3,2"),
        ("video_image", "100,1,0,3,2"),
        ("content_rating", "9,0"),
        ("content_rating_description", "9,2,1"),
        ("content_rating_icon", "9,1,3,2"),
        ("released", "10,0"),
        ("released_at", "10,1,0"),
        ("updated", "145,0,0"),
        ("updated_at", "145,0,1,0"),
        ("chart_label", "58,0"),
        ("chart_rank", "58,2"),
        ("app_id", "77,0"),
    ];
    PATHS.into_iter().map(|(name, path)| (name, at(message, path).clone())).collect()
}

fn derived(message: &Value) -> Vec<(&'static str, Value)> {
    let described =
        Some(at(message, "12,0,0,1")).filter(|html| !html.is_null()).unwrap_or_else(|| at(message, "72,0,1"));
    vec![
        ("description", text(described)),
        ("description_html", described.clone()),
        ("summary", text(at(message, "73,0,1"))),
        ("changelog", at(message, "144,1,1").clone()),
        ("histogram", histogram(message)),
        ("price", micros(message, "57,0,0,0,0,1,0,0")),
        ("free", (at(message, "57,0,0,0,0,1,0,0") == 0).into()),
        ("original_price", micros(message, "57,0,0,0,0,1,1,0")),
        ("available", truthy(at(message, "18,0")).into()),
        ("preregister", (at(message, "18,0") == 1).into()),
        ("early_access", at(message, "18,2").is_string().into()),
        ("offers_iap", (!at(message, "19,0").is_null()).into()),
        ("contains_ads", truthy(at(message, "48")).into()),
        ("play_pass", truthy(at(message, "62")).into()),
        ("screenshots", distinct(message, "78,0", "3,2")),
        ("developer_id", developer_id(at(message, "68,1,4,2").as_str().unwrap()).into()),
        ("categories", categories(message)),
        ("permissions", permissions(at(message, "74,2"))),
    ]
}

fn histogram(message: &Value) -> Value {
    let stars = [1, 2, 3, 4, 5].map(|star| at(message, &format!("51,1,{star},1")).clone());
    if stars[0].is_null() { Value::Null } else { stars.to_vec().into() }
}

fn developer_id(link: &str) -> String {
    let (_, query) = link.split_once('?').unwrap();
    url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "id").unwrap().1.into_owned()
}

fn categories(message: &Value) -> Value {
    let mut found = Vec::new();
    collect(at(message, "118"), &mut found);
    if found.is_empty() {
        found.push(json!({"name": at(message, "79,0,0,0"), "id": at(message, "79,0,0,2")}));
    }
    found.into()
}

fn collect(value: &Value, found: &mut Vec<Value>) {
    let Some(items) = value.as_array() else { return };
    if items.len() >= 4 && items[0].is_string() {
        return found.push(json!({"name": items[0], "id": items[2]}));
    }
    items.iter().for_each(|item| collect(item, found));
}

fn permissions(message: &Value) -> Value {
    let group = |group: &Value| json!({"group": group[0], "permissions": each(group, "2", "1")});
    let named = ["0", "1"].into_iter().flat_map(|slot| at(message, slot).as_array().into_iter().flatten().map(group));
    let ungrouped = at(message, "2").as_array().map(|_| json!({"group": null, "permissions": each(message, "2", "1")}));
    named.chain(ungrouped).collect()
}

fn items(payload: &Value) -> Vec<Value> {
    at(payload, "0,1,0,28,0").as_array().unwrap().iter().map(|entry| item(&entry[0])).collect()
}

#[tokio::test]
async fn charts_are_what_the_catalogue_says() {
    let shop = Shop::open(StoreConfig::default()).await;
    for (country, language, category, collection, num) in [
        ("us", "en", "GAME", "topselling_free", 100),
        ("de", "de", "SOCIAL", "topselling_paid", 30),
        ("jp", "ja", "APPLICATION", "topgrossing", 200),
        ("us", "en", "GAME_CARD", "topselling_new_free", 30),
        ("us", "en", "TOOLS", "topselling_new_paid", 30),
        ("us", "en", "GAME", "movers_shakers", 30),
        ("fr", "fr", "GAME_WORD", "topselling_free", 1),
    ] {
        let query = ChartQuery::new(country, category, collection).language(language).num(num);
        let truth = shop.store.chart(&query);
        let response =
            shop.post(&format!("hl={language}&gl={country}&rt=c"), &[chart_call(category, collection, num)]).await;
        let read = items(&payload(&line_frames(&response.text().await.unwrap())[0]));
        assert_eq!((read.len(), truth.len()), (num, num));
        read.iter().zip(&truth).for_each(|(read, truth)| assert_same(read, truth));
    }
}

#[tokio::test]
async fn a_chart_has_200_apps_at_most_and_an_unknown_one_none() {
    let shop = Shop::open(StoreConfig::default()).await;
    let longest = payload(&line_frames(&shop.chart("GAME", 660).await)[0]);
    assert_eq!(items(&longest).len(), 200);
    for collection in ["new_free", "topselling_trending", "topselling_rising", "topselling_new_grossing"] {
        let response = shop.post("hl=en&gl=us&rt=c", &[chart_call("GAME", collection, 50)]).await;
        assert_eq!(response.status(), 200);
        assert!(at(&payload(&line_frames(&response.text().await.unwrap())[0]), "0,1").is_null(), "{collection}");
    }
}

#[tokio::test]
async fn pages_and_details_calls_are_what_the_catalogue_says() {
    let shop = Shop::open(StoreConfig::default().seed(5)).await;
    let chart = shop.store.chart(&ChartQuery::new("de", "APPLICATION", "topgrossing").num(40));
    let ids = chart.iter().map(|record| record["app_id"].as_str().unwrap()).chain([
        "com.whatsapp",
        "a.b",
        "org.mozilla.firefox_beta",
    ]);
    for (id, language) in ids.zip(["en", "de", "fr", "ja"].into_iter().cycle()) {
        let truth = shop.store.app(&AppQuery::new(id, language, "de")).unwrap();
        let page = shop.get(&format!("/store/apps/details?id={id}&hl={language}&gl=DE")).await.text().await.unwrap();
        let found = blocks(&page, "Ws7gDc");
        assert_eq!(found.len(), 2);
        assert_eq!(at(&found[0], "1,2,51,2,1"), &truth["ratings"]);
        assert_same(&app(&found[1]), &truth);
        let response = shop.post(&format!("hl={language}&gl=de"), &[details_call(id, FIELDS)]).await;
        assert_same(&app(&payload(&array_frames(&response.text().await.unwrap())[0])), &truth);
    }
}

#[tokio::test]
async fn apps_vary_in_every_field_that_may_be_absent() {
    let shop = Shop::open(StoreConfig::default()).await;
    let ids = shop.store.chart(&ChartQuery::new("us", "GAME", "topgrossing").num(200));
    let records: Vec<_> = ids
        .iter()
        .map(|record| shop.store.app(&AppQuery::new(record["app_id"].as_str().unwrap(), "de", "us")).unwrap())
        .collect();
    for name in [
        "original_price",
        "version",
        "histogram",
        "released",
        "video",
        "iap_range",
        "changelog",
        "chart_rank",
        "developer_website",
        "max_android",
    ] {
        let absent = records.iter().filter(|record| record[name].is_null()).count();
        assert!((1..660).contains(&absent), "{name}: {absent} of 660 absent");
    }
    for name in ["free", "preregister", "early_access", "contains_ads", "play_pass"] {
        let true_ones = records.iter().filter(|record| record[name] == true).count();
        assert!((1..660).contains(&true_ones), "{name}: {true_ones} of 660 true");
    }
    assert!(records.iter().any(|record| record["real_installs"].as_u64() > Some(u64::from(u32::MAX))));
}

#[tokio::test]
async fn the_declaration_on_data_comes_when_asked_for() {
    let shop = Shop::open(StoreConfig::default()).await;
    let truth = shop.store.data_safety(&AppQuery::new("com.whatsapp", "en", "us")).unwrap();
    let body = shop.post("hl=en&gl=us", &[details_call("com.whatsapp", FIELDS)]).await.text().await.unwrap();
    let message = at(&payload(&array_frames(&body)[0]), "1,2,137").clone();
    let practices = truth["practices"].as_array().unwrap().iter().map(|practice| practice["practice"].clone());
    assert_eq!(each(&message, "9,2", "1"), practices.collect::<Value>());
    let collected: Vec<_> = truth["collected"].as_array().unwrap().iter().map(|usage| usage["data"].clone()).collect();
    let read = at(&message, "4,1,0")
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|kind| each(kind, "4", "0").as_array().unwrap().clone());
    assert_eq!(read.collect::<Vec<_>>(), collected);
}

#[tokio::test]
async fn sizes_and_places_are_the_real_ones() {
    let shop = Shop::open(StoreConfig::default()).await;
    for category in ["GAME", "SOCIAL", "GAME_PUZZLE", "TOOLS", "FINANCE"] {
        let bytes = shop.chart(category, 100).await.len();
        assert!((807_500..=892_500).contains(&bytes), "{category}: {bytes}");
    }
    for id in ["com.whatsapp", "com.amberfox.riverquest", "a.b", "com.mojang.minecraftpe"] {
        let page = shop.get(&format!("/store/apps/details?id={id}&hl=en&gl=us")).await.text().await.unwrap();
        let share = |text: &str| page.rfind(text).unwrap() * 100 / page.len();
        let details = blocks(&page, "Ws7gDc")[1].to_string();
        assert!((1_140_000..=1_260_000).contains(&page.len()), "{id}: {}", page.len());
        assert!((75..=79).contains(&share("var AF_dataServiceRequests")), "{}", share("var AF_dataServiceRequests"));
        assert!((9_000..20_000).contains(&details.len()), "{id}: {}", details.len());
        assert!((88..=96).contains(&share(&format!("[\"{id}\"]"))), "{}", share(&format!("[\"{id}\"]")));
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes() {
    let (first, second, other) =
        (StoreConfig::default().seed(3), StoreConfig::default().seed(3), StoreConfig::default().seed(4));
    let mut bodies = Vec::new();
    for config in [first, second, other] {
        let shop = Shop::open(config).await;
        let page = shop.get("/store/apps/details?id=com.whatsapp&hl=de&gl=de").await.text().await.unwrap();
        bodies.push((shop.chart("GAME", 20).await, page));
    }
    assert!(bodies[0] == bodies[1]);
    assert!(bodies[0] != bodies[2]);
}

#[tokio::test]
async fn countries_differ_in_order_and_price() {
    let shop = Shop::open(StoreConfig::default()).await;
    let [here, there] =
        ["us", "de"].map(|country| shop.store.chart(&ChartQuery::new(country, "GAME", "topselling_paid").num(20)));
    assert_ne!(
        here.iter().map(|record| &record["app_id"]).collect::<Vec<_>>(),
        there.iter().map(|record| &record["app_id"]).collect::<Vec<_>>()
    );
    assert!(here.iter().all(|record| record["currency"] == "USD" && record["price"].as_f64() > Some(0.0)));
    assert!(there.iter().all(|record| record["currency"] == "EUR"));
}

#[tokio::test]
async fn a_changed_layout_is_whole_and_elsewhere() {
    let shop = Shop::open(StoreConfig::default().layout(Layout::Changed)).await;
    let chart = payload(&line_frames(&shop.chart("GAME", 10).await)[0]);
    assert!(!at(&chart, "0,1,0").is_null());
    assert!(at(&chart, "0,1,0,28,0").is_null());
    let page = shop.get("/store/apps/details?id=com.whatsapp&hl=en&gl=us").await.text().await.unwrap();
    let found = blocks(&page, "Ws7gDc");
    assert_eq!(found.len(), 2);
    assert!(at(&found[1], "1,2,0,0").is_null() && at(&found[1], "1,2,77,0").is_null());
    shop.store.set_layout(Layout::Current);
    assert_eq!(items(&payload(&line_frames(&shop.chart("GAME", 10).await)[0])).len(), 10);
}

#[tokio::test]
async fn robots_txt_disallows_calls_and_allows_pages_of_apps() {
    let shop = Shop::open(StoreConfig::default()).await;
    let response = shop.get("/robots.txt").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    let file = response.text().await.unwrap();
    for line in ["User-agent: *", "Disallow: /_/", "Allow: /store/apps/details"] {
        assert!(file.lines().any(|own| own == line), "{line} is not in {file}");
    }
}
