//! Job: what is still to be done for one query, between its requests.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::result::outcome::Progress;
use crate::result::page_result::QueryPath;
use crate::schedule::wait_queue::Queued;
use crate::swap::ParserSlot;
use crate::types::{Failure, FailureKind, Query};

/// Pages of one query.
const MAX_PAGES: usize = 1000;

/// Answers that raise queries whose answers raise queries.
const MAX_FOLLOW_UP_DEPTH: u32 = 3;

/// Further queries that one query's answers may raise, with those that these raise.
pub(crate) const MAX_FOLLOW_UPS: usize = 1000;

/// A query, and how much of it is there already.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) query: Query,
    /// Rows that are there.
    pub(crate) records: usize,
    /// Of them, those that come once more.
    pub(crate) again: usize,
}

/// What is still to be asked of a query, when an earlier run has done some; `None` where nothing is.
pub(crate) type Resume = Arc<dyn Fn(Query) -> Option<Asked> + Send + Sync>;

impl From<Query> for Asked {
    fn from(query: Query) -> Self {
        Self { query, records: 0, again: 0 }
    }
}

/// A query on its way.
#[derive(Debug)]
pub(crate) struct Job {
    /// With the state that it goes on from.
    pub(crate) query: Query,
    pub(crate) origin: QueryPath,
    pub(crate) progress: Progress,
    /// Who answered so far, and goes on where a page named a state.
    pub(crate) slot: Option<ParserSlot>,
    /// The host that was asked last.
    pub(crate) host: Option<Arc<str>>,
    pub(crate) generation: Option<u64>,
    /// Attempts at this page that failed and count.
    pub(crate) retries: u32,
    /// Whether the server told to wait before this page is asked again.
    pub(crate) was_told: bool,
    /// Whether it failed with all others of its batch, which was halved until it was alone: it is likelier to be at fault than the host.
    pub(crate) is_suspect: bool,
    /// Whether it was sent: then it goes before those that weren't. And until when it must be answered.
    pub(crate) is_sent: bool,
    pub(crate) deadline: Option<Instant>,
    pub(crate) follow: Vec<Query>,
    /// Queries that the run raises of its rows. The parser's limits don't count for them.
    pub(crate) follow_up: Vec<Query>,
    pub(crate) lineage: FollowUpBudget,
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
        self.origin.root
    }
}

impl Job {
    pub(crate) fn new(asked: Asked, root: usize) -> Self {
        let progress = Progress::after(asked.records, asked.again);
        Self::with_progress(asked.query, QueryPath { root, path: Vec::new() }, progress, FollowUpBudget::default())
    }

    fn with_progress(query: Query, origin: QueryPath, progress: Progress, lineage: FollowUpBudget) -> Self {
        let (follow, states) = (Vec::new(), HashSet::new());
        Self {
            query,
            origin,
            progress,
            slot: None,
            host: None,
            generation: None,
            retries: 0,
            was_told: false,
            is_suspect: false,
            is_sent: false,
            deadline: None,
            follow,
            follow_up: Vec::new(),
            lineage,
            states,
        }
    }

    /// Has it go on from a state.
    ///
    /// # Errors
    /// When it would never end.
    pub(crate) fn go_on(&mut self, state: String) -> Result<(), Failure> {
        if self.states.len() + 1 >= MAX_PAGES || self.states.contains(&state) {
            return Err(endless(self.states.len()));
        }
        self.query = self.query.going_on(&state);
        self.states.insert(state);
        (self.retries, self.was_told) = (0, false);
        Ok(())
    }

    /// Has it start over: another parser than the one that named the state can't read it.
    pub(crate) fn start_over(&mut self) {
        self.query = self.query.restarted();
        self.progress.start_over();
        self.states.clear();
        self.follow.clear();
        self.follow_up.clear();
    }

    /// The queries that its answers raised, as far as they are still to be asked.
    pub(crate) fn raised(&mut self, resume: &Resume) -> Vec<Self> {
        let below = self.lineage.below();
        let (follow, follow_up) = (std::mem::take(&mut self.follow), std::mem::take(&mut self.follow_up));
        let follow = follow.into_iter().chain(follow_up).zip(0..);
        let raised = follow.filter_map(|(query, index)| {
            let asked = resume(query.with_priority(self.query.priority()))?;
            let path = self.origin.path.iter().copied().chain([index]).collect();
            let origin = QueryPath { root: self.origin.root, path };
            let progress = Progress::after(asked.records, asked.again);
            Some(Self { slot: self.slot.clone(), ..Self::with_progress(asked.query, origin, progress, below.clone()) })
        });
        raised.collect()
    }
}

/// Which query's answers raised this one?
#[derive(Clone, Debug, Default)]
pub(crate) struct FollowUpBudget {
    /// How many queries stand between.
    depth: u32,
    /// How many were raised in all.
    raised: Arc<AtomicUsize>,
}

impl FollowUpBudget {
    fn below(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    /// Counts queries that an answer raises. The failure where they are too many, or too far from the query that was asked.
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
