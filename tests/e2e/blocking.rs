//! The host without async: whole batches, outcomes as they come, swaps, and a refusal where waiting would stall a runtime.

use std::time::{Duration, Instant};

use playfast::blocking::{BlockingError, Host};
use playfast::swap::SwapError;
use playfast::{Outcome, Plan, Rate};
use playfast_sim::StoreConfig;

use crate::support::{self, Shop};
use crate::swap::again;

fn games(host: &Host) -> Plan {
    Plan::new(&host.description(), "list", [("category", "all-games"), ("num", "5")]).unwrap()
}

#[test]
fn a_batch_is_asked_at_once_and_is_the_async_hosts() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(100)));
    let host = shop.led(support::builder()).blocking().build().unwrap();
    let plan = games(&host);
    let outcomes = host.batch(&plan).unwrap();
    assert!(shop.store.stats().peak_in_flight > 10, "they were asked at once");
    let expected = shop.runtime.block_on(shop.host().batch(&plan));
    assert_eq!((outcomes.len(), expected.len()), (17, 17));
    for (outcome, expected) in outcomes.iter().zip(&expected) {
        let rows = |outcome: &Outcome| -> Vec<_> {
            outcome.rows.iter().map(|row| support::timeless(row.clone().into())).collect()
        };
        assert_eq!((&outcome.query, rows(outcome)), (&expected.query, rows(expected)));
        assert_eq!(outcome.rows.len(), 5);
    }
}

#[test]
fn outcomes_come_one_by_one_and_dropping_them_stops_the_rest() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.led(support::builder()).with_rate(Rate::per_second(5.0).unwrap()).blocking().build().unwrap();
    let plan = games(&host);
    let started = Instant::now();
    let mut outcomes = host.run(plan.queries()).unwrap();
    assert_eq!(outcomes.next().unwrap().query, plan.query(0).unwrap());
    assert!(started.elapsed() < Duration::from_secs(2), "all take more than three seconds");
    drop(outcomes);
    std::thread::sleep(Duration::from_millis(600));
    assert!(shop.store.stats().requests <= 3, "{} were asked", shop.store.stats().requests);
}

#[test]
fn another_parser_answers_and_the_old_one_again() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.led(support::builder()).blocking().build().unwrap();
    let plan = games(&host);
    let generations = || {
        let outcomes = host.batch(&plan).unwrap();
        assert!(outcomes.iter().all(|outcome| outcome.failure.is_none()));
        outcomes[0].generation.unwrap()
    };
    assert_eq!((generations(), host.generation()), (1, 1));
    assert_eq!(host.swap(again(1)).unwrap().generation, 2);
    assert_eq!(generations(), 2);
    assert_eq!(host.swap_unchecked(again(2)).unwrap().generation, 3);
    assert_eq!(host.rollback().unwrap().generation, 4);
    assert_eq!(generations(), 4);
    assert!(matches!(host.rollback(), Err(SwapError::NoPrevious)));
    assert!(matches!(host.swap(b"no component"), Err(BlockingError::Swap(SwapError::Load(_)))));
}

#[test]
fn in_async_code_it_says_what_to_do_and_may_be_dropped() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.led(support::builder()).blocking().build().unwrap();
    let plan = games(&host);
    let mut outcomes = host.run(plan.queries()).unwrap();
    assert!(outcomes.next().is_some());
    shop.runtime.block_on(async {
        assert!(matches!(host.run(plan.queries()), Err(BlockingError::Async)));
        assert!(matches!(host.swap(again(1)), Err(BlockingError::Async)));
        assert!(matches!(Host::builder().build(), Err(BlockingError::Async)));
        let error = host.batch(&plan).unwrap_err().to_string();
        assert!(error.contains("spawn_blocking") && error.contains("await"), "{error}");
        let (clone, asked) = (host.clone(), plan.clone());
        let inside = tokio::task::spawn_blocking(move || clone.batch(&asked).unwrap().len());
        assert_eq!(inside.await.unwrap(), 17);
        assert!(outcomes.next().is_some(), "it waits rather than losing an outcome");
        drop(outcomes);
        drop(host);
    });
}
