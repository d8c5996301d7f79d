//! Outcome of a query, and its rows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use serde_json::{Value, json};

use crate::parser::{Kind, typed_params};
use crate::swap::ParserId;
use crate::types::{Failure, FailureKind, Page, Query, QueryEnd, RecordKey, Row};

/// Source of a page: its response, and the parser.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// URL of the response, after redirects.
    pub url: String,
    /// Its HTTP status.
    pub status: StatusCode,
    /// Time at which it was complete.
    pub received_at: SystemTime,
    /// The parser.
    pub parser: ParserId,
    /// The parser's generation: [`crate::swap::ParserSlot::generation`].
    pub generation: u64,
}

impl Source {
    /// The value of `_source` in rows, with the time in milliseconds since 1970.
    pub(crate) fn json(&self) -> Value {
        let Self { url, status, received_at, parser, generation } = self;
        let since = received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let digest = parser.digest.to_string();
        json!({"url": url, "status": status.as_u16(), "received_at": since.as_millis() as u64,
            "parser": {"name": parser.name, "version": parser.version, "digest": digest, "generation": generation}})
    }
}

/// Fields that all rows of a page share.
#[derive(Debug)]
pub(crate) struct RowFrame<'k> {
    /// `kind` and the query's parameters.
    head: Vec<(String, Value)>,
    fetched_at: Value,
    source: Option<Value>,
    /// Names of the fields that identify a record.
    key: &'k [String],
}

impl<'k> RowFrame<'k> {
    /// The frame of a query's rows. The kind's description has the types of the parameters; `fetched_at` is `None` for a saved response, and
    /// `source` if rows don't have it.
    pub(crate) fn new(
        query: &Query,
        kind: Option<&'k Kind>,
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
            key: kind.map(Kind::key).unwrap_or_default(),
        }
    }

    fn row(&self, position: usize, record: Row) -> Row {
        let mut row = Row::with_capacity(self.head.len() + record.len() + MEMBERS_OF_HOST);
        row.extend(self.head.iter().cloned());
        row.insert("position".to_owned(), Value::from(position));
        row.extend(record);
        row.entry("fetched_at").or_insert_with(|| self.fetched_at.clone());
        row.extend(self.source.iter().map(|source| ("_source".to_owned(), source.clone())));
        row
    }
}

/// Fields that the host adds behind the parameters: `position`, `fetched_at` and `_source`.
const MEMBERS_OF_HOST: usize = 3;

/// Seconds from 1970 to the end of the year 9999, the last of RFC 3339.
const MAX_RFC_3339: u64 = 253_402_300_799;

/// A time by RFC 3339, in UTC and whole seconds. Times before 1970 count as 1970.
fn rfc_3339(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().min(MAX_RFC_3339);
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// Outcome of a query: its rows, or its failure. If a later page fails, it has both.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The query.
    pub query: Query,
    /// Rows: `kind`, the query's parameters in the types of their schema, `position` from 1, the record's fields, and `fetched_at`, the time of
    /// the response (RFC 3339, UTC). A record's field replaces another of its name.
    pub rows: Vec<Row>,
    /// Notes of the parser for a person: what the site left out or changed.
    pub notes: Vec<String>,
    /// Why the query has no answer, or an incomplete one.
    pub failure: Option<Failure>,
    /// The generation of the parser that gave the last page: [`crate::swap::ParserSlot::generation`]. None if no parser was asked.
    pub generation: Option<u64>,
    /// Source of the last page; `None` if no response came.
    pub source: Option<Arc<Source>>,
}

impl Outcome {
    pub(crate) const fn new(query: Query) -> Self {
        Self { query, rows: Vec::new(), notes: Vec::new(), failure: None, generation: None, source: None }
    }

    /// How the query ended. With rows and a failure it is partial.
    #[must_use]
    pub fn end(&self) -> QueryEnd {
        QueryEnd::new(self.failure.as_ref().map(|failure| failure.kind), self.rows.len())
    }

