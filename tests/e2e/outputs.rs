//! Outputs by name: each is what other programs read, and a run that failed, was killed or is repeated leaves the right one.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use playfast_sim::{Canned, StoreConfig};
use serde_json::{Value, json};

use crate::support::{Folder, Shop, binary};

/// The rows of a file as Python's own modules read them, without the times.
fn by_python(file: &Path) -> Vec<Value> {
    const READ: &str = r#"
import csv, gzip, json, sys
name = sys.argv[1]
with (gzip.open if name.endswith(".gz") else open)(name, "rt", encoding="utf-8-sig", newline="") as file:
    if ".csv" in name: rows = list(csv.DictReader(file))
    elif ".ndjson" in name: rows = [json.loads(line) for line in file]
    else: rows = json.load(file)
print(json.dumps(rows))
"#;
    let output = Command::new("python3").args(["-c", READ]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_ending_of_a_name_sets_the_format_and_others_read_it() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    for name in ["a.csv", "a.json", "a.ndjson", "a.csv.gz", "a.json.gz", "a.ndjson.gz"] {
        let ran = shop.playfast(&[
            "list",
            "--num=3",
            "-o",
            &folder.name(name),
            "--fields=kind,position,num,title,fetched_at",
        ]);
        assert_eq!((ran.code(), ran.stdout().as_str()), (0, ""), "{name}: {}", ran.stderr());
        let rows = by_python(&folder.path(name));
        let number = |number: u64| if name.contains(".csv") { json!(number.to_string()) } else { json!(number) };
        assert_eq!(rows.len(), 3, "{name}");
        assert_eq!((&rows[1]["kind"], &rows[1]["position"], &rows[1]["num"]), (&json!("list"), &number(2), &number(3)));
        assert!(rows[1]["title"].as_str().is_some_and(|title| !title.is_empty()), "{name}");
        let fetched = rows[1]["fetched_at"].as_str().unwrap();
        assert!(fetched.len() == 20 && fetched.starts_with("20") && fetched.ends_with('Z'), "{fetched}");
    }
    let csv = folder.read("a.csv");
    assert!(!csv.contains('\r') && csv.starts_with("kind,"), "LF and no mark: {csv:?}");
    for (name, says) in [("a.xlsx", "the ending .xlsx is unknown: use .ndjson"), ("a", "has no ending that sets")] {
        shop.playfast(&["list", "-o", &folder.name(name)]).refused(2, says);
    }
    shop.playfast(&["list", "-o", &folder.name("b.csv"), "--format=json"]).refused(2, "is a name for csv");
    assert_eq!(shop.playfast(&["list", "--num=2", "-o", "-"]).rows().len(), 2, "- is stdout");
    assert!(!folder.names().iter().any(|name| name == "-" || name.ends_with(".journal.tmp")), "{:?}", folder.names());
}

#[test]
fn a_spreadsheet_gets_its_mark_and_no_formula() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    std::fs::write(folder.path("ids.csv"), "app_id,note\ncom.a.b,=1+2\ncom.c.d,-A1\ncom.e.f,\"a\tb\u{7}\"\n").unwrap();
    let from = format!("@{}", folder.name("ids.csv"));
    let common = ["app", &from, "--carry=note", "--fields=app_id", "--ordered"];
    let run = |name: &str, more: &[&str]| {
        let ran = shop.playfast(&[&common[..], &["-o", &folder.name(name)], more].concat());
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        folder.read(name)
    };
    assert_eq!(
        run("plain.csv", &[]),
        "app_id,note\ncom.a.b,=1+2\ncom.c.d,-A1\ncom.e.f,a\tb\n",
        "only what can't be shown is dropped"
    );
    let sheet = run("sheet.csv", &["--spreadsheet"]);
    assert_eq!(sheet, "\u{feff}app_id,note\ncom.a.b,'=1+2\ncom.c.d,'-A1\ncom.e.f,a\tb\n");
    shop.playfast(&["list", "--spreadsheet", "-o", &folder.name("x.json")]).refused(2, "--spreadsheet is for CSV");
}

#[test]
fn rows_are_trimmed_limited_and_sorted() {
    let shop = Shop::open(StoreConfig::default());
    let rows = shop.playfast(&["list", "--fields=compact", "--limit=4", "--sort=-score"]).rows();
    let names: Vec<_> = rows[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names[..5], ["country", "category", "position", "title", "app_id"], "the parser's own selection");
    let scores: Vec<_> = rows.iter().map(|row| row["score"].as_f64().unwrap()).collect();
    assert!(rows.len() == 4 && scores.is_sorted_by(|left, right| left >= right), "{scores:?}");
    let dry = shop.playfast(&["list", "--limit=4", "--dry-run"]).rows();
    assert_eq!(dry[0]["num"], 4, "the limit is asked for, too");
}

