//! Requests, responses, and the queries that share an exchange.

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::types::{Failure, Query};

/// A request that a parser made. Whether its URL and headers are allowed is checked when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// GET or POST: the contract has no others.
    pub method: Method,
    /// Its URL.
    pub url: String,
    /// Its headers, without those that the host sets.
    pub headers: HeaderMap,
    /// What a POST sends.
    pub body: Option<Bytes>,
}

/// A request, and the queries that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// What is sent.
    pub request: Request,
    /// Indices into the queries that the parser was given.
    pub queries: Vec<usize>,
}

/// What a parser wants sent for some queries: each is in just one exchange, or refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requests {
    /// What is to be sent.
    pub exchanges: Vec<Exchange>,
    /// Queries that can't be asked, by index.
    pub refused: Vec<(usize, Failure)>,
}

/// A complete response, whatever its status.
///
/// ```
/// use playfast::http::{HeaderValue, StatusCode, header};
/// use playfast::parser::Response;
///
/// let saved = Response::new("https://example.org/books", StatusCode::OK, "[]")
///     .with_header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
/// assert_eq!(saved.body, b"[]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// Where it came from, after redirects.
    pub url: String,
    /// The HTTP status.
    pub status: StatusCode,
    /// Its headers. A parser reads values byte by byte as Latin-1.
    pub headers: HeaderMap,
    /// Decompressed.
    pub body: Vec<u8>,
    /// When its last byte came.
    pub received_at: SystemTime,
}

impl Response {
    /// A response that is there already, received now.
    #[must_use]
    pub fn new(url: impl Into<String>, status: StatusCode, body: impl Into<Vec<u8>>) -> Self {
        Self { url: url.into(), status, headers: HeaderMap::new(), body: body.into(), received_at: SystemTime::now() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }
}

impl Request {
    /// A GET without headers of its own.
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self { method: Method::GET, url: url.into(), headers: HeaderMap::new(), body: None }
    }
}

/// Headers as names in lower case and values read byte by byte as Latin-1, so that none is lost.
pub(crate) fn header_texts(headers: &HeaderMap) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    headers.iter().map(|(name, value)| (name.as_str(), latin1(value)))
}

fn latin1(value: &HeaderValue) -> Cow<'_, str> {
    match value.to_str() {
        Ok(text) => text.into(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}

/// The host of an address, in lower case. Whether it may be asked is checked where it is.
pub(crate) fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase()
}

/// The path of an address, without its query string.
pub(crate) fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find(['/', '?', '#']).and_then(|start| rest.get(start..)).filter(|path| path.starts_with('/'));
    path.and_then(|path| path.split(['?', '#']).next()).unwrap_or("/")
}

impl Exchange {
    /// The queries it asks for, out of those that the parser was given.
    #[must_use]
    pub fn chosen(&self, queries: &[Query]) -> Vec<Query> {
        self.queries.iter().filter_map(|index| queries.get(*index)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{host_of, path_of};

    #[test]
    fn hosts_are_read_from_addresses() {
        for url in ["https://A.example/x?y", "https://a.example:443", "https://a.example?x", "a.example"] {
            assert_eq!(host_of(url), "a.example");
        }
    }

    #[test]
    fn paths_are_read_from_addresses() {
        for (url, path) in
            [("https://a.example/_/x/y?hl=en#z", "/_/x/y"), ("https://a.example", "/"), ("https://a.example?x=/y", "/")]
        {
            assert_eq!(path_of(url), path);
        }
    }
}
