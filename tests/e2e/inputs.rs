//! Inputs of the binary: ids and rows of files and pipes, carried columns, details of charts.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use playfast_sim::{Canned, StoreConfig};
use serde_json::Value;

use crate::support::{self, Folder, Ran, Shop, playfast};

/// The command of the binary, led to the shop.
fn command(shop: &Shop, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playfast"));
    command.args(arguments).args(["--rate=none", "--retries=0"]).args(shop.options());
    command.args(support::component().iter().flat_map(|file| [Path::new("--parser"), file]));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the binary with this on its stdin.
fn piped(shop: &Shop, arguments: &[&str], stdin: &str) -> Ran {
    let mut child = command(shop, arguments).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let stdin = stdin.to_owned();
    let writer = std::thread::spawn(move || input.write_all(stdin.as_bytes()));
    let output = child.wait_with_output().unwrap();
    drop(writer.join().unwrap());
    Ran(output)
}

/// The values of a field of all rows, sorted.
fn sorted<'r>(rows: &'r [Value], field: &str) -> Vec<&'r str> {
    let mut values: Vec<_> = rows.iter().map(|row| row[field].as_str().unwrap()).collect();
    values.sort_unstable();
    values
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn ids_come_from_files_as_people_keep_them() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let ids = "\u{feff}# my apps\r\n\r\ncom.a.b\r\n  # others\r\nhttps://play.google.com/store/apps/details?id=com.c.d&hl=de\r\n\"com.e.f\"\r\ncom.a.b\r\n";
    let file = format!("@{}", folder.write("ids.txt", ids));
    let packed = format!("@{}", folder.write("ids.gz", gzip(ids)));
    for file in [&file, &packed] {
        let ran = shop.playfast(&["app", file, "--country", "us,kr"]);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        let ids = ["com.a.b", "com.a.b", "com.c.d", "com.c.d", "com.e.f", "com.e.f"];
        assert_eq!(sorted(&ran.rows(), "app_id"), ids);
    }
    // Typed values and files keep their order, and what comes twice is asked once.
    let ran = shop.playfast(&["app", "com.x.y,com.e.f", &file, "com.z.z", "--ordered"]);
    let ids: Vec<_> = ran.rows().iter().map(|row| row["app_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["com.x.y", "com.e.f", "com.a.b", "com.c.d", "com.z.z"], "{}", ran.stderr());
    let ran = piped(&shop, &["app", "-"], ids_of(&ids).as_str());
    assert_eq!((ran.code(), ran.rows().len()), (0, 5), "{}", ran.stderr());
    let ran = piped(&shop, &["run", "--kind=app", "--queries=-"], "com.a.b\r\n# no more\r\n");
    assert_eq!((ran.code(), ran.rows().len()), (0, 1), "{}", ran.stderr());
}

fn ids_of(ids: &[String]) -> String {
    ids.iter().map(|id| format!("{id}\n")).collect()
}

#[test]
fn values_of_other_parameters_come_from_files_too() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let countries = format!("@{}", folder.write("countries.txt", "# where\nus\nkr\n"));
    let ran = shop.playfast(&["list", "--country", &countries, "--num=1"]);
    assert_eq!(sorted(&ran.rows(), "country"), ["kr", "us"], "{}", ran.stderr());
    let ids = format!("@{}", folder.write("ids", "com.a.b\ncom.c.d\n"));
    let ran = shop.playfast(&["app", &ids, "--country", &countries]);
    assert_eq!(ran.rows().len(), 4, "{}", ran.stderr());
    let ran = piped(&shop, &["list", "--num=1", "--country=-"], "country,name\nus,United States\nde,Germany\n");
    assert_eq!(sorted(&ran.rows(), "country"), ["de", "us"], "{}", ran.stderr());
    assert!(ran.stderr().contains("ignored columns: name\n"), "{}", ran.stderr());
}

