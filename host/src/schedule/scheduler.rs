//! Scheduler: owns the waiting queries, and decides which share the next request.
//!
//! Pure: the time is an argument. Hosts take turns, each within its rate limit, circuit breaker and concurrency limit. Each host may always have
//! one request in flight, even if others have all permits. A batch is formed when its request may go; the token of the rate limiter is taken
//! last.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::circuit_breaker::Outage;
use super::host_queues::{HostQueues, Readiness, RunState};
use super::rate_limiter::{Rate, RateLimiter};
use super::retry::RetryPolicy;
use super::wait_queue::{Batch, Queued, RunGate, Supply, WaitQueue};
use crate::types::{Failure, Pace};

/// Limits of a scheduler.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SchedulerConfig {
    pub(crate) rate: Rate,
    /// Most requests in flight to all hosts.
    pub(crate) concurrency: usize,
    /// Most requests in flight to one host.
    pub(crate) per_host: usize,
    pub(crate) retries: RetryPolicy,
}

/// What delays requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bottleneck {
    /// Nothing: the concurrency is used, or no query waits.
    #[default]
    Nothing,
    /// The site's pace, or the rate that was set.
    Pace,
    /// The concurrency limit of the host.
    Concurrency,
    /// The host's circuit breaker, which is open.
    CircuitOpen,
    /// A `Retry-After` of the server.
    RetryAfter,
}

/// Feedback of an exchange on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feedback {
    /// It answered a query.
    Success,
    /// It sent something else than an answer: an error page, or what the parser can't read.
    Neutral,
    /// It is overloaded or doesn't answer: a timeout, a reset, 429, 5xx, a captcha.
    Congestion {
        /// Its `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// It can't answer this client: its certificate isn't trusted.
    Unreachable,
}

/// Number of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RunId(pub(crate) u64);

/// Number of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostId(pub(crate) usize);

/// Decision on what goes next.
#[derive(Debug)]
pub(crate) enum Next<J, R> {
    /// A batch may be sent to this host.
    Send { host: HostId, run: RunId, batch: Batch<J, R> },
    /// The host is given up.
    Refused { host: HostId, run: RunId, batch: Batch<J, R>, outage: Outage, last: Option<Failure> },
}

/// All hosts and their queues. `K` is the key of queries that may share a request, `J` a query, `R` a request.
#[derive(Debug)]
pub(crate) struct Scheduler<K, J, R> {
    config: SchedulerConfig,
    hosts: Vec<HostQueues<K, J, R>>,
    indices: HashMap<String, HostId>,
    /// Rate limiters, by the first host of a site.
    limiters: HashMap<String, Option<Arc<RateLimiter>>>,
    runs: HashMap<RunId, RunState>,
    /// The host whose turn it is.
    turn: usize,
    /// When to poll again, as of the last poll.
    wake: Option<Instant>,
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
    pub(crate) fn host(&mut self, name: &str, site: &str, pace: Pace, now: Instant) -> HostId {
        if let Some(host) = self.indices.get(name) {
            return *host;
        }
        let pace = self.config.rate.pace(pace);
        let limiter = self
            .limiters
            .entry(site.to_owned())
            .or_insert_with(|| pace.and_then(|pace| RateLimiter::new(pace, now)).map(Arc::new));
        self.hosts.push(HostQueues::new(name, limiter.clone(), &self.config));
        let host = HostId(self.hosts.len() - 1);
        self.indices.insert(name.to_owned(), host);
        host
    }

    pub(crate) fn name(&self, host: HostId) -> Arc<str> {
        self.hosts.get(host.0).map_or_else(|| Arc::from(""), |host| Arc::clone(&host.name))
    }

    /// Whether a query of a run waits.
    pub(crate) fn has_waiting(&self, run: RunId) -> bool {
        let mut queues = self.hosts.iter().flat_map(|host| &host.queues);
        queues.any(|(other, queue)| *other == run && !queue.is_empty())
    }

