//! However sparsely its messages are written, a page says the same.

use playfast_guest::{HttpResponse, Parser as _, Query};
use playfast_play::Play;
use serde_json::{Map, Value, json};

use crate::damage::Numbers;
use crate::oracle::{app_block, in_a_frame, in_a_page, payload};
use crate::saved::{APPS, CHART, page, parse};

/// The same message with the ends of some of its arrays moved into objects keyed by field number.
pub(crate) fn sparsely(value: &Value, numbers: &mut Numbers) -> Value {
    let Some(array) = value.as_array() else {
        return match value.as_object() {
            Some(tail) => {
                tail.iter().map(|(key, member)| (key.clone(), sparsely(member, numbers))).collect::<Map<_, _>>().into()
            }
            None => value.clone(),
        };
    };
    let mut written: Vec<Value> = array.iter().map(|element| sparsely(element, numbers)).collect();
    if written.iter().any(Value::is_object) || numbers.below(3) != 0 || written.is_empty() {
        return written.into();
    }
    let kept = numbers.below(written.len());
    let moved = written.split_off(kept);
    let tail = (kept + 1..).zip(moved).filter(|(_, value)| !value.is_null());
    let tail: Map<_, _> = tail.map(|(number, value)| (number.to_string(), value)).collect();
    if !tail.is_empty() {
        written.push(tail.into());
    }
    written.into()
}

#[test]
fn an_app_is_the_same_in_any_writing() {
    let mut numbers = Numbers(11);
    for name in APPS {
        let Some(body) = page(name) else { return };
        let (_, _, message) = app_block(std::str::from_utf8(&body).unwrap());
        let record = parse("app", &body).unwrap();
        for round in 0..20 {
            let sparse = sparsely(&message, &mut numbers);
            assert_eq!(parse("app", &in_a_page(&sparse)).unwrap(), record, "{name}, round {round}");
            assert_eq!(parse("app", &in_a_frame("Ws7gDc", &sparse)).unwrap(), record, "{name}, round {round}");
        }
    }
}

#[test]
fn a_chart_is_the_same_in_any_writing() {
    let Some(body) = page(CHART) else { return };
    let (message, records) = (payload(std::str::from_utf8(&body).unwrap(), "vyAe2"), parse("list", &body).unwrap());
    let mut numbers = Numbers(13);
    for round in 0..5 {
        assert_eq!(
            parse("list", &in_a_frame("vyAe2", &sparsely(&message, &mut numbers))).unwrap(),
            records,
            "round {round}"
        );
    }
}

#[test]
fn each_query_of_a_post_gets_its_own_answer() {
    let bodies: Option<Vec<_>> = APPS.iter().take(3).map(|name| page(name)).collect();
    let Some(bodies) = bodies else { return };
    let messages = bodies.iter().map(|body| app_block(std::str::from_utf8(body).unwrap()).2);
    let mut frames: Vec<_> = (0..)
        .zip(messages)
        .map(|(tag, message)| json!(["wrb.fr", "Ws7gDc", message.to_string(), null, null, null, tag.to_string()]))
        .collect();
    frames.push(json!(["wrb.fr", "Ws7gDc", null, null, null, [5], "3"]));
    frames.rotate_left(2);
    let queries = vec![Query { kind: "app".to_owned(), ..Query::default() }; 5];
    let body = format!(")]}}'\n\n{}", Value::from(frames)).into_bytes();
    let answers = Play::parse(&queries, &HttpResponse { status: 200, body, ..HttpResponse::default() }).unwrap();
    for (answer, body) in answers.iter().zip(&bodies) {
        let record: Value = serde_json::from_str(&answer.as_ref().unwrap().records[0]).unwrap();
        assert_eq!(record, parse("app", body).unwrap()[0]);
    }
    use playfast_guest::FailureKind::{NotFound, Unavailable};
    let kinds: Vec<_> = answers[3..].iter().map(|answer| answer.as_ref().unwrap_err().kind).collect();
    assert_eq!(kinds, [NotFound, Unavailable]);
}
