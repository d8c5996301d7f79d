//! Benchmark: what guests that loop until their deadline cost the others.
//!
//! A thousand responses, of which a tenth loops for 100 ms, or none: the median time of a fetch, from its start to its rows, of the others.
//! The ratio is what counts; below 1.5 is well. `cargo bench --bench loopers`
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use playfast::parser::Limits;
use playfast::{Host, HostBuilder, Query, Rate};
use playfast_sim::{Canned, Store, StoreConfig};
use tokio::task::JoinSet;

#[path = "../e2e/wat_components.rs"]
#[expect(dead_code, reason = "the end-to-end tests use more of it")]
mod guest;

const RESPONSES: usize = 1000;

/// Pairs of measurements, of which the medians are compared.
const ROUNDS: usize = 3;

/// As Play's pages.
const BODY: usize = 850_000;

fn query(index: usize, loopers: bool) -> Query {
    let id = if loopers && index % 10 == 3 { "z" } else { "a" };
    Query::new("list", [("id".into(), id.into())])
}

/// The median time of the fetches that don't loop, and how long all took, with so many callers, each of which asks one query after another.
async fn fetches(host: &Host, callers: usize, loopers: bool) -> (Duration, Duration) {
    let (next, start) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (host, next) = (host.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut times = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= RESPONSES {
                    return times;
                }
                let start = Instant::now();
                let outcome = host.run([query(index, loopers)]).next().await.unwrap();
                assert_eq!(outcome.failure.is_some(), loopers && index % 10 == 3, "{outcome:?}");
                if index % 10 != 3 {
                    times.push(start.elapsed());
                }
            }
        });
    }
    let times = tasks.join_all().await.concat();
    (median(times), start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap()
}

async fn host(store: &Store) -> Host {
    let parser = guest::Guest {
        description: &guest::charts(),
        request: guest::GETS,
        parse: guest::LOOPS_FOR_SOME,
        ..guest::Guest::default()
    };
    let mut limits = Limits::default();
    limits.time = Duration::from_millis(100);
    let builder = Host::builder()
        .with_parser(parser.build())
        .with_limits(limits)
        .with_certificate_authority(store.ca_pem())
        .with_rate(Rate::Unlimited);
    let connect_to = store.connect_to().into_iter().map(|to| to.parse().unwrap());
    connect_to.fold(builder.with_concurrency(RESPONSES), HostBuilder::with_connect_to).build().await.unwrap()
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::start(StoreConfig::default().max_concurrent_streams(1000)).await.unwrap();
        store.respond_with("/store/apps/details", Canned::new(200, vec![b'x'; BODY])).unwrap();
        let host = host(&store).await;
        fetches(&host, 64, false).await;
        for (latency, callers) in [(0, 64), (340, 64), (340, 500)] {
            store.set_latency(Duration::from_millis(latency));
            let (mut without, mut with, mut whole) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                without.push(fetches(&host, callers, false).await.0);
                let (time, all) = fetches(&host, callers, true).await;
                with.push(time);
                whole.push(all);
            }
            let (without, with) = (median(without), median(with));
            let ratio = with.as_secs_f64() / without.as_secs_f64();
            println!("latency {latency} ms, {callers} callers: {without:.1?} without, {with:.1?} with: {ratio:.2} times; {:.1?} in all", median(whole));
        }
        store.shutdown().await;
    });
}
