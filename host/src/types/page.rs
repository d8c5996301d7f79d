//! Pages of answers.

use crate::types::Query;

/// What a response says about one query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// JSON objects as text, in the response's order. A parser wrote them: they are checked where rows are made of them.
    pub records: Vec<String>,
    /// State with which the same query continues.
    pub next: Option<String>,
    /// Further queries that the answer raises.
    pub follow: Vec<Query>,
    /// For a person: what the site would not give, or gave otherwise than asked.
    pub notes: Vec<String>,
}
