//! Suggestions: what an answer holds, and answers without any.

use playfast_guest::FailureKind::{InvalidQuery, LayoutChanged};
use playfast_guest::Query;
use serde_json::json;

use crate::answers::query;
use crate::calls::{answer, ask, call, frame};
use crate::oracle::{at, payload};
use crate::saved::{SUGGESTIONS, parse};

fn of_term(term: &str) -> Query {
    Query { params: vec![("term".to_owned(), term.to_owned())], ..query("suggest") }
}

#[test]
fn suggestions_are_what_their_answer_holds() {
    let Some(body) = answer(SUGGESTIONS) else { return };
    let message = payload(&body, "IJ4APc");
    let list = at(&message, &[0, 0]);
    let oracle: Vec<_> = list.as_array().unwrap().iter().map(|entry| json!({"suggestion": at(entry, &[0])})).collect();
    assert_eq!(oracle.len(), 5, "as the index of pages says");
    assert_eq!(parse("suggest", body.as_bytes()).unwrap(), oracle);
}

#[test]
fn a_term_is_asked_for_as_it_is() {
    for term in ["pand", "tic, tac & \"toe\"", "日本"] {
        let expected = ("IJ4APc".to_owned(), json!([[null, [term], [10], [2], 4]]));
        assert_eq!(call(&of_term(term)).unwrap(), expected);
    }
    assert_eq!(call(&query("suggest")).unwrap_err().kind, InvalidQuery);
    let continued = Query { state: Some("2".to_owned()), ..of_term("pand") };
    assert_eq!(call(&continued).unwrap_err().kind, InvalidQuery);
}

#[test]
fn no_suggestions_are_no_failure() {
    for payload in [
        json!(null),
        json!("[]"),
        json!("[[]]"),
        json!("[[[[]]],[]]"),
        json!("[[[]],[\"CAhKAggD\"]]"),
        json!("[[null,[\"x\"]]]"),
    ] {
        let page = ask(of_term("pand"), frame("IJ4APc", &payload)).unwrap();
        assert_eq!((page.records.len(), page.next), (0, None), "{payload}");
        assert_eq!(page.notes, ["the store suggests nothing for this term"], "{payload}");
    }
}

#[test]
fn suggestions_that_are_elsewhere_are_another_layout() {
    let elsewhere = json!(format!("[null,[[[\"{}\"]]]]", "a suggestion ".repeat(40)));
    for payload in [json!("[[[[5]]]]"), json!("[[\"pandora\"]]"), elsewhere] {
        let failure = ask(of_term("pand"), frame("IJ4APc", &payload)).unwrap_err();
        assert_eq!(failure.kind, LayoutChanged, "{payload}");
    }
}
