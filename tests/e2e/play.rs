//! The typed front: what it gives is the catalogue's, failures are values, and one host serves whichever runtime calls.

use std::process::Command;

use futures::StreamExt;
use playfast::play::{self, BatchFetcher, BatchRequestBuilder, PlayError};
use playfast::{FailureKind, Plan, blocking};
use playfast_sim::{AppQuery, ChartQuery, FaultKind, Faults, StoreConfig};
use tokio::runtime::Runtime;

use crate::store::same;
use crate::support::{self, Shop};

#[test]
fn charts_stand_under_their_countries_and_categories() {
    let shop = Shop::open(StoreConfig::default());
    let fetcher = BatchFetcher::with_host(shop.host()).with_collection("topgrossing").with_num(20);
    let charts = shop.runtime.block_on(fetcher.top_apps(["us", "kr"], ["SOCIAL", "GAME_ACTION"])).unwrap();
    assert_eq!(charts.keys().collect::<Vec<_>>(), ["us", "kr"]);
    for (country, categories) in &charts {
        assert_eq!(categories.keys().collect::<Vec<_>>(), ["SOCIAL", "GAME_ACTION"]);
        for (category, chart) in categories {
            let truth = shop.store.chart(&ChartQuery::new(country, category, "topgrossing"));
            assert_eq!((chart.country(), chart.category(), chart.apps.len()), (&**country, &**category, 20));
            for (app, truth) in chart.apps.iter().zip(&truth) {
                same(&serde_json::to_value(app).unwrap(), truth);
                assert!(app.rest.is_empty(), "{:?}", app.rest);
            }
        }
    }
    let lists = shop.runtime.block_on(fetcher.category_lists(["us", "kr"], ["SOCIAL", "GAME_ACTION"])).unwrap();
    assert_eq!(lists.len(), 4);
    for chart in lists {
        assert_eq!(chart.apps, charts.at(chart.country(), chart.category()).unwrap().apps);
    }
}

#[test]
fn apps_are_read_whole_and_a_missing_one_is_a_value() {
    let shop = Shop::open(StoreConfig::default());
    for via in ["page", "rpc"] {
        let fetcher = BatchFetcher::with_host(shop.host()).with_language("de").with_country("jp").with_via(via);
        let ids = ["com.brave.otter", "missing.app", "com.calm.river"];
        let apps = shop.runtime.block_on(fetcher.multi_country_apps(ids, ["us", "kr"])).unwrap();
        assert_eq!(apps.keys().collect::<Vec<_>>(), ["us", "kr"]);
        for (country, apps) in &apps {
            assert_eq!(apps.keys().collect::<Vec<_>>(), ids);
            for (id, app) in apps {
                let query = AppQuery::new(id, "de", country);
                match (app, shop.store.app(&query)) {
                    (Ok(app), Some(mut truth)) => {
                        if via == "rpc" {
                            truth["data_safety"] = shop.store.data_safety(&query).unwrap_or_default();
                        }
                        same(&serde_json::to_value(app).unwrap(), &truth);
                        assert!(app.rest.is_empty(), "{:?}", app.rest);
                    }
                    (Err(failure), None) => assert_eq!(failure.kind, FailureKind::NotFound),
                    (app, truth) => panic!("{id}: {app:?} instead of {truth:?}"),
                }
            }
        }
        let apps = shop.runtime.block_on(fetcher.apps(["missing.app", "com.calm.river"])).unwrap();
        assert_eq!(apps.keys().collect::<Vec<_>>(), ["missing.app", "com.calm.river"]);
        assert!(apps.get("missing.app").unwrap().is_err() && apps.get("com.calm.river").unwrap().is_ok());
    }
}

#[test]
fn what_fails_on_its_way_is_a_value_in_its_place() {
    let shop = Shop::open(StoreConfig::default().faults(Faults::none().with(FaultKind::Unavailable, 0.5)));
    let fetcher = BatchFetcher::with_host(shop.host()).with_num(5);
    let charts = shop.runtime.block_on(fetcher.category_lists(["us", "kr", "jp"], ["all-games"])).unwrap();
    assert_eq!(charts.len(), 51);
    let (failed, whole): (Vec<_>, Vec<_>) = charts.iter().partition(|chart| chart.failure.is_some());
    assert!(!failed.is_empty() && !whole.is_empty());
    assert!(whole.iter().all(|chart| chart.apps.len() == 5) && failed.iter().all(|chart| chart.apps.is_empty()));
}

#[test]
fn what_cant_be_asked_is_refused_before_anything_is_sent() {
    let shop = Shop::open(StoreConfig::default());
    let fetcher = BatchFetcher::with_host(shop.host());
    let cases = [
        (fetcher.clone(), "uk", "GAME", "country can't be"),
        (fetcher.clone(), "us", "GAMES", "did you mean GAME?"),
        (fetcher.clone().with_num(661), "us", "GAME", "num can't be 661: give a number from 1 to 660"),
        (fetcher.clone().with_collection("best"), "us", "GAME", "collection can't be"),
    ];
    for (fetcher, country, category, part) in cases {
        let error = shop.runtime.block_on(fetcher.top_apps([country], [category])).unwrap_err();
        assert!(matches!(error, PlayError::Plan(_)) && error.to_string().contains(part), "{error}");
    }
    assert!(shop.runtime.block_on(fetcher.apps(Vec::<String>::new())).unwrap().is_empty(), "of nothing, nothing");
    assert_eq!(shop.store.stats().requests, 0);
}

