//! Summary of a run: a small table on stderr, and a JSON document.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::cli::exit::{is_quiet, print_message};
use crate::cli::report::coverage::Coverage;
use crate::cli::report::number::{counted, grouped, short, size};
use crate::host::Host;
use crate::run::RunStats;
use crate::types::FailureKind;

/// What is known of a run.
pub(in crate::cli) struct Summary<'s> {
    pub(in crate::cli) stats: &'s RunStats,
    pub(in crate::cli) time: Duration,
    pub(in crate::cli) coverage: &'s Coverage,
    /// Queries that were there already, and were asked once.
    pub(in crate::cli) duplicates: usize,
    /// Rows that were written: more than the records if one answer has several carried rows, fewer beyond a limit.
    pub(in crate::cli) rows: u64,
    /// Lines that ask nothing.
    pub(in crate::cli) refused: usize,
}

impl Summary<'_> {
    /// Prints it. Of a single query its own lines say enough, unless more is wanted.
    pub(in crate::cli) fn print(&self, is_verbose: bool) {
        let finished = self.stats.ended() + self.stats.answered_before;
        if (finished > 1 || is_verbose) && !is_quiet() {
            print_message(&self.table());
        }
        self.coverage.reported().iter().for_each(|unusual| print_message(&format!("unusual: {unusual}")));
    }

    /// Lines of a name and what there is to say, aligned.
    fn table(&self) -> String {
        let RunStats { requests, retries, retried, bytes, latency, .. } = self.stats;
        let per_answer = |count, show: &dyn Fn(f64) -> String| {
            self.per_answer(count).map(|share| format!(" ({} per answer)", show(share))).unwrap_or_default()
        };
        let mut lines = vec![("", self.queries())];
        let mut rows = format!("{} in {}", grouped(self.rows), short(self.time));
        if self.stats.duplicates > 0 {
            rows.push_str(&format!(", without {} that came twice", grouped(self.stats.duplicates)));
        }
        lines.push(("rows", rows));
        if *requests > 0 {
            let mut sent = format!(
                "{}{}",
                grouped(*requests),
                per_answer(*requests, &|share| if share < 0.1 { format!("{share:.4}") } else { format!("{share:.2}") })
            );
            if *retries > 0 {
                let queries = counted(*retries, "query", "queries");
                sent.push_str(&format!(", {queries} retried ({})", by_kind(retried)));
            }
            lines.push(("requests", sent));
            lines.push(("received", format!("{}{}", size(*bytes as f64), per_answer(*bytes, &size))));
            let [p50, p90, p99, most] = [latency.p50, latency.p90, latency.p99, latency.max].map(short);
            lines.push(("latency", format!("{p50} median, {p90} p90, {p99} p99, {most} longest")));
        }
        let lines =
            lines.iter().map(|(name, text)| if name.is_empty() { text.clone() } else { format!("  {name:<10}{text}") });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn queries(&self) -> String {
        let RunStats { answered, answered_before, .. } = self.stats;
        let mut line = format!("{} answered", counted(*answered, "query", "queries"));
        if self.stats.partials() > 0 {
            line.push_str(&format!(", {} partial ({})", grouped(self.stats.partials()), by_kind(&self.stats.partial)));
        }
        if self.stats.failures() > 0 {
            line.push_str(&format!(", {} failed ({})", grouped(self.stats.failures()), by_kind(&self.stats.failed)));
        }
        let duplicates = self.duplicates as u64;
        let skipped = counted(duplicates, "duplicate skipped", "duplicates skipped");
        let refused = counted(self.refused as u64, "line refused", "lines refused");
        let before = format!("{} answered before", grouped(*answered_before));
        for (count, text) in [(*answered_before, before), (duplicates, skipped), (self.refused as u64, refused)] {
            if count > 0 {
                line.push_str(&format!(", {text}"));
            }
        }
        line
    }

    /// `None` if nothing was answered.
    fn per_answer(&self, count: u64) -> Option<f64> {
        let answered = Some(self.stats.answered).filter(|answered| *answered > 0)?;
        Some(count as f64 / answered as f64)
    }

    /// All of it.
    pub(in crate::cli) fn json(&self, host: &Host) -> Value {
        let stats = self.stats;
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let latency = &stats.latency;
        let parsers: Vec<_> = host.slots().iter().map(parser).collect();
        json!({
            "answered": stats.answered,
            "failed": counts(&stats.failed),
            "partial": counts(&stats.partial),
            "answered_before": stats.answered_before,
            "asked_twice": self.duplicates,
            "refused": self.refused,
            "records": stats.records,
            "duplicate_records": stats.duplicates,
            "rows": self.rows,
            "requests": stats.requests,
            "requests_per_answer": self.per_answer(stats.requests),
            "asked_again": counts(&stats.retried),
            "bytes": stats.bytes,
            "bytes_per_answer": self.per_answer(stats.bytes),
            "seconds": self.time.as_secs_f64(),
            "latency_ms": {"p50": milliseconds(latency.p50), "p90": milliseconds(latency.p90),
                "p99": milliseconds(latency.p99), "max": milliseconds(latency.max)},
            "coverage": self.coverage.json(),
            "unusual": self.coverage.reported().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "parsers": parsers,
        })
    }
}

fn parser(slot: &crate::swap::ParserSlot) -> Value {
    let parser = slot.parser();
    let description = parser.description();
    json!({"slot": slot.name(), "name": description.name, "version": description.version,
        "digest": parser.digest().to_string(), "generation": slot.generation()})
}

fn counts(kinds: &BTreeMap<FailureKind, u64>) -> Map<String, Value> {
    kinds.iter().map(|(kind, count)| (kind.name().to_owned(), Value::from(*count))).collect()
}

/// `2 blocked, 1 timeout`.
pub(in crate::cli) fn by_kind(kinds: &BTreeMap<FailureKind, u64>) -> String {
    kinds.iter().map(|(kind, count)| format!("{} {kind}", grouped(*count))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_came_of_the_run() {
        let mut stats = RunStats { answered: 10, requests: 13, retries: 2, ..RunStats::default() };
        stats.bytes = 8_530_000;
        stats.failed.insert(FailureKind::Blocked, 1);
        stats.retried.insert(FailureKind::Timeout, 2);
        stats.latency.max = Duration::from_millis(1250);
        let coverage = Coverage::default();
        let time = Duration::from_millis(1500);
        let summary = Summary { stats: &stats, time, coverage: &coverage, duplicates: 3, rows: 1000, refused: 0 };
        let expected = "10 queries answered, 1 failed (1 blocked), 3 duplicates skipped
  rows      1,000 in 1.5 s
  requests  13 (1.30 per answer), 2 queries retried (2 timeout)
  received  8.5 MB (853.0 KB per answer)
  latency   0 ms median, 0 ms p90, 0 ms p99, 1.2 s longest";
        assert_eq!(summary.table(), expected);
        let refused = RunStats { requests: 39, ..RunStats::default() };
        let summary = Summary { stats: &refused, ..summary };
        assert!(summary.table().contains("requests  39\n  received  0 B\n"), "{}", summary.table());
    }
}
