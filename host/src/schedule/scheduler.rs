//! Scheduler: owns the queries that wait, and says which of them share the request that goes next.
//!
//! Pure: the time is an argument. Hosts take turns, each within its rate limit, its circuit breaker and its concurrency limit; one request of
//! each host may always go, so that none is kept out by another that has all permits. A batch is formed when its request may go, and a token
//! of the rate limiter is taken last.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::circuit_breaker::{CircuitBreaker, Outage, Patience, State};
use super::concurrency_limit::ConcurrencyLimit;
use super::rate_limiter::{Rate, RateLimiter};
use super::retry::{RetryBudget, RetryPolicy};
use super::wait_queue::{Batch, Queued, RunGate, Supply, WaitQueue};
use crate::types::{Failure, Pace};

/// A request is taken for lost when it takes this many times as long as others, and at least this long.
const LOST_AFTER_LATENCIES: u32 = 4;
const LOST_AFTER: Duration = Duration::from_secs(2);

/// How fast hosts are asked, and how much at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SchedulerConfig {
    pub(crate) rate: Rate,
    /// Requests in flight to all hosts.
    pub(crate) concurrency: usize,
    /// Requests in flight to one host.
    pub(crate) per_host: usize,
    pub(crate) retries: RetryPolicy,
}

/// What keeps a host's requests waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bottleneck {
    /// Nothing: as many are in flight as the host may have, or none waits.
    #[default]
    Nothing,
    /// The site's pace, or the rate that was asked for.
    Pace,
    /// The host, which serves no more at once.
    Concurrency,
    /// The host, which refuses everything for now.
    CircuitOpen,
    /// A wait that the server told with `Retry-After`.
    RetryAfter,
}

/// What an exchange says of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feedback {
    /// It answered what was asked.
    Success,
    /// It answered, but not what was asked: an error page, or something that the parser can't read.
    Neutral,
    /// It is asked too much, or doesn't answer: a timeout, a reset, 429, 5xx, a captcha.
    Congestion {
        /// When it may be asked again, if it told.
        retry_after: Option<Duration>,
    },
    /// It will not answer this client at all: its certificate is not trusted.
    Unreachable,
}

/// What goes next.
#[derive(Debug)]
pub(crate) enum Next<J, R> {
    /// A permit for a request to this host, and what it asks.
    Send { host: usize, run: u64, batch: Batch<J, R> },
    /// The host is given up.
    Refused { host: usize, run: u64, batch: Batch<J, R>, outage: Outage, last: Option<Failure> },
}

/// All hosts and what waits for them. `K` says which queries may share a request, `J` is a query, `R` a request.
#[derive(Debug)]
pub(crate) struct Scheduler<K, J, R> {
    config: SchedulerConfig,
    hosts: Vec<Host<K, J, R>>,
    indices: HashMap<String, usize>,
    /// By the first host of a site.
    limiters: HashMap<String, Option<Arc<RateLimiter>>>,
    runs: HashMap<u64, RunState>,
    /// The host whose turn it is.
    turn: usize,
    /// When to poll again, as of the last poll.
    wake: Option<Instant>,
}

/// What a run says of its input and its reader.
#[derive(Clone, Copy, Debug, Default)]
struct RunState {
    supply: Supply,
    gate: RunGate,
}

#[derive(Debug)]
struct Host<K, J, R> {
    name: Arc<str>,
    limiter: Option<Arc<RateLimiter>>,
    limit: ConcurrencyLimit,
    circuit: CircuitBreaker,
    budget: RetryBudget,
    /// When those in flight were sent, sorted.
    sent: VecDeque<Instant>,
    last_sent: Option<Instant>,
    /// How long answers take, smoothed.
    latency: Option<Duration>,
    /// Those of the runs, which take turns.
    queues: VecDeque<(u64, WaitQueue<K, J, R>)>,
    held_by: Bottleneck,
    held_until: Option<Instant>,
    last_congestion: Option<Failure>,
}

/// Whether a host may send.
enum Readiness {
    /// The run at this place among its queues may.
    Ready(usize),
    GivenUp,
    /// Nothing may, until that time if it is known.
    Wait(Option<Instant>),
}

impl<K: Clone + Eq + Hash, J: Queued, R> Scheduler<K, J, R> {
    pub(crate) fn new(config: SchedulerConfig) -> Self {
        Self {
            config,
            hosts: Vec::new(),
            indices: HashMap::new(),
            limiters: HashMap::new(),
            runs: HashMap::new(),
            turn: 0,
            wake: None,
        }
    }

