//! Reviews: what an answer holds, and how a query goes on after each odd answer.

use playfast_guest::FailureKind::{InvalidQuery, LayoutChanged, NotFound, Unavailable};
use playfast_guest::{Failure, Page, Query};
use serde_json::{Value, json};

use crate::answers::query;
use crate::calls::{answer, ask, call, frame};
use crate::fields::same;
use crate::oracle::{at, in_a_frame, payload};
use crate::saved::{REVIEWS, parse};

const RPC: &str = "oCPfdb";

/// Fields that are what the value at their path is.
const REVIEW: &[(&str, &[usize])] = &[
    ("review_id", &[0]),
    ("user_name", &[1, 0]),
    ("user_image", &[1, 1, 3, 2]),
    ("score", &[2]),
    ("content", &[4]),
    ("created_at", &[5, 0]),
    ("thumbs_up", &[6]),
    ("reply_author", &[7, 0]),
    ("reply_content", &[7, 1]),
    ("reply_at", &[7, 2, 0]),
    ("app_version", &[10]),
];

/// A query that goes on with this state.
fn of_state(state: Option<&str>) -> Query {
    let params = [("app_id", "a.b"), ("num", "3000")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    Query { params: params.into(), state: state.map(str::to_owned), ..query("reviews") }
}

fn say(state: Option<&str>, message: &Value) -> Result<Page, Failure> {
    ask(of_state(state), in_a_frame(RPC, message))
}

/// The answer with this payload, `null` or a text.
fn say_payload(state: Option<&str>, payload: &Value) -> Result<Page, Failure> {
    ask(of_state(state), frame(RPC, payload))
}

#[test]
fn reviews_are_what_their_answer_holds() {
    let Some(body) = answer(REVIEWS) else { return };
    let message = payload(&body, RPC);
    let (records, list) = (parse("reviews", body.as_bytes()).unwrap(), at(&message, &[0]));
    let list = list.as_array().unwrap();
    assert_eq!((records.len(), list.len()), (150, 150), "as the index of pages says");
    for (record, review) in records.iter().zip(list) {
        let mut oracle = json!({});
        REVIEW.iter().for_each(|(name, path)| oracle[*name] = at(review, path));
        let criteria = at(review, &[12, 0]);
        let criterion = |one: &Value| json!({"name": at(one, &[0]), "rating": at(one, &[1, 0])});
        oracle["criteria"] = criteria.as_array().map_or(Value::Null, |all| all.iter().map(criterion).collect());
        same(REVIEWS, record, &oracle);
        assert_eq!(record.as_object().unwrap().len(), oracle.as_object().unwrap().len(), "no field is missing or more");
    }
    let has = |field: &str| records.iter().filter(|record| !record[field].is_null()).count();
    assert_eq!((has("reply_at"), has("criteria"), has("app_version")), (42, 54, 117));
    let with =
        |name: &str, value: &str| Query { params: vec![(name.to_owned(), value.to_owned())], ..query("reviews") };
    // A query that says neither how many nor since when ends after a hundred.
    assert_eq!(ask(query("reviews"), body.clone().into_bytes()).unwrap().next, None);
    let newer = list.iter().filter(|review| at(review, &[5, 0]).as_i64() >= Some(1_782_777_600)).count();
    let page = ask(with("since", "2026-06-30"), body.clone().into_bytes()).unwrap();
    assert_eq!((page.records.len(), page.next.is_some()), (newer, newer == list.len()));
    let page = ask(with("num", "1000"), body.into_bytes()).unwrap();
    assert_eq!(page.next, Some(format!("1000 150 {}", at(&message, &[1, 1]).as_str().unwrap())));
    assert_eq!(call(&of_state(page.next.as_deref())).unwrap().1[1][2], json!([1000, null, at(&message, &[1, 1])]));
}

#[test]
fn a_review_may_have_little_more_than_its_id() {
    let message =
        json!([[["r1"], ["r2", ["Ann"], 5, null, null, [7]], ["r3", {"3": 4, "13": [[["look", [2]], [null]]]}]]]);
    let page = say(None, &message).unwrap();
    let records: Vec<Value> = page.records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
    let stars: Vec<_> =
        records.iter().map(|record| (&record["review_id"], &record["score"], &record["content"])).collect();
    assert_eq!(
        stars,
        [
            (&json!("r1"), &Value::Null, &Value::Null),
            (&json!("r2"), &json!(5), &Value::Null),
            (&json!("r3"), &json!(4), &Value::Null)
        ]
    );
    assert_eq!(records[2]["criteria"], json!([{"name": "look", "rating": 2}, {"name": null, "rating": null}]));
    assert_eq!((page.next, page.notes.len()), (None, 0), "without a token it was the last page");
}

#[test]
fn reviews_without_ids_are_left_out_with_a_note() {
    let page = say(None, &json!([[["r1"], [null, ["Ann"]], [5]], [null, "t"]])).unwrap();
    assert_eq!((page.records.len(), page.next.as_deref()), (1, Some("1000 1 t")));
    assert_eq!(page.notes, ["2 reviews without id were left out"]);
    for elsewhere in [
        json!([[[null, ["Ann"]]]]),
        json!(["reviews"]),
        json!({"reviews": []}),
        json!([null, null, ["x".repeat(3000)]]),
    ] {
        assert_eq!(say(None, &elsewhere).unwrap_err().kind, LayoutChanged, "{elsewhere}");
    }
}

#[test]
fn a_page_that_is_refused_is_asked_for_with_fewer() {
    for payload in [json!(null), json!("null"), json!("[null]"), json!("[null,null,[[null,[[600],null,[3600]]]]]")] {
        for (state, next, asked) in [
            (None, "200 0", json!([200])),
            (Some("200 0"), "40 0", json!([40])),
            (Some("1000 1000 t"), "200 1000 t", json!([200, null, "t"])),
            (Some("200 1000 t"), "40 1000 t", json!([40, null, "t"])),
        ] {
            let page = say_payload(state, &payload).unwrap();
            assert_eq!((page.records.len(), page.next.as_deref()), (0, Some(next)), "{payload}");
            assert!(page.notes[0].contains("nothing"), "{:?}", page.notes);
            let (rpc, argument) = call(&of_state(page.next.as_deref())).unwrap();
            assert_eq!((rpc.as_str(), &argument[1][2]), (RPC, &asked));
        }
        assert_eq!(say_payload(Some("40 0"), &payload).unwrap().next.as_deref(), Some("listing"));
        let failure = say_payload(Some("40 1000 t"), &payload).unwrap_err();
        assert_eq!(failure.kind, Unavailable, "tried again, and partial in the end");
    }
}

#[test]
fn a_page_after_a_refused_one_is_larger_again() {
    let page = say(Some("40 0"), &json!([[["r1"]], [null, "t"]])).unwrap();
    assert_eq!(page.next.as_deref(), Some("200 1 t"));
}

#[test]
fn no_reviews_end_a_query_only_if_there_is_such_an_app() {
    for payload in [json!("[]"), json!("[[]]"), json!("[[],null,[5]]"), json!("[[[[]]],[]]")] {
        let page = say_payload(None, &payload).unwrap();
        assert_eq!((page.records.len(), page.next.as_deref()), (0, Some("listing")), "{payload}");
    }
    let (rpc, argument) = call(&of_state(Some("listing"))).unwrap();
    assert_eq!((rpc.as_str(), &argument[2], &argument[5]), ("Ws7gDc", &json!([[1, 78]]), &json!([["a.b", 7]])));
    let details = |payload: Value| ask(of_state(Some("listing")), frame("Ws7gDc", &payload));
    for payload in [json!(null), json!("[]"), json!("[[[[]]],[]]")] {
        assert_eq!(details(payload).unwrap_err().kind, NotFound);
    }
    let listed = |app_id: &str| json!(json!([null, [null, null, [["A title"], {"78": [app_id]}]]]).to_string());
    let page = details(listed("a.b")).unwrap();
    assert_eq!((page.records.len(), page.next), (0, None));
    assert_eq!(page.notes, ["the store has no reviews of this app that fit the query"]);
    assert_eq!(
        details(listed("c.d")).unwrap_err().kind,
        Unavailable,
        "an answer for another app says nothing of this one"
    );
}

#[test]
fn the_end_may_be_an_empty_page() {
    let page = say(Some("1000 1000 t"), &json!([[], null, [5]])).unwrap();
    assert_eq!((page.records.len(), page.next, page.notes.len()), (0, None, 0));
    assert_eq!(say(Some("1000 1000 t"), &json!([])).unwrap().next.as_deref(), Some("200 1000 t"), "this says nothing");
}

#[test]
fn an_empty_page_with_a_token_is_tried_again() {
    for (state, token) in [(None, "t"), (Some("1000 5 t"), "t"), (Some("1000 5 t"), "u")] {
        for list in [json!([]), json!(null)] {
            let failure = say(state, &json!([list, [null, token]])).unwrap_err();
            assert_eq!(failure.kind, Unavailable, "{state:?}");
        }
    }
}

#[test]
fn a_token_that_repeats_is_no_endless_loop() {
    let failure = say(Some("1000 5 t"), &json!([[["r1"]], [null, "t"]])).unwrap_err();
    assert_eq!(failure.kind, Unavailable);
    assert!(failure.message.contains("repeats"), "{failure}");
    let page = say(Some("1000 5 t"), &json!([[["r1"]], [null, "u"]])).unwrap();
    assert_eq!(page.next.as_deref(), Some("1000 6 u"));
}

#[test]
fn a_query_goes_on_to_the_end_of_its_tokens() {
    let mut state = None;
    let mut asked = Vec::new();
    for (count, token) in [(1000, json!("a b")), (1000, json!("\"c\\")), (700, json!(null))] {
        asked.push(call(&of_state(state.as_deref())).unwrap().1[1][2].clone());
        let reviews: Vec<_> = (0..count).map(|number| json!([format!("r{number}")])).collect();
        let page = say(state.as_deref(), &json!([reviews, [null, token]])).unwrap();
        assert_eq!(page.records.len(), count);
        state = page.next;
    }
    assert_eq!(asked, [json!([1000]), json!([1000, null, "a b"]), json!([1000, null, "\"c\\"])]);
    assert_eq!(state, None);
}

#[test]
fn unknown_states_and_values_are_refused() {
    for state in ["", "page", "1000", "999 5 t", "1000 5", "1000 0 ", "listing "] {
        assert_eq!(call(&of_state(Some(state))).unwrap_err().kind, InvalidQuery, "{state:?}");
    }
    assert_eq!(call(&query("reviews")).unwrap_err().kind, InvalidQuery);
}
