//! Rows of one kind.

use serde_json::Value;

use crate::types::Row;

/// Names under which records have their title, the best first.
pub(super) const TITLES: [&str; 2] = ["title", "name"];

/// Rows that are shown together, since they have the same fields.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// The kind of query that the rows answer, if they tell it.
    pub(super) kind: Option<&'a str>,
    pub(super) rows: Vec<&'a Row>,
}

impl<'a> Section<'a> {
    /// The rows of each kind, in the order in which the kinds first appear.
    pub(super) fn split(rows: &'a [Row]) -> Vec<Self> {
        let mut sections: Vec<Self> = Vec::new();
        for row in rows {
            let kind = kind(row);
            match sections.iter_mut().find(|section| section.kind == kind) {
                Some(section) => section.rows.push(row),
                None => sections.push(Self { kind, rows: vec![row] }),
            }
        }
        sections
    }

    /// The field that names a record.
    pub(super) fn title(&self) -> Option<&'static str> {
        TITLES.into_iter().find(|name| self.rows.iter().any(|row| row.get(*name).is_some_and(Value::is_string)))
    }

    /// The parameters of the rows' queries, in the order of `known`. A record may have a field by the name of another kind's parameter: where rows
    /// are numbered, parameters come before the number.
    pub(super) fn params<'b>(&self, known: &'b [String]) -> Vec<&'b str> {
        let Some(row) = self.rows.first() else { return Vec::new() };
        let place = |name: &str| row.keys().position(|key| key == name);
        let end = place("position").unwrap_or(usize::MAX);
        known.iter().map(String::as_str).filter(|name| place(name).is_some_and(|place| place < end)).collect()
    }

    /// Whether a query has several rows, which are numbered.
    pub(super) fn is_ranked(&self) -> bool {
        self.rows.iter().any(|row| row.get("position").and_then(Value::as_u64).is_some_and(|position| position > 1))
    }
}

fn kind(row: &Row) -> Option<&str> {
    row.get("kind").and_then(Value::as_str).filter(|kind| !kind.is_empty())
}
