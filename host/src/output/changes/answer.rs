//! Answer to a query, as it was stored.

use std::fmt;

use serde_json::{Map, Value};

use crate::types::QueryEnd;

/// How far a query was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerState {
    /// It wasn't asked.
    NotAsked,
    /// Its run was cut off before it ended.
    Unfinished,
    /// It ended.
    Ended(QueryEnd),
}

impl AnswerState {
    /// Whether all records are there.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Ended(QueryEnd::Answered))
    }
}

impl fmt::Display for AnswerState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => formatter.write_str("not-asked"),
            Self::Unfinished => formatter.write_str("unfinished"),
            Self::Ended(end) => end.fmt(formatter),
        }
    }
}

/// Answer to a query.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// How far it was answered.
    pub state: AnswerState,
    /// When it was asked.
    pub asked_at: Option<String>,
    /// Its records, in their order.
    pub records: Vec<Map<String, Value>>,
    /// Names of the fields that were asked for; `None` for all.
    pub fields: Option<Vec<String>>,
    /// Number of rows to which it was cut; `None` if it wasn't.
    pub row_limit: Option<u64>,
}

impl Answer {
    /// The answer to a query that wasn't asked.
    #[must_use]
    pub const fn not_asked() -> Self {
        Self { state: AnswerState::NotAsked, asked_at: None, records: Vec::new(), fields: None, row_limit: None }
    }

    /// Whether a field was asked for.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.iter().any(|field| field == name))
    }
}
