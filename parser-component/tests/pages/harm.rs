//! Harm done where the data is, rather than somewhere in a page that is mostly something else.

use playfast_guest::FailureKind::Unavailable;
use serde_json::Value;

use crate::damage::{Numbers, damaged};
use crate::oracle::{app_block, in_a_frame, in_a_page};
use crate::saved::{APPS, CHART, DETAILS, page, parse};

fn anywhere(numbers: &mut Numbers, length: usize) -> usize {
    numbers.below(length)
}

/// What is left are objects; [`parse`] holds that they are JSON.
fn no_panic(kind: &str, body: &[u8]) {
    if let Ok(records) = parse(kind, body) {
        assert!(records.iter().all(Value::is_object));
    }
}

#[test]
fn harmed_messages_never_panic() {
    let mut numbers = Numbers(17);
    for name in APPS {
        let Some(body) = page(name) else { return };
        let (_, _, message) = app_block(std::str::from_utf8(&body).unwrap());
        for body in [in_a_page(&message), in_a_frame("Ws7gDc", &message)] {
            for _ in 0..300 {
                no_panic("app", &damaged(&body, &mut numbers, anywhere));
            }
        }
    }
}

#[test]
fn deep_nesting_never_panics() {
    const DEPTH: usize = 200_000;
    for (open, close) in [("[", "]"), ("{\"1\":", "}"), ("[{\"1\":", "}]")] {
        let deep = open.repeat(DEPTH) + "0" + &close.repeat(DEPTH);
        let details = format!("[0,[0,0,[[\"T\"],{{\"78\":[\"a.b\"],\"119\":{deep}}}]]]");
        for body in [
            format!("AF_initDataCallback({{key: 'ds:5', hash: '8', data:{deep}, sideChannel: {{}}}});"),
            format!("AF_initDataCallback({{key: 'ds:5', hash: '8', data:{details}, sideChannel: {{}}}});"),
            format!(")]}}'\n\n{deep}"),
            format!(")]}}'\n\n[[\"wrb.fr\",\"Ws7gDc\",null,null,null,[13,{deep}],\"0\"]]"),
        ] {
            no_panic("app", body.as_bytes());
            no_panic("list", body.as_bytes());
        }
    }
}

/// Only a body that has begun as what ends visibly can say that its end is missing.
#[test]
fn a_cut_body_is_worth_another_try() {
    let pages = APPS.map(|name| ("app", name)).into_iter().filter(|(_, name)| !name.ends_with("_blocks.html"));
    for (kind, name) in pages.chain([("app", DETAILS), ("list", CHART)]) {
        let Some(body) = page(name) else { return };
        let (first, spread) = (20, 400);
        for cut in (0..spread).map(|step| first + (body.len() - first) * step / spread) {
            if let Err(failure) = parse(kind, &body[..cut]) {
                assert_eq!(failure.kind, Unavailable, "{name} cut at {cut}: {}", failure.message);
            }
        }
    }
}
