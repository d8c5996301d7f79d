//! Batches: requests leave full, one bad query doesn't take its batch along, and each query ends once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures::StreamExt;
use playfast::{FailureKind, Outcome, RetryPolicy};
use playfast_sim::{FaultKind, Faults, Store, StoreConfig};
use serde_json::Value;

use crate::support::{self, Shop, binary};

/// Apps that share a request of details.
const PER_REQUEST: usize = 50;

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("com.example.a{index}")).collect()
}

/// The outcomes of these apps by rpc, in order, and how many requests they took.
fn asked(shop: &Shop, retries: RetryPolicy, ids: &[String]) -> (Vec<Outcome>, u64) {
    let host = shop.build_with(support::builder(), retries.with_run_deadline(Duration::from_secs(600)));
    let params = ids.iter().map(|id| ("app_id", id.as_str())).chain([("via", "rpc")]);
    let plan = host.plan("app", params).unwrap();
    let run = host.run(plan.queries());
    let control = run.control();
    (shop.runtime.block_on(run.collect()), control.stats().requests)
}

/// How many outcomes there are of each kind, `answered` among them.
fn counts(outcomes: &[Outcome]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for outcome in outcomes {
        *counts.entry(outcome.failure.as_ref().map_or("answered", |failure| failure.kind.name())).or_default() += 1;
    }
    counts
}

fn are_answered(shop: &Shop, outcomes: &[Outcome]) {
    for outcome in outcomes {
        let id = outcome.query.param("app_id").unwrap();
        assert!(outcome.failure.is_none(), "{outcome:?}");
        let truth = shop.store.app(&playfast_sim::AppQuery::new(id, "en", "us")).unwrap();
        assert_eq!(outcome.rows[0]["title"], truth["title"], "{id}");
    }
}

fn store(faults: Faults) -> Shop {
    Shop::open(StoreConfig::default().latency(Duration::from_millis(20)).faults(faults))
}

/// Lines of queries of so many apps, each in every country.
fn write_queries(file: &Path, apps: usize, countries: &[&str]) {
    let mut text = String::new();
    for app in 0..apps {
        for country in countries {
            let _ =
                writeln!(text, r#"{{"kind":"app","app_id":"com.example.a{app}","country":"{country}","via":"rpc"}}"#);
        }
    }
    std::fs::write(file, text).unwrap();
}

/// The requests that the store has seen, which it forgets with `after`.
fn posts(store: &Store, before: u64) -> usize {
    usize::try_from(store.stats().requests - before).unwrap()
}

#[test]
fn requests_leave_full_in_every_form_ordered_or_not_paced_or_not() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(5)));
    let folder = tempfile::tempdir().unwrap();
    let queries = folder.path().join("queries.ndjson");
    write_queries(&queries, 600, &["us", "kr", "de"]);
    let fewest = 3 * 600_usize.div_ceil(PER_REQUEST);
    let shape: &[&[&str]] = &[
        &["--format=ndjson", "--rate=none"],
        &["--format=ndjson", "--rate=none", "--ordered"],
        &["--format=csv", "--ordered", "--rate=100/s"],
        &["--format=json", "--rate=200/s"],
        &["--format=table", "--rate=none"],
    ];
    for options in shape {
        let before = shop.store.stats().requests;
        let ran = shop.paced(&[&["run", "--queries", queries.to_str().unwrap()], *options].concat());
        assert_eq!(ran.code(), 0, "{options:?} {}", ran.stderr());
        let requests = posts(&shop.store, before);
        assert!(requests * 100 <= fewest * 105 + 100, "{options:?}: {requests} requests where {fewest} do");
    }
    let ids = ids(500);
    let arguments = ids.iter().map(String::as_str).chain(["--via=rpc", "--ordered"]);
    let before = shop.store.stats().requests;
    let ran = shop.playfast(&std::iter::once("app").chain(arguments).collect::<Vec<_>>());
    assert_eq!((ran.code(), ran.rows().len()), (0, 500));
    assert_eq!(posts(&shop.store, before), 10);
}

