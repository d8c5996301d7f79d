//! The store misbehaves as told: one test for each way.

use std::time::{Duration, Instant};

use playfast_sim::{FOREIGN_APP, FaultKind, Faults, StoreConfig};
use serde_json::Value;

use crate::read::{array_frames, line_frames};
use crate::support::{Shop, chart_call, details_call};

async fn certain(kind: FaultKind) -> Shop {
    let faults =
        Faults::none().with(kind, 1.0).retry_after(Duration::from_secs(3)).stall_for(Duration::from_millis(400));
    Shop::open(StoreConfig::default().faults(faults)).await
}

#[tokio::test]
async fn refusals_say_when_to_come_again() {
    for (kind, status) in [(FaultKind::TooManyRequests, 429), (FaultKind::Unavailable, 503)] {
        let shop = certain(kind).await;
        let response = shop.get("/store/apps/details?id=a.b").await;
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (status, &"3".parse().unwrap()));
        assert_eq!(shop.store.stats().faults(kind), 1);
    }
}

#[tokio::test]
async fn walls_are_redirects_to_other_hosts() {
    for (kind, host, status, mark) in [
        (FaultKind::Captcha, "https://www.google.com/sorry/index?continue=", 429, "captcha-form"),
        (FaultKind::Consent, "https://consent.google.com/ml?continue=", 200, "https://consent.google.com/save"),
    ] {
        let shop = certain(kind).await;
        let response = shop.get("/store/apps/details?id=a.b").await;
        let target = response.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(response.status(), 302);
        assert!(target.starts_with(host), "{target}");
        let there = target.replacen(".com/", &format!(".com:{}/", shop.store.address().port()), 1);
        let wall = shop.client.get(there).send().await.unwrap();
        assert_eq!(wall.status(), status);
        let text = wall.text().await.unwrap();
        assert!(text.contains(mark) && text.contains("store/apps/details?id=a.b"), "{text}");
    }
}

#[tokio::test]
async fn a_reset_breaks_the_body_and_not_the_store() {
    for http1 in [false, true] {
        let faults = Faults::none().with(FaultKind::Reset, 1.0);
        let shop = Shop::with(
            StoreConfig::default().faults(faults),
            |client| if http1 { client.http1_only() } else { client },
        )
        .await;
        let body =
            shop.try_post("hl=en&gl=us", &[chart_call("GAME", "topselling_free", 50)]).await.unwrap().bytes().await;
        assert!(body.is_err());
        shop.store.set_faults(Faults::none());
        assert_eq!(line_frames(&shop.chart("GAME", 50).await).len(), 4);
    }
}

#[tokio::test]
async fn a_truncated_body_looks_complete() {
    let shop = certain(FaultKind::Truncate).await;
    let body = shop.chart("GAME", 50).await;
    assert!(body.starts_with(")]}'") && !body.contains("[\"e\",4"));
    shop.store.set_faults(Faults::none());
    assert!(shop.chart("GAME", 50).await.len() > body.len());
}

