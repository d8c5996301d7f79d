//! What came of a query?

use serde_json::Value;

use crate::{Failure, FailureKind, Page, Query, Row};

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
    /// The generation of the parser that gave the last page: [`crate::Host::generation`].
    pub generation: u64,
    /// Rows of pages that are asked once more: they are here already.
    again: usize,
}

impl Outcome {
    pub(crate) const fn new(query: Query) -> Self {
        Self { query, rows: Vec::new(), notes: Vec::new(), failure: None, generation: 0, again: 0 }
    }

    pub(super) fn failed(query: Query, failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::new(query) }
    }

    /// The query is asked from its start once more: the rows that are here already are passed over.
    pub(super) fn start_over(&mut self) {
        self.again = self.rows.len();
    }

    /// Takes a page's records and notes. The first record that isn't a JSON object is the outcome's failure, and the last that is taken.
    pub(crate) fn take(&mut self, page: &mut Page) {
        self.notes.append(&mut page.notes);
        for record in std::mem::take(&mut page.records) {
            if self.again > 0 {
                self.again -= 1;
                continue;
            }
            let position = self.rows.len() + 1;
            match row(&self.query, position, &record) {
                Ok(row) => self.rows.push(row),
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
            outcome.take(&mut Page { records: vec![format!(r#"{{"title": "{title}"}}"#)], ..Page::default() });
        }
        let rows: Vec<_> = outcome.rows.iter().map(|row| Value::from(row.clone()).to_string()).collect();
        let expected = [r#"{"country":"us","title":"a","position":1}"#, r#"{"country":"us","title":"b","position":2}"#];
        assert_eq!(rows, expected);
    }

    #[test]
    fn what_is_no_object_is_a_failure_that_keeps_what_came_before() {
        for broken in ["[]", "1", "{\"a\":}", "", "{} {}"] {
            let mut outcome = Outcome::new(Query::new("list", []));
            let records = vec!["{}".to_owned(), broken.to_owned(), "{}".to_owned()];
            outcome.take(&mut Page { records, ..Page::default() });
            assert_eq!(outcome.rows.len(), 1, "{broken}");
            assert_eq!(outcome.failure.unwrap().kind, FailureKind::ParserInvalid, "{broken}");
        }
    }
}
