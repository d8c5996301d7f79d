//! The binary as a person uses it: what they type and see.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use playfast_sim::StoreConfig;
use serde_json::Value;

use crate::support::{self, Shop, playfast};

#[test]
fn values_multiply_out_and_rows_keep_their_order() {
    let shop = Shop::open(StoreConfig::default());
    let ran =
        shop.playfast(&["list", "--country", "us,kr", "--category", "GAME_ACTION,social", "--num", "3", "--ordered"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let rows = ran.rows();
    let places: Vec<_> =
        rows.iter().map(|row| format!("{} {} {}", row["category"], row["country"], row["position"])).collect();
    assert_eq!(places.len(), 12);
    assert_eq!(places[0], "\"GAME_ACTION\" \"us\" 1");
    assert_eq!(places[11], "\"SOCIAL\" \"kr\" 3");
}

#[test]
fn apps_are_given_without_a_name_and_some_may_fail() {
    let shop = Shop::open(StoreConfig::default());
    let ran = shop.playfast(&["app", "com.brave.otter", "missing.app", "--country", "us"]);
    assert_eq!(ran.code(), 1);
    assert_eq!(ran.rows().len(), 1);
    assert!(
        ran.stderr().contains("app app_id=missing.app country=us language=en via=auto: not-found: "),
        "{}",
        ran.stderr()
    );
    assert_eq!(shop.playfast(&["app", "missing.app"]).code(), 3);
}

#[test]
fn an_app_is_given_by_its_address_too() {
    let shop = Shop::open(StoreConfig::default());
    let ran = shop.playfast(&[
        "app",
        "https://play.google.com/store/apps/details?id=com.brave.otter&hl=de",
        "com.brave.otter",
    ]);
    assert_eq!((ran.code(), ran.rows().len()), (0, 1), "{}", ran.stderr());
    assert_eq!((&ran.rows()[0]["app_id"], &ran.rows()[0]["language"]), (&"com.brave.otter".into(), &"en".into()));
}

#[test]
fn rows_say_what_was_asked_and_when_it_was_fetched() {
    let shop = Shop::open(StoreConfig::default());
    let seconds = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let before = seconds();
    let ran = shop.playfast(&["list", "--num", "+02", "--source"]);
    let rows = ran.rows();
    let fields: Vec<_> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields[..7], ["kind", "collection", "category", "country", "language", "num", "position"]);
    assert_eq!(fields[fields.len() - 2..], ["fetched_at", "_source"]);
    assert_eq!((&rows[0]["kind"], &rows[0]["num"]), (&"list".into(), &2.into()));
    let fetched = seconds_of(rows[0]["fetched_at"].as_str().unwrap());
    assert!((before..=seconds()).contains(&fetched), "{}", rows[0]["fetched_at"]);
    let csv = shop.playfast(&["list", "--num=2.0", "--format=csv"]).stdout();
    let header = csv.lines().next().unwrap();
    assert!(header.starts_with("kind,collection,") && header.ends_with(",fetched_at"), "{header}");
}

/// Seconds since 1970 of a time of this century as RFC 3339 writes it in UTC.
fn seconds_of(text: &str) -> u64 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<u64>().unwrap();
    assert!(text.len() == 20 && text.ends_with('Z'), "{text}");
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // Days from 1970, by Howard Hinnant's days_from_civil.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let of_era = (year % 400) * 365 + (year % 400) / 4 - (year % 400) / 100 + (153 * month + 2) / 5 + day - 1;
    let days = year / 400 * 146_097 + of_era - 719_468;
    days * 86_400 + number(11..13) * 3600 + number(14..16) * 60 + number(17..19)
}

#[test]
fn rows_go_where_and_how_they_are_wanted() {
    let shop = Shop::open(StoreConfig::default());
    let file = tempfile::NamedTempFile::new().unwrap();
    let ran = shop.playfast(&["list", "--num", "2", "--format", "json", "-o", file.path().to_str().unwrap()]);
    assert_eq!((ran.code(), ran.stdout().as_str()), (0, ""));
    let rows: Value = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 2);
    let table = shop.playfast(&["list", "--num", "2", "--format", "table"]).stdout();
    assert!(table.contains("2 rows") && table.contains("#  title"), "{table}");
}

