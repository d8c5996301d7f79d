//! What is sent, and what is received?

use std::time::SystemTime;

use crate::{Failure, Query};

/// How a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

/// A request that a parser made. Nothing of it is checked yet.
#[derive(Clone, Debug)]
pub struct Request {
    /// How it asks.
    pub method: Method,
    /// Its address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What a POST sends.
    pub body: Option<Vec<u8>>,
}

/// A request, and the queries that it asks for.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What is sent.
    pub request: Request,
    /// Indices into the queries that the parser was given.
    pub queries: Vec<usize>,
}

/// What a parser wants sent for some queries: each is in just one exchange, or refused.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// What is to be sent.
    pub exchanges: Vec<Exchange>,
    /// Queries that can't be asked, by index.
    pub refused: Vec<(usize, Failure)>,
}

/// A complete response, whatever its status.
#[derive(Clone, Debug)]
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

impl Exchange {
    /// The queries it asks for, out of those that the parser was given.
    #[must_use]
    pub fn chosen(&self, queries: &[Query]) -> Vec<Query> {
        self.queries.iter().filter_map(|index| queries.get(*index)).cloned().collect()
    }
}
