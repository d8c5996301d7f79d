//! What runs report, and options that the environment or the configuration file sets.

use playfast_sim::StoreConfig;
use serde_json::{Value, json};

use crate::support::{Folder, Ran, Shop, binary};

/// Runs the binary against the store, with a variable of the environment.
fn with_variables(shop: &Shop, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = binary();
    command.envs(variables.iter().copied()).args(arguments).args(shop.options());
    Ran(command.output().unwrap())
}

#[test]
fn options_that_are_set_elsewhere_apply_where_they_can() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let set = [
        ("PLAYFAST_DETAILS", "true"),
        ("PLAYFAST_SPREADSHEET", "true"),
        ("PLAYFAST_FIELDS", "rank,title,score"),
        ("PLAYFAST_SORT", "-rank"),
        ("PLAYFAST_PIVOT", "category"),
        ("PLAYFAST_FORMAT", "json"),
    ];
    let csv = folder.name("apps.csv");
    let ran = with_variables(&shop, &set, &["app", "com.brave.otter", "-o", &csv]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let written = folder.read("apps.csv");
    assert!(written.starts_with("\u{feff}title,score\n"), "{written}");
    for typed in [&["--details"][..], &["--sort=rank"], &["--fields=rank"], &["--pivot=category"], &["--format=json"]] {
        let arguments = [&["app", "com.brave.otter", "-o", &csv], typed].concat();
        assert_eq!(with_variables(&shop, &[], &arguments).code(), 2, "{typed:?}");
    }
}

#[test]
fn the_price_of_a_dry_run_has_the_details() {
    let shop = Shop::open(StoreConfig::default());
    let ran = shop.playfast(&["list", "--country=us,kr", "--num=30", "--details", "--dry-run"]);
    let said = ran.stderr();
    assert!(said.contains("2 queries in about 2 requests"), "{said}");
    assert!(
        said.contains("then the details would be asked as app for each app_id, at most 60 queries in about 2 requests, about 1.2 MB"),
        "{said}"
    );
    let asked: Vec<Value> = ran.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((asked.len(), &asked[0]["num"], &asked[0]["country"]), (2, &json!(30), &json!("us")));
}

#[test]
fn rows_that_carry_columns_are_counted_as_they_are_written() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let ids = folder.write("ids.csv", "app_id,tag\ncom.brave.otter,a\ncom.brave.otter,b\ncom.calm.river,c\n");
    let (ids, summary) = (format!("@{ids}"), folder.name("summary"));
    let ran = shop.playfast(&["app", &ids, "--carry=tag", "--summary-json", &summary, "-o", &folder.name("rows.csv")]);
    assert!(ran.stderr().contains("  rows      3 in "), "{}", ran.stderr());
    let summary: Value = serde_json::from_str(&folder.read("summary")).unwrap();
    assert_eq!((&summary["rows"], &summary["records"], &summary["answered"]), (&json!(3), &json!(2), &json!(2)));
}

#[test]
fn the_proxy_of_the_environment_is_shown_without_its_password() {
    let shown = |no_proxy: &str| {
        let mut command = binary();
        command.env("HTTPS_PROXY", "http://me:secret@proxy.example:3128").env("PLAYFAST_NO_PROXY", no_proxy);
        let text = Ran(command.arg("config").output().unwrap()).stdout();
        text.lines().find(|line| line.trim().starts_with("proxy ")).unwrap().to_owned()
    };
    let proxy = shown("false");
    assert!(proxy.contains("http://proxy.example:3128") && proxy.contains("environment HTTPS_PROXY"), "{proxy}");
    assert!(!proxy.contains("secret"), "{proxy}");
    assert!(shown("true").ends_with("default"), "{}", shown("true"));
}

#[test]
fn lines_that_are_no_json_are_refused_in_plain_words() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    for (line, says) in [
        ("{\"kind\":", "it is not a JSON object: it ends after 8 bytes, before the object does"),
        ("{\"kind\": app}", "it is not a JSON object: column 10 can't be read"),
    ] {
        let file = folder.write("queries.ndjson", format!("{line}\n"));
        let ran = shop.playfast(&["run", "--queries", &file]);
        assert!(ran.stderr().contains(says), "{}", ran.stderr());
    }
}
