//! Statistics of a run: counts since its start, and latencies.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use super::page_result::PageResult;
use crate::schedule::scheduler::Bottleneck;
use crate::types::{FailureKind, QueryEnd};

/// Statistics of a run since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunStats {
    /// Queries that were answered.
    pub answered: u64,
    /// Queries that failed, by kind.
    pub failed: BTreeMap<FailureKind, u64>,
    /// Queries with rows of which further ones failed, by kind.
    pub partial: BTreeMap<FailureKind, u64>,
    /// Queries that an earlier run had answered.
    pub answered_before: u64,
    /// Records that were delivered.
    pub records: u64,
    /// Records that came twice in the answer to a query, and were left out.
    pub duplicates: u64,
    /// Requests that were sent, without redirects.
    pub requests: u64,
    /// Retries.
    pub retries: u64,
    /// Retries by the kind of their failure.
    pub retried: BTreeMap<FailureKind, u64>,
    /// Bytes of bodies, decompressed.
    pub bytes: u64,
    /// Latencies, from a request to the last byte of its response.
    pub latency: Latency,
    /// Requests in flight.
    pub in_flight: u64,
    /// Queries that were taken and have no outcome yet.
    pub open: u64,
    /// What delays most requests now.
    pub held_by: Bottleneck,
    /// Time for which it delays them, if that is known.
    pub held_for: Option<Duration>,
    /// Message of a task that panicked and so ended the run. Open queries failed as [`FailureKind::Internal`].
    pub fault: Option<String>,
}

/// Latencies of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// The median.
    pub p50: Duration,
    /// The 90th percentile.
    pub p90: Duration,
    /// The 99th percentile.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

/// Recorder of a run's statistics.
#[derive(Debug)]
pub(crate) struct StatsRecorder(Mutex<(RunStats, Option<Histogram<u64>>)>);

/// Significant digits of latencies, which are in microseconds.
const LATENCY_DIGITS: u8 = 2;
const MAX_LATENCY_MICROS: u64 = 3_600_000_000;

impl StatsRecorder {
    pub(crate) fn new() -> Self {
        Self(Mutex::new((RunStats::default(), Histogram::new_with_max(MAX_LATENCY_MICROS, LATENCY_DIGITS).ok())))
    }

    pub(crate) fn update(&self, note: impl FnOnce(&mut RunStats)) {
        note(&mut self.0.lock().0);
    }

    /// Records a page that is delivered.
    pub(crate) fn record(&self, page_result: &PageResult) {
        self.update(|stats| {
            stats.records += page_result.rows.len() as u64;
            if page_result.is_last {
                stats.open = (stats.open + page_result.follow_up_count as u64).saturating_sub(1);
                match page_result.end() {
                    None | Some(QueryEnd::Answered) => stats.answered += 1,
                    Some(QueryEnd::Partial(kind)) => *stats.partial.entry(kind).or_default() += 1,
                    Some(QueryEnd::Failed(kind)) => *stats.failed.entry(kind).or_default() += 1,
                }
            }
        });
    }

    /// Records the end of an exchange.
    pub(crate) fn exchanged(&self, time: Duration, bytes: Option<usize>) {
        let mut stats_recorder = self.0.lock();
        stats_recorder.0.in_flight = stats_recorder.0.in_flight.saturating_sub(1);
        if let Some(bytes) = bytes {
            stats_recorder.0.bytes += bytes as u64;
            let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
            stats_recorder.1.iter_mut().for_each(|times| times.saturating_record(micros));
        }
    }

    pub(crate) fn stats(&self, (held_by, held_for): (Bottleneck, Option<Duration>)) -> RunStats {
        let stats_recorder = self.0.lock();
        let latency = stats_recorder.1.as_ref().map(|times| {
            let at = |quantile| Duration::from_micros(times.value_at_quantile(quantile));
            Latency { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: Duration::from_micros(times.max()) }
        });
        RunStats { latency: latency.unwrap_or_default(), held_by, held_for, ..stats_recorder.0.clone() }
    }
}

impl RunStats {
    /// Number of queries that failed without a row.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Number of queries with rows of which further ones failed.
    #[must_use]
    pub fn partials(&self) -> u64 {
        self.partial.values().sum()
    }

    /// Number of queries that ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.answered + self.failures() + self.partials()
    }
}
