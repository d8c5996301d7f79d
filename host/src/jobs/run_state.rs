//! State that the tasks of a run share: the channel of its pages, and its statistics.

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

/// Shared state of a run.
pub(crate) struct Run {
    pub(crate) sender: mpsc::Sender<PageResult>,
    pub(crate) stats_recorder: Arc<StatsRecorder>,
    pub(crate) open: Arc<OpenQueries>,
    /// When it must end.
    pub(crate) deadline: Option<Instant>,
    pub(crate) resume: Resume,
    pub(crate) follow_up: Option<FollowUp>,
    pub(crate) reader: Arc<Reader>,
}

impl Run {
    /// Sends a page to the reader. If the reader is gone, it is dropped.
    pub(crate) async fn send(&self, page_result: PageResult) {
        self.reader.page_waits();
        if let Ok(place) = self.sender.reserve().await {
            // Nothing is awaited in between: a task that is aborted has sent and recorded a page, or neither.
            self.stats_recorder.record(&page_result);
            self.open.record(&page_result);
            place.send(page_result);
        }
        self.reader.page_read();
    }

    /// Ends a query that failed and has `follow_up_count` follow-up queries.
    pub(crate) async fn fail(
        &self,
        job: Job,
        failure: Failure,
        generation: Option<u64>,
        source: Option<Arc<Source>>,
        follow_up_count: usize,
    ) {
        let page_result = PageResult {
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
            record_keys: Vec::new(),
            bytes: 0,
            follow_up_count,
            query_path: job.query_path,
        };
        self.send(page_result).await;
    }

    /// Ends a query that failed, and returns its follow-up queries so far.
    pub(crate) async fn end(
        &self,
        mut job: Job,
        failure: Failure,
        generation: Option<u64>,
        source: Option<Arc<Source>>,
    ) -> Vec<Job> {
        if job.follow_up_budget.check(&job.follow).is_some() {
            job.follow.clear();
        }
        let raised = job.take_follow_ups(&self.resume);
        self.open.add(&raised);
        self.fail(job, failure, generation, source, raised.len()).await;
        raised
    }

    /// The follow-up that the run makes of a query's rows, if it does.
    pub(crate) fn follow_up(&self, job: &Job) -> Option<&FollowUp> {
        self.follow_up.as_ref().filter(|_| job.query_path.path.is_empty())
    }

    /// Rows of a query that were sent to the reader.
    pub(crate) fn records(&self, job: &Job) -> usize {
        if self.follow_up(job).is_some() { 0 } else { job.progress.records }
    }

    /// Ends queries that failed for one reason.
    pub(crate) async fn fail_all(&self, jobs: Vec<Job>, failure: &Failure, generation: Option<u64>) {
        for job in jobs {
            self.fail(job, failure.clone(), generation, None, 0).await;
        }
    }

    /// Counts a retry.
    pub(crate) fn retrying(&self, failure: &Failure) {
        self.stats_recorder.update(|stats| {
            stats.retries += 1;
            *stats.retried.entry(failure.kind).or_default() += 1;
        });
    }
}
