//! Stream of outcomes, in the order of the queries or as they finish.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt};

use super::control::RunControl;
use super::page_results::PageResults;
use crate::result::compressed_rows::MAX_WAITING_BYTES;
use crate::result::grouped::Grouped;
use crate::result::outcome::Outcome;
use crate::result::page_result::{PageResult, QueryPath};

/// Stream of outcomes, in the order of the queries unless [`Outcomes::unordered`].
#[derive(Debug)]
pub struct Outcomes {
    page_results: PageResults,
    begun: HashMap<QueryPath, Outcome>,
}

impl Outcomes {
    pub(crate) fn new(page_results: PageResults) -> Self {
        Self { page_results: page_results.in_order(MAX_WAITING_BYTES), begun: HashMap::new() }
    }

    /// Outcomes as they finish: none waits for a slow one, and more queries are in flight meanwhile.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.page_results.order = None;
        self
    }

    /// Pages as they come, instead of whole outcomes.
    #[must_use]
    pub fn pages(self) -> PageResults {
        self.unordered().page_results
    }

    /// The handle that stops the run and reads its statistics.
    #[must_use]
    pub fn control(&self) -> RunControl {
        self.page_results.control()
    }

    /// The outcome of which a page is the last.
    fn add(&mut self, page_result: PageResult) -> Option<Outcome> {
        let PageResult { query, mut rows, mut notes, is_last, failure, generation, source, query_path, .. } =
            page_result;
        let mut outcome = self.begun.remove(&query_path).unwrap_or_else(|| Outcome::new(query));
        outcome.rows.append(&mut rows);
        outcome.notes.append(&mut notes);
        (outcome.failure, outcome.generation) = (failure, generation);
        outcome.source = source.or(outcome.source);
        if is_last {
            return Some(outcome);
        }
        self.begun.insert(query_path, outcome);
        None
    }
}

impl Stream for Outcomes {
    type Item = Outcome;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Outcome>> {
        loop {
            match self.page_results.poll_next_unpin(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(page_result)) => {
                    if let Some(outcome) = self.add(page_result) {
                        return Poll::Ready(Some(outcome));
                    }
                }
            }
        }
    }
}

impl Outcomes {
    /// All outcomes, grouped by a parameter: [`Grouped::by`].
    pub async fn grouped(self, name: &str) -> Grouped<Vec<Outcome>> {
        Grouped::by(name, self.collect::<Vec<_>>().await)
    }
}
