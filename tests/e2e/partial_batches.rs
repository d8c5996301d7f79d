//! What a store leaves out, empties or answers for another app: through the sandbox and the host, to the outcome of each query.

use playfast::{FailureKind, Host, Outcome, RetryPolicy};
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

/// What becomes of these apps, asked as it goes without saying, and how many pages were asked for.
fn apps_by_default(shop: &Shop, ids: &[String]) -> (Vec<Outcome>, u64) {
    let (host, ids, before) = (shop.host(), ids.join(","), shop.store.stats());
    let plan = host.plan("app", [("app_id", ids.as_str())]).unwrap();
    let outcomes = shop.runtime.block_on(host.batch(&plan));
    let after = shop.store.stats();
    assert_eq!(after.posts - before.posts, 1, "the rpc is asked once");
    (outcomes, after.requests - before.requests - 1)
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
        let host = shop.build_with(support::builder(), RetryPolicy::default());
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
    let host = shop.build_with(support::builder(), RetryPolicy::default());
    let outcomes = apps(&shop, &host, &ids(10));
    assert_eq!(failure_of(&outcomes, "com.example.a3").0, FailureKind::NotFound);
    assert_eq!(shop.store.stats().calls, 10);
}

#[test]
fn one_app_of_many_that_is_gone_is_not_found_without_its_page() {
    let shop = shop(Faults::none());
    let with_one_gone: Vec<_> = ids(49).into_iter().chain(["missing.app".to_owned()]).collect();
    let (outcomes, pages) = apps_by_default(&shop, &with_one_gone);
    let failure = failure_of(&outcomes, "missing.app");
    assert_eq!((failure.0, pages), (FailureKind::NotFound, 0), "{failure:?}");
    let (outcomes, pages) = apps_by_default(&shop, &["missing.app".to_owned()]);
    assert_eq!((failure_of(&outcomes, "missing.app").0, pages), (FailureKind::NotFound, 0));
}

#[test]
fn several_apps_of_which_the_rpc_has_none_are_asked_by_their_pages() {
    let shop = shop(Faults::none().with(FaultKind::EmptyFrame, 1.0));
    let (outcomes, pages) = apps_by_default(&shop, &ids(10));
    are_answered_once(&shop, &outcomes);
    assert_eq!(pages, 10);
    let (outcomes, pages) = apps_by_default(&shop, &["missing.app".to_owned(), "missing.other".to_owned()]);
    assert_eq!(pages, 2);
    for outcome in outcomes {
        let failure = outcome.failure.unwrap();
        assert!(failure.kind == FailureKind::NotFound && failure.message.contains("at this address"), "{failure}");
    }
}

#[test]
fn what_the_rpc_lays_out_otherwise_is_asked_by_its_page() {
    let shop = shop(Faults::none().with(FaultKind::MovedFrame, 1.0));
    let (outcomes, pages) = apps_by_default(&shop, &ids(60)[..50]);
    are_answered_once(&shop, &outcomes);
    assert_eq!(pages, 50);
    assert!(
        apps(&shop, &shop.host(), &ids(2)).iter().all(|outcome| {
            outcome.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::LayoutChanged)
        })
    );
    let one = self::shop(Faults::none().for_app("com.example.a3", FaultKind::MovedFrame));
    let (outcomes, pages) = apps_by_default(&one, &ids(10));
    are_answered_once(&one, &outcomes);
    assert_eq!(pages, 1);
}

#[test]
fn a_page_that_fails_for_now_is_asked_again_and_no_row_is_lost_or_doubled() {
    let faults = Faults::none().with(FaultKind::MovedFrame, 0.5).with(FaultKind::Unavailable, 0.2);
    let shop = shop(faults.with(FaultKind::MissingFrame, 0.2));
    // An attempt fails in 36 of 100 cases: with the default retries one app in a thousand would have no answer.
    let host = shop.build_with(support::builder(), RetryPolicy::default().with_max_retries(30).with_budget(10.0));
    let ids = ids(120).join(",");
    let plan = host.plan("app", [("app_id", ids.as_str())]).unwrap();
    are_answered_once(&shop, &shop.runtime.block_on(host.batch(&plan)));
}

#[test]
fn a_wall_asks_for_no_page() {
    for fault in [FaultKind::Captcha, FaultKind::TooManyRequests, FaultKind::Unavailable] {
        let shop = shop(Faults::none().with(fault, 1.0));
        let plan = shop.host().plan("app", [("app_id", "com.brave.otter,com.calm.river")]).unwrap();
        for outcome in shop.runtime.block_on(shop.host().batch(&plan)) {
            let kind = outcome.failure.unwrap().kind;
            assert!(matches!(kind, FailureKind::Blocked | FailureKind::Unavailable), "{fault}: {kind}");
        }
        assert_eq!(shop.store.stats().requests, 1, "{fault}");
    }
}

/// Fails unless each app has one row, which is the catalogue's.
fn are_answered_once(shop: &Shop, outcomes: &[Outcome]) {
    for outcome in outcomes {
        assert!(outcome.failure.is_none() && outcome.rows.len() == 1, "{outcome:?}");
        let truth = shop.store.app(&AppQuery::new(outcome.query.param("app_id").unwrap(), "en", "us")).unwrap();
        assert_eq!((&outcome.rows[0]["title"], &outcome.rows[0]["position"]), (&truth["title"], &1.into()));
    }
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
    let host = shop.build_with(support::builder(), RetryPolicy::default());
    let outcomes = shop.runtime.block_on(host.batch(&host.plan("list", []).unwrap()));
    assert_eq!(outcomes[0].failure.as_ref().unwrap().kind, FailureKind::NotFound);
    assert_eq!(shop.store.stats().posts, 2);
}
