//! What a store leaves out, empties or answers for another app: through the sandbox and the host, to the outcome of each query.

use playfast::{FailureKind, Host, Outcome, Retries};
use playfast_sim::{AppQuery, ChartQuery, FaultKind, Faults, StoreConfig};

use crate::support::{self, Shop};

fn shop(faults: Faults) -> Shop {
    Shop::open(StoreConfig::default().faults(faults))
}

/// What becomes of these apps, asked by rpc.
fn apps(shop: &Shop, host: &Host, ids: &[String]) -> Vec<Outcome> {
    let ids = ids.join(",");
    let plan = host.plan("app", [("app_id", ids.as_str()), ("via", "rpc")]).unwrap();
    shop.runtime.block_on(host.batch(&plan))
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("com.example.a{index}")).collect()
}

/// The failure of this app, where all others are answered.
fn failure_of(outcomes: &[Outcome], id: &str) -> (FailureKind, String) {
    let (failed, answered): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.failure.is_some());
    assert!(answered.iter().all(|outcome| outcome.rows[0]["app_id"] == outcome.query.param("app_id").unwrap()));
    let [failed] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!(failed.query.param("app_id"), Some(id));
    let failure = failed.failure.as_ref().unwrap();
    (failure.kind, failure.message.clone())
}

#[test]
fn a_frame_that_is_missing_foreign_or_an_error_fails_its_query_alone() {
    let cases = [
        (FaultKind::MissingFrame, FailureKind::Unavailable, "lacks the frame of the rpc Ws7gDc"),
        (FaultKind::ForeignFrame, FailureKind::Unavailable, "the answer is for com.foreign.app"),
        (FaultKind::ErrorFrame, FailureKind::Unavailable, "the error 503"),
        (FaultKind::EmptyFrame, FailureKind::NotFound, "no such app"),
    ];
    for (fault, kind, message) in cases {
        let shop = shop(Faults::none().for_app("com.example.a3", fault).error_code(503));
        let outcomes = apps(&shop, &shop.host(), &ids(10));
        let failure = failure_of(&outcomes, "com.example.a3");
        assert!(failure.0 == kind && failure.1.contains(message), "{fault}: {failure:?}");
    }
}

#[test]
fn what_is_missing_is_asked_again_and_nothing_else_is() {
    for fault in [FaultKind::MissingFrame, FaultKind::ForeignFrame, FaultKind::ErrorFrame] {
        let shop = shop(Faults::none().with(fault, 0.3));
        let host = shop.build_with(support::builder(), Retries::default());
        let outcomes = apps(&shop, &host, &ids(40));
        for outcome in &outcomes {
            assert!(outcome.failure.is_none(), "{fault}: {outcome:?}");
            let truth = shop.store.app(&AppQuery::new(outcome.query.param("app_id").unwrap(), "en", "us")).unwrap();
            assert_eq!(outcome.rows[0]["title"], truth["title"]);
        }
        let stats = shop.store.stats();
        assert!(stats.faults(fault) > 0 && stats.calls == 40 + stats.faults(fault), "{fault}: {stats:?}");
    }
}

#[test]
fn what_is_empty_is_not_asked_again() {
    let shop = shop(Faults::none().for_app("com.example.a3", FaultKind::EmptyFrame));
    let host = shop.build_with(support::builder(), Retries::default());
    let outcomes = apps(&shop, &host, &ids(10));
    assert_eq!(failure_of(&outcomes, "com.example.a3").0, FailureKind::NotFound);
    assert_eq!(shop.store.stats().calls, 10);
}

#[test]
fn a_chart_that_is_empty_is_asked_for_once_more_in_the_short_form() {
    let shop = shop(Faults::none().with(FaultKind::LongFormEmpty, 1.0));
    let ran = shop.playfast(&["list", "--category", "GAME_PUZZLE", "--num", "5"]);
    let truth = shop.store.chart(&ChartQuery::new("us", "GAME_PUZZLE", "topselling_free").num(5));
    let ids: Vec<_> = ran.rows().iter().map(|row| row["app_id"].clone()).collect();
    assert_eq!(ids, truth.iter().map(|app| app["app_id"].clone()).collect::<Vec<_>>());
    assert!(ran.stderr().contains("in the short form of the request only"), "{}", ran.stderr());
    assert_eq!(shop.store.stats().posts, 2);
}

#[test]
fn a_chart_that_no_form_gets_does_not_exist() {
    let shop = shop(Faults::none().with(FaultKind::NotFound, 1.0));
    let host = shop.build_with(support::builder(), Retries::default());
    let outcomes = shop.runtime.block_on(host.batch(&host.plan("list", []).unwrap()));
    assert_eq!(outcomes[0].failure.as_ref().unwrap().kind, FailureKind::NotFound);
    assert_eq!(shop.store.stats().posts, 2);
}
