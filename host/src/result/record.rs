//! Rows as values of a program's own type.
//!
//! Rows are deserialised field by field, so that errors name the field. They are flat: a type can have the query's parameters and `position`
//! beside the record's fields.

use std::cell::Cell;

use serde_core::Deserialize;
use serde_core::de::value::MapDeserializer;
use serde_json::Value;

use super::outcome::Outcome;
use crate::types::{Query, Row};

/// Why a row can't be deserialised.
#[derive(Debug, thiserror::Error)]
#[error("record {position} of {query} does not fit{}", at(.field.as_deref()))]
#[non_exhaustive]
pub struct RecordError {
    /// What was asked.
    pub query: Query,
    /// Number of the record, from 1.
    pub position: usize,
    /// The field; `None` if one is missing.
    pub field: Option<String>,
    /// The reason.
    pub source: serde_json::Error,
}

fn at(field: Option<&str>) -> String {
    field.map(|field| format!(" at its field {field}")).unwrap_or_default()
}

impl Outcome {
    /// Deserialises the rows: the record's fields, the query's kind and parameters, `position` and `fetched_at`, each by its name.
    ///
    /// Fields that the type doesn't have are skipped, unless it collects them with `#[serde(flatten)]`.
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct App {
    ///     country: String,
    ///     position: u32,
    ///     title: String,
    ///     score: Option<f64>,
    ///     #[serde(flatten)]
    ///     rest: serde_json::Map<String, serde_json::Value>,
    /// }
    ///
    /// fn show(outcome: &playfast::Outcome) -> Result<(), playfast::run::RecordError> {
    ///     for app in outcome.records::<App>()? {
    ///         println!("{} {}: {} ({:?})", app.country, app.position, app.title, app.rest.get("installs"));
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The first row that can't be deserialised. Whether the query failed is in [`Outcome::failure`].
    pub fn records<'r, T: Deserialize<'r>>(&'r self) -> Result<Vec<T>, RecordError> {
        self.each_record().collect()
    }

    /// Deserialises rows one by one.
    pub(crate) fn each_record<'r, T: Deserialize<'r>>(&'r self) -> impl Iterator<Item = Result<T, RecordError>> {
        (1..).zip(&self.rows).map(|(position, row)| {
            read(row).map_err(|(field, source)| RecordError { query: self.query.clone(), position, field, source })
        })
    }
}

/// Deserialises a row. An error has the field that was read.
fn read<'r, T: Deserialize<'r>>(row: &'r Row) -> Result<T, (Option<String>, serde_json::Error)> {
    let (reading, mut fields) = (Cell::new(None), row.iter());
    let fields = std::iter::from_fn(|| {
        let field: Option<(&str, &Value)> = fields.next().map(|(name, value)| (name.as_str(), value));
        reading.set(field.map(|(name, _)| name));
        field
    });
    T::deserialize(MapDeserializer::new(fields)).map_err(|error| (reading.get().map(str::to_owned), error))
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use serde::Deserialize;

    use super::{Row, Value};
    use crate::result::outcome::Outcome;
    use crate::types::{Page, Query};

    #[derive(Debug, Deserialize, PartialEq)]
    struct App {
        country: String,
        position: u64,
        title: String,
        score: Option<f64>,
        kind: String,
        fetched_at: Option<String>,
        #[serde(flatten)]
        rest: Row,
    }

    fn outcome(records: &[&str]) -> Outcome {
        let mut outcome = Outcome::new(Query::new("list", [("country".into(), "us".into())]));
        let records = records.iter().map(|record| (*record).to_owned()).collect();
        outcome.append(&mut Page { records, ..Page::default() }, None, None);
        outcome
    }

    #[test]
    fn rows_become_records_and_what_is_unknown_is_kept() {
        let outcome = outcome(&[r#"{"title": "a", "score": 4.5, "new": [1]}"#, r#"{"title": "b"}"#]);
        let apps: Vec<App> = outcome.records().unwrap();
        assert_eq!((apps[0].country.as_str(), apps[0].position, apps[0].score), ("us", 1, Some(4.5)));
        assert_eq!(Value::from(apps[0].rest.clone()), serde_json::json!({"new": [1]}));
        assert_eq!((apps[0].kind.as_str(), apps[0].fetched_at.as_deref()), ("list", None));
        assert_eq!((apps[1].position, apps[1].score), (2, None));
        assert!(apps[1].rest.is_empty());
    }

    #[test]
    fn texts_can_be_borrowed() {
        #[derive(Deserialize)]
        struct Title<'r> {
            title: &'r str,
        }
        let outcome = outcome(&[r#"{"title": "a"}"#]);
        assert_eq!(outcome.records::<Title<'_>>().unwrap()[0].title, "a");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (record, message, cause) in [
            (
                r#"{"title": 5}"#,
                "record 2 of list country=us does not fit at its field title",
                "invalid type: integer `5`, expected a string",
            ),
            (
                r#"{"title": "b", "score": "high"}"#,
                "record 2 of list country=us does not fit at its field score",
                "invalid type: string \"high\", expected f64",
            ),
            (r#"{"score": 1}"#, "record 2 of list country=us does not fit", "missing field `title`"),
        ] {
            let outcome = outcome(&[r#"{"title": "a"}"#, record]);
            let error = outcome.records::<App>().unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(error.source().unwrap().to_string(), cause);
            assert_eq!(error.position, 2);
        }
    }
}
