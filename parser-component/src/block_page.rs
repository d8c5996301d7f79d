//! Block pages: responses in place of an answer, such as captchas, consent pages and refusals.
//!
//! Status, redirect target and address are checked first. The body is searched for marks if the response can't be an answer, or if no answer
//! was found in it: the text of an answer is other people's and may contain any mark.

use playfast_guest::{Failure, FailureKind, HttpResponse, url};

use crate::request;

/// Checks that a response can be the answer to `queries` queries.
pub(crate) fn check(response: &HttpResponse, queries: usize) -> Result<(), Failure> {
    let addresses = [response.header("location").unwrap_or_default(), &response.url];
    if let Some(message) = addresses.into_iter().find_map(block_at) {
        return Err(Failure::blocked(message).retry_after_ms(response.retry_after_ms()));
    }
    if (200..=299).contains(&response.status) {
        return Ok(());
    }
    let marked = marked(&response.body).filter(|failure| failure.kind == FailureKind::Blocked);
    let failure = marked.unwrap_or_else(|| refusal(response, queries));
    Err(match failure.kind {
        FailureKind::Blocked | FailureKind::Unavailable => failure.retry_after_ms(response.retry_after_ms()),
        _ => failure,
    })
}

/// The failure of a status other than success.
fn refusal(response: &HttpResponse, queries: usize) -> Failure {
    let status = response.status;
    match status {
        400 => Failure::invalid_query("HTTP 400: the store refuses this request as invalid"),
        403 => Failure::blocked("HTTP 403: the store refuses this address or this rate"),
        429 => Failure::blocked("HTTP 429: too many requests"),
        404 | 410 if response.url.contains(request::RPC_PATH) => {
            Failure::layout_changed(format!("HTTP {status}: the store no longer answers rpcs here"))
        }
        404 | 410 => Failure::not_found(NOT_FOUND),
        408 => Failure::unavailable("HTTP 408: the store waited too long for the request"),
        425 => Failure::unavailable("HTTP 425: the store wants the request once more"),
        413 | 414 | 431 if queries > 1 => {
            Failure::unavailable(format!("HTTP {status}: a request for {queries} queries is too large for the store"))
        }
        413 | 414 | 431 => Failure::invalid_query(format!("HTTP {status}: the request is too large for the store")),
        500.. => Failure::unavailable(format!("HTTP {status}")),
        _ => {
            let target = response.header("location").unwrap_or(&response.url);
            Failure::layout_changed(format!("HTTP {status} to {target}: the store no longer answers such requests"))
        }
    }
}

const NOT_FOUND: &str = "the store has nothing at this address, at least in this country";
const CONSENT: &str = "Google asks for consent to cookies before it answers";
const CAPTCHA: &str = "Google asks for a captcha: too many requests from this address; go slower, or wait";

/// The message for an address of a block page: a captcha at `/sorry` of any host of Google's, or consent.
fn block_at(address: &str) -> Option<&'static str> {
    let host = url::host(address)?;
    let (_, rest) = address.split_once(host)?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default();
    if is_consent(host) {
        return Some(CONSENT);
    }
    (is_under(host, "google") && (path == "/sorry" || path.starts_with("/sorry/"))).then_some(CAPTCHA)
}

/// Whether a host asks for consent: `consent.google.TLD` or `consent.youtube.TLD`.
fn is_consent(host: &str) -> bool {
    let (label, rest) = host.split_at_checked("consent.".len()).unwrap_or_default();
    label.eq_ignore_ascii_case("consent.") && ["google", "youtube"].into_iter().any(|name| is_domain(rest, name))
}

/// Whether a host is a domain of this name or below one: `www.google.de` of google.
fn is_under(host: &str, name: &str) -> bool {
    let label_ends = host.bytes().enumerate().filter(|(_, byte)| *byte == b'.').map(|(at, _)| at + 1);
    let is_host = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    is_host && [0].into_iter().chain(label_ends).any(|at| host.get(at..).is_some_and(|rest| is_domain(rest, name)))
}

