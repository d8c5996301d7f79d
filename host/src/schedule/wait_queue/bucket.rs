//! Bucket of queries that may share a request, by their priority classes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::{CLASSES, PriorityClass};

/// Limit of a kind's batches. All buckets of the kind share it.
#[derive(Clone, Debug)]
pub(crate) struct BatchLimit(Arc<AtomicU32>);

impl BatchLimit {
    pub(crate) fn new(queries: u32) -> Self {
        Self(Arc::new(AtomicU32::new(queries)))
    }

    pub(crate) fn set(&self, queries: u32) {
        self.0.store(queries, Ordering::Relaxed);
    }

    /// At least one.
    pub(crate) fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed).max(1)
    }
}

/// A waiting query.
#[derive(Debug)]
pub(crate) struct Waiter<J> {
    pub(crate) sequence: u64,
    pub(crate) since: Instant,
    /// Number of batches that had gone when it came.
    pub(crate) pops: u64,
    pub(crate) job: J,
}

/// First query of a bucket that may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) class: usize,
    pub(crate) sequence: u64,
    pub(crate) since: Instant,
    pub(crate) pops: u64,
}

#[derive(Debug)]
pub(crate) struct Bucket<J> {
    limit: BatchLimit,
    classes: [VecDeque<Waiter<J>>; CLASSES],
    /// Delayed queries, with the time from which a request may leave for them alone.
    delayed: Vec<(Instant, PriorityClass, Waiter<J>)>,
}

impl<J> Bucket<J> {
    pub(crate) fn new(limit: BatchLimit) -> Self {
        Self { limit, classes: Default::default(), delayed: Vec::new() }
    }

    /// Number of queries that a request would take, with delayed ones.
    pub(crate) fn len(&self) -> usize {
        self.classes.iter().map(VecDeque::len).sum::<usize>() + self.delayed.len()
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.get() as usize
    }

    pub(crate) fn push(&mut self, class: PriorityClass, waiter: Waiter<J>) {
        if let Some(class) = self.classes.get_mut(class.0) {
            class.push_back(waiter);
        }
    }

    pub(crate) fn delay(&mut self, not_before: Instant, class: PriorityClass, waiter: Waiter<J>) {
        self.delayed.push((not_before, class, waiter));
    }

    /// Moves delayed queries that are due to the waiting ones.
    pub(crate) fn wake(&mut self, now: Instant) {
        if self.delayed.iter().all(|(at, ..)| *at > now) {
            return;
        }
        for (at, class, waiter) in std::mem::take(&mut self.delayed) {
            if at > now {
                self.delayed.push((at, class, waiter));
            } else {
                self.push(class, waiter);
            }
        }
    }

    /// Time at which the first delayed query is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.delayed.iter().map(|(at, ..)| *at).min()
    }

    pub(crate) fn ready_jobs(&self) -> impl Iterator<Item = &J> {
        self.classes.iter().flatten().map(|waiter| &waiter.job)
    }

    /// The first of the most urgent class.
    pub(crate) fn head(&self) -> Option<Head> {
        let (class, first) = self.classes.iter().enumerate().find_map(|(class, line)| Some((class, line.front()?)))?;
        let oldest = self.classes.iter().filter_map(VecDeque::front).map(|waiter| waiter.pops).min();
        Some(Head { class, sequence: first.sequence, since: first.since, pops: oldest.unwrap_or(first.pops) })
    }

    pub(crate) fn into_jobs(self) -> Vec<J> {
        let delayed = self.delayed.into_iter().map(|(.., waiter)| waiter);
        self.classes.into_iter().flatten().chain(delayed).map(|waiter| waiter.job).collect()
    }
}

impl<J: super::Queued> Bucket<J> {
    /// Takes the queries of a request: those of `head` first, then by class and age, then delayed ones.
    pub(crate) fn pop(&mut self, head: Option<usize>) -> Vec<J> {
        let limit = self.limit();
        let mut jobs = Vec::with_capacity(limit.min(self.len()));
        if let Some(root) = head {
            self.take_head(root, &mut jobs);
        }
        for class in &mut self.classes {
            let count = class.len().min(limit.saturating_sub(jobs.len()));
            jobs.extend(class.drain(..count).map(|waiter| waiter.job));
        }
        let count = self.delayed.len().min(limit.saturating_sub(jobs.len()));
        if count > 0 {
            self.delayed.sort_by_key(|(at, ..)| *at);
            jobs.extend(self.delayed.drain(..count).map(|(.., waiter)| waiter.job));
        }
        jobs
    }

    fn take_head(&mut self, root: usize, jobs: &mut Vec<J>) {
        for class in &mut self.classes {
            if let Some(at) = class.iter().position(|waiter| waiter.job.root() == root)
                && let Some(waiter) = class.remove(at)
            {
                return jobs.push(waiter.job);
            }
        }
    }
}
