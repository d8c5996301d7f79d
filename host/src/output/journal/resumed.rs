//! Reader of a journal: which queries are answered, and from where the others continue.
//!
//! Lines count up to the first that is torn, has a smaller offset than the one before, or records rows that the file doesn't have.

use std::collections::HashMap;
use std::io::{self, BufRead};

use super::line::{Entry, FINISHED_LINE, JournalHeader};
use crate::run::{PartialQuery, Remaining};
use crate::types::{QueryEnd, QueryKey, RecordKey};

/// What a run that was cut off has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Resumed {
    /// The queries that are answered.
    pub(in crate::output) done: CompletedKeys,
    /// Those that are answered in part. One that failed without a row isn't among them.
    pub(in crate::output) with_state: HashMap<QueryKey, PartialQuery>,
    /// Where the rows' file ends.
    pub(in crate::output) offset: u64,
}

impl Resumed {
    /// What was done, by the keys of the answered queries and the progress of others.
    #[cfg(feature = "db")]
    pub(in crate::output) fn new(
        mut done: Vec<QueryKey>,
        partial: impl IntoIterator<Item = (QueryKey, PartialQuery)>,
    ) -> Self {
        done.sort_unstable();
        Self { done: CompletedKeys(done), with_state: partial.into_iter().collect(), offset: 0 }
    }

    pub(in crate::output) fn is_empty(&self) -> bool {
        self.done.len() == 0 && self.with_state.is_empty()
    }

    /// Bytes of the rows' file that the journal accounts for: the file was cut to them.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// What is left of a query.
    #[must_use]
    pub fn remaining(&self, key: &QueryKey) -> Remaining {
        if self.done.contains(key) {
            return Remaining::Nothing;
        }
        self.with_state.get(key).cloned().map_or(Remaining::All, Remaining::Rest)
    }
}

/// Queries that are answered. Sorted keys, and no hash table: with a million of them that is 16 MB and not 50.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::output) struct CompletedKeys(Vec<QueryKey>);

impl CompletedKeys {
    /// Whether this query is answered.
    pub(in crate::output) fn contains(&self, key: &QueryKey) -> bool {
        self.0.binary_search(key).is_ok()
    }

    /// Number of queries.
    pub(in crate::output) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What is in a journal.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Without it there is nothing else.
    pub(super) header: Option<JournalHeader>,
    pub(super) resumed: Resumed,
    /// Bytes of the header and the entries that hold: what comes after them is to be cut off.
    pub(super) whole: u64,
    /// Whether the run came to its end.
    pub(super) finished: bool,
}

impl Seen {
    /// Applies an entry, if it can come next. One beyond the `length` of the rows' file can't.
    fn apply(&mut self, entry: Entry, length: u64) -> bool {
        let Entry { key, state, records, offset, end, record_keys } = entry;
        let Some(record_keys) = RecordKey::split(&record_keys) else { return false };
        if offset < self.resumed.offset || offset > length {
            return false;
        }
        self.resumed.offset = offset;
        let Resumed { done, with_state, .. } = &mut self.resumed;
        match (end, state) {
            (Some(QueryEnd::Answered), _) => {
                with_state.remove(&key);
                done.0.push(key);
            }
            (Some(QueryEnd::Failed(_) | QueryEnd::Partial(_)), _) if records == 0 => {}
            (Some(QueryEnd::Failed(_) | QueryEnd::Partial(_)) | None, None) => {
                let partial = with_state.entry(key).or_default();
                partial.record_keys.extend(record_keys);
                partial.record_failure(records);
            }
            (Some(QueryEnd::Failed(_) | QueryEnd::Partial(_)) | None, Some(state)) => {
                let partial = with_state.entry(key).or_default();
                partial.record_keys.extend(record_keys);
                partial.record_page(state, records);
            }
        }
        true
    }

    fn apply_all(&mut self, mut lines: impl BufRead, length: u64) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = lines.read_until(b'\n', &mut line)?;
            if line == FINISHED_LINE {
                self.finished = true;
                return Ok(());
            }
            let entry = if line.ends_with(b"\n") { serde_json::from_slice(&line).ok() } else { None };
            if !entry.is_some_and(|entry| self.apply(entry, length)) {
                return Ok(());
            }
            self.whole += read as u64;
        }
    }
}

