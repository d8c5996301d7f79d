//! Each query of a POST gets its own answer, whatever the others get and wherever the body ends.

use playfast_guest::FailureKind::{InvalidQuery, NotFound, Unavailable};
use playfast_guest::{HttpResponse, Query};
use serde_json::{Value, json};

use crate::answers::{Answer, ask, query};
use crate::damage::Numbers;
use crate::oracle::app_block;
use crate::saved::{APPS, page, parse};

/// The frames of the first apps, whose tags are their places, and their records.
fn apps(count: usize) -> Option<(Vec<Value>, Vec<Value>)> {
    let bodies: Vec<_> = APPS.iter().take(count).map(|name| page(name)).collect::<Option<_>>()?;
    let messages = bodies.iter().map(|body| app_block(std::str::from_utf8(body).unwrap()).2);
    let frames = (0..).zip(messages).map(|(tag, message)| frame(&Value::from(message.to_string()), &Value::Null, tag));
    Some((frames.collect(), bodies.iter().map(|body| parse("app", body).unwrap().remove(0)).collect()))
}

fn frame(payload: &Value, error: &Value, tag: usize) -> Value {
    json!(["wrb.fr", "Ws7gDc", payload, null, null, error, tag.to_string()])
}

/// A body without `rt=c`.
fn at_once(frames: &[Value]) -> Vec<u8> {
    format!(")]}}'\n\n{}", json!(frames)).into_bytes()
}

/// A body with `rt=c`, a frame to a chunk, and where each chunk ends.
fn in_chunks(frames: &[Value]) -> (Vec<u8>, Vec<usize>) {
    let (mut body, mut ends) = (")]}'\n".to_owned(), Vec::new());
    for frame in frames.iter().chain([&json!(["di", 51]), &json!(["e", 4, null, null, 99999])]) {
        let chunk = json!([frame]).to_string();
        body += &format!("\n{}\n{chunk}", chunk.encode_utf16().count() + 2);
        ends.push(body.len());
    }
    ((body + "\n").into_bytes(), ends)
}

fn answers(count: usize, body: Vec<u8>) -> Vec<Answer> {
    ask(&vec![query("app"); count], &HttpResponse { status: 200, body, ..HttpResponse::default() }).unwrap()
}

#[test]
fn shuffled_answers_and_failures_go_to_their_queries() {
    let Some((mut frames, records)) = apps(4) else { return };
    frames.push(frame(&Value::Null, &json!([5]), 4));
    frames.push(frame(&Value::Null, &json!([3]), 5));
    frames.push(frame(&Value::Null, &json!([13, null, [["type.googleapis.com/x.PlayGatewayError", [9]]]]), 6));
    frames.push(frame(&json!("[]"), &Value::Null, 7));
    let mut numbers = Numbers(19);
    for _ in 0..20 {
        for last in (1..frames.len()).rev() {
            frames.swap(last, numbers.below(last + 1));
        }
        for body in [at_once(&frames), in_chunks(&frames).0] {
            let answers = answers(9, body);
            for (answer, record) in answers.iter().zip(&records) {
                assert_eq!(answer.as_deref(), Ok(std::slice::from_ref(record)));
            }
            let kinds: Vec<_> = answers[4..].iter().map(|answer| answer.as_ref().unwrap_err().kind).collect();
            assert_eq!(kinds, [NotFound, InvalidQuery, Unavailable, NotFound, Unavailable]);
        }
    }
}

#[test]
fn marks_of_block_pages_in_one_answer_block_no_other() {
    let app = json!([null, [null, null, [["captcha-form g-recaptcha"], {"78": ["an.app"]}]]]).to_string();
    let answers = answers(2, at_once(&[frame(&app.into(), &Value::Null, 0)]));
    assert!(answers[0].is_ok());
    assert_eq!(answers[1].as_ref().unwrap_err().kind, Unavailable);
}

#[test]
fn a_cut_post_answers_what_came_whole_and_the_rest_is_tried_again() {
    let Some((frames, records)) = apps(3) else { return };
    let (body, ends) = in_chunks(&frames);
    let close = ends.iter().flat_map(|end| end.saturating_sub(40)..end + 40);
    let spread = (0..300).map(|step| body.len() * step / 300);
    for cut in close.chain(spread).filter(|cut| (4..body.len()).contains(cut)) {
        for (index, answer) in answers(3, body[..cut].to_vec()).into_iter().enumerate() {
            match answer {
                Ok(answer) => {
                    assert!(cut + 2 >= ends[index], "query {index} has an answer when cut at {cut}");
                    assert_eq!(answer, std::slice::from_ref(&records[index]));
                }
                Err(failure) => assert_eq!(failure.kind, Unavailable, "query {index}, cut at {cut}: {failure:?}"),
            }
        }
    }
}

#[test]
fn an_answer_with_another_query_s_tag_is_nobody_s() {
    let Some((mut frames, records)) = apps(2) else { return };
    let queries = records.iter().map(|record| {
        let app_id = record["app_id"].as_str().unwrap().to_owned();
        Query { params: vec![("app_id".to_owned(), app_id)], ..query("app") }
    });
    let queries: Vec<_> = queries.collect();
    let ask_both = |frames: &[Value]| {
        let response = HttpResponse { status: 200, body: at_once(frames), ..HttpResponse::default() };
        ask(&queries, &response).unwrap()
    };
    let right: Vec<_> = ask_both(&frames).into_iter().map(|answer| answer.unwrap().remove(0)).collect();
    assert_eq!(right, records);
    (frames[0][6], frames[1][6]) = (json!("1"), json!("0"));
    for answer in ask_both(&frames) {
        assert_eq!(answer.unwrap_err().kind, Unavailable);
    }
}
