//! Pages of answers, and the rows that are made of them.

use serde_json::{Map, Value};

use crate::types::Query;

/// A record with the query's kind and parameters, its `position` and the time when it was fetched: what is written out. A JSON object, whose
/// members keep their order.
///
/// ```
/// # use playfast::Row;
/// let row: Row = serde_json::from_str(r#"{"country": "us", "position": 1, "title": "Chess"}"#)?;
/// assert_eq!(row["title"], "Chess");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub type Row = Map<String, Value>;

/// What a response says about one query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// JSON objects as text, in the response's order. A parser wrote them: they are checked where rows are made of them.
    pub records: Vec<String>,
    /// The state with which the same query goes on.
    pub next: Option<String>,
    /// Further queries that the answer raises.
    pub follow: Vec<Query>,
    /// For a person: what the site would not give, or gave otherwise than asked.
    pub notes: Vec<String>,
}
