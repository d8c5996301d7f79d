//! Text of the progress line, in as many columns as the terminal has.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::number::{counted, grouped, long, size};
use super::progress::{finished, left};
use super::summary::by_kind;
use crate::host::Estimate;
use crate::run::{Bottleneck, RunStats};

/// Between the parts of a line that fits.
const SEPARATOR: &str = " · ";

/// Between short parts.
const SHORT_SEPARATOR: &str = "  ";

/// A part of the line.
struct Part {
    text: String,
    /// For a line that doesn't fit.
    short: String,
    /// Parts of the highest rank are left out first, if even the short ones don't fit.
    rank: u8,
}

impl Part {
    fn new(rank: u8, text: impl Into<String>, short: impl Into<String>) -> Self {
        Self { text: text.into(), short: short.into(), rank }
    }

    /// A part that has no shorter text.
    fn same(rank: u8, text: String) -> Self {
        Self { short: text.clone(), text, rank }
    }
}

/// What the line tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status<'s> {
    pub(super) stats: &'s RunStats,
    /// Number of queries, and whether it is exact.
    pub(super) total: Option<(u64, bool)>,
    pub(super) estimate: Option<&'s Estimate>,
    pub(super) elapsed: Duration,
    /// The parser's generation.
    pub(super) generation: u64,
}

impl Status<'_> {
    /// The line, in at most `width` columns as long as one part fits.
    pub(super) fn line(&self, width: usize) -> String {
        let mut parts = self.pages();
        let line = joined(&parts, SEPARATOR, |part| &part.text);
        if line.width() <= width {
            return line;
        }
        loop {
            let line = joined(&parts, SHORT_SEPARATOR, |part| &part.short);
            let last = parts.iter().map(|part| part.rank).max().unwrap_or_default();
            if line.width() <= width || parts.len() <= 1 {
                return line;
            }
            parts.retain(|part| part.rank < last);
        }
    }

    fn pages(&self) -> Vec<Part> {
        let Self { stats, estimate, elapsed, .. } = *self;
        let mut parts = vec![self.done()];
        if stats.partials() > 0 {
            let kinds = by_kind(&stats.partial);
            parts.push(Part::new(1, format!("{} partial ({kinds})", grouped(stats.partials())), kinds));
        }
        if stats.failures() > 0 {
            let kinds = by_kind(&stats.failed);
            parts.push(Part::new(1, format!("{} failed ({kinds})", grouped(stats.failures())), kinds));
        }
        if let Some(left) = left(stats, self.total, elapsed) {
            parts.push(Part::same(5, format!("{} left", long(left))));
        }
        let requests = counted(stats.requests, "request", "requests");
        parts.push(match estimate {
            Some(estimate) => {
                let all = counted(estimate.requests.max(stats.requests), "request", "requests");
                Part::new(4, format!("{} of about {all}", grouped(stats.requests)), requests)
            }
            None => Part::same(4, requests),
        });
        let bytes = size(stats.bytes as f64);
        let expected = estimate.and_then(|estimate| estimate.bytes).filter(|expected| *expected > stats.bytes);
        let of_expected = expected.map(|expected| format!("{bytes} of about {}", size(expected as f64)));
        parts.push(Part::new(6, of_expected.unwrap_or_else(|| bytes.clone()), bytes));
        let rate = stats.requests as f64 / elapsed.as_secs_f64().max(0.001);
        parts.push(Part::new(3, format!("{rate:.1} requests/s"), format!("{rate:.1}/s")));
        parts.extend(bottleneck(stats));
        if stats.retries > 0 {
            parts.push(Part::same(7, format!("{} retried", grouped(stats.retries))));
        }
        if self.generation > 1 {
            parts.push(Part::same(8, format!("parser generation {}", self.generation)));
        }
        parts
    }

    fn done(&self) -> Part {
        let done = finished(self.stats);
        match self.total.map(|(total, is_exact)| (grouped(total.max(done)), is_exact)) {
            Some((total, true)) => Part::same(0, format!("{} of {total}", grouped(done))),
            Some((total, false)) => {
                Part::new(0, format!("{} of about {total}", grouped(done)), format!("{} of ~{total}", grouped(done)))
            }
            None => Part::same(0, format!("{} done", grouped(done))),
        }
    }
}

fn joined(parts: &[Part], separator: &str, text: impl Fn(&Part) -> &str) -> String {
    parts.iter().map(text).collect::<Vec<_>>().join(separator)
}

/// What holds the run back.
fn bottleneck(stats: &RunStats) -> Option<Part> {
    let wait = stats.held_for.map(|wait| format!(" {}", long(wait))).unwrap_or_default();
    Some(match stats.held_by {
        Bottleneck::Pace => Part::new(2, "held back by the pace (--rate)", "paced (--rate)"),
        Bottleneck::Concurrency => Part::new(2, "as fast as the site answers", "site's speed"),
        Bottleneck::CircuitOpen => {
            Part::new(2, format!("waiting{wait}: the site refuses everything"), format!("site refuses, wait{wait}"))
        }
        Bottleneck::RetryAfter => {
            Part::new(2, format!("waiting{wait}, as the site asked"), format!("site asked to wait{wait}"))
        }
        Bottleneck::Nothing => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::FailureKind;

    fn status(stats: &RunStats) -> Status<'_> {
        let elapsed = Duration::from_secs(10);
        Status { stats, total: Some((1000, true)), estimate: None, elapsed, generation: 1 }
    }

    #[test]
    fn the_line_says_what_fails_and_what_holds_it_back() {
        let mut stats =
            RunStats { held_by: Bottleneck::Pace, retries: 3, answered: 98, requests: 5, ..RunStats::default() };
        stats.failed.insert(FailureKind::Blocked, 2);
        let expected = "100 of 1,000 · 2 failed (2 blocked) · 1m 30s left · 5 requests · 0 B · 0.5 requests/s · \
            held back by the pace (--rate) · 3 retried";
        assert_eq!(status(&stats).line(200), expected);
        let stats = RunStats {
            held_by: Bottleneck::RetryAfter,
            held_for: Some(Duration::from_secs(43)),
            ..RunStats::default()
        };
        assert_eq!(
            Status { total: None, generation: 2, ..status(&stats) }.line(200),
            "0 done · 0 requests · 0 B · 0.0 requests/s · waiting 43s, as the site asked · parser generation 2"
        );
    }

    #[test]
    fn what_matters_most_stays_on_a_narrow_terminal() {
        let mut stats = RunStats { held_by: Bottleneck::Pace, retries: 3, ..RunStats::default() };
        (stats.answered, stats.requests, stats.bytes) = (12_345, 12_345, 1_234_567_890);
        stats.failed.extend([(FailureKind::Blocked, 20), (FailureKind::NotFound, 100)]);
        let estimate = Estimate { queries: 100_000, requests: 100_000, bytes: Some(1 << 34), time: Duration::ZERO };
        let status = Status { total: Some((100_000, true)), estimate: Some(&estimate), ..status(&stats) };
        for (width, expected) in [
            (
                105,
                "12,465 of 100,000  100 not-found, 20 blocked  1m 10s left  12,345 requests  1234.5/s  paced (--rate)",
            ),
            (90, "12,465 of 100,000  100 not-found, 20 blocked  12,345 requests  1234.5/s  paced (--rate)"),
            (79, "12,465 of 100,000  100 not-found, 20 blocked  1234.5/s  paced (--rate)"),
            (45, "12,465 of 100,000  100 not-found, 20 blocked"),
            (10, "12,465 of 100,000"),
        ] {
            assert_eq!(status.line(width), expected);
        }
    }
}
