//! Dispatcher: one task per run, which queues its queries and sends the batches that are granted.
//!
//! It takes queries from the input while there is room for open ones, adds them to the scheduler, and spawns a task for each batch with a permit.
//! Next pages, follow-up queries and retries come back to it. Only requests in flight have tasks. The tasks deliver pages through a bounded
//! channel; while the reader is slow, nothing is sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};

use super::intake::{Input, Intake, Taken};
use crate::exchange::context::{ExchangeContext, Routed};
use crate::exchange::requeue::Requeue;
use crate::exchange::round_trip::ReadyRequest;
use crate::jobs::bucket_key::BucketKey;
use crate::jobs::job::{Job, ResumedQuery};
use crate::jobs::permit::{Batch, Grant, Permit, RunQueue};
use crate::jobs::run_state::Run;
use crate::schedule::circuit_breaker::Outage;
use crate::schedule::wait_queue::Supply;
use crate::swap::ParserSlot;
use crate::types::{Failure, FailureKind, Query};

/// Time that requests in flight have after a run's deadline.
const MAX_LATE_INPUT: Duration = Duration::from_secs(1);

/// Jobs that failed without a request.
struct FailedJobs {
    jobs: Vec<Job>,
    failure: Failure,
    /// The parser's, if one was to answer them.
    generation: Option<u64>,
}

/// Result of a task.
enum Done {
    Routed(Vec<Routed>),
    Built(Box<Built>),
    Requeue(Vec<Requeue>),
    /// Failures without a request were reported.
    Reported,
}

/// The request of a batch with a permit, if the parser built one, and what is left of the batch.
struct Built {
    permit: Permit,
    ready: Option<ReadyRequest>,
    left: Vec<Requeue>,
}

enum Event {
    Stopped,
    TimeUp,
    Done(Result<Done, JoinError>),
    Granted(Box<Grant>),
    Taken(Taken),
    Awake,
}

/// Dispatches the queries of one run.
pub(crate) struct Dispatcher {
    context: Arc<ExchangeContext>,
    run: Arc<Run>,
    intake: Intake,
    /// The number of the next query.
    next_root: usize,
    queue: RunQueue,
    supply: Supply,
    tasks: JoinSet<Done>,
    /// Jobs that failed without a request. One task reports them, so that a slow reader blocks only it.
    failed: Vec<FailedJobs>,
    is_reporting: bool,
    /// Whether the run is stopped: only requests in flight finish.
    stop: watch::Receiver<bool>,
    ended: Option<Failure>,
    /// A task that panicked.
    fault: Option<String>,
}

