//! Failure rate of a parser over its latest responses.

use std::collections::VecDeque;

/// Responses in the window.
const WINDOW_RESPONSES: usize = 32;

/// Responses that a verdict needs at least.
const MIN_RESPONSES: usize = 8;

/// Increase of the failure rate, over the previous parser's, above which a parser is worse.
const MAX_RATE_INCREASE: f64 = 0.5;

/// Whether each of a parser's latest responses failed.
#[derive(Debug, Default)]
pub(super) struct FailureWindow {
    failures: VecDeque<bool>,
}

impl FailureWindow {
    pub(super) fn record(&mut self, failed: bool) {
        if self.failures.len() >= WINDOW_RESPONSES {
            self.failures.pop_front();
        }
        self.failures.push_back(failed);
    }

    pub(super) fn failures(&self) -> usize {
        self.failures.iter().filter(|failed| **failed).count()
    }

    pub(super) fn responses(&self) -> usize {
        self.failures.len()
    }

    /// Share of the responses that failed, from 0 to 1.
    pub(super) fn failure_rate(&self) -> f64 {
        self.failures() as f64 / self.responses().max(1) as f64
    }

    /// Whether the failure rate is far above the previous parser's.
    pub(super) fn is_worse_than(&self, previous_rate: f64) -> bool {
        self.responses() >= MIN_RESPONSES && self.failure_rate() > previous_rate + MAX_RATE_INCREASE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(failures: usize, others: usize) -> FailureWindow {
        let mut window = FailureWindow::default();
        (0..others).for_each(|_| window.record(false));
        (0..failures).for_each(|_| window.record(true));
        window
    }

    #[test]
    fn a_parser_is_judged_after_enough_responses_and_against_the_other() {
        assert!(!window(7, 0).is_worse_than(0.0), "too few to judge");
        assert!(window(8, 0).is_worse_than(0.0));
        assert!(!window(4, 4).is_worse_than(0.0), "half is not worse than half");
        assert!(!window(8, 0).is_worse_than(0.9), "the other failed as well");
        assert!(window(32, 1000).is_worse_than(0.0), "old answers are forgotten");
    }
}
