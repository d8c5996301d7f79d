//! History of a record: its place and fields in each run.
//!
//! A run in which the record wasn't found is told from one that doesn't know: only a query that was answered in full says that the record was missing.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::error::DatabaseError;
use super::reader::{Database, StoredQuery};
use crate::output::changes::{Answer, Change, ChangeFilter, compare, has_params, label};
use crate::parser::Kind;
use crate::types::{RecordKey, Row};

/// What is wanted of a record's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryOptions {
    /// Kind of the queries; `None` for all.
    pub kind: Option<String>,
    /// Values that parameters of the queries have, by name. One of several for a name is enough.
    pub params: Vec<(String, String)>,
    /// Names of fields, `position` among them; `None` for the position in lists, and the fields that changed.
    pub fields: Option<Vec<String>>,
}

/// A field of a record over time, in the answers to one query.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Series {
    /// The query's kind.
    pub kind: String,
    /// The query's parameters.
    pub params: Map<String, Value>,
    /// The field; `position` for the place.
    pub field: String,
    /// A point for each run that asked the query, the oldest first.
    pub points: Vec<Point>,
}

/// A field's value in a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Point {
    /// The run's number.
    pub run: i64,
    /// When the query was asked: RFC 3339, UTC.
    pub at: String,
    /// The value, if it is known.
    pub value: PointValue,
}

/// What is known of a record in a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PointValue {
    /// The record was there; the value is null if it had none.
    Present(Value),
    /// The record was not in the answer, which is whole.
    Absent,
    /// The query failed, is partial or was cut off, or the field wasn't asked for.
    Unknown,
}

impl PointValue {
    /// The value, if the record was there and had one.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Present(value) if !value.is_null() => Some(value),
            _ => None,
        }
    }

    /// Its name in rows: `present`, `absent` or `unknown`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Present(_) => "present",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        }
    }
}

/// A record's history.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct History {
    /// What a person calls the record, as its newest row has it.
    pub label: Option<String>,
    /// Its fields over time, query by query.
    pub series: Vec<Series>,
    /// What changed from run to run, the oldest first.
    pub changes: Vec<Change>,
}

/// A place at which the record was found.
struct Found {
    position: u64,
    record: Map<String, Value>,
}

impl Database {
    /// The history of the record whose key has this value.
    ///
    /// # Errors
    /// Those of the database. A record that isn't stored has an empty history.
    pub fn history(&self, key: &str, options: &HistoryOptions) -> Result<History, DatabaseError> {
        let mut history = History::default();
        let mut newest = String::new();
        for (parser, kind) in self.kinds()? {
            if options.kind.as_ref().is_some_and(|name| *name != kind.name) || kind.is_feed() {
                continue;
            }
            let Some(record_key) = record_key(&kind, key) else { continue };
            let found = self.find(&parser, &kind, record_key)?;
            for queries in self.series_of(&parser, &kind, record_key, options)?.values() {
                if let Some((query, place)) =
                    queries.iter().rev().find_map(|query| Some((query, found.get(&query.id)?)))
                    && query.asked_at > newest
                {
                    newest.clone_from(&query.asked_at);
                    history.label = label(&kind, &place.record);
                }
                history.changes.extend(changes(&kind, queries, &found));
                history.series.extend(series(&kind, queries, &found, options.fields.as_deref()));
            }
        }
        history.changes.sort_by(|left, right| left.to.cmp(&right.to));
        Ok(history)
    }

    /// Where a record was found, by query.
    fn find(&self, parser: &str, kind: &Kind, key: RecordKey) -> Result<HashMap<i64, Found>, DatabaseError> {
        let sql = "SELECT row.query, row.position, record.fields, row.noisy,
                (SELECT json_group_object(record_text.field, CASE WHEN is_json THEN json(text.text) ELSE text.text END)
                 FROM record_text JOIN text ON text.id = record_text.text WHERE record_text.record = record.id)
             FROM record JOIN row ON row.record = record.id JOIN query ON query.id = row.query
             LEFT JOIN parser ON parser.id = query.parser
             WHERE record.key = ?1 AND query.kind = ?2 AND parser.name = ?3";
        let found = self.collect(sql, (key.number().cast_signed(), &kind.name, parser), |row| {
            let texts: [Option<String>; 3] = [row.get(2)?, row.get(4)?, row.get(3)?];
            Ok((row.get(0)?, row.get(1)?, texts))
        })?;
        let found = found.into_iter().map(|(query, position, texts): (i64, u64, [Option<String>; 3])| {
            Ok((query, Found { position, record: self.parse_record(texts)? }))
        });
        found.collect()
    }

