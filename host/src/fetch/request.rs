//! The request that is sent for a parser's. A header or a size that isn't the parser's to choose fails it.

use reqwest::Url;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, HeaderName, HeaderValue,
    TRANSFER_ENCODING,
};

use crate::types::{Failure, FailureKind, Method, Request};

/// Bytes of a request's body. The largest that Play takes are of some kilobytes.
const REQUEST_LIMIT: usize = 1 << 20;

/// Bytes of a request's headers: servers take little more.
const HEADERS_LIMIT: usize = 16 << 10;

/// Headers by which a parser could change what is asked of whom, or how the body is read.
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

/// Characters of a header's name in a message.
const MAX_SHOWN_CHARS: usize = 60;

/// The request as it is sent to `url`.
pub(super) fn built(url: &Url, request: Request) -> Result<reqwest::Request, Failure> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
    };
    let mut built = reqwest::Request::new(method, url.clone());
    let headers: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers > HEADERS_LIMIT {
        let what = format!("a request has headers of {headers} bytes, above the limit of {HEADERS_LIMIT}");
        return Err(Failure::new(FailureKind::ParserInvalid, what));
    }
    for (name, value) in &request.headers {
        let (name, value) = header(name, value)?;
        built.headers_mut().append(name, value);
    }
    let bytes = request.body.as_ref().map_or(0, bytes::Bytes::len);
    if bytes > REQUEST_LIMIT {
        let what = format!("a request has a body of {bytes} bytes, above the limit of {REQUEST_LIMIT}");
        return Err(Failure::new(FailureKind::ParserInvalid, what));
    }
    *built.body_mut() = request.body.map(Into::into);
    Ok(built)
}

/// Headers that describe a request's body, and go with it (RFC 9110, section 15.4).
const OF_THE_BODY: [HeaderName; 6] =
    [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, TRANSFER_ENCODING];

/// Makes the request a GET without a body, as a redirect of a POST by 301, 302 or 303 demands.
pub(super) fn change_to_get(request: &mut reqwest::Request) {
    *request.method_mut() = reqwest::Method::GET;
    *request.body_mut() = None;
    for name in OF_THE_BODY {
        request.headers_mut().remove(name);
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let invalid = |what: &str| {
        let name: String = name.escape_debug().take(MAX_SHOWN_CHARS).collect();
        Failure::new(FailureKind::ParserInvalid, format!("a request has the header {name}: {what}"))
    };
    let parsed = HeaderName::try_from(name).map_err(|_| invalid("no header has such a name"))?;
    if RESERVED.contains(&parsed.as_str()) {
        return Err(invalid("it is the host's to set"));
    }
    Ok((parsed, HeaderValue::from_str(value).map_err(|_| invalid("its value has characters that none may have"))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_cant_be_smuggled() {
        assert!(header("accept-language", "de").is_ok());
        for (name, value) in
            [("host", "evil.example"), ("x\r\nhost", "y"), ("x", "y\r\nhost: z"), ("Content-Length", "0")]
        {
            assert!(header(name, value).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_redirected_post_becomes_a_get_without_what_described_its_body() {
        let url = Url::parse("https://a.example/").unwrap();
        let headers = [("Content-Type", "text/plain"), ("content-language", "en"), ("x-same-domain", "1")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let post =
            Request { method: Method::Post, url: url.to_string(), headers, body: Some(b"body".as_slice().into()) };
        let mut request = built(&url, post).unwrap();
        change_to_get(&mut request);
        let names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!((request.method().as_str(), names, request.body().is_none()), ("GET", vec!["x-same-domain"], true));
    }
}
