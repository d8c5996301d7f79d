//! Pages on data safety.

use playfast_sim::{AppQuery, StoreConfig};
use serde_json::{Value, json};

use crate::read::{assert_same, at, blocks};
use crate::support::Shop;

async fn block(shop: &Shop, id: &str) -> Value {
    let response = shop.get(&format!("/store/apps/datasafety?id={id}&hl=en")).await;
    assert_eq!(response.status(), 200);
    let mut found = blocks(&response.text().await.unwrap(), "Ws7gDc");
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn record(answer: &Value) -> Value {
    let declaration = at(answer, "1,2,137");
    let declared = !declaration.is_null();
    let practice = |one: &Value| json!({"practice": one[1], "description": one[2][1]});
    let practices = at(declaration, "9,2").as_array().map(|all| all.iter().map(practice).collect::<Value>());
    json!({
        "shared": declared.then(|| uses(at(declaration, "4,0,0"))),
        "collected": declared.then(|| uses(at(declaration, "4,1,0"))),
        "practices": practices,
        "privacy_policy": at(answer, "1,2,99,0,5,2"),
    })
}

fn uses(section: &Value) -> Vec<Value> {
    let kinds = section.as_array().into_iter().flatten();
    kinds.flat_map(|kind| kind[4].as_array().unwrap().iter().map(|usage| data_use(&kind[0][1], usage))).collect()
}

fn data_use(group: &Value, usage: &Value) -> Value {
    json!({"type": group, "data": usage[0], "optional": usage[1] == 1, "purpose": usage[2]})
}

#[tokio::test]
async fn pages_are_what_the_catalogue_says() {
    let shop = Shop::open(StoreConfig::default()).await;
    for id in ["com.whatsapp", "a.b", "org.mozilla.firefox", "bare.app", "silent.app", "com.mojang.minecraftpe"] {
        let truth = shop.store.data_safety_page(&AppQuery::new(id, "en", "us")).unwrap();
        let answer = block(&shop, id).await;
        assert_eq!(at(&answer, "1,11,0,0"), id);
        assert_same(&record(&answer), &truth);
    }
}

#[tokio::test]
async fn what_declares_nothing_is_told_from_what_declares_that_there_is_nothing() {
    let shop = Shop::open(StoreConfig::default()).await;
    let truth = |id| shop.store.data_safety_page(&AppQuery::new(id, "en", "us")).unwrap();
    assert_eq!((&truth("bare.app")["collected"], &truth("silent.app")["collected"]), (&json!([]), &Value::Null));
    assert!(!at(&block(&shop, "bare.app").await, "1,2,137,4,1,1").is_null());
    assert!(at(&block(&shop, "silent.app").await, "1,2,137").is_null());
}

#[tokio::test]
async fn an_unknown_app_has_an_empty_block_and_no_id_is_refused() {
    let shop = Shop::open(StoreConfig::default()).await;
    assert_eq!(block(&shop, "missing.app").await, json!([]));
    assert_eq!(shop.store.data_safety_page(&AppQuery::new("missing.app", "en", "us")), None);
    assert_eq!(shop.get("/store/apps/datasafety?hl=en").await.status(), 400);
}
