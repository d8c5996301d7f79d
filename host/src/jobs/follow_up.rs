//! Follow-up queries that a run raises itself, of the rows that answer its queries: the details of a chart's apps.
//!
//! A parser raises queries too (`page.follow`). These share their pace, their place in the order and their place in the journal: a query is done
//! when those that it raised are.

use std::fmt;
use std::sync::Arc;

use crate::types::{Query, Row};

/// What rows raise.
type Raise = dyn Fn(&Query, Vec<Row>) -> Vec<Query> + Send + Sync;

/// The queries that the rows of a run's queries raise. Those rows are not handed on; the rows of raised queries are.
#[derive(Clone)]
pub(crate) struct FollowUp(Arc<Raise>);

impl FollowUp {
    /// Raises what `raise` makes of the rows of each page of a query. It is called once for each page that is answered.
    #[cfg(any(feature = "cli", test))]
    pub(crate) fn new(raise: impl Fn(&Query, Vec<Row>) -> Vec<Query> + Send + Sync + 'static) -> Self {
        Self(Arc::new(raise))
    }

    pub(crate) fn queries(&self, query: &Query, rows: Vec<Row>) -> Vec<Query> {
        (self.0)(query, rows)
    }
}

impl fmt::Debug for FollowUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FollowUp").finish_non_exhaustive()
    }
}