#[test]
fn what_is_wrong_is_refused_before_anything_is_sent() {
    let shop = Shop::open(StoreConfig::default());
    let cases: [(&[&str], &str); 22] = [
        (&["list", "--country", ""], "country can't be \"\": a value is empty"),
        (&["list", "--country", "us,,kr"], "country can't be \"\": a value is empty"),
        (&["list", "--language="], "language can't be \"\": a value is empty"),
        (&["app", ""], "app_id can't be \"\": a value is empty"),
        (&["run", "--kind=ap", "--queries=-"], "--kind: the parser has no kind \"ap\"; did you mean app?"),
        (&["list", "--category", "GAME_ACTON"], "did you mean GAME_ACTION?"),
        (&["list", "--category", "action"], "category can't be \"action\": did you mean GAME_ACTION?"),
        (&["list", "--country", "usa"], "country can't be \"usa\": the code of United States is us"),
        (&["list", "--country", "uk"], "country can't be \"uk\": the code of United Kingdom is gb"),
        (&["list", "--country", "Germany"], "country can't be \"Germany\": its code is de"),
        (&["list", "--country", "xx"], "there is no such code; there are 249, such as us, gb, de"),
        (&["list", "--language", "en_US"], "language can't be \"en_US\": write it as en-US"),
        (&["list", "--language", "english"], "language can't be \"english\": its code is en"),
        (&["list", "--language", "us"], "language can't be \"us\": give a language tag such as en, pt-BR, de"),
        (&["list", "--num", "661"], "num can't be 661: give a number from 1 to 660"),
        (&["list", "--num", "0"], "num can't be 0: give a number from 1 to 660"),
        (&["app"], "needs a value for app_id"),
        (&["app", "nota"], "app_id can't be \"nota\": give a package name such as com.spotify.music"),
        (&["app", "https://example.org/?id=com.a.b"], "it is not an address of play.google.com"),
        (&["list", "--param", "colection=x"], "did you mean collection?"),
        (&["list", "--colection", "x"], "--collection"),
        (&["lst"], "list"),
    ];
    for (arguments, part) in cases {
        shop.playfast(arguments).refused(2, part);
    }
    assert_eq!(shop.store.stats().connections, 0);
}