#[test]
fn rows_of_charts_are_inputs_in_every_form() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let chart = |format: &str| {
        let ran = shop.playfast(&["list", "--num=3", "--country=kr", "--category=SOCIAL", "--format", format]);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        ran.stdout()
    };
    let rows = chart("ndjson");
    let listed: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for text in [&rows, &chart("csv"), &chart("json")] {
        let ran = piped(&shop, &["app", "-"], text);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        assert_eq!(sorted(&ran.rows(), "app_id"), sorted(&listed, "app_id"));
        assert!(ran.rows().iter().all(|row| row["country"] == "kr"), "the rows say the country");
        let said = ran.stderr().lines().filter(|line| line.contains("ignored columns: ")).count();
        assert_eq!(said, 1, "{}", ran.stderr());
        // What was typed counts more.
        let ran = piped(&shop, &["app", "-", "--country", "de"], text);
        assert!(ran.rows().len() == 3 && ran.rows().iter().all(|row| row["country"] == "de"), "{}", ran.stderr());
    }
    // A row names the kind that it came of: the kind that was typed wins if the row has what it is about.
    let typed_kind: String = listed
        .iter()
        .map(|row| {
            let mut row = row.clone();
            row["kind"] = "list".into();
            format!("{row}\n")
        })
        .collect();
    let file = folder.write("rows.ndjson.gz", gzip(&typed_kind));
    let ran = shop.playfast(&["run", "--kind=app", "--queries", &file]);
    assert_eq!(sorted(&ran.rows(), "app_id"), sorted(&listed, "app_id"), "{}", ran.stderr());
    let ran = shop.playfast(&["run", "--queries", &file]);
    assert_eq!(ran.rows().len(), 3, "one chart, asked once: {}", ran.stderr());
    assert!(ran.rows().iter().all(|row| row["position"].is_u64() && row["category"] == "SOCIAL"), "{}", ran.stdout());
}

#[test]
fn rows_are_asked_while_the_pipe_is_open() {
    let shop = Shop::open(StoreConfig::default());
    let mut child = command(&shop, &["app", "-"]).spawn().unwrap();
    let (mut ids, mut rows) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    for id in ["com.a.b", "com.c.d"] {
        writeln!(ids, "{id}").unwrap();
        let row: Value = serde_json::from_str(&rows.next().unwrap().unwrap()).unwrap();
        assert_eq!(row["app_id"], id, "while the next isn't there yet");
    }
    drop(ids);
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_input_that_cannot_be_read_is_named_before_anything_is_sent() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let (empty, ids) = (folder.write("empty", "# none\n\n"), folder.write("ids", "com.a.b\n"));
    let header = folder.write("header.csv", "app_id,note\n");
    let at = |path: &str| format!("@{path}");
    let cases: [(&[&str], &str); 9] = [
        (&["app", "@no/such/file"], "failed to read no/such/file: No such file"),
        (&["app", &at(folder.path("").to_str().unwrap())], "is a directory"),
        (&["app", "com.a.b", &at(&empty)], "empty holds no queries"),
        (&["app", &at(&header)], "header.csv holds no queries"),
        (&["list", "--country", &at(&empty)], "empty holds no values of country"),
        (&["app", "-", "--country", "-"], "stdin can be read only once"),
        (&["app", &at(&ids), "--country", "xx"], "country can't be \"xx\""),
        (&["app", "com.a.b", "--carry", "note"], "give @FILE or -"),
        (&["app", &at(&ids), "-o", &ids], "would overwrite what is read, @"),
    ];
    for (arguments, part) in cases {
        shop.playfast(arguments).refused(2, part);
    }
    assert_eq!(shop.store.stats().requests, 0);
    let ran = playfast(&["app", "-"]);
    assert_eq!((ran.code(), ran.said().as_str()), (0, "playfast: stdin held no queries\n"));
}

#[test]
fn lines_that_ask_nothing_cost_only_themselves_and_are_kept() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let (file, failures) = (folder.write("rows.ndjson", ROWS), folder.path("failures"));
    const ROWS: &str = "{\"app_id\": \"com.a.b\"}\n{\"title\": \"A\"}\n{\"app_id\": \"no id\"}\n{\"title\": \"B\"}\n{\"title\n{\"app_id\": \"com.c.d\", \"contry\": \"kr\"}\n";
    let ran = shop.playfast(&["app", &format!("@{file}"), "--failures", failures.to_str().unwrap()]);
    assert_eq!((ran.code(), ran.rows().len()), (1, 2), "{}", ran.stderr());
    let said = ran.stderr();
    for part in [
        format!("line 2 of {file}: app needs a value for app_id"),
        format!("line 3 of {file}: app_id can't be \"no id\""),
        format!("line 5 of {file}: it is not a JSON object"),
        format!("1 more line refused, the last line 4 of {file}: app needs a value for app_id"),
        "ignored columns: title".to_owned(),
        "contry (did you mean country?)".to_owned(),
    ] {
        assert!(said.contains(&part), "{part:?} is not in {said}");
    }
    let text = std::fs::read_to_string(&failures).unwrap();
    let kept: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<_> = kept.iter().map(|line| line["_line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 5]);
    assert_eq!((&kept[1]["kind"], &kept[1]["app_id"]), (&"app".into(), &"no id".into()));
    assert_eq!(kept[1]["_failure"]["kind"], "invalid-query");
}

#[test]
fn unknown_columns_and_bad_lines_do_not_flood() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let many: String = (0..20_000).map(|number| format!("app,,note {number}\n")).collect();
    let file = folder.write("queries.csv", format!("kind,app_id,note\napp,com.a.b,x\n{many}"));
    let ran = shop.playfast(&["run", "--queries", &file, "--dry-run"]);
    assert_eq!((ran.code(), ran.rows().len()), (1, 1), "{}", ran.stderr());
    assert!(ran.stderr().lines().count() <= 4, "{}", ran.stderr());
    assert!(ran.stderr().contains("19,999 more lines refused"), "{}", ran.stderr());
}