#[test]
fn queries_that_trickle_in_share_requests_as_the_pace_holds_them() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(5)));
    let mut command = binary();
    command.args(["run", "--queries", "-", "--kind", "app", "--rate=4/s"]).args(shop.options());
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = running.stdin.take().unwrap();
    for app in 0..100 {
        std::io::Write::write_all(
            &mut stdin,
            format!("{{\"app_id\":\"com.example.a{app}\",\"via\":\"rpc\"}}\n").as_bytes(),
        )
        .unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(stdin);
    let output = running.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 100);
    let requests = shop.store.stats().requests;
    assert!(requests <= 15, "{requests} requests: four a second, and one at the end");
}

#[test]
fn one_bad_query_fails_alone_whatever_the_status() {
    for status in [500, 400, 404, 413, 403] {
        let shop = store(Faults::none().poisoned("com.example.a7", status));
        let (outcomes, requests) = asked(&shop, RetryPolicy::default().with_max_retries(4), &ids(200));
        let (failed, answered): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|outcome| outcome.failure.is_some());
        let failed: Vec<_> = failed.iter().map(|outcome| outcome.query.param("app_id").unwrap()).collect();
        assert_eq!(failed, ["com.example.a7"], "{status}");
        are_answered(&shop, &answered);
        assert!(requests <= 4 + 26, "{status}: {requests} requests");
    }
}

#[test]
fn a_store_that_takes_few_calls_a_request_is_asked_as_many_as_it_takes() {
    for status in [413, 400, 503, 429] {
        let shop = store(Faults::none().max_calls(20, status));
        let (outcomes, requests) = asked(&shop, RetryPolicy::default(), &ids(600));
        assert_eq!(counts(&outcomes), [("answered", 600)].into(), "{status}");
        are_answered(&shop, &outcomes);
        // Thirty are the fewest; at first as many as may be in flight are refused, and halved.
        assert!(requests <= 110, "{status}: {requests} requests");
    }
}

#[test]
fn a_frame_that_is_missing_or_foreign_is_asked_again_and_an_empty_one_is_not_found() {
    let faults = Faults::none()
        .with(FaultKind::MissingFrame, 0.03)
        .with(FaultKind::ForeignFrame, 0.03)
        .for_app("com.example.a7", FaultKind::EmptyFrame);
    let shop = store(faults);
    let (mut outcomes, requests) = asked(&shop, RetryPolicy::default(), &ids(1000));
    assert_eq!(counts(&outcomes), [("answered", 999), ("not-found", 1)].into());
    outcomes.retain(|outcome| outcome.failure.is_none());
    are_answered(&shop, &outcomes);
    // What is asked again goes along with what leaves anyway.
    assert!(requests <= 40, "{requests} requests");
    assert_eq!(shop.store.stats().faults(FaultKind::EmptyFrame), 1, "it is asked once");
}

#[test]
fn a_wait_that_the_store_tells_loses_nothing_and_halves_nothing() {
    let shop = store(Faults::none().window(4, Duration::from_secs(3)));
    let (outcomes, requests) =
        asked(&shop, RetryPolicy::default().with_give_up_after(Duration::from_secs(3)), &ids(600));
    assert_eq!(counts(&outcomes), [("answered", 600)].into());
    let refused = shop.store.stats().over_window;
    assert!(requests - refused <= 13, "{requests} requests, of which {refused} were refused");
}

#[test]
fn a_wait_that_is_too_long_is_said() {
    let shop = store(Faults::none().with(FaultKind::TooManyRequests, 1.0).retry_after(Duration::from_secs(3600)));
    let start = Instant::now();
    let (outcomes, _) = asked(&shop, RetryPolicy::default(), &ids(3));
    let failure = outcomes[0].failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Blocked);
    assert!(failure.message.contains("tells to wait 3600s, and waits of up to 900s are allowed"), "{failure}");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_store_that_is_up_after_a_while_loses_nothing() {
    let config = StoreConfig::default().opens_after(Duration::from_secs(4));
    let shop = Shop::open(config);
    let (outcomes, _) = asked(&shop, RetryPolicy::default(), &ids(1000));
    assert_eq!(counts(&outcomes), [("answered", 1000)].into());
}

