use std::fs::OpenOptions;

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::output::checkpoint::PageOrigin;
use crate::output::output_file::OutputFile;
use crate::output::{Format, RowWriter};
use crate::types::{FailureKind, Query, QueryEnd, QueryKey, Row};

fn key(query: usize) -> QueryKey {
    format!("{query:032x}").parse().unwrap()
}

fn header(format: Format) -> JournalHeader {
    JournalHeader::new(format, None)
}

fn ndjson() -> JournalHeader {
    header(Format::Ndjson)
}

/// A folder that is gone with the test, and a rows' file in it.
fn output() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("rows");
    (folder, output)
}

fn origin() -> PageOrigin {
    PageOrigin { query: Query::new("list", []), slot: None, source: None }
}

fn ended(key: QueryKey, end: QueryEnd, records: usize) -> EndedQuery {
    EndedQuery { key, end, records, record_keys: Vec::new(), origin: origin() }
}

/// A run over as many queries, each with a row of ten bytes, that is cut off.
fn cut_off(output: &Path, queries: usize) {
    let mut journal = Journal::create(output, &ndjson(), false).unwrap();
    let mut rows = Vec::new();
    for query in 0..queries {
        rows.extend_from_slice(b"123456789\n");
        std::fs::write(output, &rows).unwrap();
        journal.end(&ended(key(query), QueryEnd::Answered, 1), rows.len() as u64).unwrap();
    }
}

fn set_len(file: &Path, length: u64) {
    OpenOptions::new().write(true).open(file).unwrap().set_len(length).unwrap();
}

#[test]
fn a_line_that_is_torn_anywhere_is_cut_off() {
    let (_folder, output) = output();
    cut_off(&output, 3);
    let path = Journal::path(&output);
    let (journal, rows) = (std::fs::read(&path).unwrap(), std::fs::read(&output).unwrap());
    let first = journal.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for torn in first..=journal.len() {
        std::fs::write(&path, &journal[..torn]).unwrap();
        std::fs::write(&output, &rows).unwrap();
        let entries = journal[first..torn].iter().filter(|byte| **byte == b'\n').count();
        let (resumed_journal, resumed) = Journal::resume(&output, &ndjson()).unwrap();
        assert_eq!((resumed.done.len(), resumed.offset), (entries, entries as u64 * 10), "{torn}");
        let left = if entries == 0 { rows.len() as u64 } else { resumed.offset };
        assert_eq!(length(&output).unwrap(), left, "{torn}");
        drop(resumed_journal);
        assert!(std::fs::read(&path).unwrap().ends_with(b"\n"), "{torn}");
    }
    for torn in 0..first {
        std::fs::write(&path, &journal[..torn]).unwrap();
        std::fs::write(&output, b"").unwrap();
        assert_eq!(Journal::resume(&output, &ndjson()).unwrap().1, Resumed::default(), "{torn}");
        assert_eq!(std::fs::read(&path).unwrap(), journal[..first], "{torn}");
        std::fs::write(&path, &journal[..torn]).unwrap();
        std::fs::write(&output, &rows).unwrap();
        assert!(matches!(Journal::resume(&output, &ndjson()), Err(JournalError::Unjournaled(_))), "{torn}");
    }
}

#[test]
fn a_file_that_lost_more_than_its_journal_has_the_journal_cut_to_fit() {
    for left in 0..=35 {
        let (_folder, output) = output();
        cut_off(&output, 3);
        OpenOptions::new().append(true).open(&output).unwrap().write_all(b"torn").unwrap();
        set_len(&output, left);
        let (mut journal, resumed) = Journal::resume(&output, &ndjson()).unwrap();
        assert_eq!(resumed.offset, (left / 10 * 10).min(30));
        assert_eq!(length(&output).unwrap(), if left < 10 { left } else { resumed.offset });
        journal.end(&ended(key(7), QueryEnd::Answered, 0), resumed.offset).unwrap();
        drop(journal);
        let again = Journal::resume(&output, &ndjson()).unwrap().1;
        assert_eq!(again.done.len(), resumed.done.len() + 1);
        assert!(again.done.contains(&key(7)));
    }
}

