//! Checkpoints of a run: its rows, and how far each query is, stored so that a later run continues.
//!
//! A [`Checkpoint`] owns rows *and* state, so that a database can commit both in one transaction; [`super::FileCheckpoint`] writes rows to a
//! file and states to a journal next to it. [`CheckpointWriter`] hands the pages of a run to either. Invariant: a state is never stored before
//! the rows that it counts.

use std::collections::HashMap;
use std::sync::Arc;

use crate::result::{PageResult, Source};
use crate::run::ResumeFilter;
use crate::swap::ParserSlot;
use crate::types::{FailureKind, Query, QueryEnd, QueryKey, RecordKey, Row};

/// Origin of a page: what was asked, and what answered. A checkpoint may store it with the rows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PageOrigin {
    /// The query.
    pub query: Query,
    /// The slot that answered; `None` if no parser has the query's kind.
    pub slot: Option<ParserSlot>,
    /// The response, and the parser that parsed it; `None` if no response came.
    pub source: Option<Arc<Source>>,
}

impl PageOrigin {
    fn new(page: &PageResult) -> Self {
        Self { query: page.query.clone(), slot: page.slot.clone(), source: page.source.clone() }
    }
}

/// How far a query is after a page.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct QueryProgress {
    /// Identifies the query in later runs.
    pub key: QueryKey,
    /// State from which the query continues.
    pub state: Arc<str>,
    /// Rows of the query so far, with those of this page.
    pub records: usize,
    /// Keys of this page's records: [`crate::run::PartialQuery::record_keys`].
    pub record_keys: Vec<RecordKey>,
    /// Origin of this page.
    pub origin: PageOrigin,
}

/// The end of a query.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EndedQuery {
    /// Identifies the query in later runs.
    pub key: QueryKey,
    /// How it ended.
    pub end: QueryEnd,
    /// Rows of the query, with those of this page.
    pub records: usize,
    /// Keys of this page's records, if a later run may continue the query: [`crate::run::PartialQuery::record_keys`].
    pub record_keys: Vec<RecordKey>,
    /// Origin of the query's last page.
    pub origin: PageOrigin,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// Queries are left for a later run.
    Interrupted,
    /// No query is left, and none was answered.
    Unanswered,
    /// No query is left.
    Complete,
}

/// Stores the rows of a run and how far each query is.
///
/// Each call is one step: opened again after a crash, a checkpoint has a step wholly or not at all, and all steps before it. An implementation
/// may commit several steps at once.
pub trait Checkpoint {
    /// Why something can't be stored.
    type Error;

    /// What earlier runs left to ask, for [`crate::Host::resume`].
    fn resume_filter(&self) -> ResumeFilter;

    /// Stores a page's rows, and that the query continues.
    ///
    /// # Errors
    /// If they can't be stored. The run should stop then.
    fn page(&mut self, rows: Vec<Row>, progress: QueryProgress) -> Result<(), Self::Error>;

    /// Stores a query's last rows, and its end. A query with follow-up queries ends twice: first as [`FailureKind::Cancelled`], and with the last
    /// of its follow-up queries as it ended.
    ///
    /// # Errors
    /// If they can't be stored. The run should stop then.
    fn end(&mut self, rows: Vec<Row>, ended: EndedQuery) -> Result<(), Self::Error>;

    /// Commits all steps, and the end of the run. Nothing is stored afterwards.
    ///
    /// # Errors
    /// If it can't be stored.
    fn finish(&mut self, end: RunEnd) -> Result<(), Self::Error>;
}

/// Hands the pages of a run to a [`Checkpoint`].
#[derive(Debug)]
pub struct CheckpointWriter<C> {
    checkpoint: C,
    /// By root: queries with follow-up queries that haven't ended.
    trees: HashMap<usize, Tree>,
    is_answered: bool,
    is_left: bool,
}

