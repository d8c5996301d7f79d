//! Queues of one host: a wait queue for each run, and the host's limits.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::circuit_breaker::{CircuitBreaker, Patience, State};
use super::concurrency_limit::ConcurrencyLimit;
use super::rate_limiter::RateLimiter;
use super::retry::RetryBudget;
use super::scheduler::{Bottleneck, Feedback, RunId, SchedulerConfig};
use super::wait_queue::{Batch, NotReady, Queued, RunGate, Supply, WaitQueue};
use crate::types::Failure;

/// Multiple of the usual latency after which a request counts as lost.
const LOST_AFTER_LATENCIES: u32 = 4;
pub(super) const LOST_AFTER: Duration = Duration::from_secs(2);

/// State of a run's input and of its reader.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RunState {
    pub(super) supply: Supply,
    pub(super) gate: RunGate,
}

/// A host: its limits, and the queries that wait for it.
#[derive(Debug)]
pub(super) struct HostQueues<K, J, R> {
    pub(super) name: Arc<str>,
    pub(super) limiter: Option<Arc<RateLimiter>>,
    limit: ConcurrencyLimit,
    pub(super) circuit: CircuitBreaker,
    pub(super) budget: RetryBudget,
    /// Times at which the requests in flight were sent, sorted.
    pub(super) sent: VecDeque<Instant>,
    last_sent: Option<Instant>,
    /// Smoothed latency of answers.
    latency: Option<Duration>,
    /// Queues of the runs, which take turns.
    pub(super) queues: VecDeque<(RunId, WaitQueue<K, J, R>)>,
    pub(super) held_by: Bottleneck,
    pub(super) held_until: Option<Instant>,
    pub(super) last_congestion: Option<Failure>,
}

/// Whether a host may send a request.
pub(super) enum Readiness {
    /// The run at this index of its queues may.
    Ready(usize),
    GivenUp,
    /// None may, until this time if it is known.
    Wait(Option<Instant>),
}

impl<K: Clone + Eq + Hash, J: Queued, R> HostQueues<K, J, R> {
    pub(super) fn new(name: &str, limiter: Option<Arc<RateLimiter>>, config: &SchedulerConfig) -> Self {
        let retries = &config.retries;
        Self {
            name: name.into(),
            limiter,
            limit: ConcurrencyLimit::new(config.per_host.min(config.concurrency)),
            circuit: CircuitBreaker::new(Patience {
                give_up: retries.give_up_after,
                max_wait: retries.max_retry_after,
            }),
            budget: RetryBudget::new(retries.budget),
            sent: VecDeque::new(),
            last_sent: None,
            latency: None,
            queues: VecDeque::new(),
            held_by: Bottleneck::Nothing,
            held_until: None,
            last_congestion: None,
        }
    }

    pub(super) fn readiness(&mut self, is_full: bool, runs: &HashMap<RunId, RunState>, now: Instant) -> Readiness {
        (self.held_by, self.held_until) = (Bottleneck::Nothing, None);
        if self.queues.is_empty() {
            return Readiness::Wait(None);
        }
        let state = self.circuit.state(now);
        if state == State::GivenUp {
            return Readiness::GivenUp;
        }
        let at = match self.ready_queue(runs, now) {
            Ok(at) => at,
            Err(NotReady { until }) => return Readiness::Wait(until),
        };
        if let State::Open { until, has_retry_after } = state {
            let held_by = if has_retry_after { Bottleneck::RetryAfter } else { Bottleneck::CircuitOpen };
            return self.hold(held_by, Some(until));
        }
        if let Some(wait) = self.limited(state, now) {
            return wait;
        }
        if is_full && !self.sent.is_empty() {
            return Readiness::Wait(None);
        }
        match self.limiter.as_ref().map_or(Ok(()), |limiter| limiter.check(now)) {
            Ok(()) => Readiness::Ready(at),
            Err(until) => self.hold(Bottleneck::Pace, Some(until)),
        }
    }

    const fn hold(&mut self, held_by: Bottleneck, until: Option<Instant>) -> Readiness {
        (self.held_by, self.held_until) = (held_by, until);
        Readiness::Wait(until)
    }

