//! Is this an answer, or a wall in front of it?
//!
//! Status, redirect target and address are looked at first. A body is searched for a wall's marks only after no answer was found in it:
//! what an answer says is other people's text, and may say anything.

use playfast_guest::{Failure, FailureKind, HttpResponse, url};

use crate::request;

/// Hosts that stand in the way, with what to do about them.
const WALLS: [(&str, &str); 2] = [("consent.google.com", CONSENT), ("www.google.com", CAPTCHA)];

/// A failure where the response can't be an answer.
pub(crate) fn check(response: &HttpResponse) -> Result<(), Failure> {
    let target = response.header("location").unwrap_or(&response.url);
    if let Some(message) = wall_at(target) {
        return Err(blocked(message, response));
    }
    match response.status {
        200..=299 => Ok(()),
        404 | 410 if response.url.contains(request::RPC_PATH) => {
            Err(Failure::layout_changed(format!("HTTP {}: the store no longer answers rpcs here", response.status)))
        }
        404 | 410 => Err(Failure::not_found(NOT_FOUND)),
        403 | 429 => Err(blocked(&format!("HTTP {}: too many requests", response.status), response)),
        status @ 500.. => Err(marked(&response.body)
            .unwrap_or_else(|| Failure::unavailable(format!("HTTP {status}")))
            .retry_after_ms(response.retry_after_ms())),
        status => Err(Failure::layout_changed(format!(
            "HTTP {status} to {target}: the store no longer answers such requests"
        ))),
    }
}

const NOT_FOUND: &str = "the store has nothing at this address, at least in this country";

fn blocked(message: &str, response: &HttpResponse) -> Failure {
    Failure::blocked(message).retry_after_ms(response.retry_after_ms())
}

fn wall_at(address: &str) -> Option<&'static str> {
    let host = url::host(address)?;
    let (wall, message) = WALLS.iter().find(|(wall, _)| *wall == host)?;
    (*wall != "www.google.com" || address.contains("/sorry")).then_some(message)
}

/// The failure that the body's marks tell of, else the one that was found without them.
pub(crate) fn or(failure: Failure, body: &[u8]) -> Failure {
    match failure.kind {
        FailureKind::LayoutChanged | FailureKind::Unavailable => marked(body).unwrap_or(failure),
        _ => failure,
    }
}

const CONSENT: &str = "Google asks for consent to cookies before it answers";
const CAPTCHA: &str = "Google asks for a captcha: too many requests from this address; go slower, or wait";

/// What marks a page that is no answer, with what it means. Looked for in pages of up to 64 KiB: walls are small, and old layouts are not.
const MARKS: [(&str, FailureKind, &str); 7] = [
    ("consent.google.com/save", FailureKind::Blocked, CONSENT),
    ("google.com/sorry/", FailureKind::Blocked, CAPTCHA),
    ("captcha-form", FailureKind::Blocked, CAPTCHA),
    ("g-recaptcha", FailureKind::Blocked, CAPTCHA),
    ("unusual traffic from your computer network", FailureKind::Blocked, CAPTCHA),
    ("Please reduce your request rate", FailureKind::Blocked, "too many requests from this address"),
    ("the requested URL was not found on this server", FailureKind::NotFound, NOT_FOUND),
];

const LARGEST_WALL: usize = 64 * 1024;

fn marked(body: &[u8]) -> Option<Failure> {
    if body.len() > LARGEST_WALL {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    MARKS.iter().find(|(mark, ..)| text.contains(mark)).map(|(_, kind, message)| Failure::new(*kind, *message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        HttpResponse {
            url: "https://play.google.com/store/apps/details?id=a.b".to_owned(),
            status,
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
            received_at: 0,
        }
    }

    #[test]
    fn statuses_and_redirects_say_what_they_are() {
        let cases = [
            (200, None, None),
            (302, Some("https://www.google.com/sorry/index?continue=x"), Some(FailureKind::Blocked)),
            (302, Some("https://consent.google.com/ml?continue=x"), Some(FailureKind::Blocked)),
            (302, Some("https://www.google.com/"), Some(FailureKind::LayoutChanged)),
            (404, None, Some(FailureKind::NotFound)),
            (429, None, Some(FailureKind::Blocked)),
            (503, None, Some(FailureKind::Unavailable)),
        ];
        for (status, location, kind) in cases {
            let headers: Vec<_> = location.map(|location| ("location", location)).into_iter().collect();
            let failure = check(&response(status, &headers, "")).err().map(|failure| failure.kind);
            assert_eq!(failure, kind, "{status} {location:?}");
        }
    }

    #[test]
    fn rpcs_that_are_gone_are_another_layout() {
        let url = "https://play.google.com/_/PlayStoreUi/data/batchexecute?hl=en&gl=us&rt=c".to_owned();
        let failure = check(&HttpResponse { url, ..response(404, &[], "") }).unwrap_err();
        assert_eq!(failure.kind, FailureKind::LayoutChanged);
    }

    #[test]
    fn retry_after_is_passed_on() {
        let failure = check(&response(429, &[("retry-after", "7")], "")).unwrap_err();
        assert_eq!(failure.retry_after_ms, Some(7000));
    }

    #[test]
    fn a_captcha_with_a_server_error_is_still_a_wall() {
        let failure = check(&response(503, &[], "<form id=\"captcha-form\">")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Blocked);
    }
}
