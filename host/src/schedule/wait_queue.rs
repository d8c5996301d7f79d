//! Wait queue of one run for one host: queries in buckets that may share a request, and batches that stay together.
//!
//! Pure: the time is an argument. A bucket that fills a request leaves first. Others wait while more queries are expected, so that requests leave
//! full.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

mod bucket;

pub(crate) use bucket::BatchLimit;
use bucket::{Bucket, Waiter};

use crate::types::Priority;

/// Interval, in batches, at which the oldest query goes whatever its class, so that no class starves.
const FAIR_TURN: u32 = 4;

/// Batches that may overtake a bucket that isn't full.
const MAX_PASSED_OVER: u64 = 1024;

/// Batches that may overtake a query that is likely to be at fault.
const MAX_SUSPECT_PASSED_OVER: u64 = 64;

/// Time that a batch that isn't full waits for a further query after the last one came.
const LINGER: Duration = Duration::from_millis(10);

/// Longest time that a query waits to share a request, if others come one by one.
const MAX_LINGER: Duration = Duration::from_millis(100);
/// Longest time that a query waits to share a request, if more are known to come.
const MAX_LINGER_IF_COMING: Duration = Duration::from_secs(1);

/// Priority classes: two for each priority, of queries that continue and of new ones.
const CLASSES: usize = 6;

/// Class of a query: one that continues goes before new ones of its priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PriorityClass(usize);

impl PriorityClass {
    pub(crate) const fn new(priority: Priority, was_sent: bool) -> Self {
        let class = match priority {
            Priority::High => 0,
            Priority::Normal => 2,
            Priority::Low => 4,
        };
        Self(if was_sent { class } else { class + 1 })
    }
}

/// Supply of queries by a run's input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Supply {
    /// The input has ended.
    Exhausted,
    /// Queries come one by one.
    #[default]
    Trickling,
    /// More queries are being read, or wait until others are answered.
    Coming,
}

/// Back-pressure of a run's reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RunGate {
    /// Any query may go.
    #[default]
    Open,
    /// Only queries of this root may go, with those that share their requests: rows of others wait in memory for them.
    HeadOnly(usize),
    /// No query may go, since the reader is slow.
    Closed,
}

/// A waiting query.
pub(crate) trait Queued {
    /// Its failed attempts.
    fn retries(&self) -> u32;

    /// Whether it is likelier to be at fault than its host.
    fn is_suspect(&self) -> bool;

    /// The number of the query of the input that it belongs to.
    fn root(&self) -> usize;
}

/// Queries that share a request, and the request if it is built.
#[derive(Debug)]
pub(crate) struct Batch<J, R> {
    pub(crate) jobs: Vec<J>,
    pub(crate) request: Option<R>,
}

/// A batch that stays together.
#[derive(Debug)]
struct Unit<J, R> {
    class: PriorityClass,
    sequence: u64,
    not_before: Instant,
    /// Number of batches that had gone when it came.
    pops: u64,
    batch: Batch<J, R>,
}

/// The queue. `K` is the key of queries that may share a request.
#[derive(Debug)]
pub(crate) struct WaitQueue<K, J, R> {
    buckets: HashMap<K, Bucket<J>>,
    units: Vec<Unit<J, R>>,
    /// Number of entries so far.
    sequence: u64,
    /// When the last query came.
    last_push: Option<Instant>,
    /// Number of batches that went.
    pops: u64,
    turns: u32,
}

/// The entry that goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice<'k, K> {
    Bucket(&'k K),
    Unit(usize),
}

/// That nothing may go now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotReady {
    /// When something may go; None if that doesn't depend on the time.
    pub(crate) until: Option<Instant>,
}

/// Rank of an entry that may go: the least goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_young: bool,
    class: usize,
    is_partial: bool,
    /// Retries of a batch that stays together: those with fewer go first.
    retries: u32,
    /// Queries that a bucket lacks to be full, or the size of a batch that stays together.
    lacks: usize,
    sequence: u64,
}

impl<K, J, R> Default for WaitQueue<K, J, R> {
    fn default() -> Self {
        Self { buckets: HashMap::new(), units: Vec::new(), sequence: 0, last_push: None, pops: 0, turns: 0 }
    }
}

impl<K: Clone + Eq + Hash, J: Queued, R> WaitQueue<K, J, R> {
    /// Number of waiting queries.
    pub(crate) fn len(&self) -> usize {
        let units = self.units.iter().map(|unit| unit.batch.jobs.len()).sum::<usize>();
        units + self.buckets.values().map(Bucket::len).sum::<usize>()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.units.is_empty()
    }

    /// Adds a query. A request leaves for it alone no sooner than `not_before`; one that leaves anyway takes it along.
    pub(crate) fn push(
        &mut self,
        key: K,
        limit: &BatchLimit,
        class: PriorityClass,
        not_before: Option<Instant>,
        job: J,
        now: Instant,
    ) {
        self.sequence += 1;
        let waiter = Waiter { sequence: self.sequence, since: now, pops: self.pops, job };
        let bucket = self.buckets.entry(key).or_insert_with(|| Bucket::new(limit.clone()));
        match not_before.filter(|at| *at > now) {
            Some(at) => bucket.delay(at, class, waiter),
            None => {
                bucket.push(class, waiter);
                self.last_push = Some(now);
            }
        }
    }

    /// Adds a batch whose queries stay together, and that goes no sooner than `not_before`.
    pub(crate) fn push_batch(&mut self, class: PriorityClass, not_before: Instant, batch: Batch<J, R>) {
        self.sequence += 1;
        self.units.push(Unit { class, sequence: self.sequence, not_before, pops: self.pops, batch });
    }

