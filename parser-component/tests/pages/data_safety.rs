//! Pages on data safety: what is declared, what is not, and apps that don't exist.

use playfast_guest::FailureKind::{LayoutChanged, NotFound, Unavailable};
use playfast_guest::Query;
use serde_json::{Value, json};

use crate::built::{block, page as built, page_of, query, records, shuffled};
use crate::damage::{Numbers, damaged};
use crate::fields::{safety, same_and_no_more};
use crate::oracle::{at, in_a_page};
use crate::saved::{DATA_SAFETY, page, parse};
use crate::sparse::sparsely;

const RPC: &str = "Ws7gDc";

fn of(app_id: &str) -> Query {
    query("datasafety", &[("app_id", app_id)])
}

fn holds_declaration(message: &Value) -> bool {
    at(message, &[1, 2, 137]).is_array()
}

/// The record of an app whose message has this declaration.
fn declared(declaration: &Value) -> Value {
    let message = json!([[[[]]], [null, null, [["A title"], {"138": declaration}], {"12": [["a.b", 7]]}]]);
    records(&page_of(&of("a.b"), &built(&[(RPC, &message)])).unwrap()).remove(0)
}

#[test]
fn data_safety_is_what_its_page_holds() {
    let Some(body) = page(DATA_SAFETY) else { return };
    let message = block(&body, holds_declaration);
    let mut oracle = safety(&at(&message, &[1, 2]));
    oracle["app_id"] = at(&message, &[1, 11, 0, 0]);
    oracle["declared"] = true.into();
    oracle["privacy_policy"] = at(&message, &[1, 2, 99, 0, 5, 2]);
    let found = page_of(&of("com.google.android.apps.translate"), &body).unwrap();
    let record = records(&found).remove(0);
    same_and_no_more(DATA_SAFETY, &record, &oracle);
    assert_eq!((record["shared"].clone(), record["collected"].as_array().unwrap().len()), (json!([]), 16));
    assert_eq!((found.records.len(), found.next), (1, None));
}

#[test]
fn data_safety_is_the_same_in_any_order_and_writing() {
    let Some(body) = page(DATA_SAFETY) else { return };
    let whole = parse("datasafety", &body).unwrap();
    for shuffled in shuffled(&body, holds_declaration) {
        assert_eq!(parse("datasafety", &shuffled).unwrap(), whole);
    }
    let message = block(&body, holds_declaration);
    let mut numbers = Numbers(31);
    for round in 0..20 {
        assert_eq!(parse("datasafety", &in_a_page(&sparsely(&message, &mut numbers))).unwrap(), whole, "round {round}");
    }
}

#[test]
fn to_declare_that_nothing_is_collected_is_not_to_declare_nothing() {
    let nothing = json!([null, "No data collected"]);
    let bare =
        declared(&json!([null, null, null, null, [nothing, nothing], null, null, null, null, [null, "Practices"]]));
    assert_eq!(
        bare,
        json!({"app_id": "a.b", "declared": true, "shared": [], "collected": [], "practices": [], "privacy_policy": null})
    );
    for silent in [json!(null), json!([]), json!([[232, 234], [255], null, [null, [1, 0]]])] {
        let silent = declared(&silent);
        assert_eq!(
            silent,
            json!({"app_id": "a.b", "declared": false, "shared": null, "collected": null, "practices": null, "privacy_policy": null})
        );
    }
    let half = declared(&json!([null, null, null, null, [null, nothing]]));
    assert_eq!((&half["declared"], &half["shared"], &half["collected"]), (&json!(true), &json!(null), &json!([])));
}

#[test]
fn an_app_without_a_block_does_not_exist() {
    for message in [json!([]), json!([[[[]]], []]), json!([[[[]]], [null, null, [], {"12": [["a.b", 7]]}]])] {
        let others = json!([["Apps & games"]]);
        let body = built(&[("Qu3lde", &others), (RPC, &message)]);
        assert_eq!(page_of(&of("a.b"), &body).unwrap_err().kind, NotFound, "{message}");
    }
}

#[test]
fn what_is_elsewhere_is_another_layout() {
    let Some(body) = page(DATA_SAFETY) else { return };
    let message = block(&body, holds_declaration);
    let mut moved = message.clone();
    let details = moved[1][2].take();
    moved[1][2] = [json!(null), json!(null)].into_iter().chain(details.as_array().unwrap().clone()).collect();
    let mut further = message.clone();
    further[1] = json!([null, null, null, null, further[1][2].take()]);
    for message in [moved, further, json!([[["x"]]])] {
        let failure = page_of(&of("com.google.android.apps.translate"), &built(&[(RPC, &message)])).unwrap_err();
        assert_eq!(failure.kind, LayoutChanged, "{failure}");
    }
    let failure = page_of(&of("another.app"), &body).unwrap_err();
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (Unavailable, "the answer is for com.google.android.apps.translate, not for another.app")
    );
}

#[test]
fn cut_or_damaged_pages_are_failures_or_answers() {
    let Some(body) = page(DATA_SAFETY) else { return };
    let whole = parse("datasafety", &body).unwrap();
    for cut in (0..200).map(|step| 20 + (body.len() - 20) * step / 200) {
        match parse("datasafety", &body[..cut]) {
            Ok(records) => assert_eq!(records, whole, "cut at {cut}"),
            Err(failure) => assert_eq!(failure.kind, Unavailable, "cut at {cut}: {failure}"),
        }
    }
    let small = in_a_page(&block(&body, holds_declaration));
    let mut numbers = Numbers(37);
    for _ in 0..500 {
        if let Ok(records) = parse("datasafety", &damaged(&small, &mut numbers, Numbers::below)) {
            assert!(records.iter().all(|record| record["declared"].is_boolean()));
        }
    }
}