#[test]
fn separators_are_found_and_parameters_are_defaults_for_all_lines() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    for separator in [";", "\t", ","] {
        let text = "App ID|Country|note\ncom.a.b|kr|\"x|y\"\ncom.c.d||\"a \"\"b\"\"\"\n".replace('|', separator);
        let file = folder.write("queries", text);
        let ran = shop.playfast(&["run", "--kind=app", "--queries", &file, "--param=country=us,de"]);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        let rows = ran.rows();
        let asked: HashSet<_> = rows.iter().map(|row| (row["app_id"].as_str(), row["country"].as_str())).collect();
        let expected = [("com.a.b", "kr"), ("com.c.d", "us"), ("com.c.d", "de")];
        assert_eq!(asked, expected.map(|(id, country)| (Some(id), Some(country))).into(), "{separator:?}");
    }
    let file =
        folder.write("mixed.ndjson", "{\"kind\":\"list\",\"num\":1}\n{\"kind\":\"app\",\"app_id\":\"com.a.b\"}\n");
    let ran = shop.playfast(&["run", "--queries", &file, "--param", "via=rpc", "--param", "country=kr"]);
    assert_eq!(ran.code(), 0, "a parameter of one kind is none of the other: {}", ran.stderr());
    assert!(ran.rows().len() == 2 && ran.rows().iter().all(|row| row["country"] == "kr"), "{}", ran.stdout());
    for (param, part) in
        [("contry=kr", "no kind has a parameter \"contry\""), ("country=xx", "country can't be \"xx\"")]
    {
        shop.playfast(&["run", "--queries", &file, "--param", param]).refused(2, part);
    }
}

#[test]
fn carried_columns_are_in_the_rows_once_for_each_distinct_value() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let lines = "app_id;owner;team\ncom.a.b;Ann;1\ncom.c.d;Bob;2\ncom.a.b;Cy;1\ncom.a.b;Ann;1\n";
    let file = folder.write("apps.csv", lines);
    let pairs = |rows: &[Value]| {
        let mut pairs: Vec<_> = rows.iter().map(|row| format!("{} {}", row["app_id"], row["owner"])).collect();
        pairs.sort_unstable();
        pairs
    };
    let expected = [r#""com.a.b" "Ann""#, r#""com.a.b" "Cy""#, r#""com.c.d" "Bob""#];
    let run: &[&str] = &["run", "--kind=app", "--queries", &file, "--carry", "owner,team"];
    let at = format!("@{file}");
    let app: &[&str] = &["app", &at, "--carry", "owner,team"];
    for arguments in [run, app] {
        let before = shop.store.stats().requests;
        let ran = shop.playfast(arguments);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        assert_eq!(pairs(&ran.rows()), expected);
        assert!(ran.rows().iter().all(|row| row.as_object().unwrap().keys().next_back().unwrap() == "team"));
        assert!(shop.store.stats().requests - before <= 2, "equal queries are asked once");
    }
    let ran =
        piped(&shop, &["app", "-", "--carry", "owner", "--format=csv", "--fields=app_id,owner", "--ordered"], lines);
    assert_eq!(
        ran.stdout().replace('\r', ""),
        "app_id,owner\ncom.a.b,Ann\ncom.a.b,Cy\ncom.c.d,Bob\n",
        "{}",
        ran.stderr()
    );
    let ran = shop.playfast(&[app, &["--format=csv"]].concat());
    assert!(ran.stdout().lines().next().unwrap().trim_end().ends_with(",owner,team"), "{}", ran.stdout());
    for (name, part) in [
        ("title", "rows have a field title already"),
        ("country", "rows have a field country already"),
        ("ownr", "the input has no column \"ownr\"; there are app_id, owner, team"),
        ("owner,owner", "owner is there twice"),
    ] {
        shop.playfast(&["app", &at, "--carry", name]).refused(2, part);
    }
    shop.playfast(&["run", "--follow", "--kind=app", "--queries", &file, "--carry=owner"]).refused(2, "--follow");
}

