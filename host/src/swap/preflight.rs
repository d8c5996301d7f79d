//! Preflight of a new parser: a comparison with the old one before it answers.
//!
//! The new parser must accept every query that the old one accepts. Both parse recent responses in the sandbox. The new one must answer at least
//! as many, weighted by age, and each required field of the old one's records must be present in as large a share of the new one's.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::response_history::Sample;
use crate::parser::{Description, Kind, Parser};
use crate::types::{Failure, Page, Row};

/// Weight of a response relative to the next newer one.
const WEIGHT_DECAY: f64 = 0.8;

/// Tolerance when sums of weights are compared.
const TOLERANCE: f64 = 1e-9;

/// Result of comparing a new parser with the old one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Preflight {
    /// Results by kind, of kinds with recent responses.
    pub kinds: Vec<KindChange>,
    /// Queries that only the old parser accepts.
    pub interface: Vec<InterfaceChange>,
}

/// Why the new parser refuses queries that the old one accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InterfaceChange {
    /// The kind is missing.
    MissingKind(String),
    /// A parameter without a default is required, and wasn't before.
    #[non_exhaustive]
    RequiredParam {
        /// The kind.
        kind: String,
        /// The parameter.
        param: String,
    },
}

impl fmt::Display for InterfaceChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingKind(kind) => write!(formatter, "it no longer has the kind {kind}"),
            Self::RequiredParam { kind, param } => write!(formatter, "{kind} needs {param}, which it didn't"),
        }
    }
}

/// Results on the responses of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct KindChange {
    /// The kind.
    pub kind: String,
    /// Number of responses.
    pub responses: usize,
    /// Weighted share of the queries that the old parser answers, from 0 to 1.
    pub old: f64,
    /// The new parser's share. An answer with fewer records than the old parser's counts in proportion.
    pub new: f64,
    /// Required fields that fewer of the new parser's records have.
    pub rarer: Vec<FieldChange>,
}

/// A required field that fewer of the new parser's records have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// Share of the old parser's records that have it, from 0 to 1.
    pub old: f64,
    /// Share of the new parser's records that have it, from 0 to 1.
    pub new: f64,
}

impl KindChange {
    fn is_worse(&self) -> bool {
        self.new + TOLERANCE < self.old || !self.rarer.is_empty()
    }
}

impl Preflight {
    /// Whether the new parser is worse in any respect.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        !self.interface.is_empty() || self.kinds.iter().any(KindChange::is_worse)
    }

    /// The general reason for a refusal.
    pub(super) const fn verdict(&self) -> &'static str {
        if self.interface.is_empty() { "it does worse on recent responses" } else { "it can't be asked as the old one" }
    }

    /// Compares a new parser with the old one.
    pub(super) async fn run(samples: &[(String, Vec<Arc<Sample>>)], old: &Parser, new: &Parser) -> Self {
        let mut kinds = Vec::new();
        for (kind, samples) in samples {
            // A missing kind is an interface change already.
            if new.description().kind(kind).is_some() {
                kinds.push(compare(kind, samples, old, new).await);
            }
        }
        Self { kinds, interface: interface(old.description(), new.description()) }
    }
}

impl fmt::Display for Preflight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kinds.is_empty() && self.interface.is_empty() {
            return formatter.write_str("there were no recent responses to compare on");
        }
        for (index, change) in interface_texts(&self.interface).iter().enumerate() {
            write!(formatter, "{}{change}", if index == 0 { "" } else { "; " })?;
        }
        for (index, kind) in self.kinds.iter().enumerate() {
            let separator = if index == 0 && self.interface.is_empty() { "" } else { "; " };
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

/// What changes say, with all missing kinds in one text.
fn interface_texts(changes: &[InterfaceChange]) -> Vec<String> {
    let missing = changes.iter().filter_map(|change| match change {
        InterfaceChange::MissingKind(kind) => Some(kind.as_str()),
        InterfaceChange::RequiredParam { .. } => None,
    });
    let missing: Vec<_> = missing.collect();
    let all = |change: &&InterfaceChange| matches!(change, InterfaceChange::RequiredParam { .. }) || missing.len() == 1;
    let several = (missing.len() > 1).then(|| format!("it no longer has the kinds {}", missing.join(", ")));
    several.into_iter().chain(changes.iter().filter(all).map(ToString::to_string)).collect()
}

/// Queries that the old parser accepts and the new one refuses.
fn interface(old: &Description, new: &Description) -> Vec<InterfaceChange> {
    let changes = old.kinds.iter().flat_map(|old| match new.kind(&old.name) {
        None => vec![InterfaceChange::MissingKind(old.name.clone())],
        Some(new) => {
            let params = new.params.required.iter().filter(|param| is_needed(new, param) && !is_needed(old, param));
            params
                .map(|param| InterfaceChange::RequiredParam { kind: old.name.clone(), param: param.clone() })
                .collect()
        }
    });
    changes.collect()
}

/// Whether a query must give this parameter.
fn is_needed(kind: &Kind, param: &str) -> bool {
    let has_default = kind.params.get(param).is_some_and(|param| param.default().is_some());
    kind.params.required.iter().any(|required| required == param) && !has_default
}

/// Weighted counts of records, and of those that have each required field.
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
            change.new += weight * answer_score(old, new);
            if let (Ok(old), Ok(new)) = (old, new) {
                old_fields.add(&old.records, &required, weight);
                new_fields.add(&new.records, &required, weight);
            }
        }
        weight *= WEIGHT_DECAY;
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
        change.rarer = shares.filter(|share| share.new + TOLERANCE < share.old).collect();
    }
    change
}

