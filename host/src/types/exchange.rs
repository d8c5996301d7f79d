//! Requests, responses, and the queries that share an exchange.

use std::time::SystemTime;

use bytes::Bytes;

use crate::types::{Failure, Query};

/// How a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

/// A request that a parser made. Nothing of it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// How it asks.
    pub method: Method,
    /// Its address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
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
/// use playfast::parser::Response;
///
/// let saved = Response::new("https://example.org/books", 200, "[]").with_header("content-type", "application/json");
/// assert_eq!(saved.body, b"[]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// Where it came from, after redirects.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values byte by byte as Latin-1.
    pub headers: Vec<(String, String)>,
    /// Decompressed.
    pub body: Vec<u8>,
    /// When its last byte came.
    pub received_at: SystemTime,
}

impl Response {
    /// A response that is there already, received now.
    #[must_use]
    pub fn new(url: impl Into<String>, status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { url: url.into(), status, headers: Vec::new(), body: body.into(), received_at: SystemTime::now() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
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
