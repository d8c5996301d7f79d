//! Details calls for some fields, many calls in a POST, and apps that a country doesn't have.

use playfast_sim::{AppQuery, ChartQuery, StoreConfig};
use serde_json::Value;

use crate::read::{array_frames, at, blocks, payload};
use crate::support::{Shop, details_call};

/// The field numbers of a genre, an availability and an id.
const GENRE: &str = "80";
const AVAILABILITY: &str = "19";

async fn answers(shop: &Shop, country: &str, ids: &[String], fields: &str) -> Vec<Value> {
    let calls: Vec<_> = ids.iter().map(|id| details_call(id, fields)).collect();
    let answer = shop.post(&format!("hl=en&gl={country}"), &calls).await.text().await.unwrap();
    array_frames(&answer).into_iter().take(ids.len()).collect()
}

async fn one(shop: &Shop, country: &str, id: &str, fields: &str) -> Value {
    answers(shop, country, &[id.to_owned()], fields).await.remove(0)
}

fn ids(shop: &Shop, num: usize) -> Vec<String> {
    let chart = shop.store.chart(&ChartQuery::new("us", "GAME", "topselling_free").num(num));
    chart.iter().map(|record| record["app_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_thousand_calls_for_one_field_are_one_post() {
    let shop = Shop::open(StoreConfig::default()).await;
    let ids: Vec<_> = ids(&shop, 128).into_iter().cycle().take(1024).collect();
    let frames = answers(&shop, "us", &ids, GENRE).await;
    let (mut sparse, mut dense) = (0, 0);
    for (frame, id) in frames.iter().zip(&ids) {
        let payload = payload(frame);
        let truth = shop.store.app(&AppQuery::new(id, "en", "us")).unwrap();
        assert_eq!(at(&payload, "1,11,0,0"), id.as_str());
        assert_eq!(at(&payload, "1,2,79,0,0,2"), &truth["genre_id"]);
        let message = payload[1][2].as_array().unwrap();
        match message.len() {
            1 => sparse += 1,
            length => {
                assert!(length == 80 && message[..79].iter().all(Value::is_null));
                dense += 1;
            }
        }
    }
    assert!(sparse > 200 && dense > 200, "{sparse} {dense}");
    assert_eq!((shop.store.stats().posts, shop.store.stats().largest_post), (1, 1024));
}

#[tokio::test]
async fn tens_of_thousands_of_calls_are_answered() {
    let shop = Shop::open(StoreConfig::default()).await;
    let ids: Vec<_> = ids(&shop, 100).into_iter().cycle().take(24_576).collect();
    assert!(answers(&shop, "us", &ids, GENRE).await.iter().all(|frame| frame[2].is_string()));
}

#[tokio::test]
async fn fields_that_are_not_asked_for_are_absent() {
    let shop = Shop::open(StoreConfig::default()).await;
    for id in ids(&shop, 20) {
        let (frame, truth) =
            (one(&shop, "us", &id, "1,80,52").await, shop.store.app(&AppQuery::new(&id, "en", "us")).unwrap());
        let payload = payload(&frame);
        assert_eq!(at(&payload, "1,2,0,0"), &truth["title"]);
        assert_eq!(at(&payload, "1,2,51,2,1"), &truth["ratings"]);
        for path in ["1,2,13,0", "1,2,68,0", "1,2,77,0", "1,2,95,0", "1,2,137,4"] {
            assert!(at(&payload, path).is_null(), "{path}");
        }
        assert!(frame[2].as_str().unwrap().len() < 2_000);
    }
}

#[tokio::test]
async fn an_app_of_another_country_has_a_page_that_says_so() {
    let shop = Shop::open(StoreConfig::default()).await;
    let id = "only.de.app";
    let here = AppQuery::new(id, "en", "de");
    let there = AppQuery::new(id, "en", "us");
    assert_eq!((shop.store.availability(&here), shop.store.availability(&there)), ("available", "not-in-country"));
    assert_eq!(at(&payload(&one(&shop, "de", id, AVAILABILITY).await), "1,2,18,0"), 2);
    let call = payload(&one(&shop, "us", id, AVAILABILITY).await);
    assert_eq!(at(&call, "1,2,18"), &serde_json::json!([]));
    let page = shop.get(&format!("/store/apps/details?id={id}&hl=en&gl=us")).await;
    assert_eq!(page.status(), 200);
    let details = blocks(&page.text().await.unwrap(), "Ws7gDc").remove(1);
    assert_eq!(at(&details, "1,2,18"), &serde_json::json!([]));
    let (there, here) = (shop.store.app(&there).unwrap(), shop.store.app(&here).unwrap());
    assert_eq!((&there["available"], &here["available"]), (&false.into(), &true.into()));
    assert_eq!(at(&details, "1,2,0,0"), &there["title"]);
}

#[tokio::test]
async fn an_app_without_a_page_has_an_empty_frame() {
    let shop = Shop::open(StoreConfig::default()).await;
    for (id, country, status) in [
        ("removed.app", "us", "no-listing"),
        ("listed.de.app", "us", "no-listing"),
        ("listed.de.app", "de", "available"),
        ("soon.app", "us", "preregister"),
        ("missing.app", "us", "no-listing"),
    ] {
        let frame = one(&shop, country, id, AVAILABILITY).await;
        let page = shop.get(&format!("/store/apps/details?id={id}&hl=en&gl={country}")).await;
        assert_eq!(shop.store.availability(&AppQuery::new(id, "en", country)), status);
        assert_eq!(page.status(), if status == "no-listing" { 404 } else { 200 }, "{id}");
        assert_eq!(frame[2].is_null(), status == "no-listing", "{id}");
        assert_eq!(frame[5].is_null(), id != "missing.app", "{id}");
        if status == "preregister" {
            assert_eq!(at(&payload(&frame), "1,2,18,0"), 1);
        }
    }
}