/// A query with follow-up queries.
#[derive(Debug)]
struct Tree {
    key: QueryKey,
    records: usize,
    open: usize,
    end: QueryEnd,
    origin: PageOrigin,
}

impl<C: Checkpoint> CheckpointWriter<C> {
    /// A writer for one run.
    pub fn new(checkpoint: C) -> Self {
        Self { checkpoint, trees: HashMap::new(), is_answered: false, is_left: false }
    }

    /// The checkpoint.
    pub const fn checkpoint(&self) -> &C {
        &self.checkpoint
    }

    /// Stores a page of the run.
    ///
    /// # Errors
    /// Those of the checkpoint.
    pub fn write(&mut self, mut page: PageResult) -> Result<(), C::Error> {
        let rows = std::mem::take(&mut page.rows);
        self.write_rows(rows, &page)
    }

    /// Stores a page with these rows in place of its own.
    pub(crate) fn write_rows(&mut self, rows: Vec<Row>, page: &PageResult) -> Result<(), C::Error> {
        let (key, records, origin) = (page.query.key(), page.records, PageOrigin::new(page));
        self.is_answered |= page.failure.is_none();
        self.is_left |= page.end().is_some_and(|end| match end {
            QueryEnd::Answered => false,
            QueryEnd::Partial(_) => true,
            QueryEnd::Failed(kind) => !kind.is_final(),
        });
        let end = match (&page.failure, &page.state) {
            (None, Some(state)) => {
                let (state, record_keys) = (Arc::clone(state), page.record_keys.clone());
                return self.checkpoint.page(rows, QueryProgress { key, state, records, record_keys, origin });
            }
            _ => page.end().unwrap_or(QueryEnd::Answered),
        };
        let root = page.query_path.root;
        let record_keys = if end == QueryEnd::Answered { Vec::new() } else { page.record_keys.clone() };
        if page.query_path.path.is_empty() && page.follow_up_count > 0 {
            // It ends with its follow-up queries: asked again, it raises those that are left.
            let tree = Tree { key, records, open: page.follow_up_count, end, origin: origin.clone() };
            self.trees.insert(root, tree);
            let end = QueryEnd::Failed(FailureKind::Cancelled);
            return self.checkpoint.end(rows, EndedQuery { key, end, records, record_keys, origin });
        }
        self.checkpoint.end(rows, EndedQuery { key, end, records, record_keys, origin })?;
        let Some(tree) = self.trees.get_mut(&root) else { return Ok(()) };
        tree.open = (tree.open + page.follow_up_count).saturating_sub(1);
        tree.end = if end == QueryEnd::Answered { tree.end } else { end };
        if tree.open > 0 {
            return Ok(());
        }
        let ended = self.trees.remove(&root).map(|Tree { key, records, end, origin, .. }| EndedQuery {
            key,
            end,
            records,
            record_keys: Vec::new(),
            origin,
        });
        ended.map_or(Ok(()), |ended| self.checkpoint.end(Vec::new(), ended))
    }

    /// Finishes the checkpoint. Call it after the last page of the run, and drop the writer if the run was left before that: a later run
    /// continues then. If queries failed that a later run may answer, the run counts as [`RunEnd::Interrupted`].
    ///
    /// # Errors
    /// Those of the checkpoint.
    pub fn finish(mut self) -> Result<RunEnd, C::Error> {
        let end = match (self.is_left, self.is_answered) {
            (true, _) => RunEnd::Interrupted,
            (false, false) => RunEnd::Unanswered,
            (false, true) => RunEnd::Complete,
        };
        self.checkpoint.finish(end)?;
        Ok(end)
    }

    /// Finishes the checkpoint of a run of which more is known than its pages say. Returns the checkpoint.
    #[cfg(feature = "cli")]
    pub(crate) fn finish_as(mut self, end: RunEnd) -> Result<C, C::Error> {
        self.checkpoint.finish(end)?;
        Ok(self.checkpoint)
    }
}