#[test]
fn rows_of_an_unfinished_run_are_not_lost_unasked() {
    let (_folder, output) = output();
    cut_off(&output, 2);
    let refused = Journal::create(&output, &ndjson(), false).unwrap_err().to_string();
    assert!(refused.contains("2 answered queries"), "{refused}");
    Journal::create(&output, &ndjson(), true).unwrap().finish().unwrap();
    Journal::create(&output, &ndjson(), false).unwrap();
}

#[test]
fn a_finished_run_goes_on_with_what_is_asked_more() {
    let (_folder, output) = output();
    cut_off(&output, 2);
    Journal::resume(&output, &ndjson()).unwrap().0.finish().unwrap();
    OpenOptions::new().append(true).open(&output).unwrap().write_all(b"]\n").unwrap();
    let (journal, resumed) = Journal::resume(&output, &ndjson()).unwrap();
    assert_eq!((resumed.done.len(), length(&output).unwrap()), (2, 20));
    drop(journal);
    let refused = Journal::create(&output, &ndjson(), false);
    assert!(matches!(refused, Err(JournalError::Unfinished { .. })), "it is unfinished again");
}

#[test]
fn rows_of_another_shape_are_not_mixed() {
    let (_folder, output) = output();
    cut_off(&output, 1);
    let asked = JournalHeader::new(Format::Csv, Some(vec!["a".to_owned(), "b".to_owned()]));
    let refused = Journal::resume(&output, &asked).unwrap_err().to_string();
    assert!(refused.contains("ndjson of all fields") && refused.contains("csv of the fields a,b"), "{refused}");
    std::fs::write(Journal::path(&output), "{\"playfast_journal\":2}\n").unwrap();
    let refused = Journal::resume(&output, &ndjson()).unwrap_err().to_string();
    assert!(refused.contains("version 2") && refused.contains("version 1"), "{refused}");
    std::fs::write(Journal::path(&output), "{\"title\":\"Chess\"}\n").unwrap();
    assert!(matches!(Journal::resume(&output, &ndjson()), Err(JournalError::Foreign(_))));
    assert!(matches!(Journal::create(&output, &ndjson(), false), Err(JournalError::Foreign(_))));
}

#[test]
fn rows_without_a_journal_are_left_alone() {
    let (_folder, output) = output();
    std::fs::write(&output, "my letters").unwrap();
    assert!(matches!(Journal::resume(&output, &ndjson()), Err(JournalError::Unjournaled(_))));
    assert!(!Journal::path(&output).exists());
    std::fs::write(&output, "").unwrap();
    assert_eq!(Journal::resume(&output, &ndjson()).unwrap().1, Resumed::default());
}

#[test]
fn two_runs_do_not_write_one_file() {
    let (_folder, output) = output();
    let journal = Journal::create(&output, &ndjson(), false).unwrap();
    assert!(matches!(Journal::resume(&output, &ndjson()), Err(JournalError::InUse(_))));
    assert!(matches!(Journal::create(&output, &ndjson(), true), Err(JournalError::InUse(_))));
    drop(journal);
    Journal::resume(&output, &ndjson()).unwrap();
}

/// What happens by chance.
struct Luck(Vec<u8>, usize);

impl Luck {
    fn below(&mut self, count: usize) -> usize {
        self.1 += 1;
        usize::from(self.0[self.1 % self.0.len()]).wrapping_mul(self.1) % count
    }
}

