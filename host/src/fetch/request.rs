//! Request to be sent, built from a parser's and checked: reserved headers and sizes above the limits fail it.

use reqwest::Url;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, HeaderName, TRANSFER_ENCODING,
};

use crate::types::{Failure, FailureKind, Request};

/// Bytes of a request's body. Play's largest have some kilobytes.
const REQUEST_LIMIT: usize = 1 << 20;

/// Bytes of a request's headers; servers accept little more.
const HEADERS_LIMIT: usize = 16 << 10;

/// Reserved headers: they change the host, the connection, or how the body is read.
pub(super) const RESERVED: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "accept-encoding",
    "proxy-authorization",
];

/// The request as it is sent to `url`.
pub(super) fn built(url: &Url, request: Request) -> Result<reqwest::Request, Failure> {
    let mut built = reqwest::Request::new(request.method, url.clone());
    let headers: usize = request.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > HEADERS_LIMIT {
        let what = format!("a request has headers of {headers} bytes, above the limit of {HEADERS_LIMIT}");
        return Err(Failure::new(FailureKind::ParserInvalid, what));
    }
    if let Some(name) = request.headers.keys().find(|name| RESERVED.contains(&name.as_str())) {
        let what = format!("a request has the header {name}: it is the host's to set");
        return Err(Failure::new(FailureKind::ParserInvalid, what));
    }
    *built.headers_mut() = request.headers;
    let bytes = request.body.as_ref().map_or(0, bytes::Bytes::len);
    if bytes > REQUEST_LIMIT {
        let what = format!("a request has a body of {bytes} bytes, above the limit of {REQUEST_LIMIT}");
        return Err(Failure::new(FailureKind::ParserInvalid, what));
    }
    *built.body_mut() = request.body.map(Into::into);
    Ok(built)
}

/// Headers that describe a request's body (RFC 9110, section 15.4).
const OF_THE_BODY: [HeaderName; 6] =
    [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, TRANSFER_ENCODING];

/// Changes a request to a GET without a body, for a redirect by 301, 302 or 303.
pub(super) fn change_to_get(request: &mut reqwest::Request) {
    *request.method_mut() = reqwest::Method::GET;
    *request.body_mut() = None;
    for name in OF_THE_BODY {
        request.headers_mut().remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;

    fn post(headers: &[(HeaderName, &'static str)]) -> Result<reqwest::Request, Failure> {
        let url = Url::parse("https://a.example/").unwrap();
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        let body = Some(b"body".as_slice().into());
        built(&url, Request { method: Method::POST, url: url.to_string(), headers, body })
    }

    #[test]
    fn a_parser_sets_no_header_that_is_the_hosts() {
        use http::header::{ACCEPT_LANGUAGE, CONTENT_LENGTH, HOST};

        assert!(post(&[(ACCEPT_LANGUAGE, "de")]).is_ok());
        for name in [HOST, CONTENT_LENGTH] {
            assert_eq!(post(&[(name, "0")]).unwrap_err().kind, FailureKind::ParserInvalid);
        }
    }

    #[test]
    fn a_redirected_post_becomes_a_get_without_what_described_its_body() {
        let own = HeaderName::from_static("x-same-domain");
        let mut request = post(&[(CONTENT_TYPE, "text/plain"), (CONTENT_LANGUAGE, "en"), (own, "1")]).unwrap();
        change_to_get(&mut request);
        let names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!((request.method().as_str(), names, request.body().is_none()), ("GET", vec!["x-same-domain"], true));
    }
}
