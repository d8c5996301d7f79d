//! Under load: many swaps, good and bad; and many responses, of which some never end.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use playfast::parser::{Digest, Limits};
use playfast::swap::Event;
use playfast::{FailureKind, Host, Outcome, Plan, Query, Row};
use playfast_sim::{Canned, StoreConfig};

use crate::support::{self, Shop};
use crate::swap::{NOTHING, again, charts};
use crate::wat_components::{self, Guest};

const IN_FLIGHT: usize = 500;

/// How many swaps there are, tens of them; CI asks for 200, which take half a minute more.
fn swaps() -> u8 {
    std::env::var("PLAYFAST_TEST_SWAPS").map_or(60, |swaps| swaps.parse().unwrap())
}

/// A field of the rows, and what another parser calls it.
const FIELD: &str = "score_text";
const OTHER_FIELD: &str = "score_texx";

/// The component under test with a field by another name: what it gives is told from the rows.
fn marked() -> Vec<u8> {
    let mut component = again(3);
    for at in 0..component.len() - FIELD.len() {
        if component[at..].starts_with(FIELD.as_bytes()) {
            component[at..at + FIELD.len()].copy_from_slice(OTHER_FIELD.as_bytes());
        }
    }
    component
}

/// What the ten swaps of a round are, of which each is known to be taken or not.
async fn swap(host: &Host, turn: u8) {
    let evil = wat_components::charts().replace("play.google.com", "evil.example");
    let refused = match turn % 10 {
        // A parser whose rows are another's: what is in flight must not be mixed up with it.
        3 => return drop(host.swap(marked()).await.unwrap()),
        4 => return drop(host.swap(again(0)).await.unwrap()),
        0 => return drop(host.swap(again(1)).await.unwrap()),
        6 => return drop(host.swap(again(2)).await.unwrap()),
        8 => return drop(host.rollback().unwrap()),
        1 => host.swap(b"garbage").await,
        2 => host.swap(charts(NOTHING)).await,
        5 => host.swap(charts(wat_components::UNREACHABLE)).await,
        7 => host.swap(Guest { description: &evil, ..Guest::default() }.build()).await,
        _ => {
            host.swap(Guest { fields: "(func $start (unreachable)) (start $start)", ..Guest::default() }.build()).await
        }
    };
    assert!(refused.is_err(), "swap {turn} is taken: {refused:?}");
}

/// The digest of each generation's parser, of those that have come so far.
fn generations(events: &mut (impl futures::Stream<Item = Event> + Unpin), digests: &mut HashMap<u64, Digest>) {
    while let Some(Some(event)) = events.next().now_or_never() {
        let swapped = match event {
            Event::Swapped(swapped) => swapped,
            Event::RolledBack { failed, .. } => panic!("{failed} is rolled back"),
            _ => continue,
        };
        digests.insert(swapped.generation, swapped.parser.digest);
    }
}

#[test]
fn swaps_under_five_hundred_requests_lose_and_mix_nothing() {
    let count = swaps();
    let latency = Duration::from_millis(1000);
    let shop = Shop::open(StoreConfig::default().latency(latency).max_concurrent_streams(1000));
    let cache = tempfile::tempdir().unwrap();
    let host = shop.build(support::builder().with_cache(cache.path()).with_concurrency(IN_FLIGHT));
    let params = [("category", "all-games,all-apps"), ("country", "us,kr,jp,de,fr"), ("num", "3")];
    let plan = Plan::new(&host.description(), "list", params).unwrap();
    let swapping = Arc::new(AtomicBool::new(true));
    let mut events = Box::pin(host.events());
    let mut digests = HashMap::from([(1, host.parser().digest())]);
    let outcomes = shop.runtime.block_on(async {
        let swaps = tokio::spawn({
            let (host, swapping) = (host.clone(), Arc::clone(&swapping));
            async move {
                // Until all are under way, and there are responses to hold a new parser against.
                tokio::time::sleep(latency * 5 + latency / 4).await;
                for turn in 0..count {
                    swap(&host, turn).await;
                }
                swapping.store(false, Ordering::Relaxed);
            }
        });
        let queries = (0..).map_while({
            let plan = plan.clone();
            move |index| {
                let goes_on = swapping.load(Ordering::Relaxed) || index % plan.len() != 0;
                goes_on.then(|| plan.query(index % plan.len())).flatten()
            }
        });
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut running = host.run(queries);
        while let Some(outcome) = running.next().await {
            outcomes.push(outcome);
            generations(&mut events, &mut digests);
        }
        swaps.await.unwrap();
        outcomes
    });
    generations(&mut events, &mut digests);
    // Five of ten are taken, of which none is the parser that answers already.
    assert_eq!(host.generation(), 1 + u64::from(count) / 2);
    let stats = shop.store.stats();
    assert!(stats.peak_in_flight > IN_FLIGHT * 9 / 10, "{stats:?}");
    assert_eq!(outcomes.len() % plan.len(), 0);
    let other = Digest::compute(&marked());
    // Another component under test may put the name together otherwise.
    let is_told = support::component().is_none();
    let mut answered: HashMap<u64, usize> = HashMap::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        assert_eq!(Some(&outcome.query), plan.query(index % plan.len()).as_ref());
        assert!(outcome.failure.is_none() && outcome.rows.len() == 3, "{outcome:?}");
        // The rows are those of the parser whose generation the outcome names, all of them.
        let of_other = digests[&outcome.generation.unwrap()] == other;
        let fits = |row: &Row| row.contains_key(OTHER_FIELD) == of_other && row.contains_key(FIELD) != of_other;
        assert!(!is_told || outcome.rows.iter().all(fits), "{outcome:?}");
        *answered.entry(outcome.generation.unwrap()).or_default() += 1;
    }
    assert!(outcomes.is_sorted_by_key(|outcome| outcome.generation));
    assert!(answered.len() > usize::from(count) / 10, "swaps took effect under way: {answered:?}");
}

#[test]
fn of_a_thousand_responses_a_tenth_loops_and_the_others_are_all_right() {
    let shop = Shop::open(StoreConfig::default());
    shop.store.respond_with("/store/apps/details", Canned::new(200, vec![b'x'; 100_000])).unwrap();
    let mut limits = Limits::default();
    limits.time = Duration::from_millis(100);
    let host = shop.build(Host::builder().with_parser(charts(wat_components::LOOPS_FOR_SOME)).with_limits(limits));
    let query = |index: usize| {
        let id = if index % 10 == 3 { "z" } else { "a" };
        Query::new("list", [("id".into(), format!("{id}{index}").into())])
    };
    let outcomes: Vec<_> = shop.runtime.block_on(host.run((0..1000).map(query)).collect());
    assert_eq!(outcomes.len(), 1000);
    for (index, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.query, query(index));
        match &outcome.failure {
            None => {
                assert!(index % 10 != 3 && outcome.rows.len() == 1 && outcome.rows[0]["title"] == "B", "{outcome:?}")
            }
            Some(failure) => {
                assert!(index % 10 == 3 && failure.kind == FailureKind::ParserTimeout, "{outcome:?}");
                assert!(failure.message.contains("the limit of 100ms"), "{failure}");
            }
        }
    }
}