#[test]
fn queries_are_answered_as_they_come() {
    let shop = Shop::open(StoreConfig::default());
    let mut command = Command::new(env!("CARGO_BIN_EXE_playfast"));
    command.args(["run", "--queries", "-", "--rate=none"]).args(shop.options());
    command.args(support::component().iter().flat_map(|file| [OsStr::new("--parser"), file.as_os_str()]));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut queries, mut rows) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    let mut row = || serde_json::from_str::<Value>(&rows.next().unwrap().unwrap()).unwrap();
    // Each is answered while the next isn't there yet.
    for country in ["us", "kr"] {
        writeln!(queries, r#"{{"kind": "list", "country": "{country}", "num": 1}}"#).unwrap();
        assert_eq!(row()["country"], country);
    }
    writeln!(queries, r#"{{"kind": "app", "app_id": ["com.brave.otter", "missing.app"]}}"#).unwrap();
    assert_eq!(row()["app_id"], "com.brave.otter");
    for wrong in ["[]", "{}", r#"{"kind": "lst"}"#, r#"{"kind": "list", "num": 0}"#, ""] {
        writeln!(queries, "{wrong}").unwrap();
    }
    drop(queries);
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    for part in [
        "line 4 of stdin: it is JSON, but not an object",
        "line 5 of stdin: it has no \"kind\"",
        "did you mean list?",
        "num can't be 0: give a number from 1 to 660",
        "missing.app",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[test]
fn a_file_of_queries_is_followed_as_it_grows() {
    let shop = Shop::open(StoreConfig::default());
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_playfast"));
    command.args(["run", "--follow", "--rate=none", "--queries"]).arg(file.path()).args(shop.options());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut queries = file.as_file();
    for country in ["us", "kr"] {
        // Half a line is none yet.
        write!(queries, r#"{{"kind": "list", "num": 1,"#).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(150));
        writeln!(queries, r#" "country": "{country}"}}"#).unwrap();
        let row: Value = serde_json::from_str(&rows.next().unwrap().unwrap()).unwrap();
        assert_eq!(row["country"], country);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_file_that_turns_is_followed_by_its_name() {
    let shop = Shop::open(StoreConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let (file, old) = (folder.path().join("queries"), folder.path().join("queries.1"));
    let query = |country: &str| format!("{{\"kind\": \"list\", \"num\": 1, \"country\": \"{country}\"}}\n");
    std::fs::write(&file, query("us")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_playfast"));
    command.args(["run", "--follow", "--rate=none", "--queries"]).arg(&file).args(shop.options());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut row = || serde_json::from_str::<Value>(&rows.next().unwrap().unwrap()).unwrap()["country"].clone();
    let mut says = |part: &str| {
        let line = said.next().unwrap().unwrap();
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    };
    assert_eq!(row(), "us");
    std::fs::write(&file, "").unwrap();
    says("was truncated: reading it from its start");
    std::fs::write(&file, query("kr")).unwrap();
    assert_eq!(row(), "kr");
    // Rotated, by somebody who writes a last query to the old file.
    let mut writer = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    std::fs::rename(&file, &old).unwrap();
    writer.write_all(query("jp").as_bytes()).unwrap();
    assert_eq!(row(), "jp");
    says("is gone: waiting for another one");
    std::fs::write(&file, query("de")).unwrap();
    says("was replaced: reading the new file");
    assert_eq!(row(), "de");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_list_of_ids_loses_none() {
    let shop = Shop::open(StoreConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ids.txt");
    let run = |text: &str, arguments: &[&str]| {
        std::fs::write(&file, text).unwrap();
        shop.playfast(&[&["run", "--queries", file.to_str().unwrap(), "--fields=app_id"], arguments].concat())
    };
    for (text, count) in
        [("com.a.b\n", 1), ("com.a.b", 1), ("# ids\ncom.a.b\n\ncom.c.d\n", 2), ("app_id\ncom.a.b\n", 1)]
    {
        let ran = run(text, &["--kind=app"]);
        assert_eq!((ran.code(), ran.rows().len()), (0, count), "{text:?}: {}", ran.stderr());
    }
    run("com.a.b\n", &[]).refused(3, "has no column \"kind\": add one, or give --kind KIND");
    run("us\nkr\n", &["--kind=list"]).refused(3, "names no parameter of list: it must name some of ");
    assert_eq!(run("kind;app_id\napp;com.a.b\n", &[]).rows().len(), 1);
    run("", &["--kind=app"]).refused(2, "holds no queries");
    let ran = playfast(&["run", "--kind=app", "--queries=-"]);
    assert_eq!((ran.code(), ran.said().as_str()), (0, "playfast: stdin held no queries\n"));
}

#[test]
fn numbers_and_times_have_a_range() {
    let whole = |range: &str| format!("give a whole number from {range}");
    for (option, values, part) in [
        ("--workers", &["0", "1025", "100000000000", "-1", "some"][..], "a whole number from 1 to 1024".to_owned()),
        ("--concurrency", &["0", "10001", "99999999999", "-1", "1.5"], whole("1 to 10000")),
        ("--host-concurrency", &["0", "10001", "99999999999999999999999"], whole("1 to 10000")),
        ("--retries", &["-1", "1001", "4294967296"], whole("0 to 1000")),
        ("--timeout", &["8761h", "1e18", "0", "-1"], String::new()),
        ("--connect-timeout", &["8761h", "1e300h"], String::new()),
        ("--idle-timeout", &["8761h"], "give a year (365d) at most".to_owned()),
        ("--deadline", &["8761h"], "give a year (365d) at most".to_owned()),
        ("--query-deadline", &["8761h"], "give a year (365d) at most".to_owned()),
        ("--give-up", &["8761h"], "give a year (365d) at most".to_owned()),
    ] {
        for value in values {
            playfast(&["list", option, value]).refused(2, &part);
        }
    }
    playfast(&["parse", "--kind=list", "--status=99", "file"]).refused(2, &whole("100 to 599"));
    playfast(&["demo", "--latency=3600001"]).refused(2, &whole("0 to 3600000"));
}

/// The longest times and most requests that can be typed are ones that a run can have.
#[test]
fn the_ends_of_the_ranges_work() {
    let shop = Shop::open(StoreConfig::default());
    let ran = shop.playfast(&[
        "list",
        "--num=1",
        "--concurrency=10000",
        "--host-concurrency=10000",
        "--timeout=8760h",
        "--connect-timeout=8760h",
        "--idle-timeout=8760h",
        "--deadline=8760h",
        "--query-deadline=8760h",
        "--give-up=8760h",
    ]);
    assert_eq!((ran.code(), ran.rows().len()), (0, 1), "{}", ran.stderr());
}

#[cfg(unix)]
#[test]
fn the_demos_store_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;
    for signal in ["INT", "TERM"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_playfast"));
        let mut child = command.args(["demo", "--serve"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let options = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let authority = options.split_whitespace().skip_while(|word| *word != "--cacert").nth(1).unwrap();
        let folder = std::path::Path::new(authority).parent().unwrap();
        assert!(std::fs::read_to_string(authority).unwrap().contains("BEGIN CERTIFICATE"));
        assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o077, 0, "nobody else's");
        Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(child.wait().unwrap().success(), "{signal}");
        assert!(!folder.exists(), "{signal}");
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let number = port.local_addr().unwrap().port().to_string();
    playfast(&["demo", "--serve", "--port", &number]).refused(2, "in use");
}

#[test]
fn networks_that_fail_are_told_in_one_line() {
    playfast(&["app", "com.a.b", "--connect-to", "play.google.com:443:127.0.0.1:1", "--give-up=1s"])
        .refused(3, "refuses connections");
    playfast(&["app", "com.a.b", "--connect-to", "play.google.com:443:no-such-host.invalid:443"])
        .refused(3, "is there a network?");
    let shop = Shop::open(StoreConfig::default());
    let connect_to = shop.store.connect_to();
    let untrusted = playfast(&["app", "com.a.b", "--connect-to", &connect_to[0]]);
    untrusted.refused(3, "--cacert");
    playfast(&["list", "--cacert", "/nowhere.pem"]).refused(2, "failed to read /nowhere.pem");
    playfast(&["list", "--connect-to", "nonsense"]).refused(2, "HOST:PORT:ADDR:PORT");
}

#[test]
fn a_parser_is_inspected() {
    let ran = playfast(&["inspect"]);
    assert_eq!(ran.code(), 0);
    for part in [
        "play 0.1.0",
        "sha256:",
        "play.google.com",
        "60 at once",
        "imports  nothing",
        "playfast:parser/parser@0.1.0",
        "app_id",
    ] {
        assert!(ran.stdout().contains(part), "{part}");
    }
    let document: Value = serde_json::from_str(&playfast(&["inspect", "--json"]).stdout()).unwrap();
    assert_eq!(document["description"]["kinds"][0]["name"], "list");
}

#[test]
fn the_parsers_kinds_are_commands_with_help() {
    let help = playfast(&["--help"]).stdout();
    assert!(help.contains("list") && help.contains("Details of apps"), "{help}");
    let help = playfast(&["list", "--help"]).stdout();
    for part in ["--category", "GAME_ACTION", "all-games", "--num", "[default: 100]"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn the_demo_shows_times_and_charts() {
    let ran = playfast(&["demo", "--latency", "20"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    for part in ["one after another", "one batch", "speedup", "category GAME_ACTION", "#  us", "    kr"] {
        assert!(ran.stdout().contains(part), "{}", ran.stdout());
    }
}

#[test]
fn the_demo_swaps_a_parser_under_a_running_batch() {
    let ran = playfast(&["demo", "--swap"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    for part in [
        "the store changes its layout",
        "layout-changed: the chart's apps are not where they were",
        "play 0.1.1",
        "answers from now on, as generation 2",
        "charts come, by play 0.1.1",
    ] {
        assert!(ran.stderr().contains(part), "{part:?} is not in {}", ran.stderr());
    }
    let counts: Vec<usize> =
        ran.stdout().lines().filter_map(|line| line.rsplit("  ").next()?.trim().parse().ok()).collect();
    let [old, changed, new, others] = counts.as_slice() else { panic!("{}", ran.stdout()) };
    assert!(*old > 10 && *changed > 10 && *new > 10 && *others == 0, "{}", ran.stdout());
}
