//! What holds for the answers of all kinds that one rpc answers: their records fit the description, however they are written, cut or damaged.

use playfast_guest::FailureKind::Unavailable;
use playfast_guest::{Failure, HttpResponse, Page, Parser as _, Query};
use playfast_play::Play;
use serde_json::{Value, json};

use crate::answers::query;
use crate::damage::{Numbers, damaged};
use crate::fields::fits;
use crate::oracle::{in_a_frame, payload};
use crate::saved::{PERMISSIONS, REVIEWS, SUGGESTIONS, page, parse};
use crate::sparse::sparsely;

/// Kinds, their rpcs, and saved answers.
const CALLS: [(&str, &str, &str); 3] =
    [("reviews", "oCPfdb", REVIEWS), ("suggest", "IJ4APc", SUGGESTIONS), ("permissions", "xdSrCf", PERMISSIONS)];

/// A saved answer as the rpc that is asked now gives it: the older one of reviews gives the same.
pub(crate) fn answer(name: &str) -> Option<String> {
    Some(String::from_utf8(page(name)?).unwrap().replace("UsvDTd", "oCPfdb"))
}

/// What the parser says to one query of a body.
pub(crate) fn ask(query: Query, body: Vec<u8>) -> Result<Page, Failure> {
    Play::parse(&[query], &HttpResponse { status: 200, body, ..HttpResponse::default() }).unwrap().remove(0)
}

/// A body of one frame with this payload, written as it stands.
pub(crate) fn frame(rpc: &str, payload: &Value) -> Vec<u8> {
    format!(")]}}'\n\n{}", json!([["wrb.fr", rpc, payload, null, null, null, "0"], ["di", 5]])).into_bytes()
}

/// The rpc and the argument of the only call that asks for a query.
pub(crate) fn call(query: &Query) -> Result<(String, Value), Failure> {
    let mut requests = Play::request(std::slice::from_ref(query), 1);
    if let Some((_, failure)) = requests.refused.pop() {
        return Err(failure);
    }
    let body = String::from_utf8(requests.exchanges.remove(0).request.body.unwrap()).unwrap();
    let form = playfast_guest::url::param(&format!("?{body}"), "f.req").unwrap();
    let calls: Value = serde_json::from_str(&form).unwrap();
    let call = &calls[0][0];
    Ok((call[0].as_str().unwrap().to_owned(), serde_json::from_str(call[1].as_str().unwrap()).unwrap()))
}

fn described(kind: &str) -> Value {
    let description: Value = serde_json::from_str(&Play::describe()).unwrap();
    let kinds = description["kinds"].as_array().unwrap();
    kinds.iter().find(|own| own["name"] == kind).unwrap()["record"].clone()
}

#[test]
fn records_have_the_fields_and_types_that_the_description_says_in_its_order() {
    for (kind, _, name) in CALLS {
        let Some(body) = answer(name) else { return };
        let record_schema = described(kind);
        let fields = record_schema["properties"].as_object().unwrap();
        for record in parse(kind, body.as_bytes()).unwrap() {
            let record = record.as_object().unwrap();
            assert!(record.keys().eq(fields.keys()), "{name}");
            assert!(record.iter().all(|(field, value)| fits(value, &fields[field])), "{name}: {record:?}");
            let required = record_schema["required"].as_array().unwrap();
            assert!(required.iter().all(|field| !record[field.as_str().unwrap()].is_null()), "{name}: {record:?}");
        }
    }
}

#[test]
fn an_answer_is_the_same_in_any_writing() {
    let mut numbers = Numbers(23);
    for (kind, rpc, name) in CALLS {
        let Some(body) = answer(name) else { return };
        let (message, records) = (payload(&body, rpc), parse(kind, body.as_bytes()).unwrap());
        for round in 0..20 {
            let sparse = sparsely(&message, &mut numbers);
            assert_eq!(parse(kind, &in_a_frame(rpc, &sparse)).unwrap(), records, "{name}, round {round}: {sparse}");
        }
    }
}

#[test]
fn a_cut_answer_is_whole_or_worth_another_try() {
    for (kind, _, name) in CALLS {
        let Some(body) = answer(name) else { return };
        let records = parse(kind, body.as_bytes()).unwrap();
        let payload_ends = body.find("\",null,null,null,\"").unwrap();
        for cut in (20..body.len()).step_by(body.len() / 500 + 1) {
            match parse(kind, &body.as_bytes()[..cut]) {
                Ok(cut_records) => {
                    assert!(cut > payload_ends, "{name} cut at {cut}");
                    assert_eq!(cut_records, records, "{name} cut at {cut}");
                }
                Err(failure) => assert_eq!(failure.kind, Unavailable, "{name} cut at {cut}: {failure}"),
            }
        }
    }
}

#[test]
fn damaged_answers_never_panic() {
    let mut numbers = Numbers(29);
    for (kind, _, name) in CALLS {
        let Some(body) = answer(name) else { return };
        for _ in 0..500 {
            let damaged = damaged(body.as_bytes(), &mut numbers, Numbers::below);
            if let Ok(records) = parse(kind, &damaged) {
                assert!(records.iter().all(Value::is_object));
            }
        }
    }
}

#[test]
fn deep_nesting_never_panics() {
    const DEPTH: usize = 100_000;
    for (open, close) in [("[", "]"), ("{\"1\":", "}"), ("[{\"1\":", "}]")] {
        let deep = open.repeat(DEPTH) + "0" + &close.repeat(DEPTH);
        for (kind, rpc, _) in CALLS {
            for message in [deep.clone(), format!("[[{deep}],{deep},{deep}]"), format!("[[[\"a\",{deep},{deep}]]]")] {
                let _ = ask(query(kind), frame(rpc, &message.into()));
            }
        }
    }
}
