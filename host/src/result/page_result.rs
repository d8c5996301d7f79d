//! Page of an outcome: rows that are delivered together.

use std::sync::Arc;

use super::outcome::Source;
use crate::swap::ParserSlot;
use crate::types::{Failure, Query, QueryEnd, RecordKey, Row};

/// A page of a query's answer, or its end.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PageResult {
    /// The query.
    pub query: Query,
    /// The page's rows, as in [`super::Outcome::rows`]; `position` counts over all pages of the query.
    pub rows: Vec<Row>,
    /// Notes of the parser for a person: what the site left out or changed.
    pub notes: Vec<String>,
    /// Number of the query's rows so far, over all its pages.
    pub records: usize,
    /// Whether this is the query's end.
    pub is_last: bool,
    /// Why the query has no answer, or an incomplete one. Then this is its end.
    pub failure: Option<Failure>,
    /// The generation of the parser: [`crate::swap::ParserSlot::generation`]. None if no parser was asked.
    pub generation: Option<u64>,
    /// Source of the page; `None` if no response came.
    pub source: Option<Arc<Source>>,
    /// The slot that answered; `None` if no parser has the query's kind.
    pub(crate) slot: Option<ParserSlot>,
    /// State of the query's next page, if there is one.
    pub(crate) state: Option<Arc<str>>,
    /// Keys of the page's records, of those that have one.
    pub(crate) record_keys: Vec<RecordKey>,
    pub(crate) query_path: QueryPath,
    /// Bytes of its records' JSON.
    pub(crate) bytes: usize,
    /// Number of follow-up queries.
    pub(crate) follow_up_count: usize,
}

impl PageResult {
    /// How the query ended; `None` if this is not its end.
    #[must_use]
    pub fn end(&self) -> Option<QueryEnd> {
        let end = || QueryEnd::new(self.failure.as_ref().map(|failure| failure.kind), self.records);
        (self.is_last || self.failure.is_some()).then(end)
    }
}

/// Path of a query: the number of its root, which was asked, and the indices of follow-up queries from there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct QueryPath {
    pub(crate) root: usize,
    pub(crate) path: Vec<u32>,
}
