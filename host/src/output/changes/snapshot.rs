//! Snapshot: the answers that rows hold, such as those of a file.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::answer::{Answer, AnswerState};
use super::change::Change;
use super::compare::{ChangeFilter, compare};
use crate::parser::{Description, Kind};
use crate::types::{QueryEnd, Row};

/// Answers by their queries, in the order of the rows. A query without rows isn't among them: whether it failed isn't known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    queries: Vec<SnapshotQuery>,
    /// Places of queries, by kind and parameters.
    places: HashMap<String, usize>,
}

#[derive(Clone, Debug, PartialEq)]
struct SnapshotQuery {
    kind: String,
    params: Map<String, Value>,
    answer: Answer,
}

/// Why rows are no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A row doesn't say what kind it is of.
    #[error("row {row} has no kind")]
    NoKind {
        /// Its number, from 1.
        row: usize,
    },
    /// The parser doesn't know the kind.
    #[error("row {row} is of the kind {kind:?}, which the parser doesn't have")]
    UnknownKind {
        /// Its number, from 1.
        row: usize,
        /// The kind.
        kind: String,
    },
    /// A row can't be told from others.
    #[error("row {row} has no {field}, which tells it from others")]
    NoKey {
        /// Its number, from 1.
        row: usize,
        /// The field.
        field: String,
    },
    /// Rows of several queries can't be told apart.
    #[error("row {row} is there twice for one query: are the parameters {} missing in the rows?", params.join(", "))]
    Ambiguous {
        /// Its number, from 1.
        row: usize,
        /// Parameters that rows lack.
        params: Vec<String>,
    },
}

impl Snapshot {
    /// The answers in rows, as a run wrote them.
    ///
    /// # Errors
    /// If a row has no kind that the description has, or lacks a field of its key; if rows of several queries can't be told apart.
    pub fn from_rows(description: &Description, rows: impl IntoIterator<Item = Row>) -> Result<Self, SnapshotError> {
        let mut snapshot = Self::default();
        let mut seen = std::collections::HashSet::new();
        for (number, row) in (1..).zip(rows) {
            let name = row.get("kind").and_then(Value::as_str).ok_or(SnapshotError::NoKind { row: number })?.to_owned();
            let unknown = || SnapshotError::UnknownKind { row: number, kind: name.clone() };
            let kind = description.kind(&name).ok_or_else(unknown)?;
            let is_missing = |field: &&String| row.get(*field).is_none_or(Value::is_null);
            if let Some(field) = kind.key().iter().find(is_missing) {
                return Err(SnapshotError::NoKey { row: number, field: field.clone() });
            }
            let params = params(kind, &row);
            let keys: Vec<_> = kind.key().iter().map(|field| row.get(field)).collect();
            let missing = missing_params(kind, &params);
            if !keys.is_empty() && !missing.is_empty() && !seen.insert(format!("{name} {params:?} {keys:?}")) {
                return Err(SnapshotError::Ambiguous { row: number, params: missing });
            }
            snapshot.add(name, params, row);
        }
        for query in &mut snapshot.queries {
            // A file may be sorted by something else.
            query.answer.records.sort_by_key(|record| record.get("position").and_then(Value::as_u64));
            if let Some(kind) = description.kind(&query.kind) {
                keep_record_fields(kind, &mut query.answer);
            }
        }
        Ok(snapshot)
    }

    fn add(&mut self, kind: String, params: Map<String, Value>, row: Row) {
        let place = *self.places.entry(format!("{kind} {}", Value::from(params.clone()))).or_insert_with(|| {
            let asked_at = row.get("fetched_at").and_then(Value::as_str).map(str::to_owned);
            let state = AnswerState::Ended(QueryEnd::Answered);
            let answer = Answer { state, asked_at, ..Answer::not_asked() };
            self.queries.push(SnapshotQuery { kind, params, answer });
            self.queries.len() - 1
        });
        if let Some(query) = self.queries.get_mut(place) {
            query.answer.records.push(row.into_map());
        }
    }

    /// The changes from this snapshot to a later one: of each query of the later one, then of those that it lacks.
    #[must_use]
    pub fn changes_to(&self, later: &Self, description: &Description, filter: &ChangeFilter) -> Vec<Change> {
        let none = Answer::not_asked();
        let asked = later.queries.iter().map(|query| (query, self.answer(query).unwrap_or(&none), &query.answer));
        let unasked = self.queries.iter().filter(|query| later.answer(query).is_none());
        let pairs = asked.chain(unasked.map(|query| (query, &query.answer, &none)));
        let changes = pairs.filter_map(|(query, was, now)| {
            let kind = description.kind(&query.kind)?;
            Some(compare(kind, &query.params, was, now, filter))
        });
        changes.flatten().collect()
    }

