//! Permits to send, from the [`Scheduler`] that all runs of a host share; this is where the clock is read.
//!
//! A run adds its queries and is granted batches of them through a channel. A permit is released when its value is dropped, however the exchange
//! ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::mpsc;

use super::bucket_key::BucketKey;
use super::job::Job;
use super::reader::Reader;
use crate::parser::Description;
use crate::schedule::circuit_breaker::Outage;
use crate::schedule::scheduler::{Bottleneck, Feedback, HostId, Next, RunId, Scheduler, SchedulerConfig};
use crate::schedule::wait_queue::{BatchLimit, PriorityClass, RunGate, Supply};
use crate::swap::Generation;
use crate::types::{Failure, Request};

/// A request with the generation that built it.
pub(crate) type BuiltRequest = (Arc<Generation>, Request);

/// Queries that share a request.
pub(crate) type Batch = crate::schedule::wait_queue::Batch<Job, BuiltRequest>;

/// The scheduler of a host. Cloning it is cheap, and shares it.
#[derive(Clone, Debug)]
pub(crate) struct SharedScheduler {
    state: Arc<Mutex<State>>,
    config: SchedulerConfig,
    next_run: Arc<AtomicU64>,
}

#[derive(Debug)]
struct State {
    scheduler: Scheduler<BucketKey, Job, BuiltRequest>,
    runs: HashMap<RunId, mpsc::UnboundedSender<Box<Grant>>>,
}

/// Message to a run.
#[derive(Debug)]
pub(crate) enum Grant {
    /// A batch may be sent.
    Send(Permit, Batch),
    /// The host of a batch is given up, with its outage and its last failure.
    Refused(Batch, Arc<str>, Outage, Option<Failure>),
    /// The run must poll, since it may be the only one that waits.
    Poll,
}

/// The waiting queries of a run. They are withdrawn when it is dropped.
#[derive(Debug)]
pub(crate) struct RunQueue {
    scheduler: SharedScheduler,
    run: RunId,
    grants: mpsc::UnboundedReceiver<Box<Grant>>,
}

/// A place among the requests in flight to a host.
#[derive(Debug)]
pub(crate) struct Permit {
    scheduler: SharedScheduler,
    host: HostId,
    host_name: Arc<str>,
    sent: Instant,
    feedback: Option<(Feedback, Option<Failure>)>,
    is_released: bool,
    may_retry: Option<bool>,
}

impl SharedScheduler {
    pub(crate) fn new(config: SchedulerConfig) -> Self {
        let state = State { scheduler: Scheduler::new(config), runs: HashMap::new() };
        Self { state: Arc::new(Mutex::new(state)), config, next_run: Arc::default() }
    }

    pub(crate) const fn config(&self) -> &SchedulerConfig {
        &self.config
    }

    /// A queue for a further run.
    pub(crate) fn add_run(&self) -> RunQueue {
        let (sender, grants) = mpsc::unbounded_channel();
        let run = RunId(self.next_run.fetch_add(1, Ordering::Relaxed));
        self.lock().runs.insert(run, sender);
        RunQueue { scheduler: self.clone(), run, grants }
    }

    /// What delays most requests, and for how long, if that is known.
    pub(crate) fn held_by(&self) -> (Bottleneck, Option<Duration>) {
        let (held_by, until) = self.lock().scheduler.held_by();
        (held_by, until.map(|until| until.saturating_duration_since(Instant::now())))
    }

    /// Sets a run's gate.
    pub(super) fn set_gate(&self, run: RunId, gate: RunGate) {
        self.lock().scheduler.set_gate(run, gate);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Grants all that may go. If something waits for its time, tells one of its runs to poll, since the caller doesn't.
    pub(super) fn poll_for_others(&self) {
        if self.poll().is_some() {
            let state = self.lock();
            let waiting = state.scheduler.waiting_run().and_then(|run| state.runs.get(&run));
            // A run that ends polls for the others itself.
            waiting.into_iter().for_each(|run| drop(run.send(Box::new(Grant::Poll))));
        }
    }

    /// Grants all that may go. Returns when to poll again.
    fn poll(&self) -> Option<Instant> {
        loop {
            let now = Instant::now();
            let mut state = self.lock();
            let Some(next) = state.scheduler.poll(now) else { return state.scheduler.wake() };
            let (run, grant) = match next {
                Next::Send { host, run, batch } => {
                    let permit = Permit {
                        scheduler: self.clone(),
                        host,
                        host_name: state.scheduler.name(host),
                        sent: now,
                        feedback: None,
                        is_released: false,
                        may_retry: None,
                    };
                    (run, Grant::Send(permit, batch))
                }
                Next::Refused { host, run, batch, outage, last } => {
                    (run, Grant::Refused(batch, state.scheduler.name(host), outage, last))
                }
            };
            let granted = state.runs.get(&run).map(|run| run.send(Box::new(grant)));
            // A permit that nobody takes is released as it is dropped: outside the lock.
            drop(state);
            drop(granted);
        }
    }
}

impl RunQueue {
    /// Adds a query that waits for a host of a site.
    pub(crate) fn push(
        &self,
        host: &str,
        site: &Description,
        (key, limit): (BucketKey, &BatchLimit),
        not_before: Option<Instant>,
        job: Job,
    ) {
        let now = Instant::now();
        let class = PriorityClass::new(job.query.priority(), job.is_sent);
        self.with_queue(host, site, now, |queue| queue.push(key, limit, class, not_before, job, now));
    }

