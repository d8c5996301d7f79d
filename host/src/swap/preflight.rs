//! Does a new parser do as well as the old one on recent responses?
//!
//! Both parse them, in sandboxes as always. The new one must answer at least as much, where the newest responses count most, and no
//! required field of the old one's records may get rarer.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::recent::Sample;
use crate::parser::Parser;
use crate::{Failure, Page, Row};

/// What one response counts beside the next newer one.
const AGEING: f64 = 0.8;

/// Sums of weights are compared up to this.
const EQUAL: f64 = 1e-9;

/// How a new parser did beside the old one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Preflight {
    /// For each kind of which there were responses.
    pub kinds: Vec<KindChange>,
}

/// How it did on the responses of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct KindChange {
    /// The kind.
    pub kind: String,
    /// How many responses there were.
    pub responses: usize,
    /// The share of what was asked that the old parser answers, from 0 to 1, the newest counting most.
    pub old: f64,
    /// That of the new one, for whom fewer records are less of an answer.
    pub new: f64,
    /// Required fields that got rarer.
    pub rarer: Vec<FieldChange>,
}

/// A required field that fewer records have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// The share of the old parser's records that have it.
    pub old: f64,
    /// That of the new one's.
    pub new: f64,
}

impl KindChange {
    fn is_worse(&self) -> bool {
        self.new + EQUAL < self.old || !self.rarer.is_empty()
    }
}

impl Preflight {
    /// Whether the new parser does worse anywhere.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.kinds.iter().any(KindChange::is_worse)
    }

    /// Holds a new parser against the old one.
    pub(super) async fn of(samples: &[(String, Vec<Arc<Sample>>)], old: &Parser, new: &Parser) -> Self {
        let mut kinds = Vec::new();
        for (kind, samples) in samples {
            kinds.push(compare(kind, samples, old, new).await);
        }
        Self { kinds }
    }
}

impl fmt::Display for Preflight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kinds.is_empty() {
            return formatter.write_str("there were no recent responses to hold it against");
        }
        for (index, kind) in self.kinds.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let KindChange { kind, responses, old, new, rarer } = kind;
            write!(
                formatter,
                "{separator}of {responses} recent responses for {kind} it answers {:.0} % (the old one {:.0} %)",
                new * 100.0,
                old * 100.0
            )?;
            for FieldChange { field, old, new } in rarer {
                write!(
                    formatter,
                    ", and {field} is in {:.0} % of the records (with the old one in {:.0} %)",
                    new * 100.0,
                    old * 100.0
                )?;
            }
        }
        Ok(())
    }
}

/// Records, and how many of them have each required field.
#[derive(Debug, Default)]
struct Fields {
    records: f64,
    present: Vec<f64>,
}

impl Fields {
    fn share(&self, index: usize) -> f64 {
        self.present.get(index).map_or(0.0, |present| present / self.records)
    }

    fn add(&mut self, records: &[String], required: &[String], weight: f64) {
        self.present.resize(required.len(), 0.0);
        for record in records {
            let record: Row = serde_json::from_str(record).unwrap_or_default();
            self.records += weight;
            for (present, field) in self.present.iter_mut().zip(required) {
                *present += if record.get(field).is_some_and(|value| !value.is_null()) { weight } else { 0.0 };
            }
        }
    }
}

async fn compare(kind: &str, samples: &[Arc<Sample>], old: &Parser, new: &Parser) -> KindChange {
    let required = required(old, kind);
    let mut change = KindChange { kind: kind.to_owned(), responses: samples.len(), ..KindChange::default() };
    let (mut weight, mut weights, mut old_fields, mut new_fields) = (1.0, 0.0, Fields::default(), Fields::default());
    for sample in samples {
        let (old, new) = (pages(old, sample).await, pages(new, sample).await);
        for (old, new) in old.iter().zip(&new) {
            weights += weight;
            change.old += weight * f64::from(u8::from(old.is_ok()));
            change.new += weight * answered(old, new);
            if let (Ok(old), Ok(new)) = (old, new) {
                old_fields.add(&old.records, &required, weight);
                new_fields.add(&new.records, &required, weight);
            }
        }
        weight *= AGEING;
    }
    if weights > 0.0 {
        change.old /= weights;
        change.new /= weights;
    }
    if old_fields.records > 0.0 && new_fields.records > 0.0 {
        let shares = required.into_iter().enumerate().map(|(index, field)| FieldChange {
            field,
            old: old_fields.share(index),
            new: new_fields.share(index),
        });
        change.rarer = shares.filter(|share| share.new + EQUAL < share.old).collect();
    }
    change
}

/// How much of an answer the new parser's is: all of one, or as much as its records are of the old one's. Finding nothing where the old
/// one failed is no answer.
fn answered(old: &Result<Page, Failure>, new: &Result<Page, Failure>) -> f64 {
    match (old, new) {
        (_, Err(_)) => 0.0,
        (Ok(old), Ok(new)) if !old.records.is_empty() => (new.records.len() as f64 / old.records.len() as f64).min(1.0),
        (Ok(_), Ok(_)) => 1.0,
        (Err(_), Ok(new)) => f64::from(u8::from(!new.records.is_empty())),
    }
}

/// What a parser says of a response, for each of its queries, which it must be able to ask too.
async fn pages(parser: &Parser, sample: &Sample) -> Vec<Result<Page, Failure>> {
    let Some(response) = sample.response() else { return Vec::new() };
    let pages = match parser.request(&sample.queries, 1).await {
        Ok(_) => parser.parse(&sample.queries, response).await,
        Err(failure) => Err(failure),
    };
    pages.unwrap_or_else(|failure| sample.queries.iter().map(|_| Err(failure.clone())).collect())
}

/// The fields that a kind's records must have.
fn required(parser: &Parser, kind: &str) -> Vec<String> {
    let schema = parser.description().kind(kind).map(|kind| &kind.record);
    let names = schema.and_then(|schema| schema.get("required")).and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;

    fn page(records: usize) -> Result<Page, Failure> {
        Ok(Page { records: vec!["{}".to_owned(); records], ..Page::default() })
    }

    #[test]
    fn fewer_records_are_less_of_an_answer_and_none_is_no_fix() {
        let failed = || Err(Failure::new(FailureKind::LayoutChanged, ""));
        let cases = [
            (page(100), page(100), 1.0),
            (page(100), page(120), 1.0),
            (page(100), page(25), 0.25),
            (page(100), page(0), 0.0),
            (page(0), page(0), 1.0),
            (page(1), failed(), 0.0),
            (failed(), page(3), 1.0),
            (failed(), page(0), 0.0),
            (failed(), failed(), 0.0),
        ];
        for (old, new, expected) in cases {
            assert_eq!(answered(&old, &new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn a_change_is_told_with_its_numbers() {
        let rarer = vec![FieldChange { field: "title".to_owned(), old: 1.0, new: 0.5 }];
        let change = KindChange { kind: "list".to_owned(), responses: 4, old: 1.0, new: 1.0, rarer };
        let preflight = Preflight { kinds: vec![change] };
        assert!(preflight.is_worse());
        let text = preflight.to_string();
        assert!(text.contains("of 4 recent responses for list it answers 100 % (the old one 100 %)"), "{text}");
        assert!(text.contains("title is in 50 % of the records (with the old one in 100 %)"), "{text}");
    }
}
