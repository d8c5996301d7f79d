//! Versions, compression, tags, statuses, latency.

use std::time::{Duration, Instant};

use playfast_sim::{AppQuery, Canned, ChartQuery, Protocol, StoreConfig};
use reqwest::Version;

use crate::read::{array_frames, line_frames, payload};
use crate::support::{Shop, chart_call, details_call};

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    let shop = Shop::open(StoreConfig::default()).await;
    assert_eq!(shop.get("/").await.version(), Version::HTTP_2);
    let old = Shop::with(StoreConfig::default(), reqwest::ClientBuilder::http1_only).await;
    assert_eq!(old.get("/").await.version(), Version::HTTP_11);
    let old = Shop::open(StoreConfig::default().protocol(Protocol::Http1)).await;
    assert_eq!(old.get("/").await.version(), Version::HTTP_11);
    assert_eq!(line_frames(&old.chart("GAME", 5).await).len(), 4);
}

#[tokio::test]
async fn gzip_and_plain_hold_the_same() {
    let config = StoreConfig::default;
    let (gzip, plain) =
        (Shop::open(config()).await, Shop::with(config(), |client| client.no_gzip().no_brotli().no_zstd()).await);
    assert!(gzip.chart("GAME", 40).await == plain.chart("GAME", 40).await);
    let path = "/store/apps/details?id=com.whatsapp&hl=ja&gl=jp";
    let whole = plain.get(path).await.text().await.unwrap();
    assert!(gzip.get(path).await.text().await.unwrap() == whole);
    assert!(gzip.store.stats().bytes_sent * 2 < plain.store.stats().bytes_sent);
    assert!(plain.store.stats().bytes_sent > whole.len() as u64);
}

#[tokio::test]
async fn calls_of_one_post_are_answered_under_their_tags() {
    let shop = Shop::open(StoreConfig::default()).await;
    let calls = [
        chart_call("GAME", "topselling_free", 3),
        details_call("com.whatsapp", "1"),
        details_call("missing.app", "1"),
        ("ABCDEF", "[]".to_owned()),
    ];
    let frames = array_frames(&shop.post("hl=en&gl=us", &calls).await.text().await.unwrap());
    let tags: Vec<_> = frames[..4].iter().map(|frame| frame[6].as_str().unwrap()).collect();
    assert_eq!(tags, ["0", "1", "2", "3"]);
    assert!(payload(&frames[1])[1][2][0][0].as_str().unwrap().starts_with("Whatsapp"));
    assert_eq!((&frames[2][2], &frames[2][5][0]), (&serde_json::Value::Null, &5.into()));
    assert_eq!((&frames[3][2], &frames[3][5][0]), (&serde_json::Value::Null, &3.into()));
}

#[tokio::test]
async fn an_unknown_chart_is_null_and_an_unknown_app_not_found() {
    let shop = Shop::open(StoreConfig::default()).await;
    assert!(payload(&line_frames(&shop.chart("NOPE", 10).await)[0])[0][1].is_null());
    for path in
        ["/store/apps/details?id=missing.app", "/store/apps/details?id=nodots", "/store/apps/details", "/elsewhere"]
    {
        let response = shop.get(path).await;
        assert_eq!(response.status(), 404);
        assert!(response.text().await.unwrap().contains("the requested URL was not found on this server."));
    }
}

#[tokio::test]
async fn latency_runs_in_parallel() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(300))).await;
    let start = Instant::now();
    let asked: Vec<_> = (0..100).map(|_| tokio::spawn(shop.client.get(shop.url("/")).send())).collect();
    for response in asked {
        assert_eq!(response.await.unwrap().unwrap().status(), 200);
    }
    let taken = start.elapsed();
    assert!((Duration::from_millis(300)..Duration::from_millis(1500)).contains(&taken), "{taken:?}");
    assert_eq!((shop.store.stats().requests, shop.store.stats().peak_in_flight), (100, 100));
}

#[tokio::test]
async fn canned_responses_come_first() {
    let shop = Shop::open(StoreConfig::default()).await;
    shop.store
        .respond_with("/store/apps/details?id=com.whatsapp", Canned::new(503, "closed").header("retry-after", "7"))
        .unwrap();
    let response = shop.get("/store/apps/details?id=com.whatsapp&hl=en").await;
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (503, "7"));
    assert_eq!(response.text().await.unwrap(), "closed");
    assert!(shop.store.respond_with("/", Canned::new(200, "").header("bad header", "")).is_err());
    shop.store.clear_canned();
    assert_eq!(shop.get("/store/apps/details?id=com.whatsapp&hl=en").await.status(), 200);
}

#[tokio::test]
async fn what_was_prepared_is_not_generated_again() {
    let shop = Shop::open(StoreConfig::default()).await;
    shop.store
        .prepare(&[ChartQuery::new("us", "GAME", "topselling_free")], &[AppQuery::new("com.whatsapp", "en", "us")])
        .await
        .unwrap();
    shop.chart("GAME", 100).await;
    shop.get("/store/apps/details?id=com.whatsapp&hl=en&gl=us").await.bytes().await.unwrap();
    assert_eq!(shop.store.stats().generated, 0);
    shop.chart("GAME", 99).await;
    assert_eq!(shop.store.stats().generated, 1);
}

#[tokio::test]
async fn a_stopped_store_answers_no_more() {
    let Shop { store, client } = Shop::open(StoreConfig::default()).await;
    let url = format!("https://play.google.com:{}/", store.address().port());
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    assert_eq!(store.connect_to()[0], format!("play.google.com:443:{}", store.address()));
    store.shutdown().await;
    assert!(client.get(&url).send().await.is_err());
}
