//! Resume filter: what an earlier run left to ask.

use std::fmt;
use std::sync::Arc;

use crate::jobs::job::ResumedQuery;
use crate::types::{Query, QueryKey};

/// What is left of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Remaining {
    /// All of it: no earlier run has asked it.
    #[default]
    All,
    /// What comes after the rows that are stored.
    Rest(PartialQuery),
    /// Nothing: it is answered, and is skipped.
    Nothing,
}

/// How far a query came that isn't answered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialQuery {
    /// State from which the query continues; `None` for its start.
    pub state: Option<String>,
    /// Rows of the query that are stored.
    pub records: usize,
    /// How many of these rows the next page holds again, and the run drops: those of a page that failed after some of its rows.
    pub repeated: usize,
}

impl PartialQuery {
    /// Records a page after which the query continues from `state`, with `records` rows of the query stored.
    pub fn record_page(&mut self, state: String, records: usize) {
        *self = Self { state: Some(state), records, repeated: 0 };
    }

    /// Records a failure, with `records` rows of the query stored.
    pub fn record_failure(&mut self, records: usize) {
        let before = self.records - self.repeated;
        *self = Self { state: self.state.take(), records, repeated: records.saturating_sub(before) };
    }
}

type Lookup = dyn Fn(&QueryKey) -> Remaining + Send + Sync;

/// Tells a run what is left of each query: [`crate::Host::resume`]. Cloning it is cheap. The default filter leaves everything.
#[derive(Clone, Default)]
pub struct ResumeFilter(Option<Arc<Lookup>>);

impl ResumeFilter {
    /// A filter that looks each query up by its key. The run calls `lookup` once for each query, also for follow-up queries, from its own task.
    pub fn new(lookup: impl Fn(&QueryKey) -> Remaining + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lookup)))
    }

    /// What is left to ask of a query; `None` for nothing.
    pub(crate) fn remaining(&self, query: Query) -> Option<ResumedQuery> {
        let Some(lookup) = &self.0 else { return Some(query.into()) };
        match lookup(&query.key()) {
            Remaining::All => Some(query.into()),
            Remaining::Nothing => None,
            Remaining::Rest(PartialQuery { state, records, repeated }) => {
                let query = state.map_or_else(|| query.clone(), |state| query.with_state(&state));
                Some(ResumedQuery { query, records, again: repeated })
            }
        }
    }
}

impl fmt::Debug for ResumeFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ResumeFilter").finish_non_exhaustive()
    }
}