    /// A run's queue for a host.
    pub(crate) fn queue(&mut self, host: HostId, run: RunId) -> Option<&mut WaitQueue<K, J, R>> {
        let queues = &mut self.hosts.get_mut(host.0)?.queues;
        let at = queues.iter().position(|(other, _)| *other == run).unwrap_or_else(|| {
            queues.push_back((run, WaitQueue::default()));
            queues.len() - 1
        });
        queues.get_mut(at).map(|(_, queue)| queue)
    }

    /// Removes all queries of a run, and returns them.
    pub(crate) fn withdraw(&mut self, run: RunId) -> Vec<J> {
        let mut jobs = Vec::new();
        for host in &mut self.hosts {
            for (_, queue) in host.queues.iter_mut().filter(|(other, _)| *other == run) {
                jobs.extend(std::iter::from_fn(|| queue.pop_any()).flat_map(|batch| batch.jobs));
            }
            host.queues.retain(|(other, _)| *other != run);
        }
        jobs
    }

    /// Removes a run without waiting queries.
    pub(crate) fn remove_run(&mut self, run: RunId) {
        self.runs.remove(&run);
    }

    pub(crate) fn set_supply(&mut self, run: RunId, supply: Supply) {
        self.runs.entry(run).or_default().supply = supply;
    }

    pub(crate) fn set_gate(&mut self, run: RunId, gate: RunGate) {
        self.runs.entry(run).or_default().gate = gate;
    }

    /// Decides what goes now. If nothing does, [`Self::wake`] is the time to poll again.
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
                        return Some(Next::Send { host: HostId(index), run, batch });
                    }
                }
                Readiness::GivenUp => {
                    if let Some((run, batch)) = host.pop_any() {
                        let (outage, last) = (host.circuit.outage(now), host.last_congestion.clone());
                        return Some(Next::Refused { host: HostId(index), run, batch, outage, last });
                    }
                }
                Readiness::Wait(at) => self.wake = self.wake.into_iter().chain(at).min(),
            }
        }
        None
    }

    /// A run with a waiting query that may go.
    pub(crate) fn waiting_run(&self) -> Option<RunId> {
        let queues = self.hosts.iter().flat_map(|host| &host.queues);
        let may_go = |run: &RunId| self.runs.get(run).is_none_or(|run| run.gate != RunGate::Closed);
        queues.filter(|(run, queue)| !queue.is_empty() && may_go(run)).map(|(run, _)| *run).next()
    }

    pub(crate) fn wake(&self) -> Option<Instant> {
        self.wake
    }

    /// Releases the permit of an exchange that was sent at `sent`.
    pub(crate) fn release(
        &mut self,
        host: HostId,
        feedback: Option<Feedback>,
        failure: Option<Failure>,
        sent: Instant,
        now: Instant,
    ) {
        let Some(host) = self.hosts.get_mut(host.0) else { return };
        if let Some(feedback) = feedback {
            host.record(feedback, failure, sent, now);
        }
        if let Ok(at) = host.sent.binary_search(&sent) {
            host.sent.remove(at);
        }
    }

    /// Returns a token of a host's rate limiter for a request that wasn't sent.
    pub(crate) fn refund(&self, host: HostId) {
        let limiter = self.hosts.get(host.0).and_then(|host| host.limiter.as_ref());
        limiter.into_iter().for_each(|limiter| limiter.refund());
    }

    /// Adds a request's share to a host's retry budget.
    pub(crate) fn deposit(&mut self, host: HostId) {
        self.hosts.get_mut(host.0).into_iter().for_each(|host| host.budget.deposit());
    }

    /// Takes a retry from a host's budget, if it has one.
    pub(crate) fn withdraw_retry(&mut self, host: HostId) -> bool {
        self.hosts.get_mut(host.0).is_some_and(|host| host.budget.withdraw())
    }

    /// Whether a request that was sent at `sent` was a probe of an open circuit.
    pub(crate) fn is_probe(&self, host: HostId, sent: Instant) -> bool {
        self.hosts.get(host.0).is_some_and(|host| host.circuit.is_probe(sent))
    }

    /// What delays most requests, and until when, if that is known.
    pub(crate) fn held_by(&self) -> (Bottleneck, Option<Instant>) {
        let most = self.hosts.iter().max_by_key(|host| host.waiting());
        most.map(|host| (host.held_by, host.held_until)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