#[test]
fn a_file_is_replaced_only_by_a_finished_run() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let (rows, ids) = (folder.name("apps.csv"), "com.a.b,missing.app,com.c.d");
    let run = |more: &[&str]| {
        shop.playfast(&[&["app", ids, "-o", &rows, "--fields=app_id", "--existing=replace"], more].concat())
    };
    std::fs::write(&rows, "yesterday\n").unwrap();
    shop.store.respond_with("/_/PlayStoreUi/data/batchexecute", Canned::new(503, "")).unwrap();
    let ran = run(&[]);
    assert_eq!((ran.code(), folder.read("apps.csv").as_str()), (3, "yesterday\n"));
    assert!(ran.said().contains("apps.csv stays as it was: the run isn't finished"), "{}", ran.stderr());
    shop.store.clear_canned();
    // An app that is gone is final: the run is finished, and an error unless it is accepted.
    for (more, code) in [(&[][..], 1), (&["--accept=not-found"], 0)] {
        std::fs::write(&rows, "yesterday\n").unwrap();
        let ran = run(more);
        assert_eq!((ran.code(), ran.said().contains(": not-found: ")), (code, code == 1), "{}", ran.stderr());
        assert_eq!(folder.read("apps.csv").lines().count(), 3);
        assert!(!folder.names().iter().any(|name| name.ends_with(".partial")), "{:?}", folder.names());
    }
    // All are gone: that is an answer if it is accepted, and nothing to replace a file with otherwise.
    for (more, code, rows) in [(&["--accept=not-found"][..], 0, Vec::<&str>::new()), (&[], 3, vec!["com.a.b"])] {
        let gone = Folder::new(&[("gone.csv", "app_id\ncom.a.b\n")]);
        let file = gone.name("gone.csv");
        let all = ["app", "missing.app", "-o", &file, "--fields=app_id", "--existing=replace"];
        let ran = shop.playfast(&[&all[..], more].concat());
        assert_eq!((ran.code(), ids_in(&gone.read("gone.csv"))), (code, rows), "{}", ran.stderr());
        assert_eq!(gone.path("gone.csv.partial").exists(), code != 0);
    }
    // So is a list that is empty by mistake.
    let nothing = Folder::new(&[("gone.csv", "app_id\ncom.a.b\n")]);
    let ran = crate::support::playfast(&["app", "-", "-o", &nothing.name("gone.csv"), "--existing=replace"]);
    assert!(ran.code() == 2 && ran.said().contains("gone.csv stays as it was: nothing was asked"), "{}", ran.stderr());
    // The next night starts again, whatever is said of unfinished runs.
    for existing in ["fail", "resume", "restart"] {
        let before = shop.store.stats().requests;
        let ran = shop.playfast(&["app", ids, "-o", &rows, "--fields=app_id", "--existing", existing]);
        assert_eq!((ran.code(), shop.store.stats().requests > before), (1, true), "{existing}: {}", ran.stderr());
        assert_eq!(ids_in(&folder.read("apps.csv")), ["com.a.b", "com.c.d"], "{existing}");
    }
}

/// The ids of a CSV file of this one column, sorted.
fn ids_in(csv: &str) -> Vec<&str> {
    let mut ids: Vec<_> = csv.lines().skip(1).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn an_unfinished_run_is_kept_continued_or_started_again_as_asked() {
    let shop = Shop::open(StoreConfig::default());
    let apps = ["app", "com.a.b,com.c.d,com.e.f", "--via=page", "--fields=app_id"];
    // A run of which one query failed for now.
    let begun = |folder: &Folder| {
        shop.store.respond_with("/store/apps/details?id=com.c.d", Canned::new(503, "")).unwrap();
        assert_eq!(shop.playfast(&[&apps[..], &["-o", &folder.name("apps.csv")]].concat()).code(), 1);
        shop.store.clear_canned();
        assert_eq!(ids_in(&folder.read("apps.csv")), ["com.a.b", "com.e.f"]);
    };
    for (existing, code, requests, rows) in [
        ("fail", 2, 0, &["com.a.b", "com.e.f"][..]),
        ("resume", 0, 1, &["com.a.b", "com.c.d", "com.e.f"]),
        ("restart", 0, 3, &["com.a.b", "com.c.d", "com.e.f"]),
        ("replace", 0, 3, &["com.a.b", "com.c.d", "com.e.f"]),
    ] {
        let folder = Folder::empty();
        begun(&folder);
        let before = shop.store.stats().requests;
        let rows_file = folder.name("apps.csv");
        let ran = shop.playfast(&[&apps[..], &["-o", &rows_file, "--existing", existing]].concat());
        assert_eq!(
            (ran.code(), shop.store.stats().requests - before),
            (code, requests),
            "{existing}: {}",
            ran.stderr()
        );
        assert_eq!(ids_in(&folder.read("apps.csv")), rows, "{existing}");
    }
}

#[test]
fn controls_are_dropped_in_every_format() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let note = "a\tb\u{7}\u{1b}[2J\u{0}c";
    let line = json!({"app_id": "com.a.b", "note": note});
    let from = format!("@{}", folder.write("ids.ndjson", format!("{line}\n")));
    for name in ["rows.csv", "rows.json", "rows.ndjson", "rows.ndjson.gz"] {
        let file = folder.name(name);
        let ran = shop.playfast(&["app", &from, "--carry=note", "--fields=app_id", "-o", &file]);
        assert_eq!(ran.code(), 0, "{name}: {}", ran.stderr());
        assert_eq!(by_python(&folder.path(name))[0]["note"], "a\tb[2Jc", "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_compressed_file_is_whole_after_kills() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(30)));
    for name in ["rows.ndjson.gz", "rows.csv.gz"] {
        let folder = Folder::empty();
        let file = folder.name(name);
        let mut kills = 0;
        loop {
            let mut command = binary();
            command.args([
                "list",
                "--country=us,kr,jp,de",
                "--category=all-games",
                "--num=60",
                "--fields=country,category,position",
            ]);
            command.args(["--rate=12", "--resume", "-o", &file]).args(shop.options()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(2600));
            match child.try_wait().unwrap() {
                Some(status) => {
                    assert!(status.success());
                    break;
                }
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    kills += 1;
                }
            }
            assert!(kills < 20, "it doesn't get on");
        }
        let mut rows: Vec<_> = by_python(&folder.path(name)).iter().map(ToString::to_string).collect();
        rows.sort();
        rows.dedup();
        assert_eq!((rows.len(), by_python(&folder.path(name)).len()), (4080, 4080), "{name} after {kills} kills");
        assert!(kills > 0, "{name} was killed");
    }
}