/// Score of the new parser's answer, from 0 to 1: its records relative to the old parser's. An empty answer is none if the old parser failed.
fn answer_score(old: &Result<Page, Failure>, new: &Result<Page, Failure>) -> f64 {
    match (old, new) {
        (_, Err(_)) => 0.0,
        (Ok(old), Ok(new)) if !old.records.is_empty() => (new.records.len() as f64 / old.records.len() as f64).min(1.0),
        (Ok(_), Ok(_)) => 1.0,
        (Err(_), Ok(new)) => f64::from(u8::from(!new.records.is_empty())),
    }
}

/// A parser's pages of a stored response. A parser that can't build the request has none.
async fn pages(parser: &Parser, sample: &Sample) -> Vec<Result<Page, Failure>> {
    let Some(response) = sample.response() else { return Vec::new() };
    let pages = match parser.request(&sample.queries, 1).await {
        Ok(_) => parser.parse(&sample.queries, &response).await,
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
    use crate::types::FailureKind;

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
            assert_eq!(answer_score(&old, &new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn a_change_is_told_with_its_numbers() {
        let rarer = vec![FieldChange { field: "title".to_owned(), old: 1.0, new: 0.5 }];
        let change = KindChange { kind: "list".to_owned(), responses: 4, old: 1.0, new: 1.0, rarer };
        let preflight = Preflight { kinds: vec![change], ..Preflight::default() };
        assert!(preflight.is_worse());
        let text = preflight.to_string();
        assert!(text.contains("of 4 recent responses for list it answers 100 % (the old one 100 %)"), "{text}");
        assert!(text.contains("title is in 50 % of the records (with the old one in 100 %)"), "{text}");
    }

    fn description(kinds: &[(&str, &str)]) -> Description {
        let kind = |(name, params): &(&str, &str)| {
            format!(
                r#"{{"name": "{name}", "summary": "", "record": {{}}, "per_request": {{"default": 1, "max": 1}}, "params": {params}}}"#
            )
        };
        let kinds: Vec<_> = kinds.iter().map(kind).collect();
        let text = format!(
            r#"{{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {{"burst": 1, "per_minute": 60}}, "kinds": [{}]}}"#,
            kinds.join(",")
        );
        Description::parse(&text).unwrap()
    }

    #[test]
    fn what_the_old_parser_is_asked_must_be_askable_of_the_new_one() {
        let free = r#"{"properties": {"id": {"type": "string"}}}"#;
        let needs = r#"{"required": ["id"], "properties": {"id": {"type": "string"}}}"#;
        let defaulted = r#"{"required": ["id"], "properties": {"id": {"type": "string", "default": "a"}}}"#;
        let changes = |old: &[(&str, &str)], new: &[(&str, &str)]| {
            let changes = interface(&description(old), &description(new));
            changes.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(changes(&[("a", free), ("b", free)], &[("a", free), ("c", needs)]), ["it no longer has the kind b"]);
        assert_eq!(changes(&[("a", free)], &[("a", needs)]), ["a needs id, which it didn't"]);
        assert_eq!(changes(&[("a", defaulted)], &[("a", needs)]), ["a needs id, which it didn't"]);
        for (old, new) in [(free, defaulted), (needs, needs), (needs, free)] {
            assert!(changes(&[("a", old)], &[("a", new)]).is_empty(), "{old} {new}");
        }
    }
}
