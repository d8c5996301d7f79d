//! Batch sizes: how many queries share a request, by the description, by an option, or by trial.
//!
//! By trial, a size is the bisection between the largest batch that succeeded and the smallest that failed.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::wait_queue::BatchLimit;
use crate::parser::PerRequest;

/// Successes after which a size that failed is tried again, since servers change.
const SUCCESSES_TO_FORGET: u32 = 256;

/// Failures in a row after which a size that succeeded before counts as too large.
const FAILURES_TO_DOUBT: u32 = 3;

/// Refusals of single queries in a row after which batches are no longer split.
const REFUSALS_TO_LOSE_HOPE: u32 = 100;

/// How many queries share a request, if the parser can put several in one.
///
/// ```
/// use playfast::run::BatchSize;
///
/// assert_eq!("auto".parse::<BatchSize>()?, BatchSize::Auto);
/// assert!("0".parse::<BatchSize>().is_err());
/// # Ok::<(), playfast::run::BatchSizeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchSize {
    /// The default of the parser's description.
    #[default]
    FromParser,
    /// By trial: as many as succeed.
    Auto,
    /// At most this many, and no more than the description allows.
    AtMost(NonZeroU32),
}

/// Why a text isn't a [`BatchSize`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a number of queries: give auto, site, or a number from 1")]
pub struct BatchSizeError(String);

impl FromStr for BatchSize {
    type Err = BatchSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "site" => Ok(Self::FromParser),
            "auto" => Ok(Self::Auto),
            _ => text.parse().map(Self::AtMost).map_err(|_| BatchSizeError(text.to_owned())),
        }
    }
}

/// Sizers by kind and maximum.
type KindSizers = HashMap<(String, u32), Sizer>;

/// Batch sizes by the names of parser and kind, and by the maximum, which depends on the fields that queries select. Cloning it is cheap, and
/// shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct BatchSizers {
    sharing: BatchSize,
    sizers: Arc<Mutex<HashMap<String, KindSizers>>>,
}

/// A size with the limit that wait queues share.
#[derive(Debug)]
struct Sizer {
    size: SizeState,
    limit: BatchLimit,
}

impl BatchSizers {
    pub(crate) fn new(sharing: BatchSize) -> Self {
        Self { sharing, sizers: Arc::default() }
    }

    /// The limit of a kind's batches. It changes with what is recorded.
    pub(crate) fn limit(&self, parser: &str, kind: &str, per_request: PerRequest) -> BatchLimit {
        self.with(parser, kind, per_request, |size| size.set_bounds(per_request))
    }

    /// Records a batch in which some query was answered.
    pub(crate) fn record_success(&self, parser: &str, kind: &str, per_request: PerRequest, queries: u32) {
        self.with(parser, kind, per_request, |size| size.record_success(queries));
    }

    /// Records a batch that failed as a whole although the host answers.
    pub(crate) fn record_failure(&self, parser: &str, kind: &str, per_request: PerRequest, queries: u32) {
        self.with(parser, kind, per_request, |size| size.record_failure(queries));
    }

    /// Whether single queries are refused too, so that splitting batches doesn't help.
    pub(crate) fn is_hopeless(&self, parser: &str, kind: &str) -> bool {
        self.look(parser, kind, |sizes| sizes.filter(|size| size.is_hopeless()).count() > 0)
    }

    /// The largest batch of a kind that succeeded, if any did.
    pub(crate) fn largest_good(&self, parser: &str, kind: &str) -> Option<u32> {
        self.look(parser, kind, |sizes| sizes.map(|size| size.largest_good).max()).filter(|queries| *queries > 0)
    }

    /// Looks at a kind's sizes: one for each maximum.
    fn look<T>(&self, parser: &str, kind: &str, look: impl FnOnce(&mut dyn Iterator<Item = &SizeState>) -> T) -> T {
        let sizers = self.sizers.lock();
        let of_parser = sizers.get(parser).into_iter().flatten();
        look(&mut of_parser.filter(|((name, _), _)| name == kind).map(|(_, sizer)| &sizer.size))
    }

    fn with(
        &self,
        parser: &str,
        kind: &str,
        per_request: PerRequest,
        change: impl FnOnce(&mut SizeState),
    ) -> BatchLimit {
        let mut sizers = self.sizers.lock();
        let of_parser = sizers.entry(parser.to_owned()).or_default();
        let sizer = of_parser.entry((kind.to_owned(), per_request.max)).or_insert_with(|| {
            let size = SizeState::new(self.sharing, per_request);
            let limit = BatchLimit::new(size.queries());
            Sizer { size, limit }
        });
        change(&mut sizer.size);
        sizer.limit.set(sizer.size.queries());
        sizer.limit.clone()
    }
}

/// The size of one kind's batches.
#[derive(Clone, Debug)]
struct SizeState {
    sharing: BatchSize,
    per_request: PerRequest,
    largest_good: u32,
    smallest_bad: Option<u32>,
    successes: u32,
    /// Failures in a row of sizes that succeeded before, and the least of these sizes.
    doubts: u32,
    doubted: u32,
    /// Refusals of single queries since the last success.
    refused_alone: u32,
}

