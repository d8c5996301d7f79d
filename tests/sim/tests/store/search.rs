//! Searches, as their pages give them.

use playfast_sim::{Price, SearchQuery, StoreConfig};
use serde_json::{Value, json};

use crate::answers::{app, item, micros};
use crate::read::{array_frames, assert_same, at, blocks};
use crate::support::Shop;

/// What is read from a search page.
struct Read {
    records: Vec<Value>,
    correction: Option<String>,
    token: Option<String>,
    has_card: bool,
    /// Sections without apps.
    sections_before: usize,
}

async fn search(shop: &Shop, query: &SearchQuery) -> Read {
    let price = match query.price {
        Price::All => 0,
        Price::Free => 1,
        Price::Paid => 2,
    };
    let term: String = url::form_urlencoded::byte_serialize(query.term.as_bytes()).collect();
    let path = format!("/store/search?c=apps&q={term}&hl={}&gl={}&price={price}", query.language, query.country);
    let response = shop.get(&path).await;
    assert_eq!(response.status(), 200);
    read(&blocks(&response.text().await.unwrap(), "lGYRle")[0])
}

fn read(payload: &Value) -> Read {
    let mut read = Read { records: Vec::new(), correction: None, token: None, has_card: false, sections_before: 0 };
    for section in at(payload, "0,1").as_array().into_iter().flatten() {
        if let Some(items) = at(section, "22,0").as_array() {
            read.records.extend(items.iter().map(|entry| item(&entry[0])));
            read.token = at(section, "22,1,3,1").as_str().map(ToOwned::to_owned);
        } else if !at(section, "23").is_null() {
            assert!(read.records.is_empty());
            read.records.push(card(at(section, "23")));
            read.has_card = true;
        } else {
            read.sections_before += 1;
            read.correction = at(section, "20,1").as_str().map(ToOwned::to_owned);
        }
    }
    read
}

fn card(content: &Value) -> Value {
    assert_eq!(at(content, "16,11,0,0"), &content[16][3]["12"][0][0]);
    let mut record = app(&json!([[], content[16]]));
    let (price, currency) = (micros(content, "17,0,2,0,1,0,0"), at(content, "17,0,2,0,1,0,1"));
    assert_eq!((&record["price"], &record["currency"]), (&price, currency));
    let url = format!("https://play.google.com/store/apps/details?id={}", record["app_id"].as_str().unwrap());
    record["url"] = url.into();
    record
}

#[tokio::test]
async fn searches_are_what_the_catalogue_says() {
    let shop = Shop::open(StoreConfig::default()).await;
    let mut tokens = 0;
    for (term, language, country, has_card) in [
        ("panda", "en", "us", true),
        ("panda races", "en", "us", false),
        ("Straßen & Wege", "de", "de", false),
        ("org.mozilla.firefox", "fr", "fr", true),
        ("WhatsApp", "ja", "jp", true),
        ("2048", "en", "us", false),
    ] {
        let query = SearchQuery::new(term, language, country);
        let (read, truth) = (search(&shop, &query).await, shop.store.search(&query));
        assert_eq!((read.records.len(), read.has_card, &read.correction), (truth.len(), has_card, &None), "{term}");
        assert_eq!(read.sections_before, usize::from(["de", "fr"].contains(&country)));
        assert!((20..=30).contains(&truth.len()));
        read.records.iter().zip(&truth).for_each(|(read, truth)| assert_same(read, truth));
        tokens += usize::from(read.token.is_some());
    }
    assert!((1..6).contains(&tokens), "{tokens}");
}

#[tokio::test]
async fn a_price_filter_selects() {
    let shop = Shop::open(StoreConfig::default()).await;
    let query = SearchQuery::new("panda", "en", "us");
    let free = |record: &Value| record["price"].as_f64() == Some(0.0);
    for (price, is_free) in [(Price::Free, true), (Price::Paid, false)] {
        let query = query.clone().price(price);
        let (read, truth) = (search(&shop, &query).await.records, shop.store.search(&query));
        assert!(read.len() >= 20 && read.iter().all(|record| free(record) == is_free));
        read.iter().zip(&truth).for_each(|(read, truth)| assert_same(read, truth));
    }
}

#[tokio::test]
async fn a_misspelt_term_is_corrected_and_the_answer_says_so() {
    let shop = Shop::open(StoreConfig::default()).await;
    let query = SearchQuery::new("pandaaa", "en", "us");
    let read = search(&shop, &query).await;
    assert_eq!(read.correction, shop.store.corrected_term(&query));
    assert_eq!(read.correction.as_deref(), Some("panda"));
    assert_eq!(read.records, search(&shop, &SearchQuery::new("panda", "en", "us")).await.records);
}

#[tokio::test]
async fn nothing_is_found_for_a_term_without_letters() {
    let shop = Shop::open(StoreConfig::default()).await;
    let query = SearchQuery::new("!?", "en", "us");
    assert!(search(&shop, &query).await.records.is_empty() && shop.store.search(&query).is_empty());
}

#[tokio::test]
async fn a_search_is_not_continued() {
    let shop = Shop::open(StoreConfig::default()).await;
    let terms = ["panda", "cat", "dog", "bird", "fish", "horse"];
    for term in terms {
        let Some(token) = search(&shop, &SearchQuery::new(term, "en", "us")).await.token else { continue };
        let argument = json!([[null, [[10, [10, 50]], true, null, [96, 27]], null, token]]).to_string();
        let answer = shop.post("hl=en&gl=us", &[("qnKhOb", argument)]).await.text().await.unwrap();
        let frame = &array_frames(&answer)[0];
        assert_eq!((&frame[2], &frame[5]), (&Value::Null, &json!([5])));
        return;
    }
    panic!("none of {terms:?} has a token");
}
