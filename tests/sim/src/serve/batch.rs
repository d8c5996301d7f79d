//! The answers to a POST's calls: each on its own, in frames that echo the tags.

use std::sync::atomic::Ordering;

use super::exchange::Desk;
use super::inquiry::Inquiry;
use super::reply::Reply;
use super::resolve::{Resolved, Resolver};
use crate::batch::{Answer, Call, Frame, Framing, calls, envelope};
use crate::faults::{FOREIGN_APP, FaultKind};
use crate::stock::Article;
use crate::wire::Mask;

/// The gRPC status of a store that is going down.
const INTERNAL: u8 = 13;

/// Answers a POST to batchexecute.
pub(crate) async fn batch(desk: &Desk<'_>, inquiry: &Inquiry) -> Reply {
    let Some(calls) = calls(&inquiry.form) else {
        return Reply::html(400, "<p>no calls in f.req</p>".to_owned());
    };
    desk.state.counters.post(calls.len());
    if let Some(refusal) = refusal(desk, &calls) {
        return refusal;
    }
    let mut frames = Vec::with_capacity(calls.len());
    for (index, call) in calls.into_iter().enumerate() {
        if desk.strikes_app(FaultKind::MissingFrame, index, call.app_id()) {
            continue;
        }
        let answer = answer(desk, inquiry, &call, index).await;
        frames.push(Frame { rpc: call.rpc, tag: call.tag, answer });
    }
    if frames.len() > 1 && desk.strikes(FaultKind::Shuffle, 0) {
        desk.lot.dice(FaultKind::Shuffle, 1).shuffle(&mut frames);
    }
    let framing = if inquiry.param("rt") == Some("c") { Framing::Lines } else { Framing::Array };
    Reply::json(envelope(&frames, framing))
}

/// The answer to a POST that is too large, or asks for a poisoned app.
fn refusal(desk: &Desk<'_>, calls: &[Call]) -> Option<Reply> {
    let faults = desk.lot.faults();
    match faults.max_calls.filter(|limit| calls.len() > limit.calls) {
        Some(limit) => {
            desk.state.counters.over_calls.fetch_add(1, Ordering::Relaxed);
            Some(Reply::html(limit.status, "<p>too many calls</p>".to_owned()).retry_after(faults.retry_after))
        }
        None => desk.poison(calls.iter().filter_map(Call::app_id)),
    }
}

async fn answer(desk: &Desk<'_>, inquiry: &Inquiry, call: &Call, index: usize) -> Answer {
    let app_id = call.app_id();
    let details = call.details_id().is_some();
    let strikes = |kind| desk.strikes_app(kind, index, app_id);
    if strikes(FaultKind::GatewayError) {
        return Answer::GatewayError;
    }
    if strikes(FaultKind::ErrorFrame) {
        return Answer::Error(desk.lot.faults().error_code);
    }
    if strikes(FaultKind::EmptyFrame) {
        return empty(desk, index);
    }
    if details && strikes(FaultKind::MovedFrame) {
        return Answer::Payload(MOVED.to_owned().into());
    }
    let resolved = if details && strikes(FaultKind::ForeignFrame) {
        Resolved::Article(Article::Details(inquiry.app(FOREIGN_APP), Mask::new(call.fields())))
    } else {
        Resolver { desk, inquiry, call, index }.resolve()
    };
    match resolved {
        Resolved::Article(article) => {
            desk.take(article, inquiry.gzip).await.map_or(Answer::Status(INTERNAL), Answer::Payload)
        }
        Resolved::Status(status) => Answer::Status(status),
        Resolved::Nothing => Answer::Nothing,
    }
}

/// An app's message that is one slot further on than it was, as it stands in a string.
const MOVED: &str = r#"[[[[]]],[null,null,null,[[\"A title\"]]]]"#;

/// One of the ways in which a frame is empty.
fn empty(desk: &Desk<'_>, index: usize) -> Answer {
    let payload = |json: &str| Answer::Payload(json.to_owned().into());
    match desk.lot.dice(FaultKind::EmptyFrame, index).below(3) {
        0 => Answer::Nothing,
        1 => payload("[]"),
        _ => payload("[[[[]]],[]]"),
    }
}
