//! Part of an outcome: a page's rows, which leave together as soon as they are there.

use std::sync::Arc;

use super::outcome::Source;
use crate::swap::ParserSlot;
use crate::types::{Failure, Query, Row};

/// A page of a query's answer, or its end.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PageResult {
    /// What was asked.
    pub query: Query,
    /// The page's rows, as in [`super::Outcome::rows`]; `position` counts over all pages of the query.
    pub rows: Vec<Row>,
    /// For a person: what the site would not give, or gave otherwise than asked.
    pub notes: Vec<String>,
    /// The query's rows so far, over all its pages.
    pub records: usize,
    /// Whether nothing more comes of the query.
    pub is_last: bool,
    /// Why it has no answer, or none any more. Then it is the last.
    pub failure: Option<Failure>,
    /// The generation of the parser: [`crate::swap::ParserSlot::generation`]. None if no parser was asked.
    pub generation: Option<u64>,
    /// Where the page came from. A query for which nothing came has none.
    pub source: Option<Arc<Source>>,
    /// Who answered it; None if no parser of the host has the query's kind.
    pub(crate) slot: Option<ParserSlot>,
    /// What the query goes on with, where more pages are to come.
    pub(crate) state: Option<Arc<str>>,
    pub(crate) query_path: QueryPath,
    /// Bytes of its records' JSON.
    pub(crate) bytes: usize,
    /// Queries that its answers raise.
    pub(crate) follow_up_count: usize,
}

/// Where a query belongs: the number of the one that was asked, and the way from it to one that its answers raised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct QueryPath {
    pub(crate) root: usize,
    pub(crate) path: Vec<u32>,
}