    /// Adds the page of a saved response, with at most `limit` rows.
    #[cfg(any(feature = "cli", test))]
    pub(crate) fn append(&mut self, page: &mut Page, kind: Option<&Kind>, limit: Option<usize>) {
        let frame = RowFrame::new(&self.query, kind, None, None);
        let Taken { rows, failure, .. } = Progress::default().take(&frame, page, limit);
        self.rows = rows;
        self.notes.append(&mut page.notes);
        self.failure = failure;
    }
}

/// Most bytes of the records and notes of a query over all its pages, so that a parser can't fill the host's memory.
const MAX_ANSWER_BYTES: usize = 128 << 20;

/// Bytes of a row without its record.
const ROW_OVERHEAD_BYTES: usize = 256;

/// Progress of a query over its pages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Rows that were sent to the reader.
    pub(crate) records: usize,
    /// Of these, rows of a page that is asked again. They aren't sent again.
    again: usize,
    /// Bytes of records and notes.
    bytes: usize,
    /// Keys of the records that were there: sites repeat some on a further page.
    seen: HashSet<RecordKey>,
}

/// Rows that a page adds to a query.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) rows: Vec<Row>,
    /// Keys of the rows' records, of those that have one.
    pub(crate) record_keys: Vec<RecordKey>,
    /// Records that were left out because they were there before.
    pub(crate) duplicates: usize,
    /// The failure of the first record that isn't a JSON object or exceeds the limit of bytes.
    pub(crate) failure: Option<Failure>,
}

impl Progress {
    /// The progress of a query with `records` rows, of which the next page repeats `again`.
    pub(crate) fn after(records: usize, again: usize, seen: impl IntoIterator<Item = RecordKey>) -> Self {
        Self { records, again, bytes: 0, seen: seen.into_iter().collect() }
    }

    /// Starts the query over.
    pub(crate) const fn start_over(&mut self) {
        self.again = self.records;
    }

    /// Makes rows of a page's records, up to the query's `limit`, without those that were there before.
    pub(crate) fn take(&mut self, frame: &RowFrame<'_>, page: &mut Page, limit: Option<usize>) -> Taken {
        self.bytes += page.notes.iter().map(|note| note.len() + ROW_OVERHEAD_BYTES).sum::<usize>();
        let mut taken = Taken::default();
        for record in std::mem::take(&mut page.records) {
            if limit.is_some_and(|limit| self.records >= limit) {
                break;
            }
            let parsed: Row = match serde_json::from_str(&record) {
                Ok(parsed) => parsed,
                Err(_) if self.is_again(None) => continue,
                Err(error) => {
                    let message = format!("record {} is not a JSON object: {error}", self.records + 1);
                    taken.failure = Some(Failure::new(FailureKind::ParserInvalid, message));
                    break;
                }
            };
            let key = RecordKey::new(&parsed, frame.key);
            if self.is_again(key) {
                continue;
            }
            if key.is_some_and(|key| !self.seen.insert(key)) {
                taken.duplicates += 1;
                continue;
            }
            let position = self.records + 1;
            self.bytes += record.len() + ROW_OVERHEAD_BYTES;
            if self.bytes > MAX_ANSWER_BYTES {
                let message =
                    format!("the answer is larger than the limit of {MAX_ANSWER_BYTES} bytes, with record {position}");
                taken.failure = Some(Failure::new(FailureKind::ParserOutput, message));
                break;
            }
            taken.rows.push(frame.row(position, parsed));
            taken.record_keys.extend(key);
            self.records = position;
        }
        taken
    }

    /// Whether a record was sent to the reader before its page was asked again: by its key if all keys are known, else by the count.
    fn is_again(&mut self, key: Option<RecordKey>) -> bool {
        if self.again == 0 {
            return false;
        }
        let is_again = match key {
            Some(key) if self.seen.len() >= self.records => self.seen.contains(&key),
            _ => true,
        };
        if is_again {
            self.again -= 1;
            self.seen.extend(key);
        }
        is_again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(records: &[&str]) -> Page {
        Page { records: records.iter().map(|record| (*record).to_owned()).collect(), ..Page::default() }
    }

    fn frame() -> RowFrame<'static> {
        RowFrame::new(&Query::new("list", []), None, None, None)
    }

