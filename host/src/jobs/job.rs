//! Job: a query that is under way, between its requests.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::result::outcome::Progress;
use crate::result::page_result::QueryPath;
use crate::schedule::wait_queue::Queued;
use crate::swap::ParserSlot;
use crate::types::{Failure, FailureKind, Query, RecordKey};

/// Most pages of one query.
const MAX_PAGES: usize = 1000;

/// Most generations of follow-up queries: those of a query, those of these, and so on.
const MAX_FOLLOW_UP_DEPTH: u32 = 3;

/// Most follow-up queries of one query, over all generations.
pub(crate) const MAX_FOLLOW_UPS: usize = 1000;

/// A query with the progress that an earlier run made on it.
#[derive(Clone, Debug)]
pub(crate) struct ResumedQuery {
    pub(crate) query: Query,
    /// Rows that were written.
    pub(crate) records: usize,
    /// Of these, the rows that the answer repeats.
    pub(crate) again: usize,
    /// Keys of the rows' records.
    pub(crate) record_keys: Vec<RecordKey>,
}

/// Returns what an earlier run left of a query; `None` if nothing.
pub(crate) type Resume = Arc<dyn Fn(Query) -> Option<ResumedQuery> + Send + Sync>;

impl From<Query> for ResumedQuery {
    fn from(query: Query) -> Self {
        Self { query, records: 0, again: 0, record_keys: Vec::new() }
    }
}

/// A query that is under way.
#[derive(Debug)]
pub(crate) struct Job {
    /// With the state that it continues from.
    pub(crate) query: Query,
    pub(crate) query_path: QueryPath,
    pub(crate) progress: Progress,
    /// The slot that answers it, once it is resolved.
    pub(crate) slot: Option<ParserSlot>,
    /// The host that was asked last.
    pub(crate) host: Option<Arc<str>>,
    pub(crate) generation: Option<u64>,
    /// Failed attempts at this page that count.
    pub(crate) retries: u32,
    /// Whether the server sent `Retry-After` for this page.
    pub(crate) had_retry_after: bool,
    /// Whether all of its batch failed, down to it alone: it is likelier to be at fault than the host.
    pub(crate) is_suspect: bool,
    /// Whether it was sent: then it goes before those that weren't.
    pub(crate) is_sent: bool,
    /// When it must be answered.
    pub(crate) deadline: Option<Instant>,
    /// Follow-up queries that its pages named.
    pub(crate) follow: Vec<Query>,
    /// Follow-up queries that the run makes of its rows. The parser's limits don't apply to them.
    pub(crate) follow_up: Vec<Query>,
    pub(crate) follow_up_budget: FollowUpBudget,
    states: HashSet<String>,
}

impl Queued for Job {
    fn is_suspect(&self) -> bool {
        self.is_suspect
    }

    fn retries(&self) -> u32 {
        self.retries
    }

    fn root(&self) -> usize {
        self.query_path.root
    }
}

impl Job {
    pub(crate) fn new(asked: ResumedQuery, root: usize) -> Self {
        let progress = Progress::after(asked.records, asked.again, asked.record_keys);
        Self::with_progress(asked.query, QueryPath { root, path: Vec::new() }, progress, FollowUpBudget::default())
    }

    fn with_progress(
        query: Query,
        query_path: QueryPath,
        progress: Progress,
        follow_up_budget: FollowUpBudget,
    ) -> Self {
        let (follow, states) = (Vec::new(), HashSet::new());
        Self {
            query,
            query_path,
            progress,
            slot: None,
            host: None,
            generation: None,
            retries: 0,
            had_retry_after: false,
            is_suspect: false,
            is_sent: false,
            deadline: None,
            follow,
            follow_up: Vec::new(),
            follow_up_budget,
            states,
        }
    }

    /// Continues from a state.
    ///
    /// # Errors
    /// If the query has too many pages, or the state was there before.
    pub(crate) fn continue_from(&mut self, state: String) -> Result<(), Failure> {
        if self.states.len() + 1 >= MAX_PAGES || self.states.contains(&state) {
            return Err(endless(self.states.len()));
        }
        self.query = self.query.with_state(&state);
        self.states.insert(state);
        (self.retries, self.had_retry_after) = (0, false);
        Ok(())
    }

    /// Starts over: only the parser that named a state can read it.
    pub(crate) fn start_over(&mut self) {
        self.query = self.query.restarted();
        self.progress.start_over();
        self.states.clear();
        self.follow.clear();
        self.follow_up.clear();
    }

    /// Takes the follow-up queries that an earlier run left.
    pub(crate) fn take_follow_ups(&mut self, resume: &Resume) -> Vec<Self> {
        let below = self.follow_up_budget.below();
        let (follow, follow_up) = (std::mem::take(&mut self.follow), std::mem::take(&mut self.follow_up));
        let follow = follow.into_iter().chain(follow_up).zip(0..);
        let raised = follow.filter_map(|(query, index)| {
            let asked =
                resume(query.with_priority(self.query.priority()).with_shared_fields(self.query.shared_fields()))?;
            let path = self.query_path.path.iter().copied().chain([index]).collect();
            let query_path = QueryPath { root: self.query_path.root, path };
            let progress = Progress::after(asked.records, asked.again, asked.record_keys);
            Some(Self {
                slot: self.slot.clone(),
                ..Self::with_progress(asked.query, query_path, progress, below.clone())
            })
        });
        raised.collect()
    }
}

/// Limits of the follow-up queries of one query, which all of them share.
#[derive(Clone, Debug, Default)]
pub(crate) struct FollowUpBudget {
    /// Generation of the follow-up query; 0 is the query that was asked.
    depth: u32,
    /// Follow-up queries so far, over all generations.
    raised: Arc<AtomicUsize>,
}

impl FollowUpBudget {
    fn below(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    /// Counts follow-up queries. Returns the failure if they exceed a limit.
    pub(crate) fn check(&self, follow: &[Query]) -> Option<Failure> {
        let raised = self.raised.fetch_add(follow.len(), Ordering::Relaxed) + follow.len();
        let (depth, too_deep) = (self.depth, self.depth >= MAX_FOLLOW_UP_DEPTH);
        (!follow.is_empty() && (too_deep || raised > MAX_FOLLOW_UPS)).then(|| {
            let message = format!(
                "its answers raise {raised} queries, here at depth {depth}; the limit is {MAX_FOLLOW_UPS}, {MAX_FOLLOW_UP_DEPTH} deep"
            );
            Failure::new(FailureKind::ParserInvalid, message)
        })
    }
}

fn endless(pages: usize) -> Failure {
    let message = match pages + 1 {
        MAX_PAGES.. => format!("the query does not end within the limit of {MAX_PAGES} pages"),
        pages => format!("the query does not end: after {pages} pages it names a state again"),
    };
    Failure::new(FailureKind::ParserInvalid, message)
}