    fn answer(&self, query: &SnapshotQuery) -> Option<&Answer> {
        let place = self.places.get(&format!("{} {}", query.kind, Value::from(query.params.clone())))?;
        self.queries.get(*place).map(|query| &query.answer)
    }
}

/// Leaves the fields of the kind only in an answer's records. Which were asked for is told by those that are there.
fn keep_record_fields(kind: &Kind, answer: &mut Answer) {
    let host = ["kind", "position", "fetched_at", "_source"];
    let is_field = |name: &str| {
        kind.fields().any(|field| field == name) || (kind.params.get(name).is_none() && !host.contains(&name))
    };
    answer.records.iter_mut().for_each(|record| record.retain(|name, _| is_field(name)));
    let mut fields: Vec<_> = answer.records.iter().flat_map(Map::keys).cloned().collect();
    fields.sort_unstable();
    fields.dedup();
    answer.fields = Some(fields);
}

/// The parameters that a row has.
fn params(kind: &Kind, row: &Row) -> Map<String, Value> {
    let names = kind.params.properties.iter().map(|(name, _)| name);
    names.filter_map(|name| Some((name.clone(), row.get(name)?.clone()))).collect()
}

/// Parameters that have a value in each query, and that rows lack.
fn missing_params(kind: &Kind, params: &Map<String, Value>) -> Vec<String> {
    let has_value = |name: &String| {
        kind.params.required.contains(name) || kind.params.get(name).is_some_and(|param| param.default().is_some())
    };
    let names = kind.params.properties.iter().map(|(name, _)| name);
    names.filter(|name| has_value(name) && !params.contains_key(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::changes::ChangeKind;

    fn description() -> Description {
        Description::parse(
            r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60},
            "kinds": [{"name": "list", "summary": "", "params": {"properties": {"country": {"type": "string", "default": "us"}}},
                "record": {"type": "object", "properties": {"id": {"type": "string"}, "title": {"type": "string"}}},
                "x-key": ["id"], "per_request": {"default": 1, "max": 1}}]}"#,
        )
        .unwrap()
    }

    fn snapshot(rows: &[Value]) -> Result<Snapshot, SnapshotError> {
        let rows = rows.iter().map(|row| row.as_object().unwrap().clone().into());
        Snapshot::from_rows(&description(), rows)
    }

    fn row(country: &str, position: u64, id: &str, title: &str) -> Value {
        json!({"kind": "list", "country": country, "position": position, "id": id, "title": title, "fetched_at": "2026-11-27T00:00:00Z"})
    }

    #[test]
    fn rows_of_two_files_are_compared_by_query() {
        let was = snapshot(&[row("us", 1, "a", "A"), row("us", 2, "b", "B"), row("kr", 1, "a", "A")]).unwrap();
        let now = snapshot(&[row("us", 2, "a", "A2"), row("us", 1, "c", "C"), row("de", 1, "a", "A")]).unwrap();
        let changes = was.changes_to(&now, &description(), &ChangeFilter::default());
        let shown: Vec<_> = changes
            .iter()
            .map(|change| (change.change, change.params["country"].as_str().unwrap(), change.key.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                (ChangeKind::Entered, "us", Some("c".into())),
                (ChangeKind::Left, "us", Some("b".into())),
                (ChangeKind::Changed, "us", Some("a".into())),
                (ChangeKind::New, "de", None),
                (ChangeKind::Unasked, "kr", None),
            ]
        );
    }

    #[test]
    fn rows_that_say_too_little_are_refused() {
        let refused = |rows: &[Value]| snapshot(rows).unwrap_err().to_string();
        assert_eq!(refused(&[json!({"id": "a"})]), "row 1 has no kind");
        assert!(
            refused(&[row("us", 1, "a", "A"), json!({"kind": "app", "id": "a"})]).starts_with("row 2 is of the kind")
        );
        assert_eq!(refused(&[json!({"kind": "list", "title": "A"})]), "row 1 has no id, which tells it from others");
        let without_country = json!({"kind": "list", "id": "a"});
        assert!(refused(&[without_country.clone(), without_country]).contains("country"));
    }
}
