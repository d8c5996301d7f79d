//! Reviews, page by page, and what goes wrong with pages.

use std::collections::HashSet;

use playfast_sim::{Device, FaultKind, Faults, ReviewQuery, ReviewSort, StoreConfig};
use serde_json::{Value, json};

use crate::read::{array_frames, assert_same, at, payload};
use crate::support::Shop;

const APP: &str = "com.example.reviews5785";

/// A page as it is read: its reviews and the token of the next; nothing for a null payload.
type Page = Option<(Vec<Value>, Option<String>)>;

async fn open(faults: Faults) -> Shop {
    Shop::open(StoreConfig::default().faults(faults)).await
}

fn call(query: &ReviewQuery, length: usize, token: Option<&str>) -> (&'static str, String) {
    let sort = match query.sort {
        ReviewSort::MostHelpful => 1,
        ReviewSort::Newest => 2,
        ReviewSort::Rating => 3,
    };
    let device = query.device.map(|device| match device {
        Device::Phone => 2,
        Device::Tablet => 3,
        Device::Chromebook => 5,
        Device::Tv => 6,
    });
    let filter = json!([null, query.stars, null, null, null, null, null, null, device]);
    let range = token.map_or_else(|| json!([length]), |token| json!([length, null, token]));
    ("oCPfdb", json!([null, [2, sort, range, null, filter], [query.app_id, 7]]).to_string())
}

async fn frame(shop: &Shop, language: &str, call: (&str, String)) -> Value {
    let answer = shop.post(&format!("hl={language}"), &[call]).await.text().await.unwrap();
    array_frames(&answer)[0].clone()
}

fn page(frame: &Value) -> Page {
    frame[2].as_str()?;
    let payload = payload(frame);
    let reviews = at(&payload, "0").as_array().into_iter().flatten().map(review).collect();
    Some((reviews, at(&payload, "1,1").as_str().map(ToOwned::to_owned)))
}

async fn read(shop: &Shop, query: &ReviewQuery, length: usize, token: Option<&str>) -> Page {
    page(&frame(shop, &query.language, call(query, length, token)).await)
}

fn review(message: &Value) -> Value {
    let field = |path: &str| at(message, path).clone();
    let criterion = |entry: &Value| json!({"name": at(entry, "0"), "rating": at(entry, "1,0")});
    let criteria = at(message, "12,0").as_array().map(|all| all.iter().map(criterion).collect::<Value>());
    json!({
        "review_id": field("0"), "user_name": field("1,0"), "user_image": field("1,1,3,2"), "score": field("2"),
        "content": field("4"), "created_at": field("5,0"), "thumbs_up": field("6"), "reply_author": field("7,0"),
        "reply_content": field("7,1"), "reply_at": field("7,2,0"), "app_version": field("10"), "criteria": criteria,
    })
}

/// All pages of a query.
async fn read_all(shop: &Shop, query: &ReviewQuery, length: usize) -> Vec<Value> {
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let (reviews, next) = read(shop, query, length, token.as_deref()).await.unwrap();
        all.extend(reviews);
        token = next;
        if token.is_none() {
            return all;
        }
    }
}

fn assert_all_same(read: &[Value], truth: &[Value]) {
    assert_eq!(read.len(), truth.len());
    read.iter().zip(truth).for_each(|(read, truth)| assert_same(read, truth));
}

#[tokio::test]
async fn pages_of_a_thousand_hold_each_review_once() {
    let shop = open(Faults::none()).await;
    let query = ReviewQuery::new(APP, "en");
    let read = read_all(&shop, &query, 1000).await;
    assert_eq!((read.len(), shop.store.stats().requests), (5785, 6));
    assert_eq!(read.iter().map(|review| review["review_id"].as_str().unwrap()).collect::<HashSet<_>>().len(), 5785);
    assert_all_same(&read, &shop.store.reviews(&query));
}

#[tokio::test]
async fn every_field_is_there_and_absent_in_some_reviews() {
    let shop = open(Faults::none()).await;
    let reviews = shop.store.reviews(&ReviewQuery::new(APP, "en"));
    for name in ["content", "reply_author", "reply_content", "reply_at", "app_version", "criteria"] {
        assert!(reviews.iter().any(|review| review[name].is_null()), "{name}");
        assert!(reviews.iter().any(|review| !review[name].is_null()), "{name}");
    }
}

#[tokio::test]
async fn order_stars_and_device_select() {
    let shop = open(Faults::none()).await;
    let query = ReviewQuery::new("com.example.reviews900", "en");
    for query in [
        query.clone().sort(ReviewSort::MostHelpful),
        query.clone().sort(ReviewSort::Rating),
        query.clone().stars(1),
        query.clone().device(Device::Tablet),
        query.clone().stars(5).device(Device::Chromebook).sort(ReviewSort::MostHelpful),
        query.stars(4).device(Device::Tv),
    ] {
        let read = read_all(&shop, &query, 100).await;
        assert!(!read.is_empty());
        assert_all_same(&read, &shop.store.reviews(&query));
    }
}

