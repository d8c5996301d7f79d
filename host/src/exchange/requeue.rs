//! Requeue: queries that an exchange returns to the dispatcher, to be sent again or for the first time.

use std::time::Duration;

use crate::jobs::job::Job;
use crate::jobs::permit::Batch;

/// Queries to put back into the wait queue.
#[derive(Debug)]
pub(crate) enum Requeue {
    /// A query, for which alone no request is sent before the delay has passed.
    Job(Job, Duration),
    /// Queries that stay together, after the delay.
    Batch(Batch, Duration),
}

impl Requeue {
    /// Each query for itself, without delay.
    pub(crate) fn jobs(jobs: Vec<Job>) -> Vec<Self> {
        jobs.into_iter().map(|job| Self::Job(job, Duration::ZERO)).collect()
    }

    /// Queries that stay together, without delay; their request is built again.
    pub(crate) const fn batch(jobs: Vec<Job>) -> Self {
        Self::Batch(Batch { jobs, request: None }, Duration::ZERO)
    }
}
