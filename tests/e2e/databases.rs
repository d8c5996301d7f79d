//! Databases of runs: what is stored, resumed and refused, what changed between two runs, and other programs that read it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use playfast_sim::{ChartQuery, Edits, FaultKind, Faults, StoreConfig};
use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Folder, Ran, Shop, binary, playfast, timeless};

const COUNTRIES: [&str; 4] = ["us", "kr", "de", "br"];
const CATEGORIES: [&str; 5] = ["GAME_ACTION", "SOCIAL", "TOOLS", "FINANCE", "GAME_PUZZLE"];
const CHART_LENGTH: usize = 30;

fn count(database: &Path, sql: &str) -> i64 {
    Connection::open(database).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The arguments that ask for all charts.
fn charts<'a>(countries: &'a str, categories: &'a str, database: &'a str) -> Vec<&'a str> {
    vec!["list", "--country", countries, "--category", categories, "--num", "30", "-o", database]
}

/// The ids of a chart of the store, in their order.
fn ids(shop: &Shop, country: &str, category: &str) -> Vec<String> {
    let chart = shop.store.chart(&ChartQuery::new(country, category, "topselling_free").num(CHART_LENGTH));
    chart.iter().map(|app| app["app_id"].as_str().unwrap().to_owned()).collect()
}

/// The component with a section that says nothing: another parser by its digest.
fn other_parser(folder: &Folder) -> String {
    let embedded = Path::new(env!("CARGO_MANIFEST_DIR")).join("parser/play.wasm");
    let mut bytes = std::fs::read(embedded).unwrap();
    bytes.extend([0, 5, 4, b'n', b'o', b't', b'e']);
    folder.write("other.wasm", bytes)
}

