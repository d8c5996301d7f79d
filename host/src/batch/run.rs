//! What do the tasks of a run share? Where parts go, and what is counted.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::gate::Reader;
use super::job::{Job, Resume};
use super::outcome::Source;
use super::part::Part;
use super::stats::Tally;
use crate::Failure;

/// What the tasks of a run share.
pub(super) struct Run {
    pub(super) sender: mpsc::Sender<Part>,
    pub(super) tally: Arc<Tally>,
    /// When it must end.
    pub(super) deadline: Option<Instant>,
    pub(super) resume: Resume,
    pub(super) reader: Reader,
}

impl Run {
    /// Nobody reads any more: then nothing is owed.
    pub(super) async fn send(&self, part: Part) {
        self.tally.note(|stats| {
            stats.records += part.rows.len() as u64;
            if part.is_last {
                stats.open = (stats.open + part.raised as u64).saturating_sub(1);
                match &part.failure {
                    None => stats.answered += 1,
                    Some(failure) => *stats.failed.entry(failure.kind).or_default() += 1,
                }
            }
        });
        self.reader.waits_for();
        drop(self.sender.send(part).await);
        self.reader.has_taken();
    }

    /// Ends a query that failed, whose answers before raised so many others.
    pub(super) async fn fail(
        &self,
        job: Job,
        failure: Failure,
        generation: u64,
        source: Option<Arc<Source>>,
        raised: usize,
    ) {
        let part = Part {
            query: job.query.restarted(),
            rows: Vec::new(),
            notes: Vec::new(),
            records: job.progress.records,
            is_last: true,
            failure: Some(failure),
            generation,
            source,
            state: None,
            raised,
            origin: job.origin,
        };
        self.send(part).await;
    }

    /// Ends a query that failed, and gives those that its answers raised before.
    pub(super) async fn end(
        &self,
        mut job: Job,
        failure: Failure,
        generation: u64,
        source: Option<Arc<Source>>,
    ) -> Vec<Job> {
        if job.lineage.check(&job.follow).is_some() {
            job.follow.clear();
        }
        let raised = job.raised(&self.resume);
        self.fail(job, failure, generation, source, raised.len()).await;
        raised
    }

    pub(super) async fn fail_all(&self, jobs: Vec<Job>, failure: &Failure, generation: u64) {
        for job in jobs {
            self.fail(job, failure.clone(), generation, None, 0).await;
        }
    }

    pub(super) fn retrying(&self, failure: &Failure) {
        self.tally.note(|stats| {
            stats.retries += 1;
            *stats.retried.entry(failure.kind).or_default() += 1;
        });
    }
}
