//! What is sent of what a parser wants sent? All of it, or nothing: a header or a size that isn't the parser's to choose fails the request.

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use crate::{Failure, FailureKind, Method, Request};

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
const SHOWN: usize = 60;

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
    let bytes = request.body.as_ref().map_or(0, Vec::len);
    if bytes > REQUEST_LIMIT {
        let what = format!("a request has a body of {bytes} bytes, above the limit of {REQUEST_LIMIT}");
        return Err(Failure::new(FailureKind::ParserInvalid, what));
    }
    *built.body_mut() = request.body.map(Into::into);
    Ok(built)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let invalid = |what: &str| {
        let name: String = name.escape_debug().take(SHOWN).collect();
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
    use super::header;

    #[test]
    fn headers_cant_be_smuggled() {
        assert!(header("accept-language", "de").is_ok());
        for (name, value) in
            [("host", "evil.example"), ("x\r\nhost", "y"), ("x", "y\r\nhost: z"), ("Content-Length", "0")]
        {
            assert!(header(name, value).is_err(), "{name:?}");
        }
    }
}
