//! Scheduler: owns the queries that wait, and says which of them share the request that goes next.
//!
//! Pure: the time is an argument. Hosts take turns, each within its rate limit, its circuit breaker and its concurrency limit; one request of
//! each host may always go, so that none is kept out by another that has all permits. A batch is formed when its request may go, and a token
//! of the rate limiter is taken last.

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

/// A run of this scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RunId(pub(crate) u64);

/// A host of this scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostId(pub(crate) usize);

/// What goes next.
#[derive(Debug)]
pub(crate) enum Next<J, R> {
    /// A permit for a request to this host, and what it asks.
    Send { host: HostId, run: RunId, batch: Batch<J, R> },
    /// The host is given up.
    Refused { host: HostId, run: RunId, batch: Batch<J, R>, outage: Outage, last: Option<Failure> },
}

/// All hosts and what waits for them. `K` says which queries may share a request, `J` is a query, `R` a request.
#[derive(Debug)]
pub(crate) struct Scheduler<K, J, R> {
    config: SchedulerConfig,
    hosts: Vec<HostQueues<K, J, R>>,
    indices: HashMap<String, HostId>,
    /// By the first host of a site.
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

    /// Whether anything of a run waits.
    pub(crate) fn has_waiting(&self, run: RunId) -> bool {
        let mut queues = self.hosts.iter().flat_map(|host| &host.queues);
        queues.any(|(other, queue)| *other == run && !queue.is_empty())
    }

    /// The queue of a run for a host, to add to.
    pub(crate) fn queue(&mut self, host: HostId, run: RunId) -> Option<&mut WaitQueue<K, J, R>> {
        let queues = &mut self.hosts.get_mut(host.0)?.queues;
        let at = queues.iter().position(|(other, _)| *other == run).unwrap_or_else(|| {
            queues.push_back((run, WaitQueue::default()));
            queues.len() - 1
        });
        queues.get_mut(at).map(|(_, queue)| queue)
    }

    /// Takes everything of a run out.
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

    /// Forgets a run, of which nothing waits.
    pub(crate) fn remove_run(&mut self, run: RunId) {
        self.runs.remove(&run);
    }

    pub(crate) fn set_supply(&mut self, run: RunId, supply: Supply) {
        self.runs.entry(run).or_default().supply = supply;
    }

    pub(crate) fn set_gate(&mut self, run: RunId, gate: RunGate) {
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

    /// A run of which something waits and may go.
    pub(crate) fn waiting_run(&self) -> Option<RunId> {
        let queues = self.hosts.iter().flat_map(|host| &host.queues);
        let may_go = |run: &RunId| self.runs.get(run).is_none_or(|run| run.gate != RunGate::Closed);
        queues.filter(|(run, queue)| !queue.is_empty() && may_go(run)).map(|(run, _)| *run).next()
    }

    pub(crate) fn wake(&self) -> Option<Instant> {
        self.wake
    }

    /// Releases the permit of an exchange with a host that was sent at `sent`.
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

    /// Gives a token of a host's rate limiter back, for a request that wasn't sent.
    pub(crate) fn refund(&self, host: HostId) {
        let limiter = self.hosts.get(host.0).and_then(|host| host.limiter.as_ref());
        limiter.into_iter().for_each(|limiter| limiter.refund());
    }

    /// Something is asked of a host for the first time.
    pub(crate) fn deposit(&mut self, host: HostId) {
        self.hosts.get_mut(host.0).into_iter().for_each(|host| host.budget.deposit());
    }

    /// Whether a request to a host may be a retry.
    pub(crate) fn withdraw_retry(&mut self, host: HostId) -> bool {
        self.hosts.get_mut(host.0).is_some_and(|host| host.budget.withdraw())
    }

    /// Whether a request that was sent at `sent` was a probe of an open circuit.
    pub(crate) fn is_probe(&self, host: HostId, sent: Instant) -> bool {
        self.hosts.get(host.0).is_some_and(|host| host.circuit.is_probe(sent))
    }

    /// What keeps most requests waiting, and until when, if that is known.
    pub(crate) fn held_by(&self) -> (Bottleneck, Option<Instant>) {
        let most = self.hosts.iter().max_by_key(|host| host.waiting());
        most.map(|host| (host.held_by, host.held_until)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