/// Whether a host is `NAME.TLD`, `NAME.co.CC` or `NAME.com.CC`, where CC is a country's two letters.
fn is_domain(host: &str, name: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut labels = host.split('.');
    let is_named = labels.next().is_some_and(|label| label.eq_ignore_ascii_case(name));
    let is_second = |label: &str| ["co", "com"].into_iter().any(|second| label.eq_ignore_ascii_case(second));
    let is_letters = |label: &str| label.len() >= 2 && label.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_named
        && match (labels.next(), labels.next(), labels.next()) {
            (Some(top), None, None) => is_letters(top),
            (Some(second), Some(country), None) => is_second(second) && country.len() == 2 && is_letters(country),
            _ => false,
        }
}

/// The failure that the body's marks tell of, else the given one.
pub(crate) fn or_blocked(failure: Failure, body: &[u8]) -> Failure {
    match failure.kind {
        FailureKind::LayoutChanged | FailureKind::Unavailable => marked(body).unwrap_or(failure),
        _ => failure,
    }
}

/// Marks of block pages, with the failure that they mean.
const MARKS: [(&str, FailureKind, &str); 5] = [
    ("captcha-form", FailureKind::Blocked, CAPTCHA),
    ("g-recaptcha", FailureKind::Blocked, CAPTCHA),
    ("unusual traffic from your computer network", FailureKind::Blocked, CAPTCHA),
    ("Please reduce your request rate", FailureKind::Blocked, "too many requests from this address"),
    ("the requested URL was not found on this server", FailureKind::NotFound, NOT_FOUND),
];

/// Bytes of the largest body that is searched for marks: block pages are small, and old layouts are not.
const MAX_BLOCK_PAGE_BYTES: usize = 64 * 1024;

