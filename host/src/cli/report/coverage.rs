//! The share of records that has each field, next to what the parser's description expects. A field that goes missing is how a changed layout shows
//! first.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::parser::{Description, Kind};
use crate::types::{Query, Row};

/// Records from which on a share says something.
const MIN_RECORDS: u64 = 20;

/// How far a share may be from what is expected, for fields that all records should have and for others.
const MIN_GAP_OF_FREQUENT: f64 = 0.05;
const MIN_GAP: f64 = 0.3;

/// From which expected share on a field is one that all records should have.
const FREQUENT_SHARE: f64 = 0.95;

/// How often fields had values, by kind.
#[derive(Debug, Default)]
pub(in crate::cli) struct Coverage(BTreeMap<String, Fields>);

#[derive(Debug, Default)]
struct Fields {
    records: u64,
    /// The share that is expected, and how often there was a value, of the fields that were asked for.
    fields: Vec<(String, f64, u64)>,
}

/// A field whose share is far from what is expected.
#[derive(Debug, PartialEq)]
pub(in crate::cli) struct Unusual {
    kind: String,
    field: String,
    share: f64,
    expected: f64,
    records: u64,
}

impl Coverage {
    /// Takes note of a page's rows.
    pub(in crate::cli) fn record(&mut self, description: &Description, query: &Query, rows: &[Row]) {
        let kind = query.kind();
        if !self.0.contains_key(kind) {
            let fields = description.kind(kind).map(|kind| expected(kind, query)).unwrap_or_default();
            self.0.insert(kind.to_owned(), Fields { records: 0, fields });
        }
        let Some(fields) = self.0.get_mut(kind) else { return };
        fields.records += rows.len() as u64;
        for (name, _, count) in &mut fields.fields {
            *count += rows.iter().filter(|row| row.get(name).is_some_and(|value| !value.is_null())).count() as u64;
        }
    }

    /// As [`Self::reported`], and of few records the fields that all should have.
    pub(in crate::cli) fn reported_of_few(&self) -> Vec<Unusual> {
        let mut unusual = self.unusual(1);
        unusual.retain(|unusual| unusual.records >= MIN_RECORDS || unusual.expected >= FREQUENT_SHARE);
        unusual
    }

    /// The fields that are far from what is expected.
    fn unusual(&self, enough: u64) -> Vec<Unusual> {
        let kinds = self.0.iter().filter(|(_, fields)| fields.records >= enough);
        let unusual = kinds.flat_map(|(kind, fields)| {
            fields.fields.iter().filter_map(|(field, expected, count)| {
                let share = *count as f64 / fields.records as f64;
                let (expected, records) = (*expected, fields.records);
                is_unusual(share, expected).then(|| Unusual {
                    kind: kind.clone(),
                    field: field.clone(),
                    share,
                    expected,
                    records,
                })
            })
        });
        unusual.collect()
    }

    /// The fields that are far from what is expected, where there are enough records.
    pub(in crate::cli) fn reported(&self) -> Vec<Unusual> {
        self.unusual(MIN_RECORDS)
    }

    /// All of it: by kind, records and for each field its share and the expected one.
    pub(in crate::cli) fn json(&self) -> Value {
        let kinds = self.0.iter().map(|(kind, fields)| {
            let shares: Map<String, Value> = fields
                .fields
                .iter()
                .map(|(name, expected, count)| {
                    let share = *count as f64 / fields.records.max(1) as f64;
                    (name.clone(), json!({"share": share, "expected": expected}))
                })
                .collect();
            (kind.clone(), json!({"records": fields.records, "fields": shares}))
        });
        kinds.collect::<Map<_, _>>().into()
    }
}

impl std::fmt::Display for Unusual {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, field, share, expected, records } = self;
        let (share, expected) = (share * 100.0, expected * 100.0);
        write!(formatter, "{kind}: {share:.0} % of {records} records have {field}, where {expected:.0} % are expected")
    }
}

fn is_unusual(share: f64, expected: f64) -> bool {
    let near = if expected >= FREQUENT_SHARE { MIN_GAP_OF_FREQUENT } else { MIN_GAP };
    (share - expected).abs() > near || (share == 0.0 && expected > MIN_GAP_OF_FREQUENT)
}

/// The fields that a query asks for and of which the description says how many records have them.
fn expected(kind: &Kind, query: &Query) -> Vec<(String, f64, u64)> {
    let selection = kind.selection(query);
    let is_asked = |name: &str| selection.as_ref().is_none_or(|selection| selection.fields.contains(&name));
    let fields = kind.record.get("properties").and_then(Value::as_object);
    let expected = fields
        .into_iter()
        .flatten()
        .filter(|(name, _)| is_asked(name))
        .filter_map(|(name, schema)| Some((name.clone(), schema.get("x-expected")?.as_f64()?, 0)));
    expected.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_from_what_is_expected_is_told() {
        let description = Description::parse(
            r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60},
            "kinds": [{"name": "list", "summary": "", "per_request": {"default": 1, "max": 1}, "params": {"properties": {}},
            "record": {"properties": {"id": {"x-expected": 1}, "title": {"x-expected": 1}, "video": {"x-expected": 0.3}, "other": {}}}}]}"#,
        )
        .unwrap();
        let row = |index: u32| {
            let title = if index.is_multiple_of(5) { Value::Null } else { json!("a") };
            json!({"id": index, "title": title, "video": null}).as_object().unwrap().clone().into()
        };
        let mut coverage = Coverage::default();
        coverage.record(&description, &Query::new("list", []), &(0..10).map(row).collect::<Vec<_>>());
        assert!(coverage.reported().is_empty(), "too few records");
        coverage.record(&description, &Query::new("list", []), &(0..30).map(row).collect::<Vec<_>>());
        let told: Vec<_> = coverage.reported().iter().map(ToString::to_string).collect();
        let expected = [
            "list: 80 % of 40 records have title, where 100 % are expected",
            "list: 0 % of 40 records have video, where 30 % are expected",
        ];
        assert_eq!(told, expected);
        assert_eq!(coverage.json()["list"]["fields"]["id"]["share"], 1.0);
    }
}
