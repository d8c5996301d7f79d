//! Repeated messages: the first few of a cause are printed at once, the others are counted and printed together.
//!
//! A run of 100,000 queries without a network is a few lines, not 100,000. What was counted is printed at the end, and each minute
//! while more comes.

use std::time::{Duration, Instant};

use crate::cli::exit::{print_error, print_message};
use crate::cli::report::number::grouped;

/// Interval at which counts are printed during a run.
const INTERVAL: Duration = Duration::from_secs(60);

/// Causes that are told apart. Others are counted by their kind.
const MAX_CAUSES: usize = 50;

/// Messages of a cause that are printed one by one.
const MAX_SINGLE: u64 = 3;

/// Subjects that are named with a count.
const MAX_SUBJECTS: usize = 5;

/// Messages, by their cause.
#[derive(Debug)]
pub(in crate::cli) struct Repeated {
    causes: Vec<Cause>,
    printed: Instant,
    print: fn(&str),
}

/// A cause, and how often it came since its count was last printed.
#[derive(Debug)]
struct Cause {
    text: String,
    /// Messages that were printed one by one.
    single: u64,
    count: u64,
    subjects: Vec<String>,
}

impl Default for Repeated {
    fn default() -> Self {
        Self { causes: Vec::new(), printed: Instant::now(), print: print_error }
    }
}

impl Repeated {
    /// Messages that are no errors.
    pub(in crate::cli) fn of_notes() -> Self {
        Self { print: print_message, ..Self::default() }
    }

    /// Reports that `cause`, such as `network: connection refused`, holds for a subject: with the whole of it the first time, else by its
    /// short name in a count, if it has one. `kind` is what the cause is counted as if there are too many causes.
    pub(in crate::cli) fn report(
        &mut self,
        kind: &str,
        cause: &str,
        subject: &str,
        short: impl FnOnce() -> Option<String>,
    ) {
        let is_known = |text: &str| self.causes.iter().position(|known| known.text == text);
        let index = is_known(cause).or_else(|| (self.causes.len() >= MAX_CAUSES).then(|| is_known(kind)).flatten());
        match index.and_then(|index| self.causes.get_mut(index)) {
            Some(known) if known.single < MAX_SINGLE => {
                known.single += 1;
                (self.print)(&format!("{subject}: {cause}"));
            }
            Some(known) => {
                known.count += 1;
                if known.subjects.len() < MAX_SUBJECTS {
                    known.subjects.extend(short());
                }
            }
            None => {
                let text = if self.causes.len() < MAX_CAUSES { cause } else { kind };
                self.causes.push(Cause { text: text.to_owned(), single: 1, count: 0, subjects: Vec::new() });
                (self.print)(&format!("{subject}: {cause}"));
            }
        }
        if self.printed.elapsed() >= INTERVAL {
            self.print_counts("");
        }
    }

    /// Prints what was counted and isn't printed yet. `hint` says where all of it is.
    pub(in crate::cli) fn print_counts(&mut self, hint: &str) {
        self.printed = Instant::now();
        for cause in &mut self.causes {
            if cause.count > 0 {
                (self.print)(&cause.line(hint));
                (cause.count, cause.subjects) = (0, Vec::new());
            }
        }
    }
}

impl Cause {
    /// `99,680 × network: connection refused: com.a.b, com.c.d, …`.
    fn line(&self, hint: &str) -> String {
        let more = if self.count > self.subjects.len() as u64 { ", …" } else { "" };
        format!("{} more × {}: {}{more}{hint}", grouped(self.count), self.text, self.subjects.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_counted_with_the_first_of_its_subjects() {
        let mut repeated = Repeated::default();
        for number in 0..1235 {
            repeated.report("network", "network: connection refused", &format!("app app_id={number}"), || {
                Some(number.to_string())
            });
        }
        let cause = &repeated.causes[0];
        assert_eq!(cause.line(""), "1,232 more × network: connection refused: 3, 4, 5, 6, 7, …");
        repeated.print_counts("");
        assert_eq!(repeated.causes[0].count, 0);
    }

    #[test]
    fn causes_without_an_end_are_counted_by_kind() {
        let mut repeated = Repeated::default();
        for number in 0..1000 {
            repeated.report("http", &format!("http: {number}"), "app", || Some(number.to_string()));
        }
        assert!(repeated.causes.len() <= MAX_CAUSES + 1);
        let counted = repeated.causes.iter().map(|cause| cause.single + cause.count).sum::<u64>();
        assert_eq!(counted, 1000);
    }
}
