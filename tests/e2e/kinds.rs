//! Kinds other than charts and apps, masks of fields, and queries of several pages: from the command line to the rows.

use std::collections::HashSet;

use playfast_sim::{FaultKind, Faults, ReviewQuery, StoreConfig};
use serde_json::{Value, json};

use crate::support::{Folder, Ran, Shop, playfast};

/// An app with 5,785 reviews.
const REVIEWED: &str = "com.example.reviews5785";

fn shop(faults: Faults) -> Shop {
    Shop::open(StoreConfig::default().faults(faults))
}

fn summary(folder: &Folder) -> Value {
    serde_json::from_str(&folder.read("summary")).unwrap()
}

/// Different values of a field.
fn distinct<'r>(rows: &'r [Value], field: &str) -> HashSet<&'r str> {
    rows.iter().map(|row| row[field].as_str().unwrap()).collect()
}

#[test]
fn a_request_holds_as_many_apps_as_the_bytes_of_their_fields_allow() {
    let shop = shop(Faults::none());
    let requests = |count: usize, options: &[&str]| {
        let folder = Folder::empty();
        let ids: String = (0..count).map(|index| format!("com.example.a{index}\n")).collect();
        let (ids, rows, file) =
            (format!("@{}", folder.write("ids", ids)), folder.name("rows.ndjson"), folder.name("summary"));
        let ran = shop.playfast(&[&["app", &ids, "-o", &rows, "--summary-json", &file], options].concat());
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        assert!(!ran.stderr().contains("unusual"), "{}", ran.stderr());
        let rows: Vec<Value> =
            folder.read("rows.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(distinct(&rows, "app_id").len(), count);
        summary(&folder)["requests"].as_u64().unwrap()
    };
    assert_eq!(requests(10_000, &["--fields=app_id,genre_id"]), 10);
    assert_eq!(requests(500, &[]), 10);
    assert_eq!(requests(500, &["--fields=app_id,genre_id", "--per-request=100"]), 5);
}

#[test]
fn a_field_is_the_same_whether_it_is_asked_for_alone_or_not() {
    let shop = shop(Faults::none());
    let ids = (0..20).map(|index| format!("com.example.a{index}")).collect::<Vec<_>>().join(",");
    let whole = shop.playfast(&["app", &ids, "--ordered"]).rows();
    for field in ["title", "genre_id", "changelog", "price", "available", "categories", "histogram", "version"] {
        let alone = shop.playfast(&["app", &ids, "--ordered", "--fields", field]);
        let expected: Vec<_> = whole.iter().map(|row| json!({field: row[field]})).collect();
        assert_eq!(alone.rows(), expected, "{field}: {}", alone.stderr());
    }
    let gone = shop.playfast(&["app", "missing.app.x,com.example.a1", "--fields=changelog"]);
    assert_eq!((gone.code(), gone.rows().len()), (1, 1));
    assert!(gone.stderr().contains("missing.app.x") && gone.stderr().contains("not-found"), "{}", gone.stderr());
}

#[test]
fn all_reviews_come_once_in_six_requests() {
    let (shop, folder) = (shop(Faults::none()), Folder::empty());
    let ran = shop.playfast(&["reviews", REVIEWED, "--limit=10000", "--summary-json", &folder.name("summary")]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let rows = ran.rows();
    assert_eq!((rows.len(), distinct(&rows, "review_id").len()), (5785, 5785));
    assert_eq!(rows.last().unwrap()["position"], 5785);
    assert_eq!(summary(&folder)["requests"], 6);
    let truth = shop.store.reviews(&ReviewQuery::new(REVIEWED, "en"));
    assert_eq!(truth.len(), rows.len());
    assert!(rows.iter().zip(&truth).all(|(row, review)| row["review_id"] == review["review_id"]));
}

#[test]
fn an_availability_is_a_row_and_an_error_is_none() {
    let shop = shop(Faults::none().for_app("com.example.a1", FaultKind::ErrorFrame).error_code(400));
    let ids = "com.example.a1,com.example.a2,missing.app.x,soon.app.x,only.kr.app";
    let ran = shop.playfast(&["availability", ids, "--country=us,kr", "--fields=app_id,country,availability"]);
    assert_eq!(ran.code(), 1, "{}", ran.stderr());
    let row = |app: &str, country: &str| {
        let row = ran.rows().into_iter().find(|row| row["app_id"] == app && row["country"] == country);
        row.map(|row| row["availability"].as_str().unwrap().to_owned())
    };
    assert_eq!(row("com.example.a1", "us"), None);
    assert_eq!(row("com.example.a2", "us").as_deref(), Some("available"));
    assert_eq!(row("missing.app.x", "us").as_deref(), Some("no-listing"));
    assert_eq!(row("soon.app.x", "kr").as_deref(), Some("preregister"));
    assert_eq!(row("only.kr.app", "us").as_deref(), Some("not-in-country"));
    assert_eq!(row("only.kr.app", "kr").as_deref(), Some("available"));
}

/// Asks for reviews in a file.
fn reviews(shop: &Shop, folder: &Folder, options: &[&str]) -> Ran {
    let (rows, failures, file) = (folder.name("rows.ndjson"), folder.name("failures"), folder.name("summary"));
    let fixed = ["reviews", REVIEWED, "--limit=3000", "--retries=1", "-o", &rows];
    let outputs = ["--failures", &failures, "--summary-json", &file];
    shop.playfast(&[&fixed, &outputs[..], options].concat())
}

#[test]
fn a_query_whose_next_page_never_comes_is_partial_and_goes_on_later() {
    let (shop, folder) = (shop(Faults::none().with(FaultKind::NullNextPage, 1.0)), Folder::empty());
    let ran = reviews(&shop, &folder, &[]);
    assert_eq!(ran.code(), 1, "{}", ran.stderr());
    assert!(ran.stderr().contains("partial:unavailable: "), "{}", ran.stderr());
    let failure: Value = serde_json::from_str(&folder.read("failures")).unwrap();
    assert_eq!((&failure["_failure"]["kind"], &failure["app_id"]), (&json!("partial:unavailable"), &json!(REVIEWED)));
    assert_eq!(summary(&folder)["partial"], json!({"unavailable": 1}));
    assert_eq!(summary(&folder)["failed"], json!({}));
    assert_eq!(folder.read("rows.ndjson").lines().count(), 1000);
    assert!(folder.read("rows.ndjson.journal").contains("partial:unavailable"));
    shop.store.set_faults(Faults::none());
    let ran = reviews(&shop, &folder, &["--resume"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let rows: Vec<Value> = folder.read("rows.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rows.len(), distinct(&rows, "review_id").len()), (3000, 3000));
}

#[test]
fn a_partial_answer_may_be_accepted() {
    let (shop, folder) = (shop(Faults::none().with(FaultKind::NullNextPage, 1.0)), Folder::empty());
    let ran = reviews(&shop, &folder, &["--accept=partial"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(folder.read("rows.ndjson.journal").contains("\"finished\":true"));
}

#[test]
fn faults_at_random_end_no_reviews_early() {
    for fault in [FaultKind::NullFirstPage, FaultKind::NullNextPage, FaultKind::EmptyPage, FaultKind::RepeatedToken] {
        let shop = shop(Faults::none().with(fault, 0.3));
        let options = shop.options();
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        let asked = ["reviews", REVIEWED, "--limit=10000", "--fields=review_id", "--rate=none", "--retries=9"];
        let ran = playfast(&[&asked, options.as_slice()].concat());
        let rows = ran.rows();
        assert_eq!((ran.code(), rows.len()), (0, 5785), "{fault}: {}", ran.stderr());
        assert_eq!(distinct(&rows, "review_id").len(), 5785, "{fault}");
    }
}

#[test]
fn each_kind_answers_with_what_the_store_has() {
    let shop = shop(Faults::none());
    let rows = |arguments: &[&str]| {
        let ran = shop.playfast(arguments);
        assert_eq!(ran.code(), 0, "{arguments:?}: {}", ran.stderr());
        ran.rows()
    };
    assert_eq!(rows(&["search", "panda", "--limit=5"])[0]["position"], 1);
    assert_eq!(rows(&["similar", "com.spotify.music", "--limit=5"]).len(), 5);
    let apps = rows(&["developer", "5700313618786177705"]);
    assert!(apps.len() > 10 && distinct(&apps, "app_id").len() == apps.len(), "more than a page: {}", apps.len());
    assert_eq!(rows(&["suggest", "pand"])[0]["suggestion"], "pand");
    assert!(rows(&["permissions", "com.spotify.music"])[0]["permissions"].is_array());
    assert_eq!(rows(&["datasafety", "com.spotify.music"])[0]["declared"], true);
    let gone = shop.playfast(&["permissions", "missing.app.x"]);
    assert!(gone.code() == 3 && gone.stderr().contains("not-found"), "{}", gone.stderr());
}

#[test]
fn doctor_names_fields_that_the_site_added_to_its_own_call() {
    let shop = Shop::open(StoreConfig::default());
    let doctor = |further: &[&str]| shop.playfast(&[&["doctor"], further].concat()).stdout();
    let today = doctor(&[]);
    assert!(today.contains("app (via=page)") && !today.contains("own call"), "{today}");
    shop.store.set_layout(playfast_sim::Layout::Grown);
    let words = doctor(&[]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("the page's own call asks for the fields 201, 207, which ours doesn't"), "{words}");
    // Whoever says how to ask is asked one way only.
    assert!(!doctor(&["--param", "via=rpc"]).contains("app (via=page)"));
}
