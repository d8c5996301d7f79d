//! Cut or damaged, a page gives a failure or what it holds: never a panic, and never half a record.

use playfast_guest::{HttpResponse, Parser as _, Query};
use playfast_play::Play;
use serde_json::{Value, json};

use crate::oracle::app_block;
use crate::saved::{APPS, CHART, DETAILS, page, parse};

/// A small generator (xorshift, Marsaglia 2003): the same numbers every time.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// Everything near the ends of what is needed, and some hundred places elsewhere.
fn cuts(length: usize, near: &[usize]) -> Vec<usize> {
    let close = near.iter().flat_map(|at| at.saturating_sub(150)..at + 150);
    let spread = (0..300).map(|step| length * step / 300);
    close.chain(spread).filter(|at| *at < length).collect()
}

/// Before `needed` a failure; from there on the same or a failure.
fn sweep(kind: &str, name: &str, body: &[u8], start: usize, needed: usize) {
    let whole = parse(kind, body).unwrap();
    for cut in cuts(body.len(), &[start, needed]) {
        match parse(kind, &body[..cut]) {
            Ok(records) => {
                assert!(cut >= needed, "{name}: an answer although cut at {cut}, before {needed}");
                assert_eq!(records, whole, "{name}: another answer when cut at {cut}");
            }
            Err(failure) => assert!(!failure.message.is_empty()),
        }
    }
}

#[test]
fn cut_pages_are_failures_up_to_the_end_of_the_app() {
    for name in APPS {
        let Some(body) = page(name) else { return };
        let (start, end, _) = app_block(std::str::from_utf8(&body).unwrap());
        sweep("app", name, &body, start, end);
    }
}

#[test]
fn cut_answers_are_failures_up_to_the_end_of_the_frame() {
    for (kind, name, after) in [("app", DETAILS, "null,null,null,\"5\""), ("list", CHART, "null,null,null,\"generic\"")]
    {
        let Some(body) = page(name) else { return };
        let text = std::str::from_utf8(&body).unwrap();
        let payload_ends = text.rfind(after).unwrap();
        sweep(kind, name, &body, 120, payload_ends);
    }
}

#[test]
fn a_body_that_is_cut_between_two_frames_or_lacks_one_is_worth_another_try() {
    use playfast_guest::FailureKind::Unavailable;
    let frame = |tag: usize| {
        let message = json!([null, [null, null, [["A title"], {"78": [format!("an.app{tag}")]}]]]).to_string();
        let line = json!([["wrb.fr", "Ws7gDc", message, null, null, null, tag.to_string()]]).to_string();
        format!("{}\n{line}\n", line.len() + 2)
    };
    let end = "26\n[[\"e\",4,null,null,1000]]\n";
    for (written, ends, reason) in [
        ([0].as_slice(), "", "cut short"),
        (&[], "", "cut short"),
        (&[0], end, "lacks the frame"),
        (&[], end, "lacks the frame"),
    ] {
        let body = format!(")]}}'\n\n{}{ends}", written.iter().map(|tag| frame(*tag)).collect::<String>());
        let queries = vec![Query { kind: "app".to_owned(), ..Query::default() }; 2];
        let response = HttpResponse { status: 200, body: body.into_bytes(), ..HttpResponse::default() };
        let answers = Play::parse(&queries, &response).unwrap();
        for (tag, answer) in answers.iter().enumerate() {
            match answer {
                Ok(_) => assert!(written.contains(&tag), "{tag} of {written:?} {ends}"),
                Err(failure) => {
                    assert_eq!(failure.kind, Unavailable, "{tag} of {written:?} {ends}");
                    assert!(failure.message.contains(reason), "{tag} of {written:?} {ends}: {failure}");
                }
            }
        }
    }
}

/// Flips, takes out and puts in up to eight times, at places that `place` chooses below a length.
pub(crate) fn damaged(body: &[u8], numbers: &mut Numbers, place: fn(&mut Numbers, usize) -> usize) -> Vec<u8> {
    let mut damaged = body.to_vec();
    for _ in 0..=numbers.below(8) {
        let at = place(numbers, damaged.len());
        match numbers.below(3) {
            0 => damaged[at] ^= 1 << numbers.below(8),
            1 => drop(damaged.drain(at..(at + 1 + numbers.below(40)).min(damaged.len()))),
            _ => damaged.insert(at, b"[]{}\",\\0n-.e"[numbers.below(12)]),
        }
    }
    damaged
}

/// Half of the damage where the data is.
fn near_the_data(numbers: &mut Numbers, length: usize) -> usize {
    if numbers.below(2) == 0 { numbers.below(length) } else { length - 1 - numbers.below(length / 8) }
}

#[test]
fn damaged_pages_never_panic() {
    let mut numbers = Numbers(7);
    for (kind, name) in APPS.map(|name| ("app", name)).into_iter().chain([("app", DETAILS), ("list", CHART)]) {
        let Some(body) = page(name) else { return };
        let rounds = if body.len() > 200_000 { 60 } else { 300 };
        for _ in 0..rounds {
            let damaged = damaged(&body, &mut numbers, near_the_data);
            if let Ok(records) = parse(kind, &damaged) {
                assert!(records.iter().all(Value::is_object));
            }
        }
    }
}

#[test]
fn old_layouts_and_other_things_are_told_apart() {
    use playfast_guest::FailureKind::{Blocked, LayoutChanged, NotFound};
    let cases = [
        ("app-old/2016-11_app1_htmlonly.html", LayoutChanged),
        ("app-old/2018-06_zooper_de_oldlayout.html", LayoutChanged),
        ("app-old/2021-11_treasury_en-us_oldlayout.html", LayoutChanged),
        ("app-batch/2022-11_book_fr_Ws7gDc.txt", LayoutChanged),
        ("error/2018_429_please-reduce-your-request-rate.html", Blocked),
        ("error/2026-09_consent_forms_excerpt.html", Blocked),
        ("error/sorry_captcha_SYNTHETIC.html", Blocked),
        ("error/notfound_datasafety_missing_SYNTHETIC.html", NotFound),
    ];
    for (name, kind) in cases {
        let Some(body) = page(name) else { return };
        assert_eq!(parse("app", &body).unwrap_err().kind, kind, "{name}");
    }
}