    /// Index of the next run that may send a request.
    fn ready_queue(&mut self, runs: &HashMap<RunId, RunState>, now: Instant) -> Result<usize, NotReady> {
        let mut wake = None;
        for (at, (run, queue)) in self.queues.iter_mut().enumerate() {
            let RunState { supply, gate } = runs.get(run).copied().unwrap_or_default();
            match queue.ready(gate, supply, now) {
                Ok(()) => return Ok(at),
                Err(NotReady { until }) => wake = wake.into_iter().chain(until).min(),
            }
        }
        Err(NotReady { until: wake })
    }

    /// The wait of the concurrency limit, if it has one.
    fn limited(&mut self, state: State, now: Instant) -> Option<Readiness> {
        let max = if state == State::HalfOpen { 1 } else { self.limit.max_in_flight() };
        let lost = self.lost(max, now);
        if self.sent.len() - lost >= max {
            let until = self.sent.get(lost).map(|sent| *sent + self.lost_after()).filter(|at| *at > now);
            return Some(self.hold(Bottleneck::Concurrency, until));
        }
        let interval = self.limit.min_interval(self.latency.unwrap_or_default());
        let next = interval.and_then(|interval| Some(self.last_sent? + interval)).filter(|at| *at > now)?;
        Some(self.hold(Bottleneck::Concurrency, Some(next)))
    }

    /// Requests in flight that are probably lost. They don't burden the host, so that others may take their places, up to as many again.
    fn lost(&self, max: usize, now: Instant) -> usize {
        let lost_after = self.lost_after();
        self.sent.iter().take_while(|sent| **sent + lost_after <= now).count().min(max)
    }

    fn lost_after(&self) -> Duration {
        self.latency.map_or(LOST_AFTER, |latency| latency.saturating_mul(LOST_AFTER_LATENCIES).max(LOST_AFTER))
    }

    /// Takes a batch of the run at an index, and moves the run behind the others.
    pub(super) fn pop(
        &mut self,
        at: usize,
        runs: &HashMap<RunId, RunState>,
        now: Instant,
    ) -> Option<(RunId, Batch<J, R>)> {
        let (run, mut queue) = self.queues.remove(at)?;
        let RunState { supply, gate } = runs.get(&run).copied().unwrap_or_default();
        let batch = queue.pop(gate, supply, now);
        if !queue.is_empty() {
            self.queues.push_back((run, queue));
        }
        // Threads that poll at about the same time may come in another order than their clocks say.
        self.sent.insert(self.sent.partition_point(|sent| *sent <= now), now);
        self.last_sent = self.sent.back().copied();
        batch.map(|batch| (run, batch))
    }

    pub(super) fn pop_any(&mut self) -> Option<(RunId, Batch<J, R>)> {
        loop {
            let (run, queue) = self.queues.front_mut()?;
            match queue.pop_any() {
                Some(batch) => return Some((*run, batch)),
                None => drop(self.queues.pop_front()),
            }
        }
    }

    pub(super) fn record(&mut self, feedback: Feedback, failure: Option<Failure>, sent: Instant, now: Instant) {
        match feedback {
            Feedback::Success => {
                self.smooth(now.saturating_duration_since(sent));
                self.limit.record_success(self.sent.len());
                self.circuit.record_answer();
            }
            Feedback::Neutral => {
                self.limit.record_neutral();
                self.circuit.record_answer();
            }
            Feedback::Congestion { retry_after } => {
                self.last_congestion = failure;
                // A probe says nothing of how much the host serves at once.
                if !self.circuit.is_probe(sent) {
                    self.limit.record_congestion(self.sent.len(), retry_after.is_some());
                }
                self.circuit.record_failure(retry_after, sent, now);
            }
            Feedback::Unreachable => {
                self.last_congestion = failure;
                // One connection of several may meet another server than those that answer.
                match self.latency {
                    Some(_) => self.circuit.record_failure(None, sent, now),
                    None => self.circuit.give_up(now),
                }
            }
        }
    }

    fn smooth(&mut self, latency: Duration) {
        self.latency = Some(self.latency.map_or(latency, |before| (before * 7 + latency) / 8));
    }

    pub(super) fn waiting(&self) -> usize {
        self.queues.iter().map(|(_, queue)| queue.len()).sum()
    }
}