    /// The index of a host. Hosts of a site share its rate limiter; a site is known by its first host.
    pub(crate) fn host(&mut self, name: &str, site: &str, pace: Pace, now: Instant) -> usize {
        if let Some(host) = self.indices.get(name) {
            return *host;
        }
        let pace = self.config.rate.pace(pace);
        let limiter = self
            .limiters
            .entry(site.to_owned())
            .or_insert_with(|| pace.and_then(|pace| RateLimiter::new(pace, now)).map(Arc::new));
        let retries = &self.config.retries;
        self.hosts.push(Host {
            name: name.into(),
            limiter: limiter.clone(),
            limit: ConcurrencyLimit::new(self.config.per_host.min(self.config.concurrency)),
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
        });
        self.indices.insert(name.to_owned(), self.hosts.len() - 1);
        self.hosts.len() - 1
    }

    pub(crate) fn name(&self, host: usize) -> Arc<str> {
        self.hosts.get(host).map_or_else(|| Arc::from(""), |host| Arc::clone(&host.name))
    }

    /// Whether anything of a run waits.
    pub(crate) fn has_waiting(&self, run: u64) -> bool {
        let mut queues = self.hosts.iter().flat_map(|host| &host.queues);
        queues.any(|(other, queue)| *other == run && !queue.is_empty())
    }

    /// The queue of a run for a host, to add to.
    pub(crate) fn queue(&mut self, host: usize, run: u64) -> Option<&mut WaitQueue<K, J, R>> {
        let queues = &mut self.hosts.get_mut(host)?.queues;
        let at = queues.iter().position(|(other, _)| *other == run).unwrap_or_else(|| {
            queues.push_back((run, WaitQueue::default()));
            queues.len() - 1
        });
        queues.get_mut(at).map(|(_, queue)| queue)
    }

    /// Takes everything of a run out.
    pub(crate) fn withdraw(&mut self, run: u64) -> Vec<J> {
        let mut jobs = Vec::new();
        for host in &mut self.hosts {
            for (_, queue) in host.queues.iter_mut().filter(|(other, _)| *other == run) {
                jobs.extend(std::iter::from_fn(|| queue.pop_any()).flat_map(|batch| batch.jobs));
            }
            host.queues.retain(|(other, _)| *other != run);
        }
        jobs
    }

    /// Forgets a run, of which nothing waits.
    pub(crate) fn remove_run(&mut self, run: u64) {
        self.runs.remove(&run);
    }

    pub(crate) fn set_supply(&mut self, run: u64, supply: Supply) {
        self.runs.entry(run).or_default().supply = supply;
    }

    pub(crate) fn set_gate(&mut self, run: u64, gate: RunGate) {
        self.runs.entry(run).or_default().gate = gate;
    }