/// What a change says, without times.
fn told(change: &Value) -> String {
    let text = |name: &str| match &change[name] {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    ["change", "country", "category", "key", "field", "was", "now"].map(text).join(" ")
}

/// The ends of a run's queries, by country and category.
fn ends(database: &Path, run: i64) -> Vec<(String, String, String)> {
    let connection = Connection::open(database).unwrap();
    let sql = "SELECT params ->> 'country', params ->> 'category', end || coalesce(':' || failure, '') FROM query WHERE run = ?1";
    let mut statement = connection.prepare(sql).unwrap();
    let ends = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    ends.map(Result::unwrap).collect()
}

#[test]
fn known_changes_are_found_and_no_others() {
    let shop = Shop::open(StoreConfig::default());
    let folder = Folder::empty();
    let (database, parser) = (folder.name("market.db"), other_parser(&folder));
    let (countries, categories) = (COUNTRIES.join(","), CATEGORIES.join(","));
    let asked = charts(&countries, &categories, &database);
    let faults = || Faults::none().with(FaultKind::Unavailable, 0.15);
    let before = |country: &str, category: &str| ids(&shop, country, category);
    let original: Vec<_> = COUNTRIES
        .iter()
        .flat_map(|country| CATEGORIES.map(|category| (*country, category, before(country, category))))
        .collect();
    let (renamed, dearer) = (original[0].2[4].clone(), original[7].2[11].clone());
    shop.store.set_faults(faults());
    shop.playfast(&asked);

    let edits = Edits::default().swap(3, 7).exit(10).entry(1, "com.new.app").title(&renamed, "Another name");
    shop.store.set_edits(edits.price(&dearer, 4_990_000));
    shop.store.set_latency(Duration::from_millis(150));
    let second =
        [asked.as_slice(), &["--parser", &parser, "--retries=0", "--concurrency", "2", "--rate=none"]].concat();
    let mut killed = binary();
    let mut killed = killed.args(&second).args(shop.options()).stderr(Stdio::null()).spawn().unwrap();
    let (path, patience) = (folder.path("market.db"), Instant::now());
    while count(&path, "SELECT count(*) FROM query WHERE run = 2") < 5 && patience.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let done = count(&path, "SELECT count(*) FROM query WHERE run = 2");
    assert!((5..20).contains(&done), "it was killed in the midst: {done}");
    shop.store.set_latency(Duration::ZERO);
    shop.playfast(&[asked.as_slice(), &["--resume", "--parser", &parser]].concat());
    assert_eq!(count(&path, "SELECT count(*) FROM run"), 2);
    assert_eq!(count(&path, "SELECT count(DISTINCT parser) FROM query WHERE parser IS NOT NULL"), 2);

    let (first, second) = (ends(&path, 1), ends(&path, 2));
    let end = |ends: &[(String, String, String)], country: &str, category: &str| {
        let found = ends.iter().find(|(one, other, _)| (one.as_str(), other.as_str()) == (country, category));
        found.unwrap().2.clone()
    };
    let mut expected = BTreeSet::new();
    for (country, category, ids) in &original {
        let (was, now) = (end(&first, country, category), end(&second, country, category));
        let mut add = |change: &str, rest: &str| expected.insert(format!("{change} {country} {category} {rest}"));
        match (was.as_str(), now.as_str()) {
            ("answered", "answered") => {}
            ("answered", failed) => drop(add("failed", &format!("null null answered {failed}"))),
            (failed, "answered") => drop(add("recovered", &format!("null null {failed} answered"))),
            _ => {}
        }
        if (was.as_str(), now.as_str()) != ("answered", "answered") {
            continue;
        }
        add("entered", "com.new.app null null 1");
        add("left", &format!("{} null 10 null", ids[9]));
        add("moved", &format!("{} position 3 8", ids[2]));
        add("moved", &format!("{} position 7 4", ids[6]));
        if let Some(place) = ids.iter().position(|id| *id == renamed).filter(|place| *place != 9) {
            let title = first_title(&path, &ids[place]);
            add("changed", &format!("{renamed} title {title} Another name"));
        }
        if ids.iter().position(|id| *id == dearer).is_some_and(|place| place != 9) {
            add("changed", &format!("{dearer} price 0 4.99"));
        }
    }
    let found = playfast(&["diff", &database, "--fields", "title,price"]);
    let found: BTreeSet<_> = found.rows().iter().map(told).collect();
    assert_eq!(found, expected);
    assert!(found.iter().any(|change| change.starts_with("changed")));
    let failed = first.iter().chain(&second).filter(|(_, _, end)| end != "answered").count();
    assert!(failed > 0, "some queries fail");
    assert_eq!(playfast(&["diff", &database, "--exit-code"]).code(), 1);
}

/// The title that the first run stored of an app.
fn first_title(database: &Path, id: &str) -> String {
    let connection = Connection::open(database).unwrap();
    connection.query_row("SELECT title FROM list WHERE run = 1 AND app_id = ?1", [id], |row| row.get(0)).unwrap()
}

#[test]
fn ten_kills_lose_and_double_nothing() {
    // 150 requests of 0.1 s, four at once: longer than the ten runs live together.
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(100)));
    let folder = Folder::empty();
    let apps: Vec<_> = (0..3_000).map(|number| format!("com.example.a{number}")).collect();
    let (list, database) = (folder.write("ids.txt", apps.join("\n")), folder.path("apps.db"));
    let start = || {
        let mut command = binary();
        command.args(["app", &format!("@{list}"), "--fields", "app_id,title", "--rate=none", "--resume", "-o"]);
        command.arg(&database).args(["--per-request", "20", "--concurrency", "4"]).args(shop.options());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    for kill in 0..10 {
        let mut running = start();
        std::thread::sleep(Duration::from_millis(120 + 37 * kill));
        running.kill().unwrap();
        running.wait().unwrap();
    }
    assert!(count(&database, "SELECT count(*) FROM row") < 3_000, "none of the ten came to the end");
    assert_eq!(start().wait().unwrap().code(), Some(0));
    let rows = count(
        &database,
        "SELECT count(*) FROM row JOIN query ON query.id = row.query WHERE query.run = (SELECT max(run) FROM query)",
    );
    assert_eq!((rows, count(&database, "SELECT count(DISTINCT app_id) FROM app")), (3_000, 3_000));
    assert_eq!(count(&database, "SELECT count(*) FROM run"), 1, "all of it is one run");
}

#[test]
fn a_run_is_exported_as_a_file_would_have_it() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let (database, file) = (folder.name("market.db"), folder.name("rows.ndjson"));
    let queries = folder.write(
        "queries.ndjson",
        r#"{"kind": "list", "country": "us", "num": 20}
{"kind": "app", "app_id": "com.example.a"}
{"kind": "reviews", "app_id": "com.example.reviews30"}
{"kind": "permissions", "app_id": "com.example.a"}
{"kind": "search", "term": "chess"}"#,
    );
    for output in [&file, &database] {
        assert_eq!(shop.playfast(&["run", "--queries", &queries, "-o", output, "--ordered"]).code(), 0);
    }
    let rows = |text: &str| text.lines().map(|line| timeless(serde_json::from_str(line).unwrap())).collect::<Vec<_>>();
    let exported = playfast(&["db", "export", &database]);
    assert_eq!(rows(&exported.stdout()), rows(&folder.read("rows.ndjson")));
    let info = playfast(&["db", "info", &database]).stdout();
    assert!(info.contains("1 run, 5 queries") && info.contains("play:reviews"), "{info}");
}