    /// Whether something may go now.
    ///
    /// # Errors
    /// If nothing may.
    pub(crate) fn ready(&mut self, gate: RunGate, supply: Supply, now: Instant) -> Result<(), NotReady> {
        self.buckets.values_mut().for_each(|bucket| bucket.wake(now));
        self.choose(gate, supply, now).map(drop)
    }

    /// Takes the next batch, if one may go.
    pub(crate) fn pop(&mut self, gate: RunGate, supply: Supply, now: Instant) -> Option<Batch<J, R>> {
        self.buckets.values_mut().for_each(|bucket| bucket.wake(now));
        let batch = match self.choose(gate, supply, now).ok()? {
            Choice::Unit(index) => self.units.swap_remove(index).batch,
            Choice::Bucket(key) => {
                let key = key.clone();
                let head = if let RunGate::HeadOnly(root) = gate { Some(root) } else { None };
                self.pop_batch(&key, head)?
            }
        };
        self.turns = self.turns.wrapping_add(1);
        self.pops += 1;
        Some(batch)
    }

    /// Takes any batch, whether it may go or not: the host is given up, or the run ends.
    pub(crate) fn pop_any(&mut self) -> Option<Batch<J, R>> {
        if let Some(unit) = self.units.pop() {
            return Some(unit.batch);
        }
        let key = self.buckets.keys().next()?.clone();
        let jobs = self.buckets.remove(&key)?.into_jobs();
        Some(Batch { jobs, request: None })
    }

    fn pop_batch(&mut self, key: &K, head: Option<usize>) -> Option<Batch<J, R>> {
        let bucket = self.buckets.get_mut(key)?;
        let jobs = bucket.pop(head);
        if bucket.len() == 0 {
            self.buckets.remove(key);
        }
        Some(Batch { jobs, request: None })
    }

    fn choose(&self, gate: RunGate, supply: Supply, now: Instant) -> Result<Choice<'_, K>, NotReady> {
        let is_fair = (self.turns + 1).is_multiple_of(FAIR_TURN);
        let (mut best, mut wake): (Option<(Rank, Choice<'_, K>)>, Option<Instant>) = (None, None);
        let mut offer = |rank: Result<Rank, NotReady>, choice| match rank {
            Ok(mut rank) => {
                rank.class = if is_fair { 0 } else { rank.class };
                if best.as_ref().is_none_or(|(other, _)| rank < *other) {
                    best = Some((rank, choice));
                }
            }
            Err(NotReady { until }) => wake = wake.into_iter().chain(until).min(),
        };
        for (key, bucket) in &self.buckets {
            if let Some(rank) = self.rank(bucket, gate, supply, now) {
                offer(rank, Choice::Bucket(key));
            }
        }
        for (index, unit) in self.units.iter().enumerate() {
            if admits(gate, || unit.batch.jobs.iter().map(Queued::root)) {
                offer(unit.rank(self.pops, now), Choice::Unit(index));
            }
        }
        best.map(|(_, choice)| choice).ok_or(NotReady { until: wake })
    }

    /// Rank of a bucket, or when it may go; `None` if the gate admits none of its queries.
    fn rank(&self, bucket: &Bucket<J>, gate: RunGate, supply: Supply, now: Instant) -> Option<Result<Rank, NotReady>> {
        if !admits(gate, || bucket.ready_jobs().map(Queued::root)) {
            return bucket.next_due().map(|at| Err(NotReady { until: Some(at) })).filter(|_| gate != RunGate::Closed);
        }
        let Some(head) = bucket.head() else { return Some(Err(NotReady { until: bucket.next_due() })) };
        let (limit, waiting) = (bucket.limit(), bucket.len());
        let at = self.lingers_until(head.since, supply);
        if waiting < limit && at > now && gate == RunGate::Open {
            return Some(Err(NotReady { until: Some(at) }));
        }
        Some(Ok(Rank {
            is_young: self.pops - head.pops < MAX_PASSED_OVER,
            class: head.class,
            is_partial: waiting < limit,
            retries: 0,
            lacks: limit.saturating_sub(waiting),
            sequence: head.sequence,
        }))
    }
}

impl<K, J, R> WaitQueue<K, J, R> {
    /// Time until which a bucket that isn't full waits, if its head came at `since`.
    fn lingers_until(&self, since: Instant, supply: Supply) -> Instant {
        let quiet = self.last_push.map_or(since, |last| last + LINGER);
        match supply {
            Supply::Exhausted => since,
            Supply::Trickling => quiet.min(since + MAX_LINGER),
            Supply::Coming => since + MAX_LINGER_IF_COMING,
        }
    }
}

impl<J: Queued, R> Unit<J, R> {
    /// Rank of the batch, which counts as full. The smallest goes first, so that halved batches are soon told apart.
    fn rank(&self, pops: u64, now: Instant) -> Result<Rank, NotReady> {
        if self.not_before > now {
            return Err(NotReady { until: Some(self.not_before) });
        }
        let jobs = &self.batch.jobs;
        let retries = jobs.iter().map(Queued::retries).max().unwrap_or_default();
        // A query at fault lets others go first, for a while: that one answers says that the host does.
        let gives_way = retries > 0 && jobs.iter().any(Queued::is_suspect);
        Ok(Rank {
            is_young: !gives_way || pops - self.pops < MAX_SUSPECT_PASSED_OVER,
            class: self.class.0 + usize::from(gives_way),
            is_partial: gives_way,
            retries,
            lacks: jobs.len(),
            sequence: self.sequence,
        })
    }
}

fn admits<I: Iterator<Item = usize>>(gate: RunGate, roots: impl FnOnce() -> I) -> bool {
    match gate {
        RunGate::Open => true,
        RunGate::Closed => false,
        RunGate::HeadOnly(head) => roots().any(|root| root == head),
    }
}

#[cfg(test)]
pub(crate) mod tests;
