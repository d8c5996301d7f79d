//! Every query is answered once and rightly by stores that fail at some requests.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures::StreamExt;
use playfast::fetch::FetchOptions;
use playfast::run::BatchSize;
use playfast::{FailureKind, Host, HostBuilder, Outcome, Plan, RetryPolicy};
use playfast_sim::{AppQuery, Canned, FaultKind, Faults, StoreConfig};
use serde_json::Value;

use crate::support::{self, Shop};
use crate::wat_components::{self, Guest};

/// Queries of a run, where `PLAYFAST_TEST_QUERIES` doesn't say.
const QUERIES: usize = 200;

/// Requests a query, at most.
const REQUESTS: f64 = 1.3;

/// A run that stands still fails then.
const STANDS: Duration = Duration::from_secs(600);

fn count() -> usize {
    std::env::var("PLAYFAST_TEST_QUERIES").map_or(QUERIES, |count| count.parse().unwrap())
}

fn faults() -> Faults {
    Faults::none()
        .with(FaultKind::TooManyRequests, 0.05)
        .with(FaultKind::Unavailable, 0.05)
        .with(FaultKind::Reset, 0.02)
        .with(FaultKind::Truncate, 0.02)
        .with(FaultKind::Stall, 0.01)
        .with(FaultKind::Captcha, 0.01)
        .retry_after(Duration::from_secs(1))
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("com.example.a{index}")).collect()
}

fn plan(host: &Host, ids: &[String]) -> Plan {
    let ids = ids.iter().map(|id| ("app_id", id.as_str()));
    host.plan("app", ids.chain([("via", "rpc")])).unwrap()
}

/// A patient host, led to the shop, which asks each query alone.
fn host(shop: &Shop, make: impl FnOnce(HostBuilder) -> HostBuilder) -> Host {
    let fetch = FetchOptions::default().with_timeout(Duration::from_secs(3));
    let alone = support::builder().with_fetch_options(fetch).with_batch_size(BatchSize::AtMost(NonZeroU32::MIN));
    shop.build_with(make(alone), RetryPolicy::default().with_run_deadline(STANDS))
}

/// Fails unless the rows are what the store has of these apps, each once.
fn are_right<'r>(shop: &Shop, ids: &[String], rows: impl Iterator<Item = &'r Value>) {
    let rows: HashMap<&str, &Value> = rows.map(|row| (row["app_id"].as_str().unwrap(), row)).collect();
    assert_eq!(rows.len(), ids.len());
    for id in ids {
        let truth = shop.store.app(&AppQuery::new(id, "en", "us")).unwrap();
        let row = rows[id.as_str()];
        for field in ["app_id", "title", "developer", "installs", "description", "genre"] {
            assert_eq!(row[field], truth[field], "{id} {field}");
        }
    }
}

fn answers(outcomes: &[Outcome]) -> Vec<Value> {
    let rows = outcomes.iter().map(|outcome| {
        assert!(outcome.failure.is_none(), "{outcome:?}");
        assert_eq!(outcome.rows.len(), 1, "{outcome:?}");
        Value::from(outcome.rows[0].clone())
    });
    rows.collect()
}

#[test]
fn every_query_is_answered_once_by_a_store_that_fails_at_one_request_of_six() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(20)).faults(faults()));
    let (host, ids) = (host(&shop, |builder| builder), ids(count()));
    let outcomes: Vec<_> = shop.runtime.block_on(host.run(plan(&host, &ids).queries()).unordered().collect());
    assert_eq!(outcomes.len(), ids.len());
    are_right(&shop, &ids, answers(&outcomes).iter());
    let stats = shop.store.stats();
    let walls = stats.faults(FaultKind::Captcha);
    let requests = (stats.requests - walls) as f64 / ids.len() as f64;
    assert!(requests <= REQUESTS, "{requests} requests a query: {stats:?}");
}

#[test]
fn killed_ten_times_and_resumed_it_has_every_row_once() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(20)).faults(faults()));
    let (folder, ids) = (tempfile::tempdir().unwrap(), ids(count()));
    let (queries, rows) = (folder.path().join("queries.csv"), folder.path().join("rows.ndjson"));
    std::fs::write(
        &queries,
        format!("kind,via,app_id\n{}", ids.iter().map(|id| format!("app,rpc,{id}\n")).collect::<String>()),
    )
    .unwrap();
    let rows = killed_and_resumed(&shop, 10, &rows, &["--queries", queries.to_str().unwrap(), "--timeout=2s"]);
    assert_eq!(rows.len(), ids.len(), "each once");
    are_right(&shop, &ids, rows.iter());
}