    /// Adds a batch, which goes no sooner than `not_before`.
    pub(crate) fn push_batch(&self, host: &str, site: &Description, not_before: Instant, batch: Batch) {
        let Some(job) = batch.jobs.first() else { return };
        let class = PriorityClass::new(job.query.priority(), job.is_sent);
        self.with_queue(host, site, Instant::now(), |queue| queue.push_batch(class, not_before, batch));
    }

    fn with_queue(
        &self,
        host: &str,
        site: &Description,
        now: Instant,
        push: impl FnOnce(&mut crate::schedule::wait_queue::WaitQueue<BucketKey, Job, BuiltRequest>),
    ) {
        let first = site.hosts.first().map_or(host, String::as_str);
        let mut state = self.scheduler.lock();
        let host = state.scheduler.host(host, first, site.pace, now);
        if let Some(queue) = state.scheduler.queue(host, self.run) {
            push(queue);
        }
    }

    /// Whether nothing waits, and all grants were taken.
    pub(crate) fn is_empty(&self) -> bool {
        !self.scheduler.lock().scheduler.has_waiting(self.run) && self.grants.is_empty()
    }

    /// Sets the supply of the run's input.
    pub(crate) fn set_supply(&self, supply: Supply) {
        self.scheduler.lock().scheduler.set_supply(self.run, supply);
    }

    /// Grants all that may go. Returns when to poll again.
    pub(crate) fn poll(&self) -> Option<Instant> {
        self.scheduler.poll()
    }

    /// The next grant.
    pub(crate) async fn grant(&mut self) -> Option<Box<Grant>> {
        self.grants.recv().await
    }

    /// The run's reader.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(self.scheduler.clone(), self.run)
    }

    /// Removes all waiting queries, and returns them.
    pub(crate) fn withdraw(&mut self) -> Vec<Job> {
        let mut jobs = self.scheduler.lock().scheduler.withdraw(self.run);
        while let Ok(grant) = self.grants.try_recv() {
            match *grant {
                Grant::Send(_, batch) | Grant::Refused(batch, ..) => jobs.extend(batch.jobs),
                Grant::Poll => {}
            }
        }
        jobs
    }
}

impl Drop for RunQueue {
    fn drop(&mut self) {
        drop(self.withdraw());
        let mut state = self.scheduler.lock();
        state.runs.remove(&self.run);
        state.scheduler.remove_run(self.run);
        drop(state);
        self.scheduler.poll_for_others();
    }
}

impl Permit {
    /// The host's name.
    pub(crate) const fn host(&self) -> &Arc<str> {
        &self.host_name
    }

    /// Records the feedback of the exchange on its host.
    pub(crate) fn record(&mut self, feedback: Feedback, failure: Option<Failure>) {
        self.feedback = Some((feedback, failure));
    }

    /// Adds the request's share to the retry budget.
    pub(crate) fn deposit(&self) {
        self.scheduler.lock().scheduler.deposit(self.host);
    }

    /// Whether the exchange is a probe of an open circuit.
    pub(crate) fn is_probe(&self) -> bool {
        self.scheduler.lock().scheduler.is_probe(self.host, self.sent)
    }

    /// Whether the host's budget allows retries for this request.
    pub(crate) fn withdraw_retry(&mut self) -> bool {
        let scheduler = &self.scheduler;
        *self.may_retry.get_or_insert_with(|| scheduler.lock().scheduler.withdraw_retry(self.host))
    }

    /// Returns the token of the rate limiter, since nothing was sent.
    pub(crate) fn refund(&self) {
        self.scheduler.lock().scheduler.refund(self.host);
    }

    /// Releases the permit.
    pub(crate) fn release(&mut self) {
        if std::mem::replace(&mut self.is_released, true) {
            return;
        }
        let (feedback, failure) = self.feedback.take().unzip();
        self.scheduler.lock().scheduler.release(self.host, feedback, failure.flatten(), self.sent, Instant::now());
        self.scheduler.poll_for_others();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::job::ResumedQuery;
    use crate::schedule::{Rate, RetryPolicy};
    use crate::types::Query;

    #[tokio::test]
    async fn one_that_waits_polls_when_nobody_else_does() {
        let rate = Rate::per_second(1.0).unwrap();
        let config = SchedulerConfig { rate, concurrency: 1, per_host: 1, retries: RetryPolicy::default() };
        let scheduler = SharedScheduler::new(config);
        let site = Description::parse(
            r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60},
            "kinds": [{"name": "page", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1}, "params": {"properties": {}}}]}"#,
        )
        .unwrap();
        let (mut first, mut second) = (scheduler.add_run(), scheduler.add_run());
        for run in [&first, &second] {
            let query = Query::new("page", []);
            let key = BucketKey::new(&"p".into(), site.kind("page"), &query);
            run.push("example.org", &site, (key, &BatchLimit::new(1)), None, Job::new(ResumedQuery::from(query), 0));
        }
        first.poll();
        let Some(Grant::Send(permit, _)) = first.grant().await.map(|grant| *grant) else {
            panic!("the first is granted nothing")
        };
        drop(permit);
        assert!(matches!(second.grant().await.as_deref(), Some(Grant::Poll)));
        assert!(second.poll().is_some_and(|wake| wake > Instant::now()));
        drop(first);
        assert!(
            matches!(second.grant().await.as_deref(), Some(Grant::Poll)),
            "the first may have been the one that polls"
        );
    }
}
