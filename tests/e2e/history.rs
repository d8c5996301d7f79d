//! History of an app: from the runs of a database to a table, rows, and a page that a browser shows.

use std::process::Command;

use playfast_sim::{ChartQuery, Edits, FaultKind, Faults, StoreConfig};

use crate::support::{Folder, Shop, playfast};

/// Four runs of a chart in which an app is second, then first, then out of it; in the third run the store fails.
fn runs(folder: &Folder) -> (String, String) {
    let shop = Shop::open(StoreConfig::default());
    let chart = shop.store.chart(&ChartQuery::new("us", "SOCIAL", "topselling_free").num(20));
    let id = chart[1]["app_id"].as_str().unwrap().to_owned();
    let database = folder.name("market.db");
    let ask = || shop.playfast(&["list", "--category", "SOCIAL", "--num", "20", "-o", &database]);
    let edits = Edits::default().title(&id, "<script>alert(1)</script> & more");
    ask();
    shop.store.set_edits(edits.clone().swap(1, 2));
    ask();
    shop.store.set_faults(Faults::none().with(FaultKind::Unavailable, 1.0));
    ask();
    shop.store.set_faults(Faults::none());
    shop.store.set_edits(edits.exit(2));
    ask();
    (database, id)
}

#[test]
fn a_place_a_gap_and_an_exit_are_told_apart() {
    let folder = Folder::empty();
    let (database, id) = runs(&folder);
    let rows = playfast(&["history", &database, "--app", &id, "--field", "position,title"]).rows();
    let told: Vec<_> = rows
        .iter()
        .filter(|row| row["field"] == "position")
        .map(|row| (row["run"].as_u64().unwrap(), row["state"].as_str().unwrap().to_owned(), row["value"].as_u64()))
        .collect();
    let expected = [(1, "present", Some(2)), (2, "present", Some(1)), (3, "unknown", None), (4, "absent", None)];
    assert_eq!(told, expected.map(|(run, state, value)| (run, state.to_owned(), value)));
    assert_eq!(rows.iter().filter(|row| row["field"] == "title").count(), 4);
    assert!(rows.iter().all(|row| row["country"] == "us" && row["key"] == id.as_str()));
    let table = playfast(&["history", &database, "--app", &id, "--format", "table"]).stdout();
    assert!(table.contains("position  ▁█··") && table.contains("2 → 1"), "{table}");
    assert!(!table.contains('\u{1b}'));
    playfast(&["history", &database, "--app", "com.no.such.app"]).refused(2, "no such history of com.no.such.app");
    playfast(&["history", &database, "--app", &id, "--html", &database]).refused(2, "would overwrite what is read");
}

#[test]
fn the_page_needs_nothing_else_and_shows_titles_as_text() {
    let folder = Folder::empty();
    let (database, id) = runs(&folder);
    let page = folder.name("history.html");
    assert_eq!(playfast(&["history", &database, "--app", &id, "--html", &page]).code(), 0);
    let html = folder.read("history.html");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more"));
    for part in ["<script", "src=", "href=", "url(", "@import"] {
        assert!(!html.contains(part), "{part}");
    }
    assert!(html.contains("<svg class=\"plot\" role=\"img\"") && html.contains("var(--line0)"), "{html}");
    assert!(!html.contains("#0303"), "every colour is a variable: {html}");
    if Command::new("chromium").arg("--version").output().is_err() {
        println!("skipped: there is no chromium");
        return;
    }
    let profile = tempfile::tempdir().unwrap();
    let options = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --enable-logging=stderr --v=0 --dump-dom";
    let shown = Command::new("chromium")
        .args(options.split_whitespace())
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{page}"))
        .output()
        .unwrap();
    let (document, said) = (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
    assert!(document.contains("<svg") && document.contains("<h2>Changes</h2>"), "{document} {said}");
    // The page's policy allows no request: one that it made would be said here.
    assert!(html.contains("default-src 'none'") && !said.contains("CONSOLE"), "{said}");
}