/// The failure that a body tells of, by a link to a block page or by a mark.
fn marked(body: &[u8]) -> Option<Failure> {
    if body.len() > MAX_BLOCK_PAGE_BYTES {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    if hosts_before(&text, "/save").any(is_consent) {
        return Some(Failure::blocked(CONSENT));
    }
    if hosts_before(&text, "/sorry/").any(|host| is_under(host, "google")) {
        return Some(Failure::blocked(CAPTCHA));
    }
    MARKS.iter().find(|(mark, ..)| text.contains(mark)).map(|(_, kind, message)| Failure::new(*kind, *message))
}

/// Characters of the longest host name (RFC 1035).
const MAX_HOST_CHARS: usize = 253;

/// Hosts of the addresses in a text whose path starts with `path`.
fn hosts_before<'t>(text: &'t str, path: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(path).filter_map(|(end, _)| {
        let before = text.get(..end)?;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let length = before.bytes().rev().take(MAX_HOST_CHARS).take_while(is_part).count();
        before.get(end - length..)
    })
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

    fn kind(response: &HttpResponse) -> Option<FailureKind> {
        check(response, 1).err().map(|failure| failure.kind)
    }

    #[test]
    fn a_status_says_what_to_do() {
        let cases = [
            (200, None),
            (302, Some(FailureKind::LayoutChanged)),
            (400, Some(FailureKind::InvalidQuery)),
            (401, Some(FailureKind::LayoutChanged)),
            (403, Some(FailureKind::Blocked)),
            (404, Some(FailureKind::NotFound)),
            (408, Some(FailureKind::Unavailable)),
            (410, Some(FailureKind::NotFound)),
            (413, Some(FailureKind::InvalidQuery)),
            (425, Some(FailureKind::Unavailable)),
            (429, Some(FailureKind::Blocked)),
            (500, Some(FailureKind::Unavailable)),
            (503, Some(FailureKind::Unavailable)),
        ];
        for (status, wanted) in cases {
            assert_eq!(kind(&response(status, &[], "")), wanted, "{status}");
        }
        let too_large = check(&response(413, &[], ""), 50).unwrap_err();
        assert_eq!(too_large.kind, FailureKind::Unavailable);
        assert!(too_large.message.contains("50 queries"), "{too_large}");
    }

    #[test]
    fn a_redirect_to_a_block_page_is_one_at_any_of_googles_names() {
        let walls = [
            "https://www.google.com/sorry/index?continue=x",
            "https://ipv4.google.com/sorry/index?continue=x",
            "https://ipv6.google.com/sorry/IndexRedirect?continue=x",
            "https://www.google.de/sorry/index",
            "https://WWW.Google.de:443/sorry",
            "https://google.com/sorry?continue=x",
            "https://www.google.com./sorry/index",
            "https://www.google.co.uk/sorry/index",
            "https://google.com.br/sorry/index",
            "https://play.google.com/sorry/index",
            "http://user@www.google.com/sorry/index",
            "https://consent.google.com/ml?continue=x",
            "https://consent.google.de/m?continue=x",
            "https://consent.google.co.uk/m?continue=x",
            "https://consent.youtube.com/m?continue=x",
        ];
        for wall in walls {
            assert_eq!(kind(&response(302, &[("location", wall)], "")), Some(FailureKind::Blocked), "{wall}");
            let followed = HttpResponse { url: wall.to_owned(), ..response(200, &[], "") };
            assert_eq!(kind(&followed), Some(FailureKind::Blocked), "{wall}");
        }
    }

    #[test]
    fn what_only_looks_like_a_block_page_is_none() {
        let others = [
            "https://www.google.com/",
            "https://www.google.com/sorryful",
            "https://www.google.com?continue=/sorry/index",
            "https://www.google.com/search?q=/sorry/index",
            "https://google.com.evil.example/sorry/index",
            "https://www.google.evil.example/sorry/index",
            "https://www.google.com.evil/sorry/index",
            "https://notgoogle.com/sorry/index",
            "https://evilgoogle.de/sorry/index",
            "https://evil.example/www.google.com/sorry/index",
            "https://evil.example\\.google.com/sorry/index",
            "https://google.com@evil.example/sorry/index",
            "https://consent.evil.example/ml",
            "https://consent.google.com.evil.example/ml",
            "https://notconsent.google.com/ml",
            "/sorry/index",
        ];
        for other in others {
            let kind = kind(&response(302, &[("location", other)], ""));
            assert_eq!(kind, Some(FailureKind::LayoutChanged), "{other}");
        }
    }

    #[test]
    fn rpcs_that_are_gone_are_another_layout() {
        let url = "https://play.google.com/_/PlayStoreUi/data/batchexecute?hl=en&gl=us&rt=c".to_owned();
        assert_eq!(kind(&HttpResponse { url, ..response(404, &[], "") }), Some(FailureKind::LayoutChanged));
    }

    #[test]
    fn retry_after_is_passed_on_if_it_is_worth_another_try() {
        for status in [403, 408, 425, 429, 500, 503] {
            let failure = check(&response(status, &[("retry-after", "7")], ""), 1).unwrap_err();
            assert_eq!(failure.retry_after_ms, Some(7000), "{status}");
        }
        let walled = check(&response(302, &[("retry-after", "7")], "<form id=\"captcha-form\">"), 1).unwrap_err();
        assert_eq!((walled.kind, walled.retry_after_ms), (FailureKind::Blocked, Some(7000)));
    }

    #[test]
    fn a_captcha_blocks_whatever_its_status() {
        let bodies = [
            "<form id=\"captcha-form\">",
            "<a href=\"https://www.google.com/sorry/index?q=x\">",
            "<a href=\"https://ipv4.google.com/sorry/index?q=x\">",
            "<a href=\"https://www.google.co.in/sorry/index?q=x\">",
            "<form action=\"https://consent.google.de/save\">",
            "<form action=\"https://consent.youtube.com/save\">",
        ];
        for body in bodies {
            for status in [301, 302, 400, 403, 404, 408, 413, 418, 500, 503] {
                let failure = check(&response(status, &[], body), 1).unwrap_err();
                assert_eq!(failure.kind, FailureKind::Blocked, "{status} {body}");
            }
            let found = or_blocked(Failure::layout_changed("no app"), body.as_bytes());
            assert_eq!(found.kind, FailureKind::Blocked, "{body}");
        }
        let other = or_blocked(
            Failure::layout_changed("no app"),
            b"https://google.com.evil.example/sorry/ consent.evil.example/save",
        );
        assert_eq!(other.kind, FailureKind::LayoutChanged);
    }
}
