//! Outcome of a query, and its rows.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::swap::ParserId;
use crate::{Failure, FailureKind, Page, Query, Row};

/// Where a page came from, and who parsed it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The response's address, after redirects.
    pub url: String,
    /// Its HTTP status.
    pub status: u16,
    /// When its last byte came.
    pub received_at: SystemTime,
    /// The parser.
    pub parser: ParserId,
    /// The parser's generation: [`crate::Slot::generation`].
    pub generation: u64,
}

impl Source {
    /// As it stands in rows: `_source`, with the time in milliseconds since 1970.
    pub(crate) fn json(&self) -> Value {
        let Self { url, status, received_at, parser, generation } = self;
        let since = received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let digest = parser.digest.to_string();
        json!({"url": url, "status": status, "received_at": since.as_millis() as u64,
            "parser": {"name": parser.name, "version": parser.version, "digest": digest, "generation": generation}})
    }
}
/// What came of one query. A query that goes on over several pages may have rows and a failure: what was fetched before it isn't lost.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// What was asked.
    pub query: Query,
    /// The query's parameters, `position` from 1, and the record's fields, of which the record's win.
    pub rows: Vec<Row>,
    /// For a person: what the site would not give, or gave otherwise than asked.
    pub notes: Vec<String>,
    /// Why it has no answer, or none any more.
    pub failure: Option<Failure>,
    /// The generation of the parser that gave the last page: [`crate::Slot::generation`].
    pub generation: u64,
    /// Where the last page came from. A query for which nothing came has none.
    pub source: Option<Arc<Source>>,
}

impl Outcome {
    pub(crate) const fn new(query: Query) -> Self {
        Self { query, rows: Vec::new(), notes: Vec::new(), failure: None, generation: 0, source: None }
    }

    /// Takes the page of a query that has only one, and at most `limit` of its rows.
    #[cfg(any(feature = "cli", test))]
    pub(crate) fn take(&mut self, page: &mut Page, limit: Option<usize>) {
        let (rows, failure) = Progress::default().take(&self.query, page, limit, None);
        self.rows = rows;
        self.notes.append(&mut page.notes);
        self.failure = failure;
    }
}

/// Bytes of the records and notes of one query, over all its pages: a parser that never ends would fill the host's memory with them.
const LARGEST: usize = 128 << 20;

/// What a row takes beside its record, in bytes.
const ROW: usize = 256;

/// How far a query has come over its pages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Rows that were handed on.
    pub(super) records: usize,
    /// Of them, those of pages that are asked once more: they are not handed on again.
    again: usize,
    /// Bytes of records and notes.
    bytes: usize,
}

impl Progress {
    /// A query of which so many rows are there already, and so many of them are asked once more.
    pub(super) const fn after(records: usize, again: usize) -> Self {
        Self { records, again, bytes: 0 }
    }

    /// The query is asked from its start once more.
    pub(super) const fn start_over(&mut self) {
        self.again = self.records;
    }

    /// The rows of a page's records up to the query's `limit`, with their source in each where that is wanted, and the query's failure where the first record after
    /// them isn't a JSON object, or is too much.
    pub(super) fn take(
        &mut self,
        query: &Query,
        page: &mut Page,
        limit: Option<usize>,
        source: Option<&Source>,
    ) -> (Vec<Row>, Option<Failure>) {
        let source = source.map(Source::json);
        self.bytes += page.notes.iter().map(|note| note.len() + ROW).sum::<usize>();
        let mut rows = Vec::new();
        for record in std::mem::take(&mut page.records) {
            if self.again > 0 {
                self.again -= 1;
                continue;
            }
            if limit.is_some_and(|limit| self.records >= limit) {
                break;
            }
            let position = self.records + 1;
            self.bytes += record.len() + ROW;
            if self.bytes > LARGEST {
                let message = format!("the answer is larger than the limit of {LARGEST} bytes, with record {position}");
                return (rows, Some(Failure::new(FailureKind::ParserOutput, message)));
            }
            match row(query, position, &record) {
                Ok(mut row) => {
                    row.extend(source.iter().map(|source| ("_source".to_owned(), source.clone())));
                    rows.push(row);
                    self.records = position;
                }
                Err(error) => {
                    let message = format!("record {position} is not a JSON object: {error}");
                    return (rows, Some(Failure::new(FailureKind::ParserInvalid, message)));
                }
            }
        }
        (rows, None)
    }
}

