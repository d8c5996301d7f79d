//! Refused records: each reason is printed once, and its repetitions are counted.
//!
//! A file may have a million wrong lines, so what is said and kept is bounded: [`MAX_REASONS`] lines on stderr. All refused records go to
//! `--failures`, if there is such a file.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};
use serde_json::{Map, Value, json};

use crate::cli::exit::print_error;
use crate::cli::report::number::counted;
use crate::types::FailureKind;

/// Reasons that are said, each in a line of its own. Further ones are only counted.
const MAX_REASONS: usize = 50;

/// The records that ask nothing, and why. Cloning it shares them.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Refusals {
    count: Arc<AtomicUsize>,
    state: Arc<Mutex<State>>,
    is_kept: bool,
}

#[derive(Debug, Default)]
struct State {
    /// How often each reason came again.
    repeated: HashMap<String, Repeated>,
    others: usize,
    /// Lines for the file of failures.
    lines: Vec<Value>,
}

#[derive(Debug, Default)]
struct Repeated {
    count: usize,
    last: Place,
}

/// A place in the input, to find a record again.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) source: Arc<str>,
    pub(super) line: usize,
}

impl Refusals {
    /// Refusals that are kept for [`Self::drain`] only if `is_kept`.
    pub(in crate::cli) fn new(is_kept: bool) -> Self {
        Self { is_kept, ..Self::default() }
    }

    /// How many records were refused.
    pub(in crate::cli) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Records that a record is refused, and says the reason if it is new. `asked` is the record as `--queries` reads it, if it can be read.
    pub(super) fn record(&self, place: &Place, asked: Option<Map<String, Value>>, reason: &str) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut state = self.lock();
        if self.is_kept {
            let mut line = asked.unwrap_or_default();
            line.insert("_line".to_owned(), Value::from(place.line));
            line.insert("_file".to_owned(), Value::from(&*place.source));
            let failure = json!({"kind": FailureKind::InvalidQuery.name(), "message": reason});
            line.insert("_failure".to_owned(), failure);
            state.lines.push(line.into());
        }
        if let Some(repeated) = state.repeated.get_mut(reason) {
            repeated.count += 1;
            repeated.last = place.clone();
        } else if state.repeated.len() < MAX_REASONS {
            state.repeated.insert(reason.to_owned(), Repeated::default());
            drop(state);
            print_error(&format!("line {} of {}: {reason}", place.line, place.source));
        } else {
            state.others += 1;
        }
    }

    /// Records that a row of an answer raises nothing.
    pub(in crate::cli) fn record_row(&self, query: &str, position: usize, reason: &str) {
        self.record(&Place { source: query.into(), line: position }, None, reason);
    }

    /// The lines for `--failures` since the last call: each the record's parameters, if it could be read, `_line`, `_file` and `_failure`.
    pub(in crate::cli) fn drain(&self) -> Vec<Value> {
        std::mem::take(&mut self.lock().lines)
    }

    /// Says how often reasons came again. Called once the input is at its end.
    pub(super) fn finish(&self) {
        for line in self.lock().summary() {
            print_error(&line);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl State {
    fn summary(&mut self) -> Vec<String> {
        let mut repeated: Vec<_> = self.repeated.drain().filter(|(_, repeated)| repeated.count > 0).collect();
        repeated.sort_by(|(left, one), (right, other)| other.count.cmp(&one.count).then_with(|| left.cmp(right)));
        let mut lines: Vec<_> = repeated
            .into_iter()
            .map(|(reason, Repeated { count, last })| {
                let (count, Place { source, line }) = (more_lines(count), last);
                format!("{count} refused, the last line {line} of {source}: {reason}")
            })
            .collect();
        let others = std::mem::take(&mut self.others);
        if others > 0 {
            lines.push(format!("{} refused, each for another reason: --failures FILE keeps all", more_lines(others)));
        }
        lines
    }
}

fn more_lines(count: usize) -> String {
    counted(count as u64, "more line", "more lines")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(refusals: &Refusals, line: usize, reason: &str) {
        refusals.record(&Place { source: "ids.txt".into(), line }, None, reason);
    }

    #[test]
    fn a_reason_is_counted_when_it_comes_again_and_many_are_not_kept() {
        let refusals = Refusals::default();
        for line in 1..=100_000 {
            refuse(&refusals, line, "app needs a value for app_id");
        }
        for line in 0..1_000 {
            refuse(&refusals, line, &format!("app_id can't be {line}"));
        }
        assert_eq!(refusals.count(), 101_000);
        let summary = [
            "99,999 more lines refused, the last line 100000 of ids.txt: app needs a value for app_id".to_owned(),
            format!("{} more lines refused, each for another reason: --failures FILE keeps all", 1_001 - MAX_REASONS),
        ];
        assert_eq!(refusals.lock().summary(), summary);
        assert!(refusals.drain().is_empty());
    }

    #[test]
    fn lines_for_the_file_of_failures_are_kept_if_there_is_one() {
        let refusals = Refusals::new(true);
        let asked = Map::from_iter([("kind".to_owned(), Value::from("app"))]);
        refusals.record(&Place { source: "a".into(), line: 3 }, Some(asked), "no");
        let line =
            json!({"kind": "app", "_line": 3, "_file": "a", "_failure": {"kind": "invalid-query", "message": "no"}});
        assert_eq!(refusals.drain(), [line]);
        assert!(refusals.drain().is_empty());
    }
}
