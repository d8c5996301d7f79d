//! Does the store misbehave as told? One test for each way.

use std::time::{Duration, Instant};

use playfast_sim::{FaultKind, Faults, StoreConfig};

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
