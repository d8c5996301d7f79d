//! Permissions and suggestions.

use playfast_sim::{AppQuery, FaultKind, Faults, StoreConfig};
use serde_json::{Value, json};

use crate::read::{array_frames, at, each, payload};
use crate::support::Shop;

async fn answer(shop: &Shop, edition: &str, rpc: &str, argument: Value) -> Value {
    let text = shop.post(edition, &[(rpc, argument.to_string())]).await.text().await.unwrap();
    payload(&array_frames(&text)[0])
}

async fn permissions(shop: &Shop, id: &str) -> Value {
    answer(shop, "hl=en&gl=us", "xdSrCf", json!([[null, [id, 7], []]])).await
}

async fn suggestions(shop: &Shop, term: &str) -> Vec<Value> {
    let payload = answer(shop, "hl=en&gl=us", "IJ4APc", json!([[null, [term], [10], [2], 4]])).await;
    each(&payload, "0,0", "0").as_array().unwrap().clone()
}

fn groups(payload: &Value) -> Vec<Value> {
    let group = |group: &Value| json!({"group": group[0], "permissions": each(group, "2", "1")});
    let named = ["0", "1"].into_iter().flat_map(|slot| at(payload, slot).as_array().into_iter().flatten().map(group));
    let ungrouped = at(payload, "2").as_array().map(|_| json!({"group": null, "permissions": each(payload, "2", "1")}));
    named.chain(ungrouped).collect()
}

#[tokio::test]
async fn permissions_are_what_the_catalogue_says() {
    let shop = Shop::open(StoreConfig::default()).await;
    for id in ["com.whatsapp", "a.b", "org.mozilla.firefox"] {
        let truth = shop.store.permissions(&AppQuery::new(id, "en", "us")).unwrap();
        assert!(!truth.is_empty());
        assert_eq!(groups(&permissions(&shop, id).await), truth);
    }
}

#[tokio::test]
async fn an_unknown_app_is_empty_and_one_that_asks_for_nothing_has_no_groups() {
    let shop = Shop::open(StoreConfig::default()).await;
    let truth = |id| shop.store.permissions(&AppQuery::new(id, "en", "us"));
    assert_eq!((permissions(&shop, "missing.app").await, truth("missing.app")), (json!([]), None));
    assert_eq!((permissions(&shop, "bare.app").await, truth("bare.app")), (json!([[], [], null]), Some(Vec::new())));
    shop.store.set_faults(Faults::none().for_app("a.b", FaultKind::NotFound));
    assert_eq!(permissions(&shop, "a.b").await, json!([]));
}

#[tokio::test]
async fn suggestions_are_what_the_catalogue_says() {
    let shop = Shop::open(StoreConfig::default()).await;
    for term in ["pand", "Straßen & Wege", "!?"] {
        assert_eq!(suggestions(&shop, term).await, shop.store.suggestions(term, "en"), "{term}");
    }
    assert_eq!((suggestions(&shop, "pand").await.len(), suggestions(&shop, "!?").await.len()), (5, 0));
}