    #[test]
    fn a_records_field_wins_and_positions_go_on() {
        let query = Query::new("list", [("country".into(), "us".into()), ("title".into(), "asked".into())]);
        let (frame, mut progress) = (RowFrame::new(&query, None, None, None), Progress::default());
        let mut rows = progress.take(&frame, &mut page(&[r#"{"title": "a"}"#]), None).rows;
        rows.extend(progress.take(&frame, &mut page(&[r#"{"title": "b", "fetched_at": 5, "kind": "c"}"#]), None).rows);
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
        let row = Value::from(frame.row(1, Row::default())).to_string();
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
        let (frame, mut progress) = (frame(), Progress::after(2, 2, []));
        assert!(progress.take(&frame, &mut page(&["{}"]), None).rows.is_empty());
        let rows = progress.take(&frame, &mut page(&["{}", r#"{"x": 1}"#]), None).rows;
        assert_eq!(Value::from(rows[0].clone()).to_string(), r#"{"kind":"list","position":3,"x":1,"fetched_at":null}"#);
        let rows = Progress::after(5, 0, []).take(&frame, &mut page(&["{}"]), None).rows;
        assert_eq!(rows[0]["position"], 6);
    }

    #[test]
    fn an_answer_over_many_pages_is_limited_and_keeps_what_came_before() {
        let (frame, mut progress) = (frame(), Progress::default());
        let record = format!(r#"{{"x": "{}"}}"#, "y".repeat(MAX_ANSWER_BYTES / 4));
        for position in 1..=3 {
            let Taken { rows, failure, .. } = progress.take(&frame, &mut page(&[&record]), None);
            assert!(failure.is_none() && rows.len() == 1 && progress.records == position);
        }
        let Taken { rows, failure, .. } = progress.take(&frame, &mut page(&[&record]), None);
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
        assert_eq!(progress.take(&frame, &mut page(&["{}", "{}"]), Some(3)).rows.len(), 2);
        assert_eq!(progress.take(&frame, &mut page(&["{}", "{}"]), Some(3)).rows.len(), 1);
        assert_eq!(progress.records, 3);
    }

    #[test]
    fn a_record_that_comes_twice_is_left_out_once() {
        let kind: Kind = serde_json::from_value(json!({
            "name": "reviews", "summary": "", "per_request": {"default": 1, "max": 1}, "params": {"properties": {}},
            "record": {"properties": {"id": {}}}, "x-key": ["id"],
        }))
        .unwrap();
        let frame = RowFrame::new(&Query::new("reviews", []), Some(&kind), None, None);
        let ids = |taken: &Taken| taken.rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
        let mut progress = Progress::default();
        let first = progress.take(&frame, &mut page(&[r#"{"id": 1}"#, r#"{"id": 2}"#, r#"{"id": null}"#]), None);
        assert_eq!((ids(&first), first.duplicates), (vec![1.into(), 2.into(), Value::Null], 0));
        let records = [r#"{"id": 2}"#, r#"{"id": 3}"#, r#"{"id": 3}"#, r#"{"id": null}"#];
        let second = progress.take(&frame, &mut page(&records), Some(4));
        assert_eq!((ids(&second), second.duplicates), (vec![3.into()], 1), "{second:?}");
        // A later run knows the keys of what is stored.
        let mut resumed = Progress::after(2, 2, first.record_keys);
        let again = resumed.take(&frame, &mut page(&[r#"{"id": 4}"#, r#"{"id": 2}"#, r#"{"id": 1}"#]), None);
        assert_eq!((ids(&again), again.rows[0]["position"].clone()), (vec![4.into()], 3.into()));
    }
}
