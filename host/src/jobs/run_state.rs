//! State that the tasks of a run share: where parts go, and what is counted.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::follow_up::FollowUp;
use super::job::{Job, Resume};
use super::open_queries::OpenQueries;
use super::reader::Reader;
use crate::result::outcome::Source;
use crate::result::page_result::PageResult;
use crate::result::run_stats::StatsRecorder;
use crate::types::Failure;

/// What the tasks of a run share.
pub(crate) struct Run {
    pub(crate) sender: mpsc::Sender<PageResult>,
    pub(crate) tally: Arc<StatsRecorder>,
    pub(crate) open: Arc<OpenQueries>,
    /// When it must end.
    pub(crate) deadline: Option<Instant>,
    pub(crate) resume: Resume,
    pub(crate) follow_up: Option<FollowUp>,
    pub(crate) reader: Arc<Reader>,
}

impl Run {
    /// Hands a part on. If nobody reads any more, it is dropped.
    pub(crate) async fn send(&self, part: PageResult) {
        self.reader.page_waits();
        if let Ok(place) = self.sender.reserve().await {
            // Nothing is awaited in between: a task that is aborted has handed a part on and recorded it, or neither.
            self.tally.record(&part);
            self.open.record(&part);
            place.send(part);
        }
        self.reader.page_read();
    }

    /// Ends a query that failed, whose answers before raised so many others.
    pub(crate) async fn fail(
        &self,
        job: Job,
        failure: Failure,
        generation: Option<u64>,
        source: Option<Arc<Source>>,
        raised: usize,
    ) {
        let part = PageResult {
            query: job.query.restarted(),
            rows: Vec::new(),
            notes: Vec::new(),
            records: self.records(&job),
            is_last: true,
            failure: Some(failure),
            generation,
            source,
            slot: job.slot,
            state: None,
            bytes: 0,
            raised,
            origin: job.origin,
        };
        self.send(part).await;
    }

    /// Ends a query that failed, and gives those that its answers raised before.
    pub(crate) async fn end(
        &self,
        mut job: Job,
        failure: Failure,
        generation: Option<u64>,
        source: Option<Arc<Source>>,
    ) -> Vec<Job> {
        if job.lineage.check(&job.follow).is_some() {
            job.follow.clear();
        }
        let raised = job.raised(&self.resume);
        self.open.add(&raised);
        self.fail(job, failure, generation, source, raised.len()).await;
        raised
    }

    /// What a query's rows raise, if they do.
    pub(crate) fn follow_up(&self, job: &Job) -> Option<&FollowUp> {
        self.follow_up.as_ref().filter(|_| job.origin.path.is_empty())
    }

    /// Rows of a query that were handed on.
    pub(crate) fn records(&self, job: &Job) -> usize {
        if self.follow_up(job).is_some() { 0 } else { job.progress.records }
    }

    pub(crate) async fn fail_all(&self, jobs: Vec<Job>, failure: &Failure, generation: Option<u64>) {
        for job in jobs {
            self.fail(job, failure.clone(), generation, None, 0).await;
        }
    }

    pub(crate) fn retrying(&self, failure: &Failure) {
        self.tally.update(|stats| {
            stats.retries += 1;
            *stats.retried.entry(failure.kind).or_default() += 1;
        });
    }
}
