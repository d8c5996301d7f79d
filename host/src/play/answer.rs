//! Charts and apps, read from outcomes.
//!
//! Invariant: of an outcome nothing is lost. What came before a failure stays, and a record that doesn't fit is a failure that says where.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{App, Availability, ChartApp, DataSafetyPage, GroupPermissions, Review, Suggestion};
use crate::result::Outcome;
use crate::types::{Failure, FailureKind, Query, chain};

/// What came of one chart.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Chart {
    /// What was asked.
    pub query: Query,
    /// The apps, the first of the chart first.
    pub apps: Vec<ChartApp>,
    /// For a person: what the store would not give, or gave otherwise than asked.
    pub notes: Vec<String>,
    /// Why there are no apps, or no more.
    pub failure: Option<Failure>,
}

impl Chart {
    pub(super) fn from_outcome(outcome: Outcome) -> Self {
        let (apps, failure) = records(&outcome);
        Self { query: outcome.query, apps, notes: outcome.notes, failure }
    }

    /// The country that was asked for.
    #[must_use]
    pub fn country(&self) -> &str {
        self.query.param("country").unwrap_or_default()
    }

    /// The category that was asked for.
    #[must_use]
    pub fn category(&self) -> &str {
        self.query.param("category").unwrap_or_default()
    }
}

/// What came of one query: its records, such as an app's reviews.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Records<R> {
    /// What was asked.
    pub query: Query,
    /// The records, in the store's order.
    pub records: Vec<R>,
    /// For a person: what the store would not give, or gave otherwise than asked.
    pub notes: Vec<String>,
    /// Why there are no records, or no more.
    pub failure: Option<Failure>,
}

impl<R: Record> Records<R> {
    pub(super) fn from_outcome(outcome: Outcome) -> Self {
        let (records, failure) = records(&outcome);
        Self { query: outcome.query, records, notes: outcome.notes, failure }
    }
}

/// The only record of an outcome.
pub(super) fn only<R: Record>(outcome: &Outcome) -> Result<R, Failure> {
    match records(outcome) {
        (_, Some(failure)) => Err(failure),
        (records, None) => {
            let none = || Failure::new(FailureKind::ParserInvalid, "the parser's answer holds no record");
            records.into_iter().next().ok_or_else(none)
        }
    }
}

/// The records up to the first that doesn't fit, and what failed.
fn records<R: Record>(outcome: &Outcome) -> (Vec<R>, Option<Failure>) {
    let mut records = Vec::new();
    for record in outcome.each_record() {
        match record {
            Ok(record) => records.push(without_query(record, &outcome.query)),
            Err(error) => return (records, Some(Failure::new(FailureKind::ParserInvalid, chain(&error)))),
        }
    }
    (records, outcome.failure.clone())
}

/// Rows are flat: takes out what the host put there.
fn without_query<R: Record>(mut record: R, query: &Query) -> R {
    let is_param = |name: &str, value: &Value| {
        query.param(name).is_some_and(|param| match value {
            Value::String(text) => text == param,
            Value::Number(number) => number.to_string() == param,
            Value::Bool(flag) => flag.to_string() == param,
            _ => false,
        })
    };
    record.rest().retain(|name, value| match name.as_str() {
        "position" | "fetched_at" => false,
        "kind" => value != query.kind(),
        name => !is_param(name, value),
    });
    record
}

/// A record that keeps what it doesn't know.
pub trait Record: DeserializeOwned {
    /// Fields that a later parser gives too.
    fn rest(&mut self) -> &mut Map<String, Value>;
}

macro_rules! record {
    ($($record:ty),*) => {
        $(impl Record for $record {
            fn rest(&mut self) -> &mut Map<String, Value> {
                &mut self.rest
            }
        })*
    };
}

record!(App, Availability, ChartApp, DataSafetyPage, GroupPermissions, Review, Suggestion);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Page;

    fn outcome(records: &[&str]) -> Outcome {
        let params = [("country", "us"), ("category", "SOCIAL"), ("num", "3")];
        let params = params.map(|(name, value)| (name.into(), value.into()));
        let mut outcome = Outcome::new(Query::new("list", params));
        outcome.append(
            &mut Page { records: records.iter().map(|record| (*record).to_owned()).collect(), ..Page::default() },
            None,
            None,
        );
        outcome
    }

    #[test]
    fn what_is_unknown_is_kept_without_the_query() {
        let outcome = outcome(&[r#"{"app_id": "a.b", "title": "A", "num": 7, "later": "us"}"#]);
        let chart = Chart::from_outcome(outcome);
        assert!(chart.failure.is_none());
        assert_eq!((chart.country(), chart.category()), ("us", "SOCIAL"));
        let rest = serde_json::to_string(&chart.apps[0].rest).unwrap();
        assert_eq!(rest, r#"{"num":7,"later":"us"}"#, "a field of the record's own isn't taken for the query's");
    }

    #[test]
    fn a_record_that_does_not_fit_is_a_failure_that_keeps_what_came_before() {
        let chart = Chart::from_outcome(outcome(&[
            r#"{"app_id": "a.b", "title": "A"}"#,
            r#"{"app_id": "c.d", "title": "C", "score": "high"}"#,
        ]));
        assert_eq!(chart.apps.len(), 1);
        let failure = chart.failure.unwrap();
        assert_eq!(failure.kind, FailureKind::ParserInvalid);
        assert!(failure.message.contains("record 2 of list") && failure.message.contains("score"), "{failure}");
    }

    #[test]
    fn an_answer_without_an_app_is_a_failure() {
        assert_eq!(only::<App>(&outcome(&[])).unwrap_err().kind, FailureKind::ParserInvalid);
        let mut failed = outcome(&[]);
        failed.failure = Some(Failure::new(FailureKind::NotFound, "gone"));
        assert_eq!(only::<App>(&failed).unwrap_err().kind, FailureKind::NotFound);
    }
}
