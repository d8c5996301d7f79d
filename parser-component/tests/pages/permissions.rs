//! Permissions: what an answer holds, and that an app that doesn't exist is none that asks for nothing.

use playfast_guest::FailureKind::{InvalidQuery, LayoutChanged, NotFound};
use playfast_guest::Query;
use serde_json::{Value, json};

use crate::answers::query;
use crate::calls::{answer, ask, call, frame};
use crate::fields::texts;
use crate::oracle::{at, payload};
use crate::saved::{PERMISSIONS, parse};

fn of_app(app_id: &str) -> Query {
    Query { params: vec![("app_id".to_owned(), app_id.to_owned())], ..query("permissions") }
}

#[test]
fn permissions_are_what_their_answer_holds() {
    let Some(body) = answer(PERMISSIONS) else { return };
    let message = payload(&body, "xdSrCf");
    let groups = [0, 1].into_iter().flat_map(|slot| at(&message, &[slot]).as_array().cloned().unwrap_or_default());
    let grouped = groups.map(|group| json!({"group": at(&group, &[0]), "permissions": texts(&at(&group, &[2]), &[1])}));
    let ungrouped = json!({"group": null, "permissions": texts(&at(&message, &[2]), &[1])});
    let oracle: Vec<_> = grouped.chain([ungrouped]).collect();
    let records = parse("permissions", body.as_bytes()).unwrap();
    assert_eq!(records, oracle);
    let count: usize = records.iter().map(|record| record["permissions"].as_array().unwrap().len()).sum();
    assert_eq!((records.len(), count), (10, 24), "as the index of pages says");
}

#[test]
fn an_app_is_asked_for_by_its_id() {
    assert_eq!(call(&of_app("a.b")).unwrap(), ("xdSrCf".to_owned(), json!([[null, ["a.b", 7], []]])));
    assert_eq!(call(&query("permissions")).unwrap_err().kind, InvalidQuery);
    assert_eq!(call(&Query { state: Some("2".to_owned()), ..of_app("a.b") }).unwrap_err().kind, InvalidQuery);
}

#[test]
fn an_answer_without_lists_is_for_an_app_that_does_not_exist() {
    for payload in [json!(null), json!("[]"), json!("null"), json!("[null,null,null]"), json!("[[[[]]],[]]")] {
        let failure = ask(of_app("a.b"), frame("xdSrCf", &payload)).unwrap_err();
        assert_eq!(failure.kind, NotFound, "{payload}");
    }
}

#[test]
fn an_answer_with_empty_lists_is_for_an_app_that_asks_for_nothing() {
    for payload in [json!("[[],[],[]]"), json!("[[],[],null]"), json!("[[]]"), json!("[{\"2\":[]}]")] {
        let page = ask(of_app("a.b"), frame("xdSrCf", &payload)).unwrap();
        assert_eq!((page.records.len(), page.next), (0, None), "{payload}");
        assert_eq!(page.notes, ["the app asks for no permissions"], "{payload}");
    }
}

#[test]
fn permissions_that_are_elsewhere_are_another_layout() {
    for payload in
        [json!("5"), json!("[null,null,null,[[\"Camera\"]]]"), json!("[\"Camera\"]"), json!("[[[\"Camera\"]]]")]
    {
        let failure = ask(of_app("a.b"), frame("xdSrCf", &payload)).unwrap_err();
        assert_eq!(failure.kind, LayoutChanged, "{payload}");
    }
}

#[test]
fn one_list_is_enough() {
    let camera = json!(["Camera", null, [[null, "take pictures"], [null, 5]]]);
    let rest = json!([[null, "receive data"]]);
    let group = json!({"group": "Camera", "permissions": ["take pictures"]});
    let ungrouped = json!({"group": null, "permissions": ["receive data"]});
    let cases: [(Value, Vec<&Value>); 5] = [
        (json!([[camera, ["Contacts"]]]), vec![&group]),
        (json!([[camera]]), vec![&group]),
        (json!([null, [camera], []]), vec![&group]),
        (json!([[], [], rest]), vec![&ungrouped]),
        (json!([[camera], {"3": rest}]), vec![&group, &ungrouped]),
    ];
    for (message, expected) in cases {
        let page = ask(of_app("a.b"), frame("xdSrCf", &message.to_string().into())).unwrap();
        assert_eq!(page.notes.len(), usize::from(message[0].get(1).is_some()), "{message}");
        let records: Vec<Value> = page.records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
        assert_eq!(records.iter().collect::<Vec<_>>(), expected, "{message}");
    }
}
