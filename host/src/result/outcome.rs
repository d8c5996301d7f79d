//! Outcome of a query, and its rows.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use serde_json::{Value, json};

use crate::parser::{Kind, typed_params};
use crate::swap::ParserId;
use crate::types::{Failure, FailureKind, Page, Query, Row};

/// Where a page came from, and who parsed it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The response's address, after redirects.
    pub url: String,
    /// Its HTTP status.
    pub status: StatusCode,
    /// When its last byte came.
    pub received_at: SystemTime,
    /// The parser.
    pub parser: ParserId,
    /// The parser's generation: [`crate::swap::ParserSlot::generation`].
    pub generation: u64,
}

impl Source {
    /// As it stands in rows: `_source`, with the time in milliseconds since 1970.
    pub(crate) fn json(&self) -> Value {
        let Self { url, status, received_at, parser, generation } = self;
        let since = received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let digest = parser.digest.to_string();
        json!({"url": url, "status": status.as_u16(), "received_at": since.as_millis() as u64,
            "parser": {"name": parser.name, "version": parser.version, "digest": digest, "generation": generation}})
    }
}

/// What a page's rows have next to its records' fields, made once for all of them.
#[derive(Debug)]
pub(crate) struct RowFrame {
    /// `kind` and the query's parameters.
    head: Vec<(String, Value)>,
    fetched_at: Value,
    source: Option<Value>,
}

impl RowFrame {
    /// The frame of a query's rows. Its kind's description says of which types the parameters are; `fetched_at` is `None` for a response that
    /// was saved, and `source` if rows don't tell theirs.
    pub(crate) fn new(
        query: &Query,
        kind: Option<&Kind>,
        fetched_at: Option<SystemTime>,
        source: Option<&Source>,
    ) -> Self {
        Self {
            head: [("kind".to_owned(), Value::from(query.kind()))]
                .into_iter()
                .chain(typed_params(kind, query))
                .collect(),
            fetched_at: fetched_at.map_or(Value::Null, |time| rfc_3339(time).into()),
            source: source.map(Source::json),
        }
    }

    fn row(&self, position: usize, record: &str) -> Result<Row, serde_json::Error> {
        let record: Row = serde_json::from_str(record)?;
        let mut row = Row::with_capacity(self.head.len() + record.len() + MEMBERS_OF_HOST);
        row.extend(self.head.iter().cloned());
        row.insert("position".to_owned(), Value::from(position));
        row.extend(record);
        row.entry("fetched_at").or_insert_with(|| self.fetched_at.clone());
        row.extend(self.source.iter().map(|source| ("_source".to_owned(), source.clone())));
        Ok(row)
    }
}

/// `position`, `fetched_at` and `_source`.
const MEMBERS_OF_HOST: usize = 3;

/// The seconds since 1970 at the end of the year 9999, the last that RFC 3339 can write.
const MAX_RFC_3339: u64 = 253_402_300_799;

/// A time as RFC 3339 writes it, in UTC, in whole seconds. Clocks that are set to a time before 1970 count as 1970.
fn rfc_3339(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().min(MAX_RFC_3339);
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// What came of one query. A query that goes on over several pages may have rows and a failure: what was fetched before it isn't lost.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// What was asked.
    pub query: Query,
    /// Records with what was asked: `kind`, the query's parameters as their schema types them, `position` from 1, the record's fields, which
    /// win, and `fetched_at`, when the response came (RFC 3339, UTC).
    pub rows: Vec<Row>,
    /// For a person: what the site would not give, or gave otherwise than asked.
    pub notes: Vec<String>,
    /// Why it has no answer, or none any more.
    pub failure: Option<Failure>,
    /// The generation of the parser that gave the last page: [`crate::swap::ParserSlot::generation`]. None if no parser was asked.
    pub generation: Option<u64>,
    /// Where the last page came from. A query for which nothing came has none.
    pub source: Option<Arc<Source>>,
}

impl Outcome {
    pub(crate) const fn new(query: Query) -> Self {
        Self { query, rows: Vec::new(), notes: Vec::new(), failure: None, generation: None, source: None }
    }

    /// Takes the page of a query that has only one and whose response was saved, and at most `limit` of its rows.
    #[cfg(any(feature = "cli", test))]
    pub(crate) fn append(&mut self, page: &mut Page, kind: Option<&Kind>, limit: Option<usize>) {
        let frame = RowFrame::new(&self.query, kind, None, None);
        let (rows, failure) = Progress::default().take(&frame, page, limit);
        self.rows = rows;
        self.notes.append(&mut page.notes);
        self.failure = failure;
    }
}

/// Bytes of the records and notes of one query, over all its pages: a parser that never ends would fill the host's memory with them.
const MAX_ANSWER_BYTES: usize = 128 << 20;

/// What a row takes beside its record, in bytes.
const ROW_OVERHEAD_BYTES: usize = 256;

/// How far a query has come over its pages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Rows that were handed on.
    pub(crate) records: usize,
    /// Of them, those of pages that are asked once more: they are not handed on again.
    again: usize,
    /// Bytes of records and notes.
    bytes: usize,
}

impl Progress {
    /// A query of which so many rows are there already, and so many of them are asked once more.
    pub(crate) const fn after(records: usize, again: usize) -> Self {
        Self { records, again, bytes: 0 }
    }

    /// The query is asked from its start once more.
    pub(crate) const fn start_over(&mut self) {
        self.again = self.records;
    }