#[tokio::test]
async fn a_stall_ends_after_its_time() {
    let shop = certain(FaultKind::Stall).await;
    let start = Instant::now();
    assert_eq!(shop.get("/").await.status(), 200);
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn calls_fail_one_by_one() {
    let shop = Shop::open(StoreConfig::default().faults(Faults::none().with(FaultKind::GatewayError, 0.5))).await;
    let calls: Vec<_> = (0..40).map(|index| details_call(&format!("com.app.n{index}"), "1")).collect();
    let body = shop.post("hl=en&gl=us", &calls).await.text().await.unwrap();
    let failed = array_frames(&body)[..40]
        .iter()
        .filter(|frame| frame[5][2][0][0].as_str().is_some_and(|detail| detail.contains("PlayGatewayError")))
        .count();
    assert!((8..=32).contains(&failed), "{failed}");
    assert_eq!(shop.store.stats().faults(FaultKind::GatewayError), failed as u64);
}

#[tokio::test]
async fn what_is_missing_is_so_in_pages_and_calls() {
    let shop = certain(FaultKind::NotFound).await;
    assert_eq!(shop.get("/store/apps/details?id=a.b").await.status(), 404);
    let calls = [details_call("a.b", "1"), chart_call("GAME", "topselling_free", 3)];
    let frames = array_frames(&shop.post("hl=en&gl=us", &calls).await.text().await.unwrap());
    assert_eq!(frames[0][5][0], 5);
    assert_eq!(frames[1][2], "[[null,null]]");
}

#[tokio::test]
async fn shuffled_answers_keep_their_tags() {
    let shop = certain(FaultKind::Shuffle).await;
    let calls: Vec<_> = (0..10).map(|index| details_call(&format!("com.app.n{index}"), "1")).collect();
    let frames = array_frames(&shop.post("hl=en&gl=us", &calls).await.text().await.unwrap());
    let tags: Vec<usize> = frames[..10].iter().map(|frame| frame[6].as_str().unwrap().parse().unwrap()).collect();
    assert!(!tags.is_sorted());
    for (frame, tag) in frames.iter().zip(tags) {
        assert!(frame[2].as_str().unwrap().contains(&format!("com.app.n{tag}\"")));
    }
}

#[tokio::test]
async fn limits_refuse_what_is_above_them() {
    let shop =
        Shop::open(StoreConfig::default().latency(Duration::from_millis(200)).faults(Faults::none().max_in_flight(4)))
            .await;
    assert_eq!(statuses(&shop, 10).await, [(200, 4), (503, 6)]);
    shop.store.set_faults(Faults::none().per_second(3.0));
    assert_eq!(statuses(&shop, 10).await, [(200, 3), (429, 7)]);
    assert_eq!((shop.store.stats().over_in_flight, shop.store.stats().over_rate), (6, 7));
}

/// How many of so many requests at once got which status.
async fn statuses(shop: &Shop, count: usize) -> [(u16, usize); 2] {
    let asked: Vec<_> = (0..count).map(|_| tokio::spawn(shop.client.get(shop.url("/")).send())).collect();
    let mut refused = Vec::new();
    for response in asked {
        refused.extend(Some(response.await.unwrap().unwrap().status().as_u16()).filter(|status| *status != 200));
    }
    [(200, count - refused.len()), (refused[0], refused.len())]
}

/// The frames for details calls of these apps.
async fn details(shop: &Shop, ids: &[&str]) -> Vec<Value> {
    let calls: Vec<_> = ids.iter().map(|id| details_call(id, "1,78")).collect();
    let frames = array_frames(&shop.post("hl=en&gl=us", &calls).await.text().await.unwrap());
    frames.into_iter().filter(|frame| frame[0] == "wrb.fr" || frame[0] == "er").collect()
}

#[tokio::test]
async fn one_app_of_a_post_fails_in_its_own_way() {
    let faults = [
        ("com.missing.frame", FaultKind::MissingFrame),
        ("com.empty.frame", FaultKind::EmptyFrame),
        ("com.another.app", FaultKind::ForeignFrame),
        ("com.error.frame", FaultKind::ErrorFrame),
    ];
    let faults = faults.into_iter().fold(Faults::none().error_code(503), |faults, (id, kind)| faults.for_app(id, kind));
    let shop = Shop::open(StoreConfig::default().faults(faults)).await;
    let ids = ["com.app.a", "com.missing.frame", "com.empty.frame", "com.another.app", "com.error.frame", "com.app.b"];
    let frames = details(&shop, &ids).await;
    let tags: Vec<_> = frames.iter().map(|frame| frame[6].as_str().unwrap()).collect();
    assert_eq!(tags, ["0", "2", "3", "4", "5"]);
    assert!(frames[1][2].is_null() || ["[]", "[[[[]]],[]]"].contains(&frames[1][2].as_str().unwrap()));
    assert!(frames[2][2].as_str().unwrap().contains(FOREIGN_APP));
    assert_eq!((&frames[3][0], &frames[3][5], &frames[3][9]), (&"er".into(), &503.into(), &14.into()));
    assert!(frames[4][2].as_str().unwrap().contains("com.app.b"));
    let stats = shop.store.stats();
    assert_eq!((stats.posts, stats.calls, stats.largest_post), (1, 6, 6));
}

#[tokio::test]
async fn a_post_that_is_too_large_or_asks_for_a_poisoned_app_is_refused_as_a_whole() {
    let faults = Faults::none().max_calls(3, 413).poisoned("com.bad.app", 500);
    let shop = Shop::open(StoreConfig::default().faults(faults)).await;
    for (ids, status) in [
        (["com.a.a"; 3].as_slice(), 200),
        (["com.a.a"; 4].as_slice(), 413),
        (&["com.a.a", "com.bad.app"], 500),
        (&["com.bad.app"], 500),
    ] {
        let calls: Vec<_> = ids.iter().map(|id| details_call(id, "1")).collect();
        assert_eq!(shop.post("hl=en&gl=us", &calls).await.status(), status, "{ids:?}");
    }
    assert_eq!(shop.get("/store/apps/details?id=com.bad.app").await.status(), 500);
    assert_eq!((shop.store.stats().over_calls, shop.store.stats().poisoned), (1, 3));
}

#[tokio::test]
async fn a_window_admits_its_requests_and_says_when_it_ends() {
    let shop = Shop::open(StoreConfig::default().faults(Faults::none().window(2, Duration::from_secs(600)))).await;
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(shop.get("/").await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200]);
    let refused = shop.get("/").await;
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(refused.status() == 429 && (1..=600).contains(&wait), "{refused:?}");
}

#[tokio::test]
async fn the_short_form_gets_what_the_long_one_does_not() {
    let shop = certain(FaultKind::LongFormEmpty).await;
    let short = r#"[[null,[[null,[null,5]],null,null,[113]],[2,"topselling_free","GAME"]]]"#;
    let calls = [chart_call("GAME", "topselling_free", 5), ("vyAe2", short.to_owned())];
    let frames = array_frames(&shop.post("hl=en&gl=us", &calls).await.text().await.unwrap());
    assert_eq!(frames[0][2], "[[null,null]]");
    assert!(frames[1][2].as_str().unwrap().len() > 1000);
}

#[tokio::test]
async fn a_store_that_opens_late_or_goes_away_refuses_connections() {
    let shop = Shop::open(StoreConfig::default().opens_after(Duration::from_secs(2))).await;
    let refused = shop.client.get(shop.url("/")).send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    let mut answered = false;
    for _ in 0..1000 {
        answered = answered || shop.client.get(shop.url("/")).send().await.is_ok();
        tokio::time::sleep(Duration::from_millis(20)).await;
        if answered {
            break;
        }
    }
    assert!(answered);
    shop.store.set_reachable(false);
    shop.client.get(shop.url("/")).send().await.unwrap_err();
    shop.store.set_reachable(true);
    assert_eq!(shop.get("/").await.status(), 200);
}