#[test]
fn only_new_reviews_are_stored_again() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let (database, name) = (folder.path("reviews.db"), folder.name("reviews.db"));
    let ask = || shop.playfast(&["reviews", "com.example.reviews300", "--num", "200", "-o", &name, "--new"]);
    assert_eq!(ask().code(), 0);
    assert_eq!(count(&database, "SELECT count(*) FROM reviews"), 200);
    // As if they had been written since.
    Connection::open(&database).unwrap().execute_batch("DELETE FROM row WHERE position <= 7").unwrap();
    assert_eq!(ask().code(), 0);
    assert_eq!(count(&database, "SELECT count(*) FROM reviews WHERE run = 2"), 7);
    assert_eq!(count(&database, "SELECT count(DISTINCT review_id) FROM reviews"), 200);
    let changes = playfast(&["diff", &name]).rows();
    assert_eq!(changes.len(), 7);
    assert!(changes.iter().all(|change| change["change"] == "new" && change["kind"] == "reviews"));
    ask();
    assert_eq!(count(&database, "SELECT count(*) FROM reviews"), 200, "nothing is new");
    // A run that was cut off has stored its newest reviews only: those between them and the older ones aren't taken for known.
    let cut = "UPDATE query SET end = NULL WHERE run = 2; DELETE FROM row WHERE query = (SELECT id FROM query WHERE run = 2) AND position > 3";
    Connection::open(&database).unwrap().execute_batch(cut).unwrap();
    ask();
    assert_eq!(count(&database, "SELECT count(DISTINCT review_id) FROM reviews"), 200, "the gap is closed");
    shop.playfast(&["app", "com.example.a", "-o", &name, "--new"]).refused(2, "don't come newest first");
    shop.playfast(&["reviews", "com.example.a", "--new"]).refused(2, "needs a database");
    shop.playfast(&["reviews", "com.example.a", "--new", "--limit", "5", "-o", &name]).refused(2, "would leave a gap");
}

#[test]
fn what_is_removed_is_gone() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let (database, name) = (folder.path("market.db"), folder.name("market.db"));
    for app in ["com.example.reviews30", "com.example.reviews40"] {
        shop.playfast(&["reviews", app, "-o", &name]);
    }
    let connection = Connection::open(&database).unwrap();
    let sql = "SELECT user_name FROM reviews WHERE app_id = 'com.example.reviews30' LIMIT 1";
    let reviewer: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    drop(connection);
    // Another one's name may begin with it.
    let stored = format!("\"user_name\":\"{reviewer}\"");
    let is_in_file = || String::from_utf8_lossy(&std::fs::read(&database).unwrap()).contains(&stored);
    assert!(is_in_file());
    assert_eq!(playfast(&["db", "forget", &name, "--reviewer", &reviewer]).code(), 0);
    assert!(!is_in_file(), "not even in a free page");
    assert_eq!(playfast(&["db", "forget", &name, "--reviewer", &reviewer]).code(), 1, "there is nothing left");
    assert_eq!(playfast(&["db", "forget", &name, "--app", "com.example.reviews40"]).code(), 0);
    assert_eq!(count(&database, "SELECT count(*) FROM query"), 1);
    assert_eq!(playfast(&["db", "prune", &name, "--older", "1d"]).code(), 0);
    assert_eq!(count(&database, "SELECT count(*) FROM run"), 2, "they are from today");
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(playfast(&["db", "prune", &name, "--older", "1s"]).code(), 0);
    let left = "SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM row) + (SELECT count(*) FROM record) + (SELECT count(*) FROM text)";
    assert_eq!(count(&database, left), 0);
    for (arguments, part) in [
        (vec!["db", "prune", &name], "--older 1y"),
        (vec!["db", "forget", &name], "--app ID or --reviewer NAME"),
        (vec!["db", "info", &name, "--older", "1d"], "is not for this action"),
        (vec!["db", "export", &name], "there is no run"),
    ] {
        playfast(&arguments).refused(2, part);
    }
}