#[test]
fn a_host_that_never_answers_is_given_up_when_its_time_is_up() {
    let shop = Shop::open(StoreConfig::default());
    shop.store.set_reachable(false);
    let start = Instant::now();
    let (outcomes, _) = asked(&shop, RetryPolicy::default().with_give_up_after(Duration::from_secs(3)), &ids(300));
    assert_eq!(counts(&outcomes), [("network", 300)].into());
    assert!(start.elapsed() >= Duration::from_secs(3), "{:?}", start.elapsed());
    let message = &outcomes[0].failure.as_ref().unwrap().message;
    assert!(message.contains("given up") || message.contains("did not answer"), "{message}");
}

#[test]
fn with_a_bad_query_and_ten_kills_each_of_many_ends_once() {
    let apps = if std::env::var_os("PLAYFAST_TEST_QUERIES").is_some() { 20_000 } else { 3_000 };
    let shop = store(Faults::none().poisoned("com.example.a7", 400));
    let folder = tempfile::tempdir().unwrap();
    let [queries, rows, failures] = ["queries.ndjson", "rows.ndjson", "failures"].map(|name| folder.path().join(name));
    write_queries(&queries, apps, &["us"]);
    let start = |ordered: bool| {
        let mut command = binary();
        command.args(["run", "--rate=none", "--resume", "-o"]).arg(&rows).arg("--queries").arg(&queries);
        command.arg("--failures").arg(&failures).args(ordered.then_some("--ordered")).args(shop.options());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let length = || std::fs::metadata(&rows).map_or(0, |metadata| metadata.len());
    for kill in 0..10 {
        let (mut running, before, patience) = (start(kill % 2 == 0), length(), Instant::now());
        while length() <= before && patience.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(5));
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
    assert_eq!(start(false).wait().unwrap().code(), Some(1), "one query fails");
    let mut seen: Vec<_> = std::fs::read_to_string(&rows).unwrap().lines().map(app_id).collect();
    let failed: Vec<_> = std::fs::read_to_string(&failures).unwrap().lines().map(app_id).collect();
    assert_eq!(failed, ["com.example.a7"]);
    seen.extend(failed);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), apps, "each ends once");
    assert_eq!(std::fs::read_to_string(&rows).unwrap().lines().count(), apps - 1);
}

fn app_id(line: &str) -> String {
    serde_json::from_str::<Value>(line).unwrap()["app_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_panic_in_a_run_fails_each_open_query_and_is_said() {
    let shop = store(Faults::none());
    let host = shop.build(support::builder());
    let plan = host.plan("app", [("app_id", "com.example.a,com.example.b"), ("via", "rpc")]).unwrap();
    let broken = futures::stream::once(async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        panic!("the input is broken")
    });
    // They are in flight when it breaks.
    shop.store.set_latency(Duration::from_secs(5));
    let queries = futures::stream::iter(plan.queries()).chain(broken);
    let mut run = host.run_stream(queries).unordered();
    let control = run.control();
    let outcomes: Vec<_> = shop.runtime.block_on(run.by_ref().collect());
    assert_eq!(counts(&outcomes), [("internal", 2)].into());
    assert!(control.stats().fault.unwrap().contains("the input is broken"));
    let queries = futures::stream::poll_fn(|_| -> std::task::Poll<Option<playfast::Query>> { panic!("at once") });
    let run = host.run_stream(queries);
    let control = run.control();
    assert!(shop.runtime.block_on(run.collect::<Vec<_>>()).is_empty());
    assert!(control.stats().fault.is_some(), "with no query open it is said all the same");
}
