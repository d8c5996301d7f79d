//! Missing is not empty: a frame without content is an answer, one that is missing or for another app is not.

use playfast_guest::FailureKind::{LayoutChanged, NotFound, Unavailable};
use playfast_guest::{Failure, HttpResponse, Page, Parser as _, Query};
use playfast_play::Play;
use serde_json::{Value, json};

use crate::answers::query;
use crate::oracle::{app_block, in_a_frame, payload};
use crate::saved::{APPS, CHART, DETAILS, page};

/// What the parser says to one query of a body.
fn ask(query: Query, body: Vec<u8>) -> Result<Page, Failure> {
    Play::parse(&[query], &HttpResponse { status: 200, body, ..HttpResponse::default() }).unwrap().remove(0)
}

fn app(id: &str) -> Query {
    Query { params: vec![("app_id".to_owned(), id.to_owned())], ..query("app") }
}

/// A body of one frame with this payload, written as it stands.
fn frame(rpc: &str, payload: &Value) -> Vec<u8> {
    format!(")]}}'\n\n{}", json!([["wrb.fr", rpc, payload, null, null, null, "0"], ["di", 5]])).into_bytes()
}

#[test]
fn an_app_without_content_does_not_exist() {
    let echo = json!({"12": [["an.app", 7]], "40": [[1, 9, 10, 52]]});
    let empty = [
        json!(null),
        json!("[]"),
        json!("[null]"),
        json!("[[[[]]],[]]"),
        json!("[[[[]]],null,[[139],[47]]]"),
        json!(json!([[[[]]], [null, null, [], echo]]).to_string()),
        json!(json!([[[[]]], [null, null, null, echo]]).to_string()),
        json!(json!([[[[]]], [null, null, [null, [[]]], echo], [[139], [47]]]).to_string()),
    ];
    for payload in empty {
        let failure = ask(app("an.app"), frame("Ws7gDc", &payload)).unwrap_err();
        assert_eq!(failure.kind, NotFound, "{payload}");
    }
}

#[test]
fn an_app_that_is_elsewhere_is_another_layout() {
    let elsewhere = [
        json!("[[[[]]],[null,null,null,[[\"Title\"]]]]"),
        json!("[[[[]],[\"Title\"]],[]]"),
        json!("{\"app\":{}}"),
        json!("5"),
    ];
    for payload in elsewhere {
        let failure = ask(app("an.app"), frame("Ws7gDc", &payload)).unwrap_err();
        assert_eq!(failure.kind, LayoutChanged, "{payload}");
    }
    let Some(body) = page(DETAILS) else { return };
    let mut moved = payload(std::str::from_utf8(&body).unwrap(), "Ws7gDc");
    moved[1][4] = moved[1][2].take();
    assert_eq!(ask(query("app"), in_a_frame("Ws7gDc", &moved)).unwrap_err().kind, LayoutChanged);
}

#[test]
fn an_answer_for_another_app_is_none() {
    let of_another = [
        json!([[[[]]], [null, null, [], {"12": [["another.app", 7]]}]]),
        json!([[[[]]], [null, null, [["Title"], {"78": ["another.app"]}]]]),
        json!([[[[]]], [null, null, [["Title"], {"78": ["an.app"]}], {"12": [["another.app", 7]]}]]),
        json!([
            [[[]]],
            [null, null, [["Title"]], null, null, null, null, null, null, null, null, [["another.app", 7]]]
        ]),
    ];
    for message in of_another {
        let failure = ask(app("an.app"), in_a_frame("Ws7gDc", &message)).unwrap_err();
        assert_eq!(failure.kind, Unavailable, "{message}");
        assert_eq!(failure.message, "the answer is for another.app, not for an.app", "{message}");
    }
    for name in APPS {
        let Some(body) = page(name) else { return };
        let (_, _, message) = app_block(std::str::from_utf8(&body).unwrap());
        let failure = ask(app("an.app"), in_a_frame("Ws7gDc", &message)).unwrap_err();
        assert_eq!(failure.kind, Unavailable, "{name}");
    }
}

/// A query for a chart, in the short form if it has been asked for in the long one.
fn chart(asked_before: bool) -> Query {
    Query { state: asked_before.then(|| "short-form".to_owned()), ..query("list") }
}

#[test]
fn an_empty_chart_is_asked_for_once_more_in_the_short_form() {
    let no_chart = [json!(null), json!("[]"), json!("[[null,null]]"), json!("[null]")];
    let no_apps = [
        json!("[[null,[null,null,null,[],0,[\"token\"]]]]"),
        json!("[[null,[[]]]]"),
        json!("[[null,[[{\"29\":[[]]}]]]]"),
        json!("[[null,[[{\"29\":[]}]]]]"),
    ];
    for payload in no_chart.iter().chain(&no_apps) {
        let first = ask(chart(false), frame("vyAe2", payload)).unwrap();
        assert_eq!((first.next.as_deref(), first.records.len()), (Some("short-form"), 0), "{payload}");
        assert!(first.notes[0].contains("the short form is next"), "{payload}");
        let asked = Play::request(&[Query { state: first.next, ..query("list") }], 1);
        assert!(asked.refused.is_empty());
    }
    for payload in no_chart {
        let failure = ask(chart(true), frame("vyAe2", &payload)).unwrap_err();
        assert_eq!(failure.kind, NotFound, "{payload}");
    }
    for payload in no_apps {
        let page = ask(chart(true), frame("vyAe2", &payload)).unwrap();
        assert_eq!((page.records.len(), page.next), (0, None), "{payload}");
        assert_eq!(page.notes, ["the store lists no apps in this chart"], "{payload}");
    }
}

#[test]
fn a_chart_in_the_short_form_says_so() {
    let Some(body) = page(CHART) else { return };
    assert!(ask(chart(false), body.clone()).unwrap().notes.is_empty());
    let page = ask(chart(true), body).unwrap();
    assert_eq!(page.records.len(), 100);
    assert_eq!(page.notes, ["the store gave this chart in the short form of the request only"]);
}

#[test]
fn a_chart_whose_apps_are_elsewhere_is_another_layout() {
    let Some(body) = page(CHART) else { return };
    let whole = payload(std::str::from_utf8(&body).unwrap(), "vyAe2");
    let moves: [fn(&mut Value); 4] = [
        |chart| chart[0][1][0][30] = chart[0][1][0][28].take(),
        |chart| chart[0][1][3] = chart[0][1][0].take(),
        |chart| chart[0][2] = chart[0][1].take(),
        |chart| chart[0][1][0][28] = json!([null, chart[0][1][0][28][0].take()]),
    ];
    for (number, shift) in moves.iter().enumerate() {
        let mut moved = whole.clone();
        let items = &mut moved[0][1][0];
        if let Some(tail) = items.as_array_mut().and_then(|items| items.pop_if(|last| last.is_object())) {
            items.as_array_mut().unwrap().resize(40, Value::Null);
            for (key, value) in tail.as_object().unwrap() {
                items[key.parse::<usize>().unwrap() - 1] = value.clone();
            }
        }
        items.as_array_mut().unwrap().resize(40, Value::Null);
        for array in ["/0/1", "/0"] {
            moved.pointer_mut(array).and_then(Value::as_array_mut).unwrap().resize(5, Value::Null);
        }
        shift(&mut moved);
        for asked_before in [false, true] {
            let answer = ask(chart(asked_before), in_a_frame("vyAe2", &moved));
            assert_eq!(answer.unwrap_err().kind, LayoutChanged, "{number}");
        }
    }
}
