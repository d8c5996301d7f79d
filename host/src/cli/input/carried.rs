//! Carried columns: further columns of the input, which are copied into the rows of their query's answer.
//!
//! The columns are no part of the query's key, so equal queries are asked once, and the answer's rows are written once for each distinct set of
//! values that the lines with that query have. That needs all lines before the first answer: the input is read twice.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use serde_json::Value;

use crate::parser::Kind;
use crate::types::{Query, QueryKey, Row};

/// Values of the carried columns, in the order of their names.
type Values = Box<[Value]>;

/// Fields of rows that are neither parameters nor the records'.
const HOST_FIELDS: [&str; 4] = ["kind", "position", "fetched_at", "_source"];

/// The carried columns of all queries. Memory: about 100 bytes a query and set, until its last row is written.
#[derive(Debug)]
pub(in crate::cli) struct Carried {
    names: Vec<String>,
    sets: Mutex<HashMap<QueryKey, Vec<Values>>>,
}

impl Carried {
    /// Carries these columns.
    pub(super) fn new(names: Vec<String>) -> Self {
        Self { names, sets: Mutex::default() }
    }

    /// Adds what a line with this query says.
    pub(super) fn add(&self, key: QueryKey, values: &Values) {
        let mut sets = self.lock();
        let sets = sets.entry(key).or_default();
        if !sets.contains(values) {
            sets.push(values.clone());
        }
    }

    /// The rows of a query with its carried columns at their end: each row once for each distinct set. A query that no line asked has null in
    /// them. With the last rows of a query (`is_last`) its columns are forgotten.
    pub(in crate::cli) fn rows(&self, query: &Query, rows: Vec<Row>, is_last: bool) -> Vec<Row> {
        let sets = if is_last { self.lock().remove(&query.key()) } else { self.lock().get(&query.key()).cloned() };
        let sets = sets.unwrap_or_else(|| vec![self.names.iter().map(|_| Value::Null).collect()]);
        let mut carried = Vec::with_capacity(rows.len() * sets.len());
        for row in rows {
            carried.extend(sets.iter().map(|values| {
                let columns = self.names.iter().cloned().zip(values.iter().cloned());
                row.clone().into_iter().chain(columns).collect::<Row>()
            }));
        }
        carried
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<QueryKey, Vec<Values>>> {
        self.sets.lock()
    }
}

/// Refuses columns whose names the rows of these kinds have already.
///
/// # Errors
/// The reason, with the first such name.
pub(super) fn check_names(names: &[String], kinds: impl IntoIterator<Item = Arc<str>>) -> Result<(), String> {
    let fields: Vec<Arc<str>> = kinds.into_iter().collect();
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err("--carry: a name is empty".to_owned());
        }
        if names.iter().take(index).any(|other| other == name) {
            return Err(format!("--carry: {name} is there twice"));
        }
        if HOST_FIELDS.contains(&name.as_str()) || fields.iter().any(|field| **field == **name) {
            return Err(format!("--carry: rows have a field {name} already: give the column another name"));
        }
    }
    Ok(())
}

/// The fields that rows of a kind have: its parameters and its records' fields.
pub(super) fn fields_of(kind: &Kind) -> impl Iterator<Item = Arc<str>> {
    let record = kind.record.get("properties").and_then(Value::as_object);
    let params = kind.params.properties.iter().map(|(name, _)| name.as_str().into());
    params.chain(record.into_iter().flat_map(|fields| fields.keys().map(|name| name.as_str().into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(id: &str) -> Query {
        Query::new("app", [("app_id".into(), id.into())])
    }

    fn row(title: &str) -> Row {
        Row::from_iter([("title".to_owned(), Value::from(title))])
    }

    fn carried(lines: &[(&str, &str)]) -> Carried {
        let carried = Carried::new(vec!["note".to_owned()]);
        for (id, note) in lines {
            carried.add(query(id).key(), &[Value::from(*note)].into());
        }
        carried
    }

    fn json(rows: Vec<Row>) -> String {
        serde_json::to_string(&rows).unwrap()
    }

    #[test]
    fn rows_are_written_once_for_each_distinct_set() {
        let carried = carried(&[("a", "x"), ("b", "x"), ("a", "y"), ("a", "x")]);
        let rows = carried.rows(&query("a"), vec![row("1"), row("2")], false);
        let expected =
            r#"[{"title":"1","note":"x"},{"title":"1","note":"y"},{"title":"2","note":"x"},{"title":"2","note":"y"}]"#;
        assert_eq!(json(rows), expected);
        assert_eq!(json(carried.rows(&query("b"), vec![row("1")], true)), r#"[{"title":"1","note":"x"}]"#);
        assert_eq!(json(carried.rows(&query("c"), vec![row("1")], true)), r#"[{"title":"1","note":null}]"#);
    }

    #[test]
    fn columns_are_forgotten_with_the_last_rows() {
        let carried = carried(&[("a", "x"), ("b", "x")]);
        carried.rows(&query("a"), Vec::new(), true);
        carried.rows(&query("b"), Vec::new(), false);
        assert_eq!(carried.lock().len(), 1);
    }

    #[test]
    fn names_that_rows_have_are_refused() {
        let check = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            check_names(&names, ["country".into(), "title".into()])
        };
        assert_eq!(check(&["note", "chart_rank"]), Ok(()));
        for (names, reason) in [
            (&["note", "title"][..], "a field title already"),
            (&["position"], "a field position already"),
            (&["note", "note"], "note is there twice"),
            (&[""], "a name is empty"),
        ] {
            assert!(check(names).unwrap_err().contains(reason), "{names:?}");
        }
    }
}
