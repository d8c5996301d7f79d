//! The examples, led to a store by the environment.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use playfast_sim::{ChartQuery, StoreConfig};
use serde_json::Value;

use crate::store::same;
use crate::support::{Folder, Shop, timeless, without_proxies};
use crate::swap::again;

/// An example, led to a store. Cargo builds them with all tests, and not with this suite alone.
pub(crate) fn example(shop: &Shop, name: &str) -> Command {
    let folder = Path::new(env!("CARGO_BIN_EXE_playfast")).parent().unwrap().join("examples");
    let file = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(file.exists(), "{} is not there: run `cargo build --profile quick --examples`", file.display());
    let mut command = without_proxies(Command::new(file));
    command.envs(shop.environment());
    command
}

/// What an example says on stdout, and that it says nothing else.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.is_empty(), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn charts_are_shown() {
    let shop = Shop::open(StoreConfig::default());
    let said = said(&mut example(&shop, "charts"));
    assert_eq!(said.lines().count(), 6, "{said}");
    assert!(said.lines().all(|line| line.starts_with("list collection=") && line.ends_with(": 10 apps")), "{said}");
}

#[test]
fn the_best_of_each_country_are_shown() {
    let shop = Shop::open(StoreConfig::default());
    let said = said(&mut example(&shop, "top_apps_by_country"));
    assert_eq!(said.lines().count(), 6, "{said}");
    let truth = shop.store.chart(&ChartQuery::new("kr", "SOCIAL", "topselling_free"));
    let titles: Vec<_> = truth.iter().take(3).map(|app| app["title"].as_str().unwrap()).collect();
    let line = format!("kr SOCIAL: {}", titles.join(", "));
    assert!(said.lines().any(|own| own == line), "{line:?} is not in {said}");
}

#[test]
fn rows_are_streamed_to_a_file() {
    let (shop, file) = (Shop::open(StoreConfig::default()), tempfile::NamedTempFile::new().unwrap());
    said(example(&shop, "stream_to_file").arg(file.path()));
    let rows = std::fs::read_to_string(file.path()).unwrap();
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 17 * 2 * 20);
    let truth = shop.store.chart(&ChartQuery::new("us", "GAME_ACTION", "topselling_free"));
    same(&rows[0], &truth[0]);
}

#[test]
fn a_file_is_continued_where_a_killed_run_left_it() {
    let (shop, folder) = (Shop::open(StoreConfig::default().latency(Duration::from_millis(300))), Folder::empty());
    let file = folder.name("charts.ndjson");
    let mut killed = example(&shop, "resume").arg(&file).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(400));
    killed.kill().unwrap();
    killed.wait().unwrap();
    for _ in 0..2 {
        said(example(&shop, "resume").arg(&file));
        let rows = folder.read("charts.ndjson");
        let rows: std::collections::HashSet<_> =
            rows.lines().map(|line| timeless(serde_json::from_str(line).unwrap()).to_string()).collect();
        assert_eq!((rows.len(), folder.read("charts.ndjson").lines().count()), (60, 60));
    }
}

#[test]
fn a_parser_is_swapped_or_refused() {
    let (shop, file) = (Shop::open(StoreConfig::default()), tempfile::NamedTempFile::new().unwrap());
    for (component, first, after) in
        [(again(9), "generation 2 answers from now on", 2), (b"none".to_vec(), "the old parser goes on", 1)]
    {
        std::fs::write(file.path(), component).unwrap();
        let said = said(example(&shop, "swap_from_code").arg(file.path()));
        let lines: Vec<_> = said.lines().collect();
        assert!(lines[0].starts_with(first), "{said}");
        assert_eq!(lines.len(), 1 + 2 * 17 + 1, "{said}");
        assert!(lines[1..35].iter().all(|line| line.ends_with(": 5 apps")), "{said}");
        assert!(lines[18..35].iter().all(|line| line.contains(&format!("(generation {after})"))), "{said}");
    }
}

/// The status and the body that a server on this machine gives.
fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
}

#[test]
fn a_web_service_answers_with_charts() {
    let shop = Shop::open(StoreConfig::default());
    let mut service = example(&shop, "axum_handler").arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(service.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap().to_owned();
    let answers = ["/top/us/GAME_ACTION", "/top/us/GAME_ACTON", "/"].map(|path| get(&address, path));
    service.kill().unwrap();
    service.wait().unwrap();
    let statuses = answers.iter().map(|(status, _)| status.as_str());
    assert_eq!(statuses.collect::<Vec<_>>(), ["200", "400", "404"], "{answers:?}");
    let apps: Vec<Value> = serde_json::from_str(&answers[0].1).unwrap();
    let truth = shop.store.chart(&ChartQuery::new("us", "GAME_ACTION", "topselling_free"));
    assert_eq!(apps.len(), 10);
    apps.iter().zip(&truth).for_each(|(app, truth)| same(app, truth));
    assert!(answers[1].1.contains("did you mean GAME_ACTION?"), "{:?}", answers[1]);
}
