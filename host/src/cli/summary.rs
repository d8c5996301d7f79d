//! What came of a run, when it is over. Some lines on stderr, and a JSON document where one is wanted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::coverage::Coverage;
use super::exit::say;
use crate::{FailureKind, Host, RunStats};

/// What is known of a run.
pub(super) struct Summary<'s> {
    pub(super) stats: &'s RunStats,
    pub(super) time: Duration,
    pub(super) coverage: &'s Coverage,
    /// Queries that stood there twice, and lines that asked nothing.
    pub(super) duplicates: usize,
    pub(super) refused: usize,
}

impl Summary<'_> {
    /// Says it. Of a single query its own lines say enough, unless more is wanted.
    pub(super) fn say(&self, is_verbose: bool) {
        let finished = self.stats.answered + self.stats.failures() + self.stats.done_before;
        if finished > 1 || is_verbose {
            say(&self.queries());
        }
        if self.stats.requests > 0 && (finished > 1 || is_verbose) {
            say(&self.requests());
        }
        self.coverage.reported().iter().for_each(|unusual| say(&format!("unusual: {unusual}")));
    }

    fn queries(&self) -> String {
        let RunStats { answered, records, done_before, .. } = self.stats;
        let mut line = format!("{answered} answered");
        if self.stats.failures() > 0 {
            line.push_str(&format!(", {} failed ({})", self.stats.failures(), by_kind(&self.stats.failed)));
        }
        for (count, what) in [
            (*done_before, "answered before"),
            (self.duplicates as u64, "asked twice"),
            (self.refused as u64, "refused"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        format!("{line}; {records} records in {:.1} s", self.time.as_secs_f64())
    }

    fn requests(&self) -> String {
        let RunStats { requests, retries, retried, bytes, latency, .. } = self.stats;
        let an_answer = |count, show: &dyn Fn(f64) -> String| {
            self.per_answer(count).map(|share| format!(" ({} an answer)", show(share))).unwrap_or_default()
        };
        let mut line = format!("{requests} requests{}", an_answer(*requests, &|share| format!("{share:.2}")));
        if *retries > 0 {
            line.push_str(&format!(", {retries} queries asked again ({})", by_kind(retried)));
        }
        line.push_str(&format!(", {}{}", size(*bytes as f64), an_answer(*bytes, &size)));
        let [p50, p90, p99, most] = [latency.p50, latency.p90, latency.p99, latency.most].map(short);
        format!("{line}; latency {p50} in the median, {p90} at 90 %, {p99} at 99 %, {most} at most")
    }

    /// `None` where nothing was answered.
    fn per_answer(&self, count: u64) -> Option<f64> {
        let answered = Some(self.stats.answered).filter(|answered| *answered > 0)?;
        Some(count as f64 / answered as f64)
    }

    /// All of it.
    pub(super) fn json(&self, host: &Host) -> Value {
        let stats = self.stats;
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let latency = &stats.latency;
        let parsers: Vec<_> = host.slots().iter().map(parser).collect();
        json!({
            "answered": stats.answered,
            "failed": counts(&stats.failed),
            "answered_before": stats.done_before,
            "asked_twice": self.duplicates,
            "refused": self.refused,
            "records": stats.records,
            "requests": stats.requests,
            "requests_per_answer": self.per_answer(stats.requests),
            "asked_again": counts(&stats.retried),
            "bytes": stats.bytes,
            "bytes_per_answer": self.per_answer(stats.bytes),
            "seconds": self.time.as_secs_f64(),
            "latency_ms": {"p50": milliseconds(latency.p50), "p90": milliseconds(latency.p90),
                "p99": milliseconds(latency.p99), "max": milliseconds(latency.most)},
            "coverage": self.coverage.json(),
            "unusual": self.coverage.reported().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "parsers": parsers,
        })
    }
}

fn parser(slot: &crate::Slot) -> Value {
    let parser = slot.parser();
    let description = parser.description();
    json!({"slot": slot.name(), "name": description.name, "version": description.version,
        "digest": parser.digest().to_string(), "generation": slot.generation()})
}

fn counts(kinds: &BTreeMap<FailureKind, u64>) -> Map<String, Value> {
    kinds.iter().map(|(kind, count)| (kind.name().to_owned(), Value::from(*count))).collect()
}

/// `2 blocked, 1 timeout`.
pub(super) fn by_kind(kinds: &BTreeMap<FailureKind, u64>) -> String {
    kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

/// A time for a person.
fn short(time: Duration) -> String {
    match time.as_millis() {
        0..1000 => format!("{} ms", time.as_millis()),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// Bytes for a person.
fn size(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 1e3 => format!("{bytes:.0} B"),
        bytes if bytes < 1e6 => format!("{:.1} KB", bytes / 1e3),
        bytes if bytes < 1e9 => format!("{:.1} MB", bytes / 1e6),
        bytes => format!("{:.2} GB", bytes / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_came_of_the_run() {
        let mut stats = RunStats { answered: 10, records: 1000, requests: 13, retries: 2, ..RunStats::default() };
        stats.bytes = 8_530_000;
        stats.failed.insert(FailureKind::Blocked, 1);
        stats.retried.insert(FailureKind::Timeout, 2);
        stats.latency.most = Duration::from_millis(1250);
        let coverage = Coverage::default();
        let time = Duration::from_millis(1500);
        let summary = Summary { stats: &stats, time, coverage: &coverage, duplicates: 3, refused: 0 };
        assert_eq!(summary.queries(), "10 answered, 1 failed (1 blocked), 3 asked twice; 1000 records in 1.5 s");
        let expected = "13 requests (1.30 an answer), 2 queries asked again (2 timeout), 8.5 MB (853.0 KB an answer); \
            latency 0 ms in the median, 0 ms at 90 %, 0 ms at 99 %, 1.2 s at most";
        assert_eq!(summary.requests(), expected);
        let refused = RunStats { requests: 39, ..RunStats::default() };
        let summary = Summary { stats: &refused, ..summary };
        assert!(summary.requests().starts_with("39 requests, 0 B; latency"), "{}", summary.requests());
    }
}