#[test]
fn built_requests_are_the_plans_and_run() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.host();
    let mut builder = BatchRequestBuilder::new(host.description()).with_num(5);
    let requests = builder.build_list_requests(["us", "kr"], ["all-games"]).unwrap();
    let params = [("country", "us,kr"), ("category", "all-games"), ("num", "5")];
    let plan = Plan::new(&host.description(), "list", params).unwrap();
    let outcomes: Vec<_> = shop.runtime.block_on(host.run(requests).collect());
    assert!(outcomes.iter().all(|outcome| outcome.rows.len() == 5));
    let asked: Vec<_> = outcomes.into_iter().map(|outcome| outcome.query).collect();
    assert_eq!(asked, plan.queries().collect::<Vec<_>>());
}

#[test]
fn without_async_it_is_the_same() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.led(support::builder()).blocking().build().unwrap();
    let fetcher = BatchFetcher::with_host(&host).with_num(5);
    let waiting = fetcher.clone().blocking();
    let charts = waiting.top_apps(["us"], ["SOCIAL"]).unwrap();
    assert_eq!(charts.at("us", "SOCIAL").unwrap().apps.len(), 5);
    assert_eq!(waiting.category_lists(["us", "kr"], ["SOCIAL"]).unwrap().len(), 2);
    assert!(waiting.apps(["missing.app"]).unwrap().get("missing.app").unwrap().is_err());
    assert!(
        waiting.multi_country_apps(["com.calm.river"], ["us"]).unwrap().at("us", "com.calm.river").unwrap().is_ok()
    );
    shop.runtime.block_on(async {
        let refused = waiting.top_apps(["us"], ["SOCIAL"]);
        assert!(matches!(refused, Err(blocking::BlockingError::Async)));
        let charts = fetcher.top_apps(["us"], ["SOCIAL"]).await.unwrap();
        assert_eq!(charts.at("us", "SOCIAL").unwrap().apps.len(), 5);
    });
}

/// A process has one shared host, and finds its way by the environment: it is asked in a process of its own.
#[test]
fn the_shared_host_outlives_the_runtimes_that_call_it() {
    let shop = Shop::open(StoreConfig::default());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "play::asks_the_shared_host", "--ignored"])
        .envs(shop.environment())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(shop.store.stats().requests, 7, "so many were asked");
    assert_eq!(shop.store.stats().connections, 1, "over one connection");
}

#[test]
#[ignore = "run by the_shared_host_outlives_the_runtimes_that_call_it"]
fn asks_the_shared_host() {
    assert!(std::env::var_os("PLAYFAST_CONNECT_TO").is_some(), "nothing is asked of the real store");
    for _ in 0..2 {
        let charts = Runtime::new().unwrap().block_on(play::fetch_top_apps(["us"], ["SOCIAL"], 5)).unwrap();
        assert_eq!(charts.at("us", "SOCIAL").unwrap().apps.len(), 5);
    }
    // Neither sockets nor timers: what is asked runs elsewhere.
    let bare = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let charts = bare.block_on(play::fetch_category_lists(["kr"], ["SOCIAL", "GAME"], 5)).unwrap();
    assert!(charts.iter().all(|chart| chart.apps.len() == 5), "{charts:?}");
    let apps = blocking::play::fetch_apps(["com.calm.river"]).unwrap();
    assert!(apps.get("com.calm.river").unwrap().is_ok());
    let apps = blocking::play::fetch_multi_country_apps(["com.calm.river"], ["us", "kr"]).unwrap();
    assert!(apps.at("kr", "com.calm.river").unwrap().is_ok());
}

#[test]
fn each_kind_is_read_as_its_type() {
    let shop = Shop::open(StoreConfig::default());
    let fetcher = BatchFetcher::with_host(shop.host()).with_num(1200);
    let reviews = shop.runtime.block_on(fetcher.reviews(["com.example.reviews5785"])).unwrap();
    let reviews = reviews.get("com.example.reviews5785").unwrap();
    assert_eq!((reviews.records.len(), reviews.failure.is_none()), (1200, true));
    assert!(reviews.records.iter().all(|review| review.rest.is_empty() && review.created_at.is_some()));
    let few = BatchFetcher::with_host(shop.host()).with_num(5);
    let found = shop.runtime.block_on(few.search(["panda", "photo, editor"])).unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["panda", "photo, editor"]);
    assert_eq!(found.get("panda").unwrap().records.len(), 5);
    let availability = fetcher.availability(["only.kr.app", "missing.app.x"], ["us", "kr"]);
    let availability = shop.runtime.block_on(availability).unwrap();
    let of = |country: &str, app: &str| availability.at(country, app).unwrap().as_ref().unwrap().availability.clone();
    assert_eq!((of("us", "only.kr.app").as_str(), of("kr", "only.kr.app").as_str()), ("not-in-country", "available"));
    assert_eq!(of("us", "missing.app.x"), "no-listing");
    assert_eq!(shop.runtime.block_on(few.similar_apps(["com.a.b"])).unwrap().get("com.a.b").unwrap().records.len(), 5);
    assert!(!shop.runtime.block_on(few.suggestions(["pand"])).unwrap().get("pand").unwrap().records.is_empty());
    let gone = shop.runtime.block_on(few.permissions(["missing.app.x"])).unwrap();
    assert_eq!(gone.get("missing.app.x").unwrap().failure.as_ref().unwrap().kind, FailureKind::NotFound);
    let safety = shop.runtime.block_on(few.data_safety(["com.spotify.music"])).unwrap();
    assert!(safety.get("com.spotify.music").unwrap().as_ref().unwrap().declared);
}