impl Dispatcher {
    pub(crate) fn new(
        context: ExchangeContext,
        run: Run,
        input: Input,
        room: Arc<Semaphore>,
        queue: RunQueue,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            context: Arc::new(context),
            run: Arc::new(run),
            intake: Intake::new(input, room),
            next_root: 0,
            queue,
            supply: Supply::default(),
            tasks: JoinSet::new(),
            failed: Vec::new(),
            is_reporting: false,
            stop,
            ended: None,
            fault: None,
        }
    }

    /// Runs until each query is answered or failed.
    ///
    /// # Errors
    /// The message of a task that panicked. Its queries have no outcome.
    pub(crate) async fn dispatch(mut self) -> Result<(), String> {
        while !self.is_over() {
            self.report_failures();
            let wake = self.queue.poll();
            match self.event(wake).await {
                Event::Stopped => {
                    self.intake.close();
                    self.end(Failure::new(FailureKind::Cancelled, "the run was stopped before it was answered"));
                }
                Event::TimeUp => {
                    self.end(Failure::new(FailureKind::Deadline, "the run's time was up before it was answered"));
                }
                Event::Done(Ok(Done::Routed(routed))) => routed.into_iter().for_each(|routed| self.enqueue(routed)),
                Event::Done(Ok(Done::Reported)) => self.is_reporting = false,
                Event::Done(Ok(Done::Built(built))) => {
                    let Built { permit, ready, left } = *built;
                    self.requeue(left);
                    if let Some(ready) = ready {
                        self.send(ready, permit);
                    }
                }
                Event::Done(Ok(Done::Requeue(requeued))) => self.requeue(requeued),
                Event::Done(Err(error)) => self.record_fault(error),
                Event::Granted(grant) => self.take_grant(*grant),
                Event::Taken(Taken::Room) => {}
                Event::Taken(Taken::Queries(queries)) => self.take_input(queries),
                Event::Taken(Taken::End) => self.intake.close(),
                // Queries that come later than that after the end are not waited for.
                Event::Awake if self.ended.is_some() => self.intake.close(),
                Event::Awake => {}
            }
            self.update_supply();
        }
        self.fault.map_or(Ok(()), Err)
    }

    fn is_over(&self) -> bool {
        let is_idle = self.tasks.is_empty() && self.failed.is_empty();
        self.intake.is_closed() && is_idle && self.queue.is_empty()
    }

    async fn event(&mut self, wake: Option<Instant>) -> Event {
        let has_ended = self.ended.is_some();
        let wake = if has_ended { Instant::now().checked_add(MAX_LATE_INPUT) } else { wake };
        let has_input = !self.intake.is_closed();
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop), if !has_ended => Event::Stopped,
            () = sleep_until(self.run.deadline), if !has_ended => Event::TimeUp,
            Some(done) = self.tasks.join_next() => Event::Done(done),
            Some(grant) = self.queue.grant() => Event::Granted(grant),
            taken = self.intake.next(), if has_input => Event::Taken(taken),
            () = sleep_until(wake) => Event::Awake,
        }
    }

    /// Says what the input has for the queue: nothing any more, more that waits for room, or nothing at hand.
    fn update_supply(&mut self) {
        let supply = self.intake.supply(self.tasks.is_empty());
        if supply != self.supply {
            self.supply = supply;
            self.queue.set_supply(supply);
        }
    }

    fn take_input(&mut self, queries: Vec<Query>) {
        let count = queries.len();
        let asked =
            queries.into_iter().filter_map(|query| (self.run.resume)(query)).map(|asked| match self.run.follow_up {
                // What its earlier pages raised is known only after they were asked again.
                Some(_) => ResumedQuery::from(asked.query.restarted()),
                None => asked,
            });
        let jobs: Vec<_> = (self.next_root..).zip(asked).map(|(root, asked)| Job::new(asked, root)).collect();
        self.next_root += jobs.len();
        self.intake.spend(jobs.len());
        self.run.open.add(&jobs);
        self.run.stats_recorder.update(|stats| {
            stats.open += jobs.len() as u64;
            stats.answered_before += (count - jobs.len()) as u64;
        });
        self.route(jobs);
    }

    /// Adds queries to the queues of the hosts that answer them.
    fn route(&mut self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        if let Some(failure) = self.ended.clone() {
            return self.failed.push(FailedJobs { jobs, failure, generation: None });
        }
        let mut elsewhere: Vec<(ParserSlot, Vec<Job>)> = Vec::new();
        for mut job in jobs {
            let slot = match job.slot.clone().map_or_else(|| self.context.slot(&job.query), Ok) {
                Ok(slot) => slot,
                Err(failure) => {
                    self.failed.push(FailedJobs { jobs: vec![job], failure, generation: None });
                    continue;
                }
            };
            job.slot = Some(slot.clone());
            match slot.description().hosts.as_slice() {
                [host] => self.push(&slot, host, job, None),
                _ => match elsewhere.iter_mut().find(|(other, _)| other.name() == slot.name()) {
                    Some((_, jobs)) => jobs.push(job),
                    None => elsewhere.push((slot, vec![job])),
                },
            }
        }
        for (slot, jobs) in elsewhere {
            let (context, run) = (Arc::clone(&self.context), Arc::clone(&self.run));
            self.tasks.spawn(async move { Done::Routed(context.route(&run, slot, jobs).await) });
        }
    }

    /// Adds queries whose host the parser's request says.
    fn enqueue(&mut self, routed: Routed) {
        let Routed { slot, host, batch } = routed;
        if let Some(failure) = self.ended.clone() {
            let generation = Some(slot.generation());
            return self.failed.push(FailedJobs { jobs: batch.jobs, failure, generation });
        }
        let description = slot.description();
        if batch.request.is_some() {
            return self.queue.push_batch(&host, &description, Instant::now(), batch);
        }
        for job in batch.jobs {
            self.push(&slot, &host, job, None);
        }
    }

    /// Adds a query to the bucket of those that may share its request.
    fn push(&self, slot: &ParserSlot, host: &str, job: Job, not_before: Option<Instant>) {
        let description = slot.description();
        let kind = description.kind(job.query.kind());
        let limit = self.context.batch_limit(slot, kind, &job.query);
        let key = BucketKey::new(slot.shared_name(), kind, &job.query);
        self.queue.push(host, &description, (key, &limit), not_before, job);
    }

    fn requeue(&mut self, requeued: Vec<Requeue>) {
        let mut now = Vec::new();
        for requeue in requeued {
            match requeue {
                Requeue::Job(job, delay) if delay.is_zero() || self.ended.is_some() => now.push(job),
                Requeue::Job(job, delay) => self.delay(job, delay),
                Requeue::Batch(batch, _) if self.ended.is_some() => now.extend(batch.jobs),
                Requeue::Batch(batch, delay) => self.delay_batch(batch, delay),
            }
        }
        self.route(now);
    }

    fn delay(&mut self, job: Job, delay: Duration) {
        let Some((slot, host)) = job.slot.clone().zip(job.host.clone()) else { return self.route(vec![job]) };
        self.push(&slot, &host, job, Instant::now().checked_add(delay));
    }

    fn delay_batch(&mut self, batch: Batch, delay: Duration) {
        let first = batch.jobs.first().and_then(|job| job.slot.clone().zip(job.host.clone()));
        let Some((slot, host)) = first else { return self.route(batch.jobs) };
        let now = Instant::now();
        self.queue.push_batch(&host, &slot.description(), now.checked_add(delay).unwrap_or(now), batch);
    }

    fn report_failures(&mut self) {
        if self.is_reporting || self.failed.is_empty() {
            return;
        }
        let (run, failed) = (Arc::clone(&self.run), std::mem::take(&mut self.failed));
        self.is_reporting = true;
        self.tasks.spawn(async move {
            for FailedJobs { jobs, failure, generation } in failed {
                run.fail_all(jobs, &failure, generation).await;
            }
            Done::Reported
        });
    }

    fn take_grant(&mut self, grant: Grant) {
        match grant {
            Grant::Poll => {}
            Grant::Send(permit, batch) => self.build_and_send(batch, permit),
            Grant::Refused(batch, host, outage, last) => {
                let generation = batch.jobs.first().and_then(|job| Some(job.slot.as_ref()?.generation()));
                let failure = given_up(&host, outage, last);
                self.failed.push(FailedJobs { jobs: batch.jobs, failure, generation });
            }
        }
    }

    /// Sends a batch, whose request is built first if the parser's generation has none.
    fn build_and_send(&mut self, mut batch: Batch, permit: Permit) {
        for job in &mut batch.jobs {
            job.host = Some(Arc::clone(permit.host()));
        }
        let Some(slot) = batch.jobs.first().and_then(|job| job.slot.clone()) else { return };
        // Load the generation here: a later batch must never use an older parser.
        let generation = slot.load();
        if let Some(built) = batch.request.filter(|(maker, _)| maker.number == generation.number) {
            return self.send(ReadyRequest { built, jobs: batch.jobs }, permit);
        }
        let (context, run) = (Arc::clone(&self.context), Arc::clone(&self.run));
        self.tasks.spawn(async move {
            let (ready, left) = context.build_request(&run, generation, batch.jobs).await;
            Done::Built(Box::new(Built { permit, ready, left }))
        });
    }

    fn send(&mut self, ready: ReadyRequest, permit: Permit) {
        if let Some(failure) = self.ended.clone() {
            let generation = Some(ready.built.0.number);
            return self.failed.push(FailedJobs { jobs: ready.jobs, failure, generation });
        }
        let (context, run) = (Arc::clone(&self.context), Arc::clone(&self.run));
        self.tasks.spawn(async move { Done::Requeue(context.exchange(&run, ready, permit).await) });
    }

    /// Ends the run, in which a task panicked: the task's queries have no outcome.
    fn record_fault(&mut self, error: JoinError) {
        let fault = describe(error);
        tracing::error!("a task of the run ended: {fault}");
        self.is_reporting = false;
        self.intake.close();
        let failure = Failure::new(FailureKind::Internal, format!("a task of the run ended: {fault}"));
        self.fault.get_or_insert(fault);
        self.end(failure);
    }

    /// Sends nothing more: what waits fails so.
    fn end(&mut self, failure: Failure) {
        self.ended = Some(failure);
        let waiting = self.queue.withdraw();
        self.route(waiting);
    }
}

/// What a task that ended too soon said.
pub(crate) fn describe(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
        }
        Err(error) => error.to_string(),
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

fn given_up(host: &str, outage: Outage, last: Option<Failure>) -> Failure {
    let Outage { time, failures, too_long } = outage;
    let last = last.unwrap_or_else(|| Failure::new(FailureKind::Unavailable, "it answers nothing"));
    if last.is_permanent {
        return last;
    }
    let why = match too_long {
        Some(wait) => format!("tells to wait {wait:.0?}, which is longer than it may"),
        None => format!("failed {failures} times in a row, for {time:.0?}"),
    };
    Failure { message: format!("{}; {host} {why}, and is given up for now", last.message), ..last }
}