    /// The queries of each series in which a record was ever found, the oldest first.
    fn series_of(
        &self,
        parser: &str,
        kind: &Kind,
        key: RecordKey,
        options: &HistoryOptions,
    ) -> Result<BTreeMap<String, Vec<StoredQuery>>, DatabaseError> {
        let condition = "query.kind = ?1 AND query.series IN (SELECT DISTINCT other.series FROM record
            JOIN row ON row.record = record.id JOIN query AS other ON other.id = row.query WHERE record.key = ?2)";
        let queries = self.queries(condition, (&kind.name, key.number().cast_signed()))?;
        let mut series: BTreeMap<String, Vec<StoredQuery>> = BTreeMap::new();
        // No parser answered a query that failed.
        let is_of_parser = |query: &StoredQuery| query.parser.as_ref().is_none_or(|name| name == parser);
        for query in
            queries.into_iter().filter(|query| is_of_parser(query) && has_params(&query.params, &options.params))
        {
            // In the order of what people read.
            let name = format!("{} {}", Value::from(query.params.clone()), query.series);
            series.entry(name).or_default().push(query);
        }
        Ok(series)
    }
}

/// The key of the record whose only key field has this text.
fn record_key(kind: &Kind, key: &str) -> Option<RecordKey> {
    let [field] = kind.key() else { return None };
    RecordKey::new(&Row::from_iter([(field.clone(), Value::from(key))]), kind.key())
}

/// The series of fields in the answers to one query.
fn series(kind: &Kind, queries: &[StoredQuery], found: &HashMap<i64, Found>, wanted: Option<&[String]>) -> Vec<Series> {
    let is_wanted = |name: &str, points: &[Point]| match wanted {
        Some(names) => names.iter().any(|wanted| wanted == name),
        None if name == POSITION => kind.params.properties.iter().any(|(_, param)| param.limit),
        None => !kind.key().iter().any(|key| key == name) && has_changed(points),
    };
    let names = std::iter::once(POSITION).chain(kind.fields().filter(|name| *name != POSITION));
    let series = names.map(|name| (name, queries.iter().map(|query| point(query, found, name)).collect::<Vec<_>>()));
    let Some(params) = queries.last().map(|query| &query.params) else { return Vec::new() };
    let series = series.filter(|(name, points)| is_wanted(name, points)).map(|(name, points)| Series {
        kind: kind.name.clone(),
        params: params.clone(),
        field: name.to_owned(),
        points,
    });
    series.collect()
}

/// The field that stands for a record's place.
const POSITION: &str = "position";

/// Whether a field is a number or a short text and had two values.
fn has_changed(points: &[Point]) -> bool {
    let mut values = points.iter().filter_map(|point| point.value.value());
    let Some(first) = values.next() else { return false };
    !first.is_array() && !first.is_object() && values.any(|value| value != first)
}

fn point(query: &StoredQuery, found: &HashMap<i64, Found>, name: &str) -> Point {
    let is_asked =
        name == POSITION || query.fields.as_ref().is_none_or(|fields| fields.iter().any(|field| field == name));
    let value = match found.get(&query.id) {
        Some(found) if name == POSITION => PointValue::Present(found.position.into()),
        Some(found) if is_asked => PointValue::Present(found.record.get(name).cloned().unwrap_or_default()),
        // A cut answer doesn't say what came after its rows.
        None if query.state.is_whole() && query.row_limit.is_none() => PointValue::Absent,
        _ => PointValue::Unknown,
    };
    Point { run: query.run, at: query.asked_at.clone(), value }
}

/// What changed of the record from one answer to the next: that it entered or left, and its fields.
fn changes(kind: &Kind, queries: &[StoredQuery], found: &HashMap<i64, Found>) -> Vec<Change> {
    let answer = |query: &StoredQuery| {
        let records = found.get(&query.id).map(|found| found.record.clone()).into_iter().collect();
        let answer =
            Answer { state: query.state, asked_at: Some(query.asked_at.clone()), records, ..Answer::not_asked() };
        Answer { fields: query.fields.clone(), row_limit: query.row_limit, ..answer }
    };
    let whole: Vec<_> = queries.iter().filter(|query| query.state.is_whole()).collect();
    let pairs = whole.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)));
    let filter = ChangeFilter::default();
    let changes = pairs.flat_map(|(was, now)| {
        let [was_place, now_place] = [was, now].map(|query| found.get(&query.id).map(|found| found.position));
        let changes = compare(kind, &now.params, &answer(was), &answer(now), &filter);
        // Alone in its answer, a record is at the first place.
        changes.into_iter().map(move |change| match change.field {
            None => Change { was: was_place.into(), now: now_place.into(), ..change },
            Some(_) => change,
        })
    });
    changes.collect()
}
