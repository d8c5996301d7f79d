//! A parser for another site, a JSON API, hosted as it is: the guest crate's example, built as a component.
//!
//! `cargo xtask component` and its `--check` leave it in `target/component`; without it, this is skipped.

use std::io::Write as _;

use playfast::{FailureKind, Plan};
use playfast_sim::{Canned, Protocol, StoreConfig};
use serde_json::{Value, json};

use crate::support::{Shop, timeless};

const SITE: &str = "openlibrary.org";

fn component() -> Option<Vec<u8>> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/component/json_api.wasm");
    let component = std::fs::read(file).ok();
    if component.is_none() {
        // Not `println!`, which the test harness swallows where a test passes.
        let line = "SKIPPED: no parser of a JSON API; `cargo xtask component --check` builds one\n";
        drop(std::io::stderr().write_all(line.as_bytes()));
    }
    component
}

/// The site's answer: `count` books, numbered from `first`.
fn books(first: usize, count: usize) -> Canned {
    let book =
        |number| json!({"key": format!("/works/{number}"), "title": format!("Book {number}"), "author_name": ["A"]});
    let docs: Vec<Value> = (first..first + count).map(book).collect();
    Canned::new(200, json!({"numFound": 103, "docs": docs}).to_string()).header("content-type", "application/json")
}

#[test]
fn a_json_api_of_another_site_is_read_page_by_page() {
    let Some(component) = component() else { return };
    let shop = Shop::open(StoreConfig::default().protocol(Protocol::Http2).host(SITE));
    let answers = [("sea&page=1", books(1, 100)), ("sea&page=2", books(101, 3)), ("sky&page=1", Canned::new(429, ""))];
    for (address, answer) in answers {
        shop.store.respond_with(&format!("https://{SITE}/search.json?q={address}&"), answer).unwrap();
    }
    let host = shop.host_with(component);
    let plan = Plan::new(&host.description(), "book", [("about", "sea,sky")]).unwrap();
    let outcomes = shop.runtime.block_on(host.batch(&plan));
    let [sea, sky] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert!(sea.failure.is_none(), "{:?}", sea.failure);
    assert_eq!(sea.rows.len(), 103);
    for (position, row) in (1..).zip(&sea.rows) {
        let expected = json!({"kind": "book", "about": "sea", "position": position, "id": format!("/works/{position}"),
            "title": format!("Book {position}"), "year": null, "authors": ["A"]});
        assert_eq!(timeless(Value::from(row.clone())), expected);
    }
    assert_eq!(sky.failure.as_ref().unwrap().kind, FailureKind::Blocked);
    assert_eq!(shop.store.stats().requests, 3);
}
