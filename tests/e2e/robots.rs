//! robots.txt: what it disallows is never sent, and what can't be read allows nothing.

use std::time::{Duration, Instant};

use futures::StreamExt;
use playfast::fetch::FetchOptions;
use playfast::run::{Robots, RobotsVerdict, RunStats};
use playfast::{FailureKind, Host, Outcome, Rate, RetryPolicy};
use playfast_sim::{Canned, StoreConfig};

use crate::support::{Shop, builder};

/// A host that obeys robots.txt, led to a store.
fn obedient(shop: &Shop) -> Host {
    shop.build(builder().with_robots(Robots::Obey))
}

/// The outcomes of a kind's queries, and what was counted.
fn ask(shop: &Shop, host: &Host, kind: &str, params: &[(&str, &str)]) -> (Vec<Outcome>, RunStats) {
    let plan = host.plan(kind, params.iter().copied()).unwrap();
    let run = host.run(plan.queries());
    let control = run.control();
    (shop.runtime.block_on(run.collect()), control.stats())
}

fn list(shop: &Shop, host: &Host) -> Outcome {
    ask(shop, host, "list", &[("num", "10")]).0.remove(0)
}

#[test]
fn what_is_disallowed_fails_before_it_is_sent() {
    let shop = Shop::open(StoreConfig::default());
    let host = obedient(&shop);
    let (outcomes, stats) = ask(&shop, &host, "list", &[("country", "us,kr,jp"), ("num", "10")]);
    for outcome in outcomes {
        let failure = outcome.failure.unwrap();
        assert_eq!(failure.kind, FailureKind::Forbidden, "{failure}");
        let says = "robots.txt of play.google.com disallows /_/PlayStoreUi/data/batchexecute";
        assert_eq!(failure.message, says);
    }
    let sent = shop.store.stats();
    assert_eq!((sent.requests, sent.posts, stats.requests), (1, 0, 1), "only robots.txt was asked for, and counted");
}

#[test]
fn what_is_allowed_is_sent_after_one_request_for_robots_txt() {
    let shop = Shop::open(StoreConfig::default());
    let ids: Vec<_> = (0..20).map(|index| format!("com.example.a{index}")).collect();
    let host = obedient(&shop);
    let (outcomes, stats) = ask(&shop, &host, "app", &[("app_id", &ids.join(",")), ("via", "page")]);
    assert!(outcomes.iter().all(|outcome| outcome.failure.is_none()), "{outcomes:?}");
    assert_eq!((shop.store.stats().requests, stats.requests), (21, 21));
}

#[test]
fn it_is_ignored_unless_the_user_says_otherwise() {
    let shop = Shop::open(StoreConfig::default());
    assert!(list(&shop, &shop.host()).failure.is_none());
    assert_eq!(shop.store.stats().requests, 1);
}

#[test]
fn what_is_disallowed_does_not_wait_for_the_pace() {
    let shop = Shop::open(StoreConfig::default());
    let slow = Rate::per_second(1.0).unwrap();
    let host = shop.runtime.block_on(shop.led(builder().with_robots(Robots::Obey)).with_rate(slow).build()).unwrap();
    let start = Instant::now();
    let (outcomes, _) = ask(&shop, &host, "list", &[("category", "all-games"), ("num", "10")]);
    assert!(outcomes.len() >= 15, "{}", outcomes.len());
    assert!(outcomes.iter().all(|outcome| outcome.failure.is_some()));
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[test]
fn without_a_file_everything_is_allowed() {
    let shop = Shop::open(StoreConfig::default());
    for status in [404, 403] {
        shop.store.respond_with("/robots.txt", Canned::new(status, "Disallow: /")).unwrap();
        let outcome = list(&shop, &obedient(&shop));
        assert!(outcome.failure.is_none(), "{status}: {:?}", outcome.failure);
    }
}

#[test]
fn a_file_that_can_not_be_read_allows_nothing_and_says_why() {
    let shop = Shop::open(StoreConfig::default());
    let elsewhere = Canned::new(302, "").header("location", "https://www.google.com/sorry/index");
    for (canned, requests, says) in [
        (Canned::new(500, ""), 3, "HTTP 500"),
        (Canned::new(429, ""), 1, "HTTP 429"),
        (elsewhere, 1, "HTTP 302 redirects to a host that the parser does not declare"),
    ] {
        shop.store.respond_with("/robots.txt", canned).unwrap();
        let before = shop.store.stats().requests;
        let host = obedient(&shop);
        for _ in 0..2 {
            let failure = list(&shop, &host).failure.unwrap();
            assert_eq!(failure.kind, FailureKind::Forbidden, "{failure}");
            let start = "robots.txt of play.google.com can't be read, so nothing may be asked (RFC 9309): ";
            assert_eq!(failure.message, format!("{start}{says}"));
        }
        assert_eq!(shop.store.stats().requests - before, requests, "{says}");
    }
}

#[test]
fn a_run_ends_in_time_while_it_waits_for_robots_txt() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_secs(20)));
    let retries = RetryPolicy::none().with_run_deadline(Duration::from_millis(500));
    let host = shop.build_with(builder().with_robots(Robots::Obey), retries);
    let start = Instant::now();
    assert_eq!(list(&shop, &host).failure.unwrap().kind, FailureKind::Deadline);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn redirects_to_the_same_host_are_followed() {
    let shop = Shop::open(StoreConfig::default());
    shop.store.respond_with("/elsewhere.txt", Canned::new(200, "User-agent: *\nDisallow: /_/\n")).unwrap();
    let moved = Canned::new(301, "").header("location", "/elsewhere.txt");
    shop.store.respond_with("/robots.txt", moved).unwrap();
    assert_eq!(list(&shop, &obedient(&shop)).failure.unwrap().kind, FailureKind::Forbidden);
}

#[test]
fn the_user_agent_says_which_rules_hold() {
    let shop = Shop::open(StoreConfig::default());
    let file = "User-agent: playfast\nDisallow: /\n\nUser-agent: charts\nAllow: /\n";
    shop.store.respond_with("/robots.txt", Canned::new(200, file)).unwrap();
    for (fetch, is_allowed) in [
        (FetchOptions::default(), false),
        (FetchOptions::default().with_user_agent("charts/1.0 (me@example.org)"), true),
        (FetchOptions::default().with_header("User-Agent", "Charts"), true),
    ] {
        let host = shop.build(builder().with_fetch_options(fetch).with_robots(Robots::Obey));
        assert_eq!(list(&shop, &host).failure.is_none(), is_allowed);
    }
}

#[test]
fn what_it_says_of_each_path_can_be_asked() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.host();
    let mut said = Vec::new();
    for address in shop.runtime.block_on(host.addresses("app")).unwrap() {
        said.push((address.path.clone(), shop.runtime.block_on(host.robots_verdict(&address))));
    }
    said.sort_by(|first, second| first.0.cmp(&second.0));
    let call = "/_/PlayStoreUi/data/batchexecute".to_owned();
    let page = "/store/apps/details".to_owned();
    assert_eq!(said, [(call, RobotsVerdict::Disallowed), (page, RobotsVerdict::Allowed)]);
    assert_eq!(shop.store.stats().requests, 1, "robots.txt alone, once");
}