/// Reads a journal of a rows' file that has `length` bytes. One that is empty, or torn in its first line, says nothing, and something else is
/// no journal.
pub(super) fn read(mut lines: impl BufRead, length: u64) -> io::Result<Option<Seen>> {
    let mut seen = Seen::default();
    let mut first = Vec::new();
    seen.whole = lines.read_until(b'\n', &mut first)? as u64;
    if !first.ends_with(b"\n") {
        return Ok(JournalHeader::is_torn(&first).then(Seen::default));
    }
    let Some(header) = JournalHeader::read(&first) else { return Ok(None) };
    if header.other_version().is_none() {
        seen.apply_all(lines, length)?;
    }
    seen.header = Some(header);
    let done = &mut seen.resumed.done.0;
    done.sort_unstable();
    done.dedup();
    done.shrink_to_fit();
    Ok(Some(seen))
}

#[cfg(test)]
mod tests {
    use crate::output::Format;
    use crate::types::FailureKind;
    use crate::types::QueryEnd;

    use super::*;

    fn key(number: u64) -> QueryKey {
        format!("{number:032x}").parse().unwrap()
    }

    fn entry(number: u64, state: Option<&str>, records: usize, offset: u64, end: Option<QueryEnd>) -> Vec<u8> {
        let state = state.map(str::to_owned);
        Entry { key: key(number), state, records, offset, end, record_keys: String::new() }.line()
    }

    fn seen(entries: &[Vec<u8>], length: u64) -> Resumed {
        let journal = [JournalHeader::new(Format::Ndjson, None).line(), entries.concat()].concat();
        read(&journal[..], length).unwrap().unwrap().resumed
    }

    fn started(state: Option<&str>, records: usize, repeated: usize) -> Option<PartialQuery> {
        Some(PartialQuery { state: state.map(str::to_owned), records, repeated, record_keys: Vec::new() })
    }

    const FAILED: Option<QueryEnd> = Some(QueryEnd::Failed(FailureKind::Network));

    #[test]
    fn what_failed_goes_on_where_its_rows_end() {
        let after = |entries: &[Vec<u8>]| seen(entries, 1000).with_state.remove(&key(1));
        let page = entry(1, Some("two"), 5, 50, None);
        assert_eq!(after(&[entry(1, None, 0, 0, FAILED)]), None, "nothing was written");
        assert_eq!(
            after(&[entry(1, None, 3, 30, FAILED)]),
            started(None, 3, 3),
            "its first page failed after some rows"
        );
        assert_eq!(after(&[page.clone(), entry(1, None, 5, 50, FAILED)]), started(Some("two"), 5, 0));
        let twice = [page.clone(), entry(1, None, 7, 70, FAILED), entry(1, None, 8, 80, FAILED)];
        assert_eq!(after(&twice[..2]), started(Some("two"), 7, 2), "its second page failed after some rows");
        assert_eq!(after(&twice), started(Some("two"), 8, 3), "and got further when it was tried again");
        let answered = [page, entry(1, None, 7, 70, FAILED), entry(1, None, 9, 90, Some(QueryEnd::Answered))];
        assert_eq!(after(&answered), None);
        assert!(seen(&answered, 1000).done.contains(&key(1)));
    }

    #[test]
    fn entries_beyond_the_file_are_dropped() {
        let entries: Vec<_> =
            (1..=5).map(|number| entry(number, None, 1, number * 10, Some(QueryEnd::Answered))).collect();
        for length in 0..60 {
            let resumed = seen(&entries, length);
            assert_eq!(resumed.offset, (length / 10 * 10).min(50));
            assert_eq!(resumed.done.len() as u64, (length / 10).min(5));
        }
        let falling = [entries[2].clone(), entries[0].clone(), entries[4].clone()].concat();
        assert_eq!(seen(&[falling], 100).offset, 30);
    }

    #[test]
    fn a_million_queries_that_are_done_take_little_memory() {
        let queries = 1_000_000;
        let done = (0..queries).map(|number| entry(number, None, 1, number, Some(QueryEnd::Answered)));
        let journal: Vec<u8> =
            std::iter::once(JournalHeader::new(Format::Ndjson, None).line()).chain(done).flatten().collect();
        let resumed = read(&journal[..], queries).unwrap().unwrap().resumed;
        assert_eq!(resumed.done.len() as u64, queries);
        assert!(resumed.done.0.capacity() * size_of::<QueryKey>() < 20 << 20);
        assert!(resumed.done.contains(&key(77_777)) && !resumed.done.contains(&key(queries)));
    }
}
