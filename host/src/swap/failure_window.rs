//! How a parser did lately.

use std::collections::VecDeque;

/// Responses that are remembered.
const REMEMBERED: usize = 32;

/// Responses before a parser is judged.
const ENOUGH: usize = 8;

/// By how much the share of failures must be above the other parser's.
const WORSE: f64 = 0.5;

/// Whether a parser failed on its latest responses.
#[derive(Debug, Default)]
pub(super) struct FailureWindow {
    failures: VecDeque<bool>,
}

impl FailureWindow {
    pub(super) fn record(&mut self, failed: bool) {
        if self.failures.len() >= REMEMBERED {
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

    /// The share of responses that it failed on, from 0 to 1.
    pub(super) fn share(&self) -> f64 {
        self.failures() as f64 / self.responses().max(1) as f64
    }

    /// Whether it fails so much more than another that failed on this share.
    pub(super) fn is_worse_than(&self, before: f64) -> bool {
        self.responses() >= ENOUGH && self.share() > before + WORSE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(failures: usize, others: usize) -> FailureWindow {
        let mut tally = FailureWindow::default();
        (0..others).for_each(|_| tally.record(false));
        (0..failures).for_each(|_| tally.record(true));
        tally
    }

    #[test]
    fn a_parser_is_judged_after_enough_responses_and_against_the_other() {
        assert!(!tally(7, 0).is_worse_than(0.0), "too few to judge");
        assert!(tally(8, 0).is_worse_than(0.0));
        assert!(!tally(4, 4).is_worse_than(0.0), "half is not worse than half");
        assert!(!tally(8, 0).is_worse_than(0.9), "the other failed as well");
        assert!(tally(32, 1000).is_worse_than(0.0), "old answers are forgotten");
    }
}