impl SizeState {
    const fn new(sharing: BatchSize, per_request: PerRequest) -> Self {
        Self {
            sharing,
            per_request,
            largest_good: 0,
            smallest_bad: None,
            successes: 0,
            doubts: 0,
            doubted: 0,
            refused_alone: 0,
        }
    }

    /// Sets the description's bounds, which change with a swap.
    const fn set_bounds(&mut self, per_request: PerRequest) {
        self.per_request = per_request;
    }

    /// Queries of the next batch.
    fn queries(&self) -> u32 {
        let wanted = match self.sharing {
            BatchSize::FromParser => self.per_request.default,
            BatchSize::AtMost(most) => most.get(),
            BatchSize::Auto => self.largest_good.saturating_mul(2).max(self.per_request.default),
        };
        let wanted = wanted.clamp(1, self.per_request.max.max(1));
        match self.smallest_bad {
            Some(bad) if wanted >= bad => self.largest_good.midpoint(bad).min(bad.saturating_sub(1)).max(1),
            _ => wanted,
        }
    }

    const fn is_hopeless(&self) -> bool {
        self.refused_alone >= REFUSALS_TO_LOSE_HOPE
    }

    fn record_success(&mut self, queries: u32) {
        self.refused_alone = 0;
        self.largest_good = self.largest_good.max(queries);
        self.successes += 1;
        if self.smallest_bad.is_some_and(|bad| queries >= bad) || self.successes >= SUCCESSES_TO_FORGET {
            (self.smallest_bad, self.successes) = (None, 0);
        }
        if queries >= self.doubted {
            (self.doubts, self.doubted) = (0, 0);
        }
    }

    fn record_failure(&mut self, queries: u32) {
        if queries < 2 {
            self.refused_alone = self.refused_alone.saturating_add(1);
            return;
        }
        if queries <= self.largest_good {
            self.doubts += 1;
            self.doubted = if self.doubts == 1 { queries } else { self.doubted.min(queries) };
            if self.doubts < FAILURES_TO_DOUBT {
                return;
            }
            (self.largest_good, self.doubts, self.doubted) = (1, 0, 0);
        }
        self.smallest_bad = Some(self.smallest_bad.map_or(queries, |bad| bad.min(queries)));
        self.successes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: PerRequest = PerRequest { default: 50, max: 100, bytes: None };

    /// The sizes of so many batches against a host that takes up to `capacity` queries a request.
    fn sizes(size: &mut SizeState, capacity: u32, batches: usize) -> Vec<u32> {
        let next = |_| {
            let queries = size.queries();
            if queries <= capacity {
                size.record_success(queries)
            } else {
                size.record_failure(queries)
            }
            queries
        };
        (0..batches).map(next).collect()
    }

    #[test]
    fn the_largest_size_that_goes_well_is_found_and_kept() {
        let mut size = SizeState::new(BatchSize::FromParser, KIND);
        assert_eq!(sizes(&mut size, 20, 12), [50, 25, 12, 18, 21, 19, 20, 20, 20, 20, 20, 20]);
        let later = sizes(&mut size, 20, 1000);
        assert!(later.iter().filter(|queries| **queries > 20).count() < 20, "it is tried again now and then");
        assert_eq!(sizes(&mut SizeState::new(BatchSize::FromParser, KIND), 60, 3), [50; 3]);
    }

    #[test]
    fn auto_grows_while_it_goes_well() {
        let mut size = SizeState::new(BatchSize::Auto, PerRequest { default: 1, max: 100, bytes: None });
        assert_eq!(sizes(&mut size, 40, 12), [1, 2, 4, 8, 16, 32, 64, 48, 40, 44, 42, 41]);
        assert_eq!(size.queries(), 40);
    }

    #[test]
    fn one_batch_that_fails_among_others_says_nothing_of_the_size() {
        let mut size = SizeState::new(BatchSize::FromParser, KIND);
        for _ in 0..10 {
            size.record_success(50);
            size.record_failure(50);
            size.record_failure(25);
        }
        assert_eq!(size.queries(), 50);
        (0..FAILURES_TO_DOUBT).for_each(|_| size.record_failure(50));
        assert!(size.queries() < 50, "the host takes less than it did");
    }

    #[test]
    fn a_kind_of_which_nothing_goes_well_is_hopeless_until_something_does() {
        let mut size = SizeState::new(BatchSize::FromParser, KIND);
        (1..REFUSALS_TO_LOSE_HOPE).for_each(|_| size.record_failure(1));
        assert!(!size.is_hopeless());
        size.record_failure(1);
        assert!(size.is_hopeless());
        size.record_success(1);
        assert!(!size.is_hopeless());
    }

    #[test]
    fn the_kind_has_the_last_word() {
        let most = |queries| SizeState::new(BatchSize::AtMost(NonZeroU32::new(queries).unwrap()), KIND).queries();
        assert_eq!((most(500), most(3)), (100, 3));
        assert_eq!(SizeState::new(BatchSize::FromParser, PerRequest { default: 7, max: 3, bytes: None }).queries(), 3);
    }
}