fn row(query: &Query, position: usize, record: &str) -> Result<Row, serde_json::Error> {
    let record: Row = serde_json::from_str(record)?;
    let mut row: Row = query.params().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    row.insert("position".to_owned(), Value::from(position));
    row.extend(record);
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(records: &[&str]) -> Page {
        Page { records: records.iter().map(|record| (*record).to_owned()).collect(), ..Page::default() }
    }

    #[test]
    fn a_records_field_wins_and_positions_go_on() {
        let query = Query::new("list", [("country".into(), "us".into()), ("title".into(), "asked".into())]);
        let mut progress = Progress::default();
        let mut rows = progress.take(&query, &mut page(&[r#"{"title": "a"}"#]), None, None).0;
        rows.extend(progress.take(&query, &mut page(&[r#"{"title": "b"}"#]), None, None).0);
        let rows: Vec<_> = rows.iter().map(|row| Value::from(row.clone()).to_string()).collect();
        let expected = [r#"{"country":"us","title":"a","position":1}"#, r#"{"country":"us","title":"b","position":2}"#];
        assert_eq!(rows, expected);
    }

    #[test]
    fn what_is_asked_once_more_is_not_handed_on_again() {
        let query = Query::new("list", []);
        let mut progress = Progress::after(2, 2);
        assert!(progress.take(&query, &mut page(&["{}"]), None, None).0.is_empty());
        let rows = progress.take(&query, &mut page(&["{}", r#"{"x": 1}"#]), None, None).0;
        assert_eq!(Value::from(rows[0].clone()).to_string(), r#"{"position":3,"x":1}"#);
        let rows = Progress::after(5, 0).take(&query, &mut page(&["{}"]), None, None).0;
        assert_eq!(rows[0]["position"], 6);
    }

    #[test]
    fn an_answer_over_many_pages_is_limited_and_keeps_what_came_before() {
        let (query, mut progress) = (Query::new("list", []), Progress::default());
        let record = format!(r#"{{"x": "{}"}}"#, "y".repeat(LARGEST / 4));
        for position in 1..=3 {
            let (rows, failure) = progress.take(&query, &mut page(&[&record]), None, None);
            assert!(failure.is_none() && rows.len() == 1 && progress.records == position);
        }
        let (rows, failure) = progress.take(&query, &mut page(&[&record]), None, None);
        assert_eq!((rows.len(), failure.unwrap().kind), (0, FailureKind::ParserOutput));
    }

    #[test]
    fn what_is_no_object_is_a_failure_that_keeps_what_came_before() {
        for broken in ["[]", "1", "{\"a\":}", "", "{} {}"] {
            let mut outcome = Outcome::new(Query::new("list", []));
            outcome.take(&mut page(&["{}", broken, "{}"]), None);
            assert_eq!(outcome.rows.len(), 1, "{broken}");
            assert_eq!(outcome.failure.unwrap().kind, FailureKind::ParserInvalid, "{broken}");
        }
    }

    #[test]
    fn rows_are_cut_at_the_limit_over_all_pages() {
        let (query, mut progress) = (Query::new("list", []), Progress::default());
        assert_eq!(progress.take(&query, &mut page(&["{}", "{}"]), Some(3), None).0.len(), 2);
        assert_eq!(progress.take(&query, &mut page(&["{}", "{}"]), Some(3), None).0.len(), 1);
        assert_eq!(progress.records, 3);
    }
}