/// The rows of a run of the binary that was killed so many times, each time after it had written something, and resumed.
fn killed_and_resumed(shop: &Shop, times: usize, rows: &Path, arguments: &[&str]) -> Vec<Value> {
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_playfast"));
        command.args(["run", "--rate=none", "--per-request=1", "--resume", "--deadline=10m", "-o"]).arg(rows);
        command.args(arguments).args(shop.options()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let length = || std::fs::metadata(rows).map_or(0, |metadata| metadata.len());
    for _ in 0..times {
        let (mut running, before, patience) = (start(), length(), Instant::now());
        while length() <= before && patience.elapsed() < Duration::from_secs(1) {
            std::thread::sleep(Duration::from_millis(10));
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
    assert!(start().wait().unwrap().success());
    let text = std::fs::read_to_string(rows).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn killed_in_the_midst_of_queries_that_go_on_it_goes_on_there() {
    const PAGES: u64 = 40;
    // Its state is one byte longer each time, up to the last page.
    let pages = format!(
        "(local $page i32)
        (local.set $page (i32.mul (i32.load8_u offset=16 (local.get 0)) (i32.load offset=24 (local.get 0))))
        (if (i32.lt_u (local.get $page) (i32.const {}))
            (then (i32.store offset=16 (global.get $page) (i32.const 1)) (i32.store offset=20 (global.get $page) (global.get $scratch))
                (i32.store offset=24 (global.get $page) (i32.add (i32.const 1) (local.get $page)))))
        (call $page (global.get $record) (i32.const 7))",
        PAGES - 1
    );
    let guest = Guest { request: wat_components::GET, url: "https://example.org/x", parse: &pages, ..Guest::default() };
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(20)).host("example.org"));
    shop.store.respond_with("https://example.org/x", Canned::new(200, "")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (parser, queries) = (folder.path().join("pages.wasm"), folder.path().join("queries.csv"));
    std::fs::write(&parser, guest.build()).unwrap();
    std::fs::write(&queries, "id\na\nb\nc\nd\ne\n").unwrap();
    let [parser_file, queries_file] = [&parser, &queries].map(|file| file.to_str().unwrap());
    let arguments = ["--queries", queries_file, "--kind=thing", "--parser", parser_file];
    let rows = killed_and_resumed(&shop, 5, &folder.path().join("rows.ndjson"), &arguments);
    for id in ["a", "b", "c", "d", "e"] {
        let positions = rows.iter().filter(|row| row["id"] == id).map(|row| row["position"].as_u64().unwrap());
        assert_eq!(positions.collect::<Vec<_>>(), (1..=PAGES).collect::<Vec<_>>(), "{id}: each page once, in order");
    }
    // Those that were under way when it was killed are asked once more, and none before them.
    let requests = shop.store.stats().requests;
    assert!(requests <= 5 * PAGES + 5 * 5, "{requests} requests");
}

#[test]
fn answers_of_a_shared_request_are_each_querys_own_and_only_failed_ones_are_asked_again() {
    let faults = Faults::none().with(FaultKind::Shuffle, 1.0).with(FaultKind::GatewayError, 0.1);
    let shop = Shop::open(StoreConfig::default().faults(faults));
    let most = BatchSize::AtMost(20.try_into().unwrap());
    let (host, ids) = (host(&shop, |builder| builder.with_batch_size(most)), ids(200));
    let run = host.run(plan(&host, &ids).queries());
    let control = run.control();
    let outcomes: Vec<_> = shop.runtime.block_on(run.collect());
    for (outcome, id) in outcomes.iter().zip(&ids) {
        assert_eq!(outcome.query.param("app_id"), Some(id.as_str()));
        assert_eq!(outcome.rows[0]["app_id"], id.as_str(), "{outcome:?}");
    }
    are_right(&shop, &ids, answers(&outcomes).iter());
    let (stats, failed) = (control.stats(), shop.store.stats().faults(FaultKind::GatewayError));
    assert_eq!(stats.retries, failed);
    assert!(failed > 5 && stats.requests < 10 + failed, "{stats:?}");
}

#[test]
fn five_hundred_details_take_few_requests_of_a_store_that_allows_few() {
    let shop = Shop::open(StoreConfig::default().faults(Faults::none().per_second(2.0)));
    let (host, ids) = (host(&shop, |builder| builder.with_batch_size(BatchSize::Auto)), ids(500));
    let outcomes: Vec<_> = shop.runtime.block_on(host.run(plan(&host, &ids).queries()).unordered().collect());
    are_right(&shop, &ids, answers(&outcomes).iter());
    let stats = shop.store.stats();
    assert!(stats.requests < 100 && stats.requests - stats.over_rate < 20, "{stats:?}");
}

#[test]
fn a_host_that_refuses_everything_costs_little_and_slows_no_other() {
    const REFUSED: usize = 300;
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(20)).host("shut.example"));
    shop.store.respond_with("https://shut.example/", Canned::new(429, "")).unwrap();
    let description =
        wat_components::DESCRIPTION.replace("example.org", "shut.example").replace("^[a-z]*$", "^[0-9]*$");
    let blocked = "(drop (call $page (global.get $record) (i32.const 7)))
        (i32.store8 (global.get $page) (i32.const 1)) (i32.store offset=8 (global.get $page) (i32.const 2)) (global.get $result)";
    let refusing = Guest {
        description: &description,
        request: wat_components::GETS,
        url: "https://shut.example/x",
        parse: blocked,
        ..Guest::default()
    };
    let alone = support::builder().with_batch_size(BatchSize::AtMost(NonZeroU32::MIN));
    let alone = if support::component().is_some() { alone } else { alone.with_parser(playfast::PLAY) };
    let retries = RetryPolicy::default().with_give_up_after(Duration::from_secs(8));
    let host = shop.build_with(alone.with_parser(refusing.build()), retries);
    let (ids, numbers): (Vec<_>, Vec<_>) = (ids(REFUSED), (0..REFUSED).map(|number| number.to_string()).collect());
    let refused: Vec<_> = numbers.iter().map(|number| host.plan("thing", [("id", number.as_str())]).unwrap()).collect();
    let mixed = plan(&host, &ids).queries().zip(refused).flat_map(|(app, refused)| [refused.query(0).unwrap(), app]);
    let (mut others, mut failed, mut failed_before) = (0, 0, 0);
    shop.runtime.block_on(async {
        let mut outcomes = host.run(mixed.collect::<Vec<_>>()).unordered();
        while let Some(outcome) = outcomes.next().await {
            match outcome.failure {
                None => (others, failed_before) = (others + 1, failed),
                Some(failure) => {
                    assert_eq!(failure.kind, FailureKind::Blocked, "{failure}");
                    failed += 1;
                }
            }
        }
    });
    assert_eq!((others, failed), (REFUSED, REFUSED));
    assert!(failed_before < REFUSED / 2, "the others were answered while it was still tried: {failed_before}");
    let requests = shop.store.stats().requests - REFUSED as u64;
    assert!(requests < 200, "{requests} requests to a host that refuses everything");
}

#[test]
fn what_a_store_bears_at_once_finds_itself_and_is_followed() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(25)));
    let host = host(&shop, |builder| builder);
    let bears = |limit: usize| {
        shop.store.set_faults(Faults::none().max_in_flight(limit));
        let ids = ids(limit * 60);
        let before = shop.store.stats();
        let run = host.run(plan(&host, &ids).queries()).unordered();
        let control = run.control();
        let (mut under_way, mut looks) = (0, 0);
        let outcomes = shop.runtime.block_on(async {
            let all = tokio::spawn(run.collect::<Vec<_>>());
            while !all.is_finished() {
                tokio::time::sleep(Duration::from_millis(5)).await;
                let stats = control.stats();
                // The second half, when it has settled.
                if stats.answered as usize > ids.len() / 2 && ids.len() - stats.answered as usize > limit * 2 {
                    (under_way, looks) = (under_way + stats.in_flight, looks + 1);
                }
            }
            all.await.unwrap()
        });
        are_right(&shop, &ids, answers(&outcomes).iter());
        let over = shop.store.stats().over_in_flight - before.over_in_flight;
        (under_way as f64 / f64::from(looks), over)
    };
    for limit in [20, 8, 25] {
        let (settled, over) = bears(limit);
        let off = (settled - limit as f64).abs() / limit as f64;
        assert!(off <= 0.25, "{settled} at once where {limit} are borne; {over} were too many");
    }
}
