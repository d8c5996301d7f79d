//! Resume filter: what an earlier run left of each query.

use std::fmt;
use std::sync::Arc;

use crate::jobs::job::ResumedQuery;
use crate::types::{Query, QueryKey, RecordKey};

/// What an earlier run left of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Remaining {
    /// All of it.
    #[default]
    All,
    /// The rest after the stored rows.
    Rest(PartialQuery),
    /// Nothing: the query is skipped.
    Nothing,
}

/// Progress of an unfinished query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialQuery {
    /// State from which the query continues; `None` for its start.
    pub state: Option<String>,
    /// Rows of the query that are stored.
    pub records: usize,
    /// Number of these rows that the next page repeats, and that the run drops: the page failed after some of its rows.
    pub repeated: usize,
    /// Keys of the stored rows' records: the query's further pages may repeat some, which are left out. Empty if they weren't stored.
    pub record_keys: Vec<RecordKey>,
}

impl PartialQuery {
    /// Records a page after which the query continues from `state`, with `records` rows of the query stored.
    pub fn record_page(&mut self, state: String, records: usize) {
        (self.state, self.records, self.repeated) = (Some(state), records, 0);
    }

    /// Records a failure, with `records` rows of the query stored.
    pub fn record_failure(&mut self, records: usize) {
        let before = self.records - self.repeated;
        (self.records, self.repeated) = (records, records.saturating_sub(before));
    }
}

type Lookup = dyn Fn(&QueryKey) -> Remaining + Send + Sync;

/// Lookup of what an earlier run left of each query: [`crate::Host::resume`]. Cloning it is cheap. The default leaves everything.
#[derive(Clone, Default)]
pub struct ResumeFilter(Option<Arc<Lookup>>);

impl ResumeFilter {
    /// A filter that looks queries up by their keys. The run calls `lookup` from its own task, once for each query and follow-up query.
    pub fn new(lookup: impl Fn(&QueryKey) -> Remaining + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lookup)))
    }

    /// What is left of a query; `None` if nothing.
    pub(crate) fn remaining(&self, query: Query) -> Option<ResumedQuery> {
        let Some(lookup) = &self.0 else { return Some(query.into()) };
        match lookup(&query.key()) {
            Remaining::All => Some(query.into()),
            Remaining::Nothing => None,
            Remaining::Rest(PartialQuery { state, records, repeated, record_keys }) => {
                let query = state.map_or_else(|| query.clone(), |state| query.with_state(&state));
                Some(ResumedQuery { query, records, again: repeated, record_keys })
            }
        }
    }
}

impl fmt::Debug for ResumeFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ResumeFilter").finish_non_exhaustive()
    }
}