#[tokio::test]
async fn languages_partition_the_reviews_and_countries_do_nothing() {
    let shop = open(Faults::none()).await;
    let mut ids = HashSet::new();
    for language in ["en", "de", "fr", "ja", "ru"] {
        let query = ReviewQuery::new(APP, language);
        let read = read_all(&shop, &query, 1000).await;
        assert_all_same(&read, &shop.store.reviews(&query));
        assert!(read.iter().all(|review| ids.insert(review["review_id"].as_str().unwrap().to_owned())), "{language}");
    }
    assert!(ids.len() > 5785 + 100, "{}", ids.len());
    let reviews = |language| shop.store.reviews(&ReviewQuery::new(APP, language));
    assert_eq!(reviews("tg"), reviews("ru"));
    assert!(reviews("xx").is_empty());
    let query = ReviewQuery::new(APP, "en");
    let [here, there] = ["en&gl=us", "en&gl=de"].map(|edition| frame(&shop, edition, call(&query, 10, None)));
    assert_eq!(here.await[2], there.await[2]);
}

#[tokio::test]
async fn more_than_three_thousand_are_null() {
    let shop = open(Faults::none()).await;
    let query = ReviewQuery::new(APP, "en");
    for length in [200, 300, 500, 1000, 2000, 3000] {
        assert_eq!(read(&shop, &query, length, None).await.unwrap().0.len(), length);
    }
    for length in [3001, 5000] {
        let frame = frame(&shop, "en", call(&query, length, None)).await;
        assert!(frame[2].is_null() && frame[5].is_null(), "{frame}");
    }
    shop.store.set_faults(Faults::none().largest_review_page(500));
    assert!(read(&shop, &query, 1000, None).await.is_none());
    assert_eq!(read(&shop, &query, 500, None).await.unwrap().0.len(), 500);
}

#[tokio::test]
async fn an_app_without_reviews_has_an_empty_answer() {
    let shop = open(Faults::none()).await;
    for id in ["com.example.reviews0", "missing.app"] {
        let frame = frame(&shop, "en", call(&ReviewQuery::new(id, "en"), 100, None)).await;
        assert_eq!(frame[2], "[]");
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_own_query_only() {
    let shop = open(Faults::none()).await;
    let query = ReviewQuery::new(APP, "en");
    let (_, token) = read(&shop, &query, 10, None).await.unwrap();
    for query in [query.clone().stars(1), query.sort(ReviewSort::Rating), ReviewQuery::new("com.whatsapp", "en")] {
        assert_eq!(frame(&shop, "en", call(&query, 10, token.as_deref())).await[5], json!([3]));
    }
}

#[tokio::test]
async fn the_older_rpc_gives_150_at_most() {
    let shop = open(Faults::none()).await;
    let argument = json!([null, null, [2, 2, [1000, null, null], null, []], [APP, 7]]).to_string();
    let (reviews, token) = page(&frame(&shop, "en", ("UsvDTd", argument)).await).unwrap();
    assert_all_same(&reviews, &shop.store.reviews(&ReviewQuery::new(APP, "en"))[..150]);
    assert!(token.is_some());
}

#[tokio::test]
async fn a_page_is_null_as_told() {
    let query = ReviewQuery::new(APP, "en");
    let shop = open(Faults::none().with(FaultKind::NullNextPage, 1.0)).await;
    let (_, token) = read(&shop, &query, 1000, None).await.unwrap();
    let null = frame(&shop, "en", call(&query, 1000, token.as_deref())).await;
    assert!(null[2].is_null() && null[5].is_null(), "{null}");
    assert_eq!(shop.store.stats().faults(FaultKind::NullNextPage), 1);
    shop.store.set_faults(Faults::none().for_app(APP, FaultKind::NullFirstPage));
    assert!(read(&shop, &query, 1000, None).await.is_none());
    assert!(read(&shop, &query, 1000, token.as_deref()).await.is_some());
    assert!(read(&shop, &ReviewQuery::new("com.example.reviews9", "en"), 1000, None).await.is_some());
}

#[tokio::test]
async fn an_empty_page_has_a_token_that_gets_what_is_missing() {
    let shop = open(Faults::none().with(FaultKind::EmptyPage, 1.0)).await;
    let query = ReviewQuery::new(APP, "en");
    let (reviews, token) = read(&shop, &query, 1000, None).await.unwrap();
    assert!(reviews.is_empty());
    shop.store.set_faults(Faults::none());
    let (reviews, _) = read(&shop, &query, 1000, token.as_deref()).await.unwrap();
    assert_all_same(&reviews, &shop.store.reviews(&query)[..1000]);
}

#[tokio::test]
async fn a_repeated_token_gets_the_same_page_again() {
    let shop = open(Faults::none().with(FaultKind::RepeatedToken, 1.0)).await;
    let query = ReviewQuery::new(APP, "en");
    let (_, first) = read(&shop, &query, 1000, None).await.unwrap();
    let (once, second) = read(&shop, &query, 1000, first.as_deref()).await.unwrap();
    let (again, _) = read(&shop, &query, 1000, second.as_deref()).await.unwrap();
    assert_eq!((first, once), (second, again));
}
