//! Reader of sources, in a thread, which passes queries on while they are read.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::ignored::Ignored;
use super::refusals::Place;
use super::resolver::{Refused, Resolved, Resolver};
use super::source::{Source, Text};
use crate::cli::delivery::deliver::InputStats;
use crate::cli::input::queries::{Names, Records};
use crate::query::Plan;
use crate::types::{Priority, Query, QueryKey};

/// Queries of a file that are handed on together: those that share a request must be there together.
const CHUNK_QUERIES: usize = 256;

/// Queries that are read next, in their order.
pub(super) enum Part {
    /// Those that were typed.
    Plan(Plan),
    /// Those of a source.
    Text(Source, Text),
}

/// Reads queries, and hands them on in chunks.
pub(super) struct Reader {
    pub(super) resolver: Resolver,
    pub(super) names: Names,
    pub(super) sender: mpsc::Sender<Vec<Query>>,
    pub(super) taken: InputStats,
    /// What was asked already and isn't asked again; `None` if everything is.
    pub(super) seen: Option<HashSet<QueryKey>>,
    /// Whether each query is handed on at once, as from a pipe.
    pub(super) is_prompt: bool,
    /// Bytes of all files, if all are regular ones, and how many of them were read.
    pub(super) size: Option<u64>,
    pub(super) read: Arc<AtomicU64>,
    pub(super) ignored: Ignored,
    /// Queries so far.
    pub(super) count: usize,
    /// Those that aren't handed on yet.
    pub(super) waiting: Vec<Query>,
}

/// Nobody takes the queries any more.
struct Closed;

impl Reader {
    /// Reads all parts. Ends early if the run has ended.
    pub(super) fn read(mut self, parts: Vec<Part>) {
        let read = parts.into_iter().try_for_each(|part| match part {
            Part::Plan(plan) => self.add(&plan, Priority::Normal),
            Part::Text(source, text) => self.read_text(&source, text),
        });
        if read.and_then(|()| self.hand_on()).is_ok() {
            self.taken.total.set(self.count);
        }
        self.ignored.finish();
        self.taken.refusals.finish();
    }

    fn read_text(&mut self, source: &Source, text: Text) -> Result<(), Closed> {
        let name: Arc<str> = source.to_string().into();
        let kind = self.resolver.kind.name().map(ToString::to_string);
        for (line, record) in Records::new(text, source.form(), kind, self.names.clone()) {
            let resolved =
                record.map_err(Refused::from).and_then(|record| self.resolver.resolve(&record, &mut self.ignored));
            match resolved {
                Ok(Resolved { plan, priority, .. }) => self.add(&plan, priority)?,
                Err(Refused { reason, asked }) => {
                    self.taken.refusals.record(&Place { source: Arc::clone(&name), line }, asked, &reason);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, plan: &Plan, priority: Priority) -> Result<(), Closed> {
        for query in plan.queries() {
            if self.seen.as_mut().is_some_and(|seen| !seen.insert(query.key())) {
                self.taken.duplicates.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            self.count += 1;
            self.waiting.push(query.with_priority(priority));
            if self.waiting.len() >= CHUNK_QUERIES {
                self.hand_on()?;
            }
        }
        if self.is_prompt { self.hand_on() } else { Ok(()) }
    }

    fn hand_on(&mut self) -> Result<(), Closed> {
        self.guess_total();
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(std::mem::take(&mut self.waiting)).map_err(|_| Closed)
    }

    /// Estimate of the number of queries in the files, from the part that was read.
    fn guess_total(&self) {
        let read = self.read.load(Ordering::Relaxed);
        if let Some(size) = self.size.filter(|_| read > 0) {
            self.taken.total.guess((self.count as f64 * size as f64 / read as f64) as u64);
        }
    }
}
