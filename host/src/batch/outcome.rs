//! What came of a query?

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
/// Bytes of the records and notes of one query, over all its pages: a parser that never ends would fill the host's memory with them.
const LARGEST: usize = 128 << 20;

/// What a row takes beside its record, in bytes.
const ROW: usize = 256;

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
    /// Rows of pages that are asked once more: they are here already.
    again: usize,
    /// Bytes of its records and notes so far.
    bytes: usize,
}

impl Outcome {
    pub(crate) const fn new(query: Query) -> Self {
        Self {
            query,
            rows: Vec::new(),
            notes: Vec::new(),
            failure: None,
            generation: 0,
            source: None,
            again: 0,
            bytes: 0,
        }
    }

    pub(super) fn failed(query: Query, failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::new(query) }
    }

    /// The query is asked from its start once more: the rows that are here already are passed over.
    pub(super) fn start_over(&mut self) {
        self.again = self.rows.len();
    }

    /// Takes a page's records and notes, with their source in each row where that is wanted. The first record that isn't a JSON object, or
    /// is too much, is the outcome's failure, and the last that is taken.
    pub(crate) fn take(&mut self, page: &mut Page, source: Option<&Source>) {
        let source = source.map(Source::json);
        self.bytes += page.notes.iter().map(|note| note.len() + ROW).sum::<usize>();
        self.notes.append(&mut page.notes);
        for record in std::mem::take(&mut page.records) {
            if self.again > 0 {
                self.again -= 1;
                continue;
            }
            let position = self.rows.len() + 1;
            self.bytes += record.len() + ROW;
            if self.bytes > LARGEST {
                let message = format!("the answer is larger than the limit of {LARGEST} bytes, with record {position}");
                self.failure = Some(Failure::new(FailureKind::ParserOutput, message));
                return;
            }
            match row(&self.query, position, &record) {
                Ok(mut row) => {
                    row.extend(source.iter().map(|source| ("_source".to_owned(), source.clone())));
                    self.rows.push(row);
                }
                Err(error) => {
                    let message = format!("record {position} is not a JSON object: {error}");
                    self.failure = Some(Failure::new(FailureKind::ParserInvalid, message));
                    return;
                }
            }
        }
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

    #[test]
    fn a_records_field_wins_and_positions_go_on() {
        let query = Query::new("list", [("country".into(), "us".into()), ("title".into(), "asked".into())]);
        let mut outcome = Outcome::new(query);
        for title in ["a", "b"] {
            outcome.take(&mut Page { records: vec![format!(r#"{{"title": "{title}"}}"#)], ..Page::default() }, None);
        }
        let rows: Vec<_> = outcome.rows.iter().map(|row| Value::from(row.clone()).to_string()).collect();
        let expected = [r#"{"country":"us","title":"a","position":1}"#, r#"{"country":"us","title":"b","position":2}"#];
        assert_eq!(rows, expected);
    }

    #[test]
    fn an_answer_over_many_pages_is_limited_and_keeps_what_came_before() {
        let mut outcome = Outcome::new(Query::new("list", []));
        let record = format!(r#"{{"x": "{}"}}"#, "y".repeat(LARGEST / 4));
        for page in 1..=3 {
            outcome.take(&mut Page { records: vec![record.clone()], ..Page::default() }, None);
            assert!(outcome.failure.is_none() && outcome.rows.len() == page);
        }
        outcome.take(&mut Page { records: vec![record], ..Page::default() }, None);
        assert_eq!(outcome.rows.len(), 3);
        assert_eq!(outcome.failure.unwrap().kind, FailureKind::ParserOutput);
    }

    #[test]
    fn what_is_no_object_is_a_failure_that_keeps_what_came_before() {
        for broken in ["[]", "1", "{\"a\":}", "", "{} {}"] {
            let mut outcome = Outcome::new(Query::new("list", []));
            let records = vec!["{}".to_owned(), broken.to_owned(), "{}".to_owned()];
            outcome.take(&mut Page { records, ..Page::default() }, None);
            assert_eq!(outcome.rows.len(), 1, "{broken}");
            assert_eq!(outcome.failure.unwrap().kind, FailureKind::ParserInvalid, "{broken}");
        }
    }
}
