//! What is asked of the store for each kind.

use playfast_guest::{Method, Parser as _, Query, url};
use playfast_play::Play;
use serde_json::{Value, json};

use crate::built::{continued, query};

/// The address of the GET that asks for a query.
fn address(query: &Query) -> String {
    let mut asked = Play::request(std::slice::from_ref(query), 1);
    assert!(asked.refused.is_empty(), "{:?}", asked.refused);
    let request = asked.exchanges.remove(0).request;
    assert_eq!(request.method, Method::Get);
    request.url
}

/// The rpc and argument of the POST that asks for a query, and its address.
fn call(query: &Query) -> (String, Value, String) {
    let request = Play::request(std::slice::from_ref(query), 1).exchanges.remove(0).request;
    let body = String::from_utf8(request.body.unwrap()).unwrap();
    let calls: Value = serde_json::from_str(&url::param(&format!("?{body}"), "f.req").unwrap()).unwrap();
    let call = &calls[0][0];
    (call[0].as_str().unwrap().to_owned(), serde_json::from_str(call[1].as_str().unwrap()).unwrap(), request.url)
}

fn is_refused(query: &Query) -> bool {
    Play::request(std::slice::from_ref(query), 1).refused.len() == 1
}

#[test]
fn a_search_is_a_page() {
    let term = query("search", &[("term", "rock, paper & scissors"), ("country", "de"), ("language", "fr")]);
    assert_eq!(
        address(&term),
        "https://play.google.com/store/search?c=apps&q=rock%2C%20paper%20%26%20scissors&price=0&hl=fr&gl=de"
    );
    for (price, number) in [("all", "0"), ("free", "1"), ("paid", "2")] {
        let asked = query("search", &[("term", "panda"), ("price", price), ("num", "30")]);
        let expected = format!("https://play.google.com/store/search?c=apps&q=panda&price={number}&hl=en&gl=us");
        assert_eq!(address(&asked), expected);
    }
    for refused in [
        query("search", &[]),
        query("search", &[("term", "  ")]),
        query("search", &[("term", "panda"), ("price", "cheap")]),
        continued(&term, "token"),
    ] {
        assert!(is_refused(&refused), "{refused:?}");
    }
}

#[test]
fn a_developer_is_asked_for_by_number_or_name() {
    let of = |id: &str| query("developer", &[("developer_id", id), ("country", "gb")]);
    assert_eq!(
        address(&of("5700313618786177705")),
        "https://play.google.com/store/apps/dev?id=5700313618786177705&hl=en&gl=gb"
    );
    for name in ["Panda Group, Inc.", "Panda+Group,+Inc.", "Panda+Group%2C+Inc."] {
        let expected = "https://play.google.com/store/apps/developer?id=Panda%20Group%2C%20Inc.&hl=en&gl=gb";
        assert_eq!(address(&of(name)), expected, "{name}");
    }
    assert!(is_refused(&query("developer", &[])));
}

#[test]
fn a_list_is_continued_by_its_token() {
    let token = "YrUBSkAKPggyEKGqpu8LEMGh-IAKEKm2mpc_w%3D".replace("%3D", "=") + ":S:ANO1ljIWKIw";
    for first in [query("developer", &[("developer_id", "Waze")]), query("similar", &[("app_id", "a.b")])] {
        let (rpc, argument, address) = call(&continued(&first, &token));
        assert_eq!(rpc, "qnKhOb");
        assert_eq!(address, "https://play.google.com/_/PlayStoreUi/data/batchexecute?hl=en&gl=us&rt=c");
        assert_eq!((&argument[0][1][0], &argument[0][1][1]), (&json!([10, [10, 50]]), &json!(true)));
        assert!(argument[0][1][3].as_array().unwrap().len() > 20);
        assert_eq!((&argument[0][0], &argument[0][2], &argument[0][3]), (&json!(null), &json!(null), &json!(token)));
        for no_token in ["", "a b", "a\"b", "/store/apps/dev?id=5", "https://evil.example/", &"a".repeat(5000)] {
            assert!(is_refused(&continued(&first, no_token)), "{no_token}");
        }
    }
}

#[test]
fn similar_apps_are_asked_for_in_two_steps() {
    let first = query("similar", &[("app_id", "a.b"), ("language", "de"), ("country", "at")]);
    assert_eq!(address(&first), "https://play.google.com/store/apps/details?id=a.b&hl=de&gl=at");
    let second = continued(&first, "/store/apps/collection/cluster?gsr=SnFq%3D%3D:S:ANO1");
    let asked = address(&second);
    assert_eq!(asked, "https://play.google.com/store/apps/collection/cluster?gsr=SnFq%3D%3D%3AS%3AANO1&hl=de&gl=at");
    assert_eq!(url::param(&asked, "gsr").unwrap(), "SnFq==:S:ANO1");
    for other in ["/store/apps/dev?id=5", "/store/apps/collection/cluster?gsr=", "//evil.example/store"] {
        assert!(is_refused(&continued(&first, other)), "{other}");
    }
}

#[test]
fn data_safety_is_asked_for_without_a_country() {
    let asked = query("datasafety", &[("app_id", "a.b"), ("language", "ja")]);
    assert_eq!(address(&asked), "https://play.google.com/store/apps/datasafety?id=a.b&hl=ja");
    assert!(is_refused(&query("datasafety", &[])));
}

#[test]
fn further_charts_are_asked_for_by_their_names() {
    for collection in ["topselling_new_free", "topselling_new_paid", "movers_shakers"] {
        let (rpc, argument, _) = call(&query("list", &[("collection", collection)]));
        assert_eq!((rpc.as_str(), argument[0][2][1].as_str()), ("vyAe2", Some(collection)));
    }
}