    /// What goes now, or can't at all. [`Self::wake`] says when to poll again if nothing does.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Next<J, R>> {
        self.wake = None;
        let count = self.hosts.len();
        let is_full = self.hosts.iter().map(|host| host.sent.len()).sum::<usize>() >= self.config.concurrency;
        for index in (0..count).map(|offset| (self.turn + offset) % count) {
            let Some(host) = self.hosts.get_mut(index) else { continue };
            match host.readiness(is_full, &self.runs, now) {
                Readiness::Ready(at) => {
                    if let Some((run, batch)) = host.pop(at, &self.runs, now) {
                        self.turn = index + 1;
                        return Some(Next::Send { host: index, run, batch });
                    }
                }
                Readiness::GivenUp => {
                    if let Some((run, batch)) = host.pop_any() {
                        let (outage, last) = (host.circuit.outage(now), host.last_congestion.clone());
                        return Some(Next::Refused { host: index, run, batch, outage, last });
                    }
                }
                Readiness::Wait(at) => self.wake = self.wake.into_iter().chain(at).min(),
            }
        }
        None
    }

    /// A run of which something waits and may go.
    pub(crate) fn waiting_run(&self) -> Option<u64> {
        let queues = self.hosts.iter().flat_map(|host| &host.queues);
        let may_go = |run: &u64| self.runs.get(run).is_none_or(|run| run.gate != RunGate::Closed);
        queues.filter(|(run, queue)| !queue.is_empty() && may_go(run)).map(|(run, _)| *run).next()
    }

    pub(crate) fn wake(&self) -> Option<Instant> {
        self.wake
    }

    /// Releases the permit of an exchange with a host that was sent at `sent`.
    pub(crate) fn release(
        &mut self,
        host: usize,
        feedback: Option<Feedback>,
        failure: Option<Failure>,
        sent: Instant,
        now: Instant,
    ) {
        let Some(host) = self.hosts.get_mut(host) else { return };
        if let Some(feedback) = feedback {
            host.record(feedback, failure, sent, now);
        }
        if let Ok(at) = host.sent.binary_search(&sent) {
            host.sent.remove(at);
        }
    }

    /// Gives a token of a host's rate limiter back, for a request that wasn't sent.
    pub(crate) fn refund(&self, host: usize) {
        let limiter = self.hosts.get(host).and_then(|host| host.limiter.as_ref());
        limiter.into_iter().for_each(|limiter| limiter.refund());
    }

    /// Something is asked of a host for the first time.
    pub(crate) fn deposit(&mut self, host: usize) {
        self.hosts.get_mut(host).into_iter().for_each(|host| host.budget.deposit());
    }

    /// Whether a request to a host may be a retry.
    pub(crate) fn withdraw_retry(&mut self, host: usize) -> bool {
        self.hosts.get_mut(host).is_some_and(|host| host.budget.withdraw())
    }

    /// Whether a request that was sent at `sent` was a probe of an open circuit.
    pub(crate) fn is_probe(&self, host: usize, sent: Instant) -> bool {
        self.hosts.get(host).is_some_and(|host| host.circuit.is_probe(sent))
    }

    /// What keeps most requests waiting, and until when, if that is known.
    pub(crate) fn held_by(&self) -> (Bottleneck, Option<Instant>) {
        let most = self.hosts.iter().max_by_key(|host| host.waiting());
        most.map(|host| (host.held_by, host.held_until)).unwrap_or_default()
    }
}

impl<K: Clone + Eq + Hash, J: Queued, R> Host<K, J, R> {
    fn readiness(&mut self, is_full: bool, runs: &HashMap<u64, RunState>, now: Instant) -> Readiness {
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
            Err(wake) => return Readiness::Wait(wake),
        };
        if let State::Open { until, is_told } = state {
            let held_by = if is_told { Bottleneck::RetryAfter } else { Bottleneck::CircuitOpen };
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

    /// The place of the next run that may send something.
    fn ready_queue(&mut self, runs: &HashMap<u64, RunState>, now: Instant) -> Result<usize, Option<Instant>> {
        let mut wake = None;
        for (at, (run, queue)) in self.queues.iter_mut().enumerate() {
            let RunState { supply, gate } = runs.get(run).copied().unwrap_or_default();
            match queue.ready(gate, supply, now) {
                Ok(()) => return Ok(at),
                Err(due) => wake = wake.into_iter().chain(due).min(),
            }
        }
        Err(wake)
    }

    /// The wait that the concurrency limit asks for.
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

    /// Requests that take so much longer than others that they are probably lost: they don't burden the host, and others may go in their
    /// place, up to as many again.
    fn lost(&self, max: usize, now: Instant) -> usize {
        let lost_after = self.lost_after();
        self.sent.iter().take_while(|sent| **sent + lost_after <= now).count().min(max)
    }

    fn lost_after(&self) -> Duration {
        self.latency.map_or(LOST_AFTER, |latency| latency.saturating_mul(LOST_AFTER_LATENCIES).max(LOST_AFTER))
    }

    /// Takes a batch of the run at a place. The run's next turn comes after the others'.
    fn pop(&mut self, at: usize, runs: &HashMap<u64, RunState>, now: Instant) -> Option<(u64, Batch<J, R>)> {
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

    fn pop_any(&mut self) -> Option<(u64, Batch<J, R>)> {
        loop {
            let (run, queue) = self.queues.front_mut()?;
            match queue.pop_any() {
                Some(batch) => return Some((*run, batch)),
                None => drop(self.queues.pop_front()),
            }
        }
    }

    fn record(&mut self, feedback: Feedback, failure: Option<Failure>, sent: Instant, now: Instant) {
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

    fn waiting(&self) -> usize {
        self.queues.iter().map(|(_, queue)| queue.len()).sum()
    }
}

#[cfg(test)]
mod tests;
