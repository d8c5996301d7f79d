//! The library against the store: every row is the catalogue's, in the order of the queries, whatever fails beside it.

use std::time::Duration;

use futures::StreamExt;
use playfast::{FailureKind, Outcome, Plan};
use playfast_sim::{AppQuery, ChartQuery, FaultKind, Faults, Protocol, StoreConfig};
use serde_json::Value;

use crate::support::Shop;

fn ask(shop: &Shop, kind: &str, params: &[(&str, &str)]) -> Vec<Outcome> {
    let host = shop.host();
    let plan = Plan::new(&host.description(), kind, params.iter().copied()).unwrap();
    shop.runtime.block_on(host.batch(&plan))
}

/// Fails where a row lacks what the catalogue says, or says it otherwise.
pub(crate) fn same(row: &Value, truth: &Value) {
    for (name, value) in truth.as_object().unwrap() {
        let equal = match (value.as_f64(), row[name].as_f64()) {
            (Some(left), Some(right)) => (left - right).abs() < 1e-9,
            _ => *value == row[name],
        };
        assert!(equal, "{name}: {} instead of {value}", row[name]);
    }
}

#[test]
fn charts_come_whole_and_in_order_over_both_protocols() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let shop = Shop::open(StoreConfig::default().protocol(protocol));
        let outcomes = ask(&shop, "list", &[("country", "us,kr"), ("category", "GAME_ACTION,SOCIAL"), ("num", "20")]);
        let asked: Vec<_> = outcomes
            .iter()
            .map(|outcome| (outcome.query.param("category").unwrap(), outcome.query.param("country").unwrap()))
            .collect();
        assert_eq!(asked, [("GAME_ACTION", "us"), ("GAME_ACTION", "kr"), ("SOCIAL", "us"), ("SOCIAL", "kr")]);
        for outcome in outcomes {
            assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
            let param = |name| outcome.query.param(name).unwrap();
            let truth = shop.store.chart(&ChartQuery::new(param("country"), param("category"), param("collection")));
            assert_eq!(outcome.rows.len(), 20);
            for ((position, row), truth) in (1..).zip(&outcome.rows).zip(&truth) {
                assert_eq!(row["position"], position);
                same(&Value::from(row.clone()), truth);
            }
        }
    }
}

#[test]
fn an_app_is_the_same_from_its_page_and_from_its_call() {
    let shop = Shop::open(StoreConfig::default());
    for via in ["page", "rpc"] {
        let asked = [("app_id", "com.brave.otter,com.calm.river,missing.app"), ("country", "us,jp"), ("via", via)];
        for outcome in ask(&shop, "app", &asked) {
            let param = |name| outcome.query.param(name).unwrap();
            let query = AppQuery::new(param("app_id"), param("language"), param("country"));
            let Some(mut truth) = shop.store.app(&query) else {
                assert_eq!(outcome.failure.unwrap().kind, FailureKind::NotFound);
                continue;
            };
            if via == "rpc" {
                truth["data_safety"] = shop.store.data_safety(&query).unwrap_or_default();
            }
            same(&Value::from(outcome.rows[0].clone()), &truth);
        }
    }
}

#[test]
fn a_failure_is_a_value_in_its_place() {
    let faults = Faults::none()
        .with(FaultKind::Unavailable, 0.2)
        .with(FaultKind::Truncate, 0.2)
        .with(FaultKind::Captcha, 0.1)
        .with(FaultKind::Reset, 0.1);
    let shop = Shop::open(StoreConfig::default().faults(faults));
    let outcomes = ask(&shop, "list", &[("category", "all-games"), ("country", "us,kr,jp"), ("num", "10")]);
    assert_eq!(outcomes.len(), 51);
    let (failed, answered): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.failure.is_some());
    assert!(!failed.is_empty() && !answered.is_empty());
    assert!(answered.iter().all(|outcome| outcome.rows.len() == 10));
    assert!(failed.iter().all(|outcome| outcome.rows.is_empty()), "half an answer is none");
    for outcome in failed {
        let kind = outcome.failure.as_ref().unwrap().kind;
        assert!(
            matches!(kind, FailureKind::Unavailable | FailureKind::Blocked | FailureKind::Network | FailureKind::Http),
            "{outcome:?}"
        );
    }
}

#[test]
fn walls_are_blocked_and_never_followed() {
    for fault in [FaultKind::Captcha, FaultKind::Consent, FaultKind::TooManyRequests] {
        let shop = Shop::open(StoreConfig::default().faults(Faults::none().with(fault, 1.0)));
        let outcomes = ask(&shop, "app", &[("app_id", "com.brave.otter")]);
        assert_eq!(outcomes[0].failure.as_ref().unwrap().kind, FailureKind::Blocked, "{fault:?}");
        assert_eq!(shop.store.stats().requests, 1, "{fault:?}");
    }
}

#[test]
fn one_connection_carries_a_batch() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(100)).protocol(Protocol::Http2));
    let host = shop.host();
    let plan = Plan::new(&host.description(), "list", [("category", "all-games"), ("num", "5")]).unwrap();
    shop.runtime.block_on(host.run(plan.queries().take(1)).collect::<Vec<_>>());
    let outcomes = shop.runtime.block_on(host.batch(&plan));
    assert!(outcomes.iter().all(|outcome| outcome.failure.is_none()));
    assert_eq!(shop.store.stats().connections, 1);
    assert!(shop.store.stats().peak_in_flight > 10, "they were asked at once");
}

#[test]
fn dropping_the_outcomes_stops_what_is_under_way() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(200)));
    let host = shop.host();
    let plan = Plan::new(
        &host.description(),
        "list",
        [("category", "all-games,all-apps"), ("country", "us,kr,jp"), ("num", "5")],
    )
    .unwrap();
    shop.runtime.block_on(async {
        let mut outcomes = host.run(plan.queries());
        outcomes.next().await.unwrap();
        drop(outcomes);
        // What the store works on ends in its own time; nothing more may come to it.
        let ended = async {
            while shop.store.stats().in_flight > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
    });
    let asked = shop.store.stats().requests;
    assert!((asked as usize) < plan.len(), "{asked} of {}", plan.len());
}