/// Runs queries, of which each has pages with so many rows, in an order of luck.
fn run(output: &Path, format: Format, queries: &[Vec<usize>], luck: &mut Luck, may_fail: bool) {
    let (mut journal, resumed) = Journal::resume(output, &header(format)).unwrap();
    let mut file = OutputFile::open(output).unwrap();
    file.resume(resumed.offset).unwrap();
    let former = file.former().unwrap();
    let columns = vec!["query".to_owned(), "row".to_owned()];
    let mut writer = RowWriter::resumed(file, format, 80, resumed.offset).columns(columns);
    let left = (0..queries.len()).filter(|query| !resumed.done.contains(&key(*query)));
    let mut left: Vec<_> =
        left.map(|query| (query, resumed.with_state.get(&key(query)).cloned().unwrap_or_default())).collect();
    while !left.is_empty() {
        let index = luck.below(left.len());
        let (query, started) = &mut left[index];
        let page = started.state.as_ref().map_or(0, |state| state.parse().unwrap());
        let before: usize = queries[*query][..page].iter().sum();
        let rows = before + started.repeated..before + queries[*query][page];
        let mut rows: Vec<Row> =
            rows.map(|row| json!({"query": *query, "row": row}).as_object().unwrap().clone().into()).collect();
        let fails = may_fail && luck.below(3) == 0;
        if fails {
            rows.truncate(luck.below(rows.len() + 1));
        }
        started.records += rows.len();
        writer.write(rows).unwrap();
        let (records, offset) = (started.records, writer.offset());
        if fails || page + 1 == queries[*query].len() {
            let end = if fails { QueryEnd::Failed(FailureKind::Network) } else { QueryEnd::Answered };
            journal.end(&ended(key(*query), end, records), offset).unwrap();
            left.remove(index);
        } else {
            let state = (page + 1).to_string();
            let record_keys = Vec::new();
            let progress = QueryProgress {
                key: key(*query),
                state: state.as_str().into(),
                records,
                record_keys,
                origin: origin(),
            };
            journal.page(&progress, offset).unwrap();
            (started.state, started.repeated) = (Some(state), 0);
        }
    }
    if let Some(file) = former.filter(|_| writer.offset() == 0) {
        file.set_len(0).unwrap();
    }
    writer.finish().unwrap();
    journal.finish().unwrap();
}

/// Any part of the journal is lost, and any part of the file. Without its header the journal never had a row.
fn crash(output: &Path, luck: &mut Luck) {
    let path = Journal::path(output);
    let journal = std::fs::read(&path).unwrap();
    let header = journal.iter().position(|byte| *byte == b'\n').unwrap();
    let left = luck.below(journal.len() + 1);
    let rows = if left <= header { 0 } else { luck.below(length(output).unwrap() as usize + 1) };
    set_len(&path, left as u64);
    set_len(output, rows as u64);
}

fn rows(output: &Path, format: Format) -> Vec<(usize, usize)> {
    let text = std::fs::read_to_string(output).unwrap();
    let number = |value: &Value| value.as_u64().unwrap() as usize;
    let row = |row: &Row| (number(&row["query"]), number(&row["row"]));
    match format {
        Format::Json => serde_json::from_str::<Vec<Row>>(&text).unwrap().iter().map(row).collect(),
        Format::Csv => csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect(),
        _ => text.lines().map(|line| row(&serde_json::from_str(line).unwrap())).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_row_is_there_once_whenever_it_crashed(
        queries in proptest::collection::vec(proptest::collection::vec(0_usize..4, 1..4), 1..5),
        luck in proptest::collection::vec(any::<u8>(), 1..100),
        crashes in 0..5,
        format in proptest::sample::select(vec![Format::Ndjson, Format::Json, Format::Csv]),
    ) {
        let (_folder, output) = output();
        let mut luck = Luck(luck, 0);
        for _ in 0..crashes {
            run(&output, format, &queries, &mut luck, true);
            crash(&output, &mut luck);
        }
        run(&output, format, &queries, &mut luck, false);
        let mut written = rows(&output, format);
        let in_order = |query| written.iter().filter(move |row| row.0 == query).is_sorted();
        prop_assert!((0..queries.len()).all(in_order));
        written.sort_unstable();
        let expected = queries.iter().enumerate().flat_map(|(query, pages)| (0..pages.iter().sum()).map(move |row| (query, row)));
        prop_assert_eq!(written, expected.collect::<Vec<_>>());
    }
}
