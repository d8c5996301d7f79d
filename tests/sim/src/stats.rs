//! What the store has done so far: counters, and the guard that counts a request as in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::faults::FaultKind;

/// What the store has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests that arrived.
    pub requests: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Requests being served now, until the last byte of their body is taken.
    pub in_flight: usize,
    /// The most requests that were served at once.
    pub peak_in_flight: usize,
    /// Bytes of bodies sent, as compressed.
    pub bytes_sent: u64,
    /// Answers made anew because the cache had none.
    pub generated: u64,
    /// Requests answered 503 for `max_in_flight`.
    pub over_in_flight: u64,
    /// Requests answered 429 for `per_second`.
    pub over_rate: u64,
    /// Requests answered 429 for `window`.
    pub over_window: u64,
    /// POSTs to batchexecute that were read.
    pub posts: u64,
    /// The calls in them.
    pub calls: u64,
    /// The calls in the largest of them.
    pub largest_post: usize,
    /// POSTs refused for `max_calls`.
    pub over_calls: u64,
    /// Requests that a poisoned app spoiled.
    pub poisoned: u64,
    faults: [u64; FaultKind::ALL.len()],
}

impl Stats {
    /// How often a fault struck; calls within a POST count one by one.
    pub fn faults(&self, kind: FaultKind) -> u64 {
        self.faults.get(kind as usize).copied().unwrap_or_default()
    }
}

/// The running counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) requests: AtomicU64,
    pub(crate) connections: AtomicU64,
    in_flight: AtomicUsize,
    admitted: AtomicUsize,
    peak_in_flight: AtomicUsize,
    pub(crate) bytes_sent: AtomicU64,
    pub(crate) generated: AtomicU64,
    pub(crate) over_in_flight: AtomicU64,
    pub(crate) over_rate: AtomicU64,
    pub(crate) over_window: AtomicU64,
    posts: AtomicU64,
    calls: AtomicU64,
    largest_post: AtomicUsize,
    pub(crate) over_calls: AtomicU64,
    pub(crate) poisoned: AtomicU64,
    faults: [AtomicU64; FaultKind::ALL.len()],
}

/// A request in flight for as long as this lives.
#[derive(Debug)]
pub(crate) struct InFlight {
    counters: Arc<Counters>,
    admitted: bool,
}

impl InFlight {
    /// Counts one more.
    pub(crate) fn enter(counters: &Arc<Counters>) -> Self {
        let together = counters.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        counters.peak_in_flight.fetch_max(together, Ordering::Relaxed);
        Self { counters: Arc::clone(counters), admitted: false }
    }

    /// Admits it if fewer than `limit` are admitted; those that are turned away don't count.
    pub(crate) fn admit(&mut self, limit: Option<usize>) -> bool {
        let before = self.counters.admitted.fetch_add(1, Ordering::Relaxed);
        self.admitted = limit.is_none_or(|limit| before < limit);
        if !self.admitted {
            self.counters.admitted.fetch_sub(1, Ordering::Relaxed);
        }
        self.admitted
    }

    /// Counts bytes that were sent for it.
    pub(crate) fn sent(&self, bytes: usize) {
        self.counters.bytes_sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.counters.in_flight.fetch_sub(1, Ordering::Relaxed);
        if self.admitted {
            self.counters.admitted.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Counters {
    /// Counts a fault.
    pub(crate) fn fault(&self, kind: FaultKind) {
        if let Some(count) = self.faults.get(kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a POST of so many calls.
    pub(crate) fn post(&self, calls: usize) {
        self.posts.fetch_add(1, Ordering::Relaxed);
        self.calls.fetch_add(calls as u64, Ordering::Relaxed);
        self.largest_post.fetch_max(calls, Ordering::Relaxed);
    }

    /// The counters as they stand.
    pub(crate) fn snapshot(&self) -> Stats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Stats {
            requests: read(&self.requests),
            connections: read(&self.connections),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            peak_in_flight: self.peak_in_flight.load(Ordering::Relaxed),
            bytes_sent: read(&self.bytes_sent),
            generated: read(&self.generated),
            over_in_flight: read(&self.over_in_flight),
            over_rate: read(&self.over_rate),
            over_window: read(&self.over_window),
            posts: read(&self.posts),
            calls: read(&self.calls),
            largest_post: self.largest_post.load(Ordering::Relaxed),
            over_calls: read(&self.over_calls),
            poisoned: read(&self.poisoned),
            faults: self.faults.each_ref().map(read),
        }
    }
}
