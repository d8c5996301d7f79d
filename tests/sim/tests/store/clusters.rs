//! Similar apps and a developer's, from their pages to the end.

use playfast_sim::{AppQuery, ClusterQuery, FaultKind, Faults, StoreConfig};
use serde_json::{Value, json};

use crate::answers::item;
use crate::read::{array_frames, assert_same, at, blocks, payload};
use crate::support::Shop;

/// A developer by name who has an app, and one by number.
const NAME: &str = "Amber Anchor Games";
const NUMBER: &str = "6123456789012345678";

/// A page of a cluster: its records, and the token of the next.
type Page = (Vec<Value>, Option<String>);

fn records(items: &Value, wrapped: bool) -> Vec<Value> {
    items.as_array().unwrap().iter().map(|entry| item(if wrapped { &entry[0] } else { entry })).collect()
}

fn token(header: &Value) -> Option<String> {
    at(header, "3,1").as_str().map(ToOwned::to_owned)
}

async fn page(shop: &Shop, path: &str, rpc: &str, slot: usize) -> Page {
    let response = shop.get(&format!("{path}&hl=en&gl=us")).await;
    assert_eq!(response.status(), 200, "{path}");
    let data = blocks(&response.text().await.unwrap(), rpc).remove(0);
    let cluster = at(&data, &format!("0,1,0,{slot}"));
    (records(&cluster[0], slot == 22), token(&cluster[1]))
}

async fn frame(shop: &Shop, token: &str, num: usize) -> Value {
    let argument = json!([[null, [[10, [10, num]], true, null, [96, 27]], null, token]]).to_string();
    array_frames(&shop.post("hl=en&gl=us", &[("qnKhOb", argument)]).await.text().await.unwrap()).remove(0)
}

async fn next(shop: &Shop, token: &str, num: usize) -> Page {
    let payload = payload(&frame(shop, token, num).await);
    (records(at(&payload, "0,21,0"), false), self::token(at(&payload, "0,21,1")))
}

/// All pages from the first one on.
async fn all(shop: &Shop, (mut records, mut token): Page) -> Vec<Value> {
    while let Some(current) = token {
        let (more, following) = next(shop, &current, 15).await;
        records.extend(more);
        token = following;
    }
    records
}

/// The links of the rows on an app's page.
async fn links(shop: &Shop, id: &str) -> Vec<String> {
    let page = shop.get(&format!("/store/apps/details?id={id}&hl=en&gl=us")).await.text().await.unwrap();
    let rows = blocks(&page, "ag2B9c").remove(0);
    let rows = at(&rows, "1,1").as_array().unwrap();
    rows.iter().map(|row| at(row, "21,1,2,4,2").as_str().unwrap().to_owned()).collect()
}

fn assert_all_same(read: &[Value], truth: &[Value]) {
    assert_eq!(read.len(), truth.len());
    read.iter().zip(truth).for_each(|(read, truth)| assert_same(read, truth));
}

#[tokio::test]
async fn similar_apps_are_found_from_an_apps_page() {
    let shop = Shop::open(StoreConfig::default()).await;
    let mut rows = Vec::new();
    for id in ["com.whatsapp", "a.b", "org.mozilla.firefox", "com.mojang.minecraftpe", "com.spotify.music"] {
        let links = links(&shop, id).await;
        let last = links.last().unwrap();
        assert!(last.starts_with("/store/apps/collection/cluster?gsr=") && last.contains("%3D%3D:S:"), "{last}");
        let first = page(&shop, last, "CNT7ob", 21).await;
        assert_eq!(first.0.len(), 50);
        let truth = shop.store.cluster(&ClusterQuery::similar(id, "en", "us"));
        assert_all_same(&all(&shop, first).await, &truth);
        rows.push(links.len());
    }
    assert!(rows.contains(&1) && rows.contains(&2), "{rows:?}");
}

#[tokio::test]
async fn a_developer_is_found_by_name_and_by_number() {
    let shop = Shop::open(StoreConfig::default()).await;
    for (id, path, slot) in [
        (NAME, "/store/apps/developer?id=Amber+Anchor+Games", 22),
        (NUMBER, "/store/apps/dev?id=6123456789012345678", 21),
    ] {
        let first = page(&shop, path, "MRTdke", slot).await;
        let truth = shop.store.cluster(&ClusterQuery::developer(id, "en", "us"));
        assert!(truth.len() > 10 && first.0.len() == 10 && first.1.is_some(), "{id}: {}", truth.len());
        assert_all_same(&all(&shop, first).await, &truth);
    }
    for record in shop.store.cluster(&ClusterQuery::developer(NAME, "en", "us")) {
        let app = shop.store.app(&AppQuery::new(record["app_id"].as_str().unwrap(), "en", "us")).unwrap();
        assert_eq!((&app["developer_id"], &app["developer"]), (&NAME.into(), &NAME.into()));
    }
}

#[tokio::test]
async fn the_row_of_a_developer_leads_to_a_page() {
    let shop = Shop::open(StoreConfig::default()).await;
    let mut followed = 0;
    for number in 0..20 {
        let links = links(&shop, &format!("com.Studio_{}.app{number}", number % 3)).await;
        let named = links.iter().filter(|link| !link.contains("/cluster?"));
        for link in named {
            assert_eq!(shop.get(&format!("{link}&hl=en&gl=us")).await.status(), 200, "{link}");
            followed += 1;
        }
    }
    assert!(followed > 0);
}

#[tokio::test]
async fn the_page_of_a_number_has_details_that_are_no_apps() {
    let shop = Shop::open(StoreConfig::default()).await;
    let page = shop.get(&format!("/store/apps/dev?id={NUMBER}&hl=en&gl=us")).await.text().await.unwrap();
    let details = blocks(&page, "Ws7gDc").remove(0);
    assert_eq!(at(&details, "1,11,0"), &json!([NUMBER, 8]));
}

#[tokio::test]
async fn what_has_no_apps_has_no_page() {
    let shop = Shop::open(StoreConfig::default()).await;
    for path in [
        "/store/apps/developer?id=Nobody+At+All+Games",
        "/store/apps/developer?id=6123456789012345678",
        "/store/apps/dev?id=Amber+Anchor+Games",
        "/store/apps/dev?id=1",
        "/store/apps/developer",
        "/store/apps/collection/cluster?gsr=nonsense",
    ] {
        assert_eq!(shop.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_continuation_fails_as_told() {
    let shop = Shop::open(StoreConfig::default()).await;
    let path = links(&shop, "com.whatsapp").await.pop().unwrap();
    let token = page(&shop, &path, "CNT7ob", 21).await.1.unwrap();
    let whole = next(&shop, &token, 10).await;
    shop.store.set_faults(Faults::none().with(FaultKind::NullNextPage, 1.0));
    let null = frame(&shop, &token, 10).await;
    assert_eq!((&null[2], &null[5]), (&Value::Null, &json!([5])));
    shop.store.set_faults(Faults::none().with(FaultKind::EmptyPage, 1.0));
    let (records, again) = next(&shop, &token, 10).await;
    assert_eq!((records.len(), again.as_deref()), (0, Some(token.as_str())));
    shop.store.set_faults(Faults::none().with(FaultKind::RepeatedToken, 1.0));
    assert_eq!(next(&shop, &token, 10).await, (whole.0, Some(token)));
}
