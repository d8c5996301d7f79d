//! Statuses that frames of batchexecute report, as failures.

use std::ops::ControlFlow;

use playfast_guest::Failure;
use playfast_guest::json::{Kind, ReadError, Reader};

/// The status of a call that asks for what doesn't exist.
pub(super) const NOT_FOUND: u32 = 5;

/// The failure of a call's status (codes of google.rpc.Code; a `PlayGatewayError` detail is transient).
pub(super) fn call_failure(code: u32, mut error: Reader<'_>) -> Failure {
    let transient = has_text(&mut error, "PlayGatewayError", 0).unwrap_or(false);
    match code {
        NOT_FOUND => Failure::not_found("the store has no such thing, at least in this country"),
        8 => Failure::blocked("the store's quota is used up"),
        3 if !transient => Failure::invalid_query("the store says: invalid argument"),
        code => Failure::unavailable(format!("the store failed with gRPC status {code}")),
    }
}

/// The failure of an `er` frame's statuses: that of HTTP, else that of gRPC.
pub(super) fn request_failure(http: Option<u32>, grpc: Option<u32>) -> Failure {
    let code = match (http, grpc) {
        (Some(http), Some(grpc)) => format!("the store answered with the error {http} (gRPC status {grpc})"),
        (Some(code), None) | (None, Some(code)) => format!("the store answered with the error {code}"),
        (None, None) => "the store answered with an error".to_owned(),
    };
    match (http.filter(|status| *status >= 100), grpc.or(http)) {
        (Some(400), _) | (None, Some(3)) => Failure::invalid_query(code),
        (Some(404), _) | (None, Some(5)) => Failure::not_found(code),
        (Some(403 | 429), _) | (None, Some(7 | 8)) => Failure::blocked(code),
        (Some(408 | 425), _) => Failure::unavailable(code),
        (Some(400..=499), _) | (None, Some(12 | 16)) => Failure::layout_changed(code),
        _ => Failure::unavailable(code),
    }
}

/// Depth to which a status is searched, which its details need.
const MAX_STATUS_DEPTH: u8 = 6;

/// Whether a text in a value contains `part`.
fn has_text(value: &mut Reader<'_>, part: &str, depth: u8) -> Result<bool, ReadError> {
    if value.text().is_some_and(|text| text.contains(part)) {
        return Ok(true);
    }
    let mut found = false;
    if depth < MAX_STATUS_DEPTH && value.kind()? == Kind::Array {
        let mut inner = *value;
        inner.elements(|_, element| {
            found |= has_text(element, part, depth + 1)?;
            Ok(if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
    }
    Ok(found)
}