#[test]
fn details_of_charts_are_asked_once_and_written_alone() {
    let shop = Shop::open(StoreConfig::default());
    let charts = ["list", "--num=5", "--country=us,kr", "--category=SOCIAL,GAME"];
    let listed = shop.playfast(&charts).rows();
    let expected: HashSet<_> = listed.iter().map(|row| (row["app_id"].clone(), row["country"].clone())).collect();
    let ran = shop.playfast(&[&charts[..], &["--details", "--param", "via=rpc"]].concat());
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let rows = ran.rows();
    assert!(rows.iter().all(|row| row["real_installs"].is_u64() && row["via"] == "rpc"), "rows of apps alone");
    let asked: Vec<_> = rows.iter().map(|row| (row["app_id"].clone(), row["country"].clone())).collect();
    assert_eq!(asked.len(), expected.len(), "each once");
    assert_eq!(asked.into_iter().collect::<HashSet<_>>(), expected);

    let ran = shop.playfast(&[&charts[..], &["--details", "--dry-run"]].concat());
    assert_eq!((ran.code(), ran.rows().len()), (0, 4), "{}", ran.stderr());
    assert!(ran.stderr().contains("then the details would be asked as app for each app_id"), "{}", ran.stderr());
    let ran = shop.playfast(&["list", "--limit=2", "--details"]);
    assert_eq!(ran.rows().len(), 2, "{}", ran.stderr());
    let ran = shop.playfast(&["list", "--limit=2", "--details", "--format=csv"]);
    assert!(ran.stdout().starts_with("app_id,") || ran.stdout().starts_with("kind,app_id,"), "{}", ran.stdout());
    shop.playfast(&["app", "com.a.b", "--details"]).refused(2, "lists nothing that another kind has details of");
    shop.playfast(&["run", "--queries=-", "--details"]).refused(2, "run doesn't use --details");
}

#[test]
fn details_that_failed_are_asked_again_with_their_chart() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let first = shop.playfast(&["list", "--num=3"]).rows()[0]["app_id"].as_str().unwrap().to_owned();
    shop.store.respond_with(&format!("/store/apps/details?id={first}"), Canned::new(503, "")).unwrap();
    let file = folder.path("rows.ndjson");
    let run = |options: &[&str]| {
        let common = ["list", "--num=3", "--details", "--param=via=page", "-o", file.to_str().unwrap()];
        shop.playfast(&[&common[..], options].concat())
    };
    let rows = || std::fs::read_to_string(&file).unwrap().lines().count();
    assert_eq!((run(&[]).code(), rows()), (1, 2));
    shop.store.clear_canned();
    let requests = shop.store.stats().requests;
    let ran = run(&["--resume"]);
    assert_eq!((ran.code(), rows()), (0, 3), "{}", ran.stderr());
    assert_eq!(shop.store.stats().requests - requests, 2, "the chart, and the app that failed");
    let ran = run(&["--resume"]);
    assert_eq!((ran.code(), rows()), (0, 3), "a finished run starts again: {}", ran.stderr());
    // A chart that fails is a failure of the run.
    shop.store.respond_with("/_/PlayStoreUi/data/batchexecute", Canned::new(503, "")).unwrap();
    assert_eq!(run(&["--overwrite"]).code(), 3);
}

#[test]
fn details_are_whole_after_kills() {
    let (shop, folder) = (Shop::open(StoreConfig::default().latency(Duration::from_millis(30))), Folder::empty());
    let charts = ["--num=20", "--country=us,kr,de", "--category=SOCIAL,GAME,TOOLS"];
    let file = folder.path("rows.ndjson");
    let length = || std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
    let start = || {
        let arguments =
            ["list", "--details", "--param=via=rpc", "--per-request=1", "--concurrency=4", "--resume", "-o"];
        let mut command = command(&shop, &[&arguments[..], &[file.to_str().unwrap()], &charts].concat());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    for _ in 0..4 {
        let (mut running, before, patience) = (start(), length(), Instant::now());
        while length() <= before && patience.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(5));
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
    assert!(start().wait().unwrap().success());
    let listed = shop.playfast(&[&["list"], &charts[..]].concat()).rows();
    let expected: HashSet<_> =
        listed.iter().map(|row| (row["app_id"].to_string(), row["country"].to_string())).collect();
    let mut counts: HashMap<_, usize> = HashMap::new();
    for line in std::fs::read_to_string(&file).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        *counts.entry((row["app_id"].to_string(), row["country"].to_string())).or_default() += 1;
    }
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert_eq!(counts.into_keys().collect::<HashSet<_>>(), expected);
}

#[test]
fn a_hundred_thousand_ids_are_read_in_little_time() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let ids: String = (0..100_000).map(|number| format!("com.example.a{number}\n")).collect();
    let file = format!("@{}", folder.write("ids.txt", ids));
    let ran = shop.playfast(&["app", &file, "--country=us", "--dry-run"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert_eq!(ran.stdout().lines().count(), 100_000);
    assert_eq!(shop.store.stats().requests, 0);
}
