//! Robots check: the queries of a request that robots.txt disallows end before it is sent.

use super::context::ExchangeContext;
use super::requeue::Requeue;
use super::round_trip::with_deadline;
use crate::jobs::job::Job;
use crate::jobs::permit::{BuiltRequest, Permit};
use crate::jobs::run_state::Run;
use crate::types::Failure;

impl ExchangeContext {
    /// Whether a request may be sent.
    ///
    /// # Errors
    /// The failure of its queries: robots.txt disallows it or can't be read, or the run's time was up before that was known.
    pub(crate) async fn check_robots(&self, run: &Run, (generation, request): &BuiltRequest) -> Result<(), Failure> {
        let hosts = &generation.parser.description().hosts;
        let check = async { Ok(self.robots.check(&self.fetcher, hosts, &request.url).await) };
        let checked = with_deadline(run.deadline, check).await?;
        if checked.requests > 0 {
            run.stats_recorder.update(|stats| stats.requests += checked.requests);
        }
        checked.failure.map_or(Ok(()), Err)
    }

    /// Ends queries whose request isn't sent. The request costs neither a token of the rate limiter nor a place in flight.
    pub(crate) async fn end_unsent(
        &self,
        run: &Run,
        jobs: Vec<Job>,
        failure: &Failure,
        generation: Option<u64>,
        mut permit: Permit,
    ) -> Vec<Requeue> {
        permit.refund();
        // The failures may wait for a slow reader, which keeps no permit from another run.
        permit.release();
        let mut requeued = Vec::new();
        for job in jobs {
            requeued.extend(Requeue::jobs(run.end(job, failure.clone(), generation, None).await));
        }
        requeued
    }
}
