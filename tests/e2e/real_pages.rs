//! Saved real pages through the binary: from the store at their real URLs, and from files.

use std::path::Path;

use playfast_sim::StoreConfig;

use crate::saved_pages;
use crate::support::{Ran, Shop, playfast};

fn parse(kind: &str, file: &Path, more: &[&str]) -> Ran {
    let arguments = [&["parse", "--kind", kind, file.to_str().unwrap()], more].concat();
    playfast(&arguments)
}

/// Options that give these parameters.
fn params<'p>(params: &[&'p str]) -> Vec<&'p str> {
    params.iter().flat_map(|param| ["--param", param]).collect()
}

fn folder() -> Option<std::path::PathBuf> {
    saved_pages::saved("INDEX.tsv").and_then(|_| saved_pages::folder())
}

#[test]
fn pages_come_from_their_real_addresses() {
    let Some(folder) = folder() else { return };
    let shop = Shop::open(StoreConfig::default().pages(folder.clone()));
    let apps = [
        ("com.mojang.minecraftpe", "app/2026-07_minecraft_en-us.html"),
        ("com.google.android.apps.translate", "app/2026-07_translate_en-us.html"),
    ];
    for (app, file) in apps {
        let (fetched, app_id) = (shop.playfast(&["app", app, "--via=page"]), format!("app_id={app}"));
        let parsed =
            parse("app", &folder.join(file), &params(&[app_id.as_str(), "country=us", "language=en", "via=page"]));
        assert_eq!(fetched.timeless_rows(), parsed.timeless_rows());
        assert!(fetched.rows()[0]["fetched_at"].is_string() && parsed.rows()[0]["fetched_at"].is_null());
        assert_eq!(fetched.rows()[0]["app_id"], app);
    }
    let chart = shop.playfast(&["list", "--category", "GAME"]).timeless_rows();
    assert_eq!(chart.len(), 100);
    let file = folder.join("list/2026-07_topfree_GAME_en-us_vyAe2.txt");
    let asked = ["collection=topselling_free", "category=GAME", "country=us", "language=en", "num=100"];
    assert_eq!(chart, parse("list", &file, &params(&asked)).timeless_rows());
}

#[test]
fn what_is_no_answer_is_told_apart() {
    let Some(folder) = folder() else { return };
    let cases = [
        ("app-old/2016-11_app1_htmlonly.html", "200", "layout-changed"),
        ("app-old/2018-06_zooper_de_oldlayout.html", "200", "layout-changed"),
        ("app-old/2021-11_treasury_en-us_oldlayout.html", "200", "layout-changed"),
        ("app-batch/2022-11_book_fr_Ws7gDc.txt", "200", "layout-changed"),
        ("error/2018_429_please-reduce-your-request-rate.html", "429", "blocked"),
        ("error/sorry_captcha_SYNTHETIC.html", "429", "blocked"),
        ("error/sorry_captcha_SYNTHETIC.html", "200", "blocked"),
        ("error/2026-09_consent_forms_excerpt.html", "200", "blocked"),
        ("error/notfound_datasafety_missing_SYNTHETIC.html", "404", "not-found"),
    ];
    for (file, status, kind) in cases {
        let ran = parse("app", &folder.join(file), &["--status", status]);
        ran.refused(3, kind);
        assert_eq!(ran.stdout(), "");
    }
}

#[test]
fn a_page_is_read_from_stdin_and_an_empty_one_is_a_failure() {
    parse("app", Path::new("/dev/null"), &[]).refused(3, "unavailable");
    parse("list", Path::new("/dev/null"), &[]).refused(3, "unavailable");
    playfast(&["parse", "--kind", "lst", "-"]).refused(2, "did you mean list?");
}
