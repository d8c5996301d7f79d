//! What is seen of a run at a command line, and what stays of it however it ends.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use playfast_sim::{Canned, FaultKind, Faults, StoreConfig};
use serde_json::Value;

use crate::support::{Shop, binary};

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(file: &Path) -> &str {
    file.to_str().unwrap()
}

#[test]
fn queries_are_read_from_either_form_and_asked_once() {
    let shop = Shop::open(StoreConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let (csv, ndjson) = (folder.path().join("q.csv"), folder.path().join("q.ndjson"));
    std::fs::write(&csv, "app_id,country\ncom.a.b,us\ncom.a.b,us\n\"com.c.d\",\n").unwrap();
    std::fs::write(&ndjson, "{\"kind\":\"app\",\"app_id\":[\"com.a.b\",\"com.c.d\"],\"priority\":\"low\"}\n{\"kind\":\"app\",\"app_id\":\"com.c.d\"}\n")
        .unwrap();
    for arguments in [&["run", "--kind", "app", "--queries", text(&csv)][..], &["run", "--queries", text(&ndjson)]] {
        let ran = shop.playfast(arguments);
        assert_eq!((ran.code(), ran.rows().len()), (0, 2), "{}", ran.stderr());
        assert!(
            ran.said().starts_with("playfast: 2 queries answered, 1 duplicate skipped\n  rows      2 in "),
            "{}",
            ran.stderr()
        );
    }
    std::fs::write(&ndjson, "{\"kind\":\"app\",\"app_id\":\"com.a.b\",\"priority\":\"soon\"}\n").unwrap();
    shop.playfast(&["run", "--queries", text(&ndjson)])
        .refused(3, "its priority can't be \"soon\": give high, normal or low");
}

#[test]
fn a_dry_run_says_what_would_be_asked_and_sends_nothing() {
    let shop = Shop::open(StoreConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let (rows, queries) = (folder.path().join("rows.ndjson"), folder.path().join("queries.ndjson"));
    std::fs::write(&rows, "kept").unwrap();
    let ran = shop.playfast(&["list", "--country", "us,kr", "--dry-run", "-o", text(&rows)]);
    assert_eq!((ran.code(), ran.rows().len()), (0, 2), "{}", ran.stderr());
    assert_eq!(
        ran.stderr(),
        "playfast: 2 queries in about 2 requests, about 1.7 MB, no wait at the pace; nothing was sent\n"
    );
    assert_eq!((shop.store.stats().requests, std::fs::read_to_string(&rows).unwrap().as_str()), (0, "kept"));
    std::fs::write(&queries, ran.stdout()).unwrap();
    let ran = shop.playfast(&["run", "--queries", text(&queries)]);
    assert_eq!(ran.rows().len(), 200, "it is what --queries reads: {}", ran.stderr());
}

#[test]
fn rows_are_written_as_chosen() {
    let shop = Shop::open(StoreConfig::default());
    let ran = shop.playfast(&["list", "--num", "2", "--format", "csv", "--fields", "position, app_id,video"]);
    let table: Vec<Vec<String>> =
        ran.stdout().lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    assert_eq!(table[0], ["position", "app_id", "video"]);
    assert!(table.len() == 3 && table[1][0] == "1" && !table[1][1].is_empty(), "{table:?}");
    let ran = shop.playfast(&["list", "--num", "2", "--fields", "app_id"]);
    assert_eq!(ran.rows()[0].as_object().unwrap().len(), 1);
    let ran = shop.playfast(&["app", "com.a.b", "--format", "csv"]);
    assert!(ran.stdout().starts_with("kind,app_id,country,language,via,position,title,"), "{}", ran.stdout());
}

#[test]
fn what_failed_is_kept_and_tried_again() {
    let shop = Shop::open(StoreConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (rows, failures, summary) = (file("rows.ndjson"), file("failures.ndjson"), file("summary.json"));
    shop.store.respond_with("/store/apps/details?id=com.c.d", Canned::new(503, "")).unwrap();
    let apps = ["app", "com.a.b,com.c.d,com.e.f", "--via=page"];
    let common = [&apps[..], &["-o", text(&rows), "--failures", text(&failures)]].concat();
    let ran = shop.playfast(&[&common[..], &["--summary-json", text(&summary)]].concat());
    assert_eq!(ran.code(), 1);
    assert!(
        ran.said().contains("playfast: 2 queries answered, 1 failed (1 unavailable)\n  rows      2 in "),
        "{}",
        ran.stderr()
    );
    assert!(ran.stderr().contains("--resume asks those again that failed for now"), "{}", ran.stderr());
    assert_eq!((lines(&rows).len(), lines(&failures)[0]["_failure"]["kind"].as_str()), (2, Some("unavailable")));
    let told: Value = serde_json::from_str(&std::fs::read_to_string(&summary).unwrap()).unwrap();
    assert_eq!(
        (&told["answered"], &told["failed"]["unavailable"], &told["requests"]),
        (&2.into(), &1.into(), &3.into())
    );
    assert!(told["latency_ms"]["p50"].as_f64().unwrap() > 0.0, "{told}");
    assert_eq!(told["coverage"]["app"]["fields"]["title"]["share"], 1.0);

    shop.playfast(&common)
        .refused(2, "2 answered queries of an unfinished run: --resume goes on with it, --overwrite starts again");
    shop.store.clear_canned();
    let ran = shop.playfast(&["run", "--queries", text(&failures)]);
    assert_eq!(ran.rows()[0]["app_id"], "com.c.d", "--queries reads failures: {}", ran.stderr());
    let ran = shop.playfast(&[&common[..], &["--resume"]].concat());
    assert_eq!((ran.code(), lines(&rows).len()), (0, 3), "{}", ran.stderr());
    assert!(
        ran.said().contains("playfast: 1 query answered, 2 answered before\n  rows      1 in "),
        "{}",
        ran.stderr()
    );
    let requests = shop.store.stats().requests;
    let ran = shop.playfast(&[&common[..], &["--resume"]].concat());
    assert!(ran.code() == 0 && ran.said().contains("holds a finished run: starting again"), "{}", ran.stderr());
    assert_eq!((shop.store.stats().requests - requests, lines(&rows).len()), (3, 3));
    shop.playfast(&["app", "com.a.b", "--resume"]).refused(2, "--resume needs a file for the rows: give -o FILE");
    // A run that is through is no loss.
    assert_eq!(shop.playfast(&["app", "com.a.b", "-o", text(&rows)]).code(), 0);
    assert_eq!(lines(&rows).len(), 1);
}

#[test]
fn a_field_that_rows_cannot_have_is_refused_before_anything_is_sent() {
    let shop = Shop::open(StoreConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let queries = folder.path().join("queries.ndjson");
    std::fs::write(&queries, "{\"kind\":\"list\"}\n").unwrap();
    for (fields, part) in [
        ("titel", "rows have no field \"titel\"; did you mean title?"),
        ("app_id,scor", "did you mean score?"),
        ("ratings", "rows have no field \"ratings\""),
        (",", "a name is empty"),
        ("", "a name is empty"),
        ("title,,score", "a name is empty"),
    ] {
        shop.playfast(&["list", "--fields", fields]).refused(2, part);
    }
    shop.playfast(&["run", "--queries", text(&queries), "--fields", "titel"]).refused(2, "did you mean title?");
    shop.offline(&["parse", "--kind=list", text(&queries), "--fields=titel"]).refused(2, "did you mean title?");
    assert_eq!(shop.store.stats().requests, 0);
    let ran = shop.playfast(&["list", "--num=1", "--source", "--fields=app_id"]);
    let row = ran.rows().remove(0);
    assert_eq!(row.as_object().unwrap().keys().collect::<Vec<_>>(), ["app_id", "_source"], "{}", ran.stderr());
}

/// Countries in the order in which their charts' rows come, where the first one's answer is held back.
fn countries_with_a_slow_first(arguments: &[&str]) -> Vec<String> {
    let shop = Shop::open(StoreConfig::default());
    shop.store.set_faults(Faults::none().with(FaultKind::Stall, 1.0).stall_for(Duration::from_secs(5)));
    let mut command = binary();
    command.args(["run", "--queries=-", "--rate=none", "--fields=country"]).args(arguments).args(shop.options());
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut queries = running.stdin.take().unwrap();
    let mut ask = |country: &str| {
        writeln!(queries, r#"{{"kind": "list", "num": 1, "country": "{country}"}}"#).unwrap();
    };
    ask("us");
    until(|| shop.store.stats().in_flight == 1);
    shop.store.set_faults(Faults::none());
    ["kr", "jp", "de", "gb", "fr"].into_iter().for_each(&mut ask);
    drop(queries);
    let rows = String::from_utf8(running.wait_with_output().unwrap().stdout).unwrap();
    let row = |line: &str| serde_json::from_str::<Value>(line).unwrap()["country"].as_str().unwrap().to_owned();
    rows.lines().map(row).collect()
}

#[test]
fn rows_leave_as_they_finish_or_in_order() {
    let (ordered, unordered) = std::thread::scope(|threads| {
        let ordered = threads.spawn(|| countries_with_a_slow_first(&["--ordered"]));
        let unordered = threads.spawn(|| countries_with_a_slow_first(&[]));
        (ordered.join().unwrap(), unordered.join().unwrap())
    });
    assert_eq!(ordered, ["us", "kr", "jp", "de", "gb", "fr"]);
    assert_eq!(unordered.last().map(String::as_str), Some("us"), "nothing waits for it: {unordered:?}");
    assert_eq!(unordered.len(), 6, "{unordered:?}");
}

/// The binary, led to the shop, in the background.
fn start(shop: &Shop, arguments: &[&str]) -> Child {
    let mut command = binary();
    command.args(arguments).arg("--rate=none").args(shop.options());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "it doesn't come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn whoever_interrupts_it_loses_nothing() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(300)));
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows.ndjson");
    let ids: Vec<_> = (0..60).map(|index| format!("com.example.a{index}")).collect();
    let ids = ids.join(",");
    let arguments = ["app", &ids, "--via=page", "-o", text(&rows), "--concurrency", "4", "--resume"];
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let running = start(&shop, &arguments);
        let before = std::fs::metadata(&rows).map_or(0, |rows| rows.len());
        until(|| std::fs::metadata(&rows).is_ok_and(|rows| rows.len() > before));
        let kill = Command::new("kill").args(["-s", signal, &running.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let output = running.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("once more stops at once") && said.contains("--resume continues from here"), "{said}");
    }
    let left = 60 - lines(&rows).len() as u64;
    assert!(left > 30, "{left}");
    let requests = shop.store.stats().requests;
    assert!(start(&shop, &arguments).wait_with_output().unwrap().status.success());
    assert_eq!(shop.store.stats().requests - requests, left, "only what is left is asked");
    let mut apps: Vec<_> = lines(&rows).iter().map(|row| row["app_id"].to_string()).collect();
    apps.sort();
    apps.dedup();
    assert_eq!((apps.len(), lines(&rows).len()), (60, 60));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_reader_who_has_enough_end_it_cleanly() {
    let shop = Shop::open(StoreConfig::default());
    shop.playfast(&["list", "-o", "/dev/full"]).refused(2, "failed to write rows: No space left on device");
    for format in ["ndjson", "json", "csv"] {
        let before = shop.store.stats().requests;
        let charts = ["list", "--country=us,kr,jp,de", "--category=all-games", "--concurrency=4", "--format", format];
        let mut running = start(&shop, &charts);
        let mut some = [0; 1000];
        running.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let output = running.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}: {said}");
        assert!(!said.contains("failed to write"), "{format}: {said}");
        assert!(shop.store.stats().requests - before < 60, "nothing more is asked for nobody");
    }
}

/// Whatever a command says, nobody may be there to read it.
#[cfg(unix)]
#[test]
fn a_reader_who_is_gone_is_no_error_of_any_command() {
    let shop = Shop::open(StoreConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let ids = folder.path().join("ids");
    std::fs::write(&ids, "com.a.b\n").unwrap();
    let commands: [&[&str]; 8] = [
        &["list", "--num=2", "--format=table"],
        &["list", "--num=2", "--format=csv"],
        &["run", "--kind=app", "--queries", text(&ids), "--dry-run"],
        &["doctor"],
        &["inspect"],
        &["inspect", "--json"],
        &["--help"],
        &["list", "--help"],
    ];
    for arguments in commands {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = binary();
        command.args(arguments);
        if !matches!(arguments[0], "inspect" | "--help") {
            command.arg("--rate=none").args(shop.options());
        }
        let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(!said.contains("failed") && !said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[test]
fn time_has_an_end() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_secs(5)));
    let ran = shop.playfast(&["app", "com.a.b,com.c.d", "--deadline", "500ms"]);
    assert_eq!((ran.code(), ran.stderr().matches(": deadline: ").count()), (3, 2), "{}", ran.stderr());
    let ran = shop.playfast(&["app", "com.a.b", "--query-deadline", "300ms"]);
    assert_eq!((ran.code(), ran.stderr().matches(": deadline: ").count()), (3, 1), "{}", ran.stderr());
    let ran = shop.playfast(&["app", "com.a.b", "--timeout", "300ms"]);
    assert_eq!((ran.code(), ran.stderr().matches(": timeout: ").count()), (3, 1), "{}", ran.stderr());
}

#[test]
fn the_doctor_says_what_comes_back_and_what_stands_in_the_way() {
    let shop = Shop::open(StoreConfig::default());
    let ran = shop.playfast(&["doctor"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let said = ran.stdout();
    for part in [
        "play 0.1.0 (sha256:",
        "\nplay.google.com: ",
        "\n  kind            answer    rows  requests  time ",
        "\n  list            HTTP 200  100   1 ",
        "\n  app (via=page)  HTTP 200  1     1 ",
        "\n  datasafety      HTTP 200  1     1 ",
        "  as expected\n",
        "app app_id=com.spotify.music",
        "  POST play.google.com/_/PlayStoreUi/data/batchexecute  list, app, reviews, availability, suggest, permissions  disallowed\n",
        "  GET play.google.com/store/apps/details (via=page)     app                                                     allowed\n",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    assert!(ran.stderr().contains("all is well"), "{}", ran.stderr());
    shop.store.set_faults(Faults::none().with(FaultKind::Captcha, 1.0));
    let ran = shop.playfast(&["doctor"]);
    assert_eq!(ran.code(), 3);
    let said = ran.stdout();
    assert_eq!(said.matches("list: blocked: ").count(), 1, "one cause is said once: {said}");
    assert!(said.contains("the site blocks this: a captcha"), "{said}");
    assert!(ran.stderr().contains("0 of 1 kind answered"), "{}", ran.stderr());
}