#[test]
fn files_that_are_no_database_are_refused_and_left_as_they_are() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let ask = |name: &str| shop.playfast(&["app", "com.example.a", "-o", &folder.name(name)]);
    folder.write("text.db", "this is no database, but a text of some length that somebody wants to keep".repeat(20));
    let other = Connection::open(folder.path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE game (id)").unwrap();
    drop(other);
    assert_eq!(ask("newer.db").code(), 0);
    Connection::open(folder.path("newer.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let content = |name: &str| std::fs::read(folder.path(name)).unwrap();
    for (name, part) in [
        ("text.db", "is no database of playfast"),
        ("other.db", "is no database of playfast"),
        ("newer.db", "a newer playfast reads it"),
    ] {
        let before = content(name);
        ask(name).refused(2, part);
        for command in [["db", "info"], ["diff", ""]] {
            let arguments: Vec<_> = command.into_iter().filter(|word| !word.is_empty()).collect();
            playfast(&[arguments.as_slice(), &[&folder.name(name)]].concat()).refused(2, part);
        }
        assert_eq!(content(name), before, "{name}");
    }
    playfast(&["db", "info", &folder.name("missing.db")]).refused(2, "there is no database");
    playfast(&["db", "prune", &folder.name("missing.db"), "--older", "1d"]).refused(2, "there is no database");
    assert!(!folder.path("missing.db").exists());
    ask("no/such/folder.db").refused(2, "failed to lock");
    assert_eq!(shop.store.stats().connections, 1, "nothing was asked but of the newer one, before it was newer");
}

#[test]
fn a_damaged_database_is_named() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let name = folder.name("market.db");
    shop.playfast(&["list", "--num", "100", "-o", &name]);
    let mut bytes = std::fs::read(&name).unwrap();
    let length = bytes.len();
    bytes[4096..length].fill(0x5a);
    std::fs::write(&name, bytes).unwrap();
    playfast(&["db", "info", &name]).refused(2, "is damaged");
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let name = folder.name("market.db");
    assert_eq!(shop.playfast(&["app", "com.example.a", "-o", &name]).code(), 0);
    shop.store.set_latency(Duration::from_secs(20));
    let mut command = binary();
    let command = command.args(["app", "com.example.b", "-o", &name, "--rate=none"]).args(shop.options());
    let mut first = command.stderr(Stdio::null()).spawn().unwrap();
    let (patience, holder) = (Instant::now(), format!("process {} since", first.id()));
    while !folder.read("market.db.lock").starts_with(&holder) && patience.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let second = shop.playfast(&["app", "com.example.c", "-o", &name, "--timeout", "100ms"]);
    second.refused(75, &format!("is being written by process {} since ", first.id()));
    assert_eq!(playfast(&["db", "info", &name]).code(), 0);
    first.kill().unwrap();
    first.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn what_can_not_be_written_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let name = folder.name("market.db");
    assert_eq!(shop.playfast(&["app", "com.example.a", "-o", &name]).code(), 0);
    let set_mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    set_mode(&folder.path("market.db"), 0o444);
    set_mode(folder.root(), 0o555);
    let info = playfast(&["db", "info", &name]);
    // For root everything can be written.
    let written = shop.playfast(&["app", "com.example.b", "-o", &name]);
    set_mode(folder.root(), 0o755);
    assert_eq!(info.code(), 0, "{}", info.stderr());
    assert!(matches!(written.code(), 0 | 2), "{}", written.stderr());
}

#[test]
fn options_that_have_no_effect_on_a_database_are_refused() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let name = folder.name("market.db");
    for (option, part) in [
        ("--sort=title", "--sort is not for a database"),
        ("--spreadsheet", "--spreadsheet is not for a database"),
        ("--pivot=country", "--pivot is not for a database"),
        ("--source", "--source is not for a database"),
        ("--details", "--details is not for a database"),
        ("--overwrite", "--overwrite is not for a database"),
        ("--existing=replace", "--existing is not for a database"),
        ("--fields=nonsense", "nonsense"),
    ] {
        shop.playfast(&["list", "-o", &name, option]).refused(2, part);
        assert!(!folder.path("market.db").exists(), "{option}");
    }
    assert_eq!(shop.store.stats().requests, 0);
}