    /// The rows of a page's records in their frame, up to the query's `limit`, and the query's failure if the first record after them isn't a
    /// JSON object, or is too much.
    pub(crate) fn take(
        &mut self,
        frame: &RowFrame,
        page: &mut Page,
        limit: Option<usize>,
    ) -> (Vec<Row>, Option<Failure>) {
        self.bytes += page.notes.iter().map(|note| note.len() + ROW_OVERHEAD_BYTES).sum::<usize>();
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
            self.bytes += record.len() + ROW_OVERHEAD_BYTES;
            if self.bytes > MAX_ANSWER_BYTES {
                let message =
                    format!("the answer is larger than the limit of {MAX_ANSWER_BYTES} bytes, with record {position}");
                return (rows, Some(Failure::new(FailureKind::ParserOutput, message)));
            }
            match frame.row(position, &record) {
                Ok(row) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn page(records: &[&str]) -> Page {
        Page { records: records.iter().map(|record| (*record).to_owned()).collect(), ..Page::default() }
    }

    fn frame() -> RowFrame {
        RowFrame::new(&Query::new("list", []), None, None, None)
    }

    #[test]
    fn a_records_field_wins_and_positions_go_on() {
        let query = Query::new("list", [("country".into(), "us".into()), ("title".into(), "asked".into())]);
        let (frame, mut progress) = (RowFrame::new(&query, None, None, None), Progress::default());
        let mut rows = progress.take(&frame, &mut page(&[r#"{"title": "a"}"#]), None).0;
        rows.extend(progress.take(&frame, &mut page(&[r#"{"title": "b", "fetched_at": 5, "kind": "c"}"#]), None).0);
        let rows: Vec<_> = rows.iter().map(|row| Value::from(row.clone()).to_string()).collect();
        let expected = [
            r#"{"kind":"list","country":"us","title":"a","position":1,"fetched_at":null}"#,
            r#"{"kind":"c","country":"us","title":"b","position":2,"fetched_at":5}"#,
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn parameters_have_the_types_of_their_schema() {
        let kind: Kind = serde_json::from_value(json!({
            "name": "list", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1},
            "params": {"properties": {"num": {"type": "integer"}, "share": {"type": "number"}, "all": {"type": "boolean"},
                "id": {"type": "string"}}},
        }))
        .unwrap();
        let params = [("num", "7"), ("share", "0.5"), ("all", "true"), ("id", "5"), ("other", "6")];
        let query = Query::new("list", params.map(|(name, value)| (name.into(), value.into())));
        let fetched_at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_999);
        let frame = RowFrame::new(&query, Some(&kind), Some(fetched_at), None);
        let row = Value::from(frame.row(1, "{}").unwrap()).to_string();
        let typed = r#"{"kind":"list","num":7,"share":0.5,"all":true,"id":"5","other":"6","#;
        assert_eq!(row, format!(r#"{typed}"position":1,"fetched_at":"2026-09-21T14:13:20Z"}}"#));
    }

    #[test]
    fn no_clock_has_a_time_that_cant_be_written() {
        let after = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(rfc_3339(SystemTime::UNIX_EPOCH - Duration::from_secs(5)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc_3339(after(MAX_RFC_3339 * 2)), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn what_is_asked_once_more_is_not_handed_on_again() {
        let (frame, mut progress) = (frame(), Progress::after(2, 2));
        assert!(progress.take(&frame, &mut page(&["{}"]), None).0.is_empty());
        let rows = progress.take(&frame, &mut page(&["{}", r#"{"x": 1}"#]), None).0;
        assert_eq!(Value::from(rows[0].clone()).to_string(), r#"{"kind":"list","position":3,"x":1,"fetched_at":null}"#);
        let rows = Progress::after(5, 0).take(&frame, &mut page(&["{}"]), None).0;
        assert_eq!(rows[0]["position"], 6);
    }

    #[test]
    fn an_answer_over_many_pages_is_limited_and_keeps_what_came_before() {
        let (frame, mut progress) = (frame(), Progress::default());
        let record = format!(r#"{{"x": "{}"}}"#, "y".repeat(MAX_ANSWER_BYTES / 4));
        for position in 1..=3 {
            let (rows, failure) = progress.take(&frame, &mut page(&[&record]), None);
            assert!(failure.is_none() && rows.len() == 1 && progress.records == position);
        }
        let (rows, failure) = progress.take(&frame, &mut page(&[&record]), None);
        assert_eq!((rows.len(), failure.unwrap().kind), (0, FailureKind::ParserOutput));
    }

    #[test]
    fn what_is_no_object_is_a_failure_that_keeps_what_came_before() {
        for broken in ["[]", "1", "{\"a\":}", "", "{} {}"] {
            let mut outcome = Outcome::new(Query::new("list", []));
            outcome.append(&mut page(&["{}", broken, "{}"]), None, None);
            assert_eq!(outcome.rows.len(), 1, "{broken}");
            assert_eq!(outcome.failure.unwrap().kind, FailureKind::ParserInvalid, "{broken}");
        }
    }

    #[test]
    fn rows_are_cut_at_the_limit_over_all_pages() {
        let (frame, mut progress) = (frame(), Progress::default());
        assert_eq!(progress.take(&frame, &mut page(&["{}", "{}"]), Some(3)).0.len(), 2);
        assert_eq!(progress.take(&frame, &mut page(&["{}", "{}"]), Some(3)).0.len(), 1);
        assert_eq!(progress.records, 3);
    }
}
