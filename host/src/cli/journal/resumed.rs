//! What a journal says is left to do.
//!
//! Its lines count up to the first that is torn, doesn't follow, or tells of rows that the file doesn't have: offsets never fall, so all
//! before it are true. One key is kept of a query that is done, and of one that isn't what it goes on with.

use std::collections::HashMap;
use std::io::{self, BufRead};

use super::line::{End, Entry, FINISHED_LINE, Header};
use crate::types::QueryKey;

/// What a run that was cut off has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Resumed {
    /// The queries that are answered.
    pub(crate) done: CompletedKeys,
    /// Those that were begun and aren't answered. What failed without a row is asked as if it never had been.
    pub(crate) going_on: HashMap<QueryKey, PartialQuery>,
    /// Where the rows' file ends.
    pub(crate) offset: u64,
}

impl Resumed {
    pub(super) fn is_empty(&self) -> bool {
        self.done.len() == 0 && self.going_on.is_empty()
    }
}

/// A query that isn't answered yet, and was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartialQuery {
    /// What it goes on with; without it, from its start.
    pub(crate) state: Option<String>,
    /// Its rows in the file.
    pub(crate) records: usize,
    /// How many of these come once more when it goes on, and are passed over: those of a page that failed after some of its rows.
    pub(crate) again: usize,
}

impl PartialQuery {
    /// After a page, that the query goes on from.
    fn page(&mut self, state: String, records: usize) {
        *self = Self { state: Some(state), records, again: 0 };
    }

    /// After a failure, with so many rows of the query in the file.
    fn fail(&mut self, records: usize) {
        let before = self.records - self.again;
        *self = Self { state: self.state.take(), records, again: records.saturating_sub(before) };
    }
}

/// Queries that are answered. Sorted keys, and no hash table: with a million of them that is 16 MB and not 50.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CompletedKeys(Vec<QueryKey>);

impl CompletedKeys {
    /// Whether this query is.
    pub(crate) fn contains(&self, key: &QueryKey) -> bool {
        self.0.binary_search(key).is_ok()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What is in a journal.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Without it there is nothing else.
    pub(super) header: Option<Header>,
    pub(super) resumed: Resumed,
    /// Bytes of the header and the entries that hold: what comes after them is to be cut off.
    pub(super) whole: u64,
    /// Whether the run came to its end.
    pub(super) finished: bool,
}

impl Seen {
    /// Takes an entry, if it can come next. Those of a file that is shorter than `length` can't.
    fn apply(&mut self, entry: Entry, length: u64) -> bool {
        let Entry { key, state, records, offset, end } = entry;
        if offset < self.resumed.offset || offset > length {
            return false;
        }
        self.resumed.offset = offset;
        let Resumed { done, going_on, .. } = &mut self.resumed;
        match (end, state) {
            (Some(End::Answered), _) => {
                going_on.remove(&key);
                done.0.push(key);
            }
            (Some(End::Failed(_)), _) if records == 0 => {}
            (Some(End::Failed(_)) | None, None) => going_on.entry(key).or_default().fail(records),
            (Some(End::Failed(_)) | None, Some(state)) => going_on.entry(key).or_default().page(state, records),
        }
        true
    }

    fn take_all(&mut self, mut lines: impl BufRead, length: u64) -> io::Result<()> {
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
        return Ok(Header::is_torn(&first).then(Seen::default));
    }
    let Some(header) = Header::read(&first) else { return Ok(None) };
    if header.other_version().is_none() {
        seen.take_all(lines, length)?;
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

    use super::*;

    fn key(number: u64) -> QueryKey {
        format!("{number:032x}").parse().unwrap()
    }

    fn entry(number: u64, state: Option<&str>, records: usize, offset: u64, end: Option<End>) -> Vec<u8> {
        Entry { key: key(number), state: state.map(str::to_owned), records, offset, end }.line()
    }

    fn seen(entries: &[Vec<u8>], length: u64) -> Resumed {
        let journal = [Header::new(Format::Ndjson, None).line(), entries.concat()].concat();
        read(&journal[..], length).unwrap().unwrap().resumed
    }

    fn started(state: Option<&str>, records: usize, again: usize) -> Option<PartialQuery> {
        Some(PartialQuery { state: state.map(str::to_owned), records, again })
    }

    const FAILED: Option<End> = Some(End::Failed(FailureKind::Network));

    #[test]
    fn what_failed_goes_on_where_its_rows_end() {
        let after = |entries: &[Vec<u8>]| seen(entries, 1000).going_on.remove(&key(1));
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
        let answered = [page, entry(1, None, 7, 70, FAILED), entry(1, None, 9, 90, Some(End::Answered))];
        assert_eq!(after(&answered), None);
        assert!(seen(&answered, 1000).done.contains(&key(1)));
    }

    #[test]
    fn entries_that_the_file_does_not_bear_out_are_dropped() {
        let entries: Vec<_> = (1..=5).map(|number| entry(number, None, 1, number * 10, Some(End::Answered))).collect();
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
        let done = (0..queries).map(|number| entry(number, None, 1, number, Some(End::Answered)));
        let journal: Vec<u8> =
            std::iter::once(Header::new(Format::Ndjson, None).line()).chain(done).flatten().collect();
        let resumed = read(&journal[..], queries).unwrap().unwrap().resumed;
        assert_eq!(resumed.done.len() as u64, queries);
        assert!(resumed.done.0.capacity() * size_of::<QueryKey>() < 20 << 20);
        assert!(resumed.done.contains(&key(77_777)) && !resumed.done.contains(&key(queries)));
    }
}