#[test]
fn what_diff_can_not_compare_is_said() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let name = folder.name("market.db");
    shop.playfast(&["list", "--num", "5", "-o", &name]);
    let rows = folder.write("rows.ndjson", r#"{"kind": "list", "title": "Chess"}"#);
    for (arguments, part) in [
        (vec!["diff", &name], "there is nothing to compare with"),
        (vec!["diff", &name, "--from", "7"], "has no run 7"),
        (vec!["diff", &name, "--to", "2020-01-01"], "that started at 2020-01-01T23:59:59Z or before"),
        (vec!["diff", &name, "--from", "yesterday"], "is no run"),
        (vec!["diff", &name, "--kind", "app"], "no queries of the kind"),
        (vec!["diff", &name, "--where", "planet=mars"], "no queries with the parameter"),
        (vec!["diff", &name, "--fields", "nonsense"], "no rows with the field"),
        (vec!["diff", &rows], "two files of rows"),
        (vec!["diff", &rows, &rows], "row 1 has no app_id"),
        (vec!["diff", &rows, &rows, "--from", "1"], "files have none"),
        (vec!["diff", &rows, "/no/such/file"], "failed to read"),
    ] {
        playfast(&arguments).refused(2, part);
    }
}

#[test]
fn the_sqlite3_program_reads_the_view_of_a_kind() {
    if Command::new("sqlite3").arg("--version").output().is_err() {
        println!("skipped: there is no program sqlite3");
        return;
    }
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let name = folder.name("market.db");
    shop.playfast(&["list", "--country", "us,kr", "--num", "10", "-o", &name]);
    let sql = "SELECT country, count(*), min(position), max(position), count(title), typeof(score) FROM list GROUP BY country ORDER BY country";
    let output = Ran(Command::new("sqlite3").args([&name, sql]).output().unwrap());
    assert_eq!(output.stdout(), "kr|10|1|10|10|real\nus|10|1|10|10|real\n", "{}", output.stderr());
}

#[test]
fn queries_are_asked_again_and_again_until_a_signal() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let (database, name) = (folder.path("market.db"), folder.name("market.db"));
    let queries = folder.write("queries.ndjson", r#"{"kind": "list", "num": 5}"#);
    let mut command = binary();
    let command = command.args(["run", "--queries", &queries, "--every", "1s", "-o", &name, "--rate=none"]);
    let mut running = command.args(shop.options()).stderr(Stdio::null()).spawn().unwrap();
    let patience = Instant::now();
    let is_complete = || {
        database.exists()
            && Connection::open(&database).is_ok_and(|connection| {
                let sql = "SELECT count(*) FROM run WHERE end = 'complete'";
                connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap_or_default() >= 3
            })
    };
    while !is_complete() && patience.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let killed = Command::new("kill").args(["-s", "INT", &running.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    assert!(count(&database, "SELECT count(*) FROM run") >= 3);
    assert_eq!(playfast(&["diff", &name]).rows(), Vec::<Value>::new(), "nothing changed");
    let again = |further: &[&str]| playfast(&[&["run", "--every", "1s"], further].concat());
    again(&["--queries", &queries]).refused(2, "--every keeps runs in a database");
    again(&["--queries", "-", "-o", &name]).refused(2, "give a file, not stdin");
    again(&["--queries", "/no/such/file", "-o", &name]).refused(2, "/no/such/file");
}

/// Runs of 170 charts, day by day: `PLAYFAST_YEAR_RUNS=20 PLAYFAST_YEAR_DB=year.db cargo test … -- --ignored --nocapture a_year`.
#[test]
#[ignore = "it takes minutes, and measures"]
fn a_year_of_charts() {
    let runs = std::env::var("PLAYFAST_YEAR_RUNS").map_or(20, |text| text.parse().unwrap());
    let database = std::env::var("PLAYFAST_YEAR_DB").unwrap_or_else(|_| "year.db".to_owned());
    let shop = Shop::open(StoreConfig::default());
    for day in 1..=runs {
        shop.store.set_edits(Edits::default().day(day));
        let start = Instant::now();
        let countries = "us,kr,jp,de,fr,gb,br,in,mx,it";
        let categories = "APPLICATION,GAME,GAME_ACTION,SOCIAL,TOOLS,FINANCE,GAME_PUZZLE,SPORTS,MEDICAL,BUSINESS,SHOPPING,DATING,EDUCATION,GAME_CARD,GAME_WORD,PARENTING,WEATHER";
        let ran = shop.playfast(&["list", "--country", countries, "--category", categories, "-o", &database]);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        let bytes = std::fs::metadata(&database).unwrap().len();
        println!("run {day}: {:.1} s, {:.1} MB", start.elapsed().as_secs_f64(), bytes as f64 / 1e6);
    }
}
