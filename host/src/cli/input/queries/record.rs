//! Record of the input: names and values, before they are resolved.

use std::sync::Arc;

use serde_json::error::Category;
use serde_json::{Map, Value};

use super::header::Columns;
use crate::types::value_text;

/// Names and values of one line, in its order. A name may come more than once; an empty CSV cell is null.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record(pub(crate) Vec<(Arc<str>, Value)>);

impl Record {
    /// The record in a line of NDJSON.
    ///
    /// # Errors
    /// If it is no JSON object.
    pub(crate) fn from_json(line: &[u8]) -> Result<Self, String> {
        let object: Map<String, Value> = serde_json::from_slice(line).map_err(|error| refusal(line, &error))?;
        Ok(Self(object.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }

    /// The record that has these cells.
    pub(super) fn from_cells(columns: &Columns, cells: Vec<String>) -> Result<Self, String> {
        if cells.len() != columns.names.len() {
            return Err(format!("the header has {} columns, and it has {}", columns.names.len(), cells.len()));
        }
        let value = |cell: String| if cell.is_empty() { Value::Null } else { Value::from(cell) };
        Ok(Self(columns.names.iter().cloned().zip(cells.into_iter().map(value)).collect()))
    }

    /// The record of a line that is a parameter's value.
    pub(super) fn from_value(param: &Arc<str>, cells: &[String]) -> Result<Self, String> {
        let [value] = cells else {
            return Err(format!("it has {} values, and without a header a line is one {param}", cells.len()));
        };
        Ok(Self(vec![(Arc::clone(param), Value::from(value.trim()))]))
    }

    /// The value under a name, if it is there and not null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, value)| **key == *name && !value.is_null()).map(|(_, value)| value)
    }
}

/// Why a line isn't a JSON object.
fn refusal(line: &[u8], error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => format!("it is not a JSON object: it ends after {} bytes, before the object does", line.len()),
        Category::Data => "it is JSON, but not an object: write {\"NAME\": VALUE, …}".to_owned(),
        _ => format!("it is not a JSON object: column {} can't be read", error.column()),
    }
}

/// The values that a parameter has in a record: each element of an array, none for `null`.
pub(crate) fn texts(value: &Value) -> impl Iterator<Item = String> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        Value::Null => &[],
        value => std::slice::from_ref(value),
    };
    values.iter().map(value_text)
}

/// The cells of one CSV record.
pub(super) fn cells(record: &[u8], separator: u8) -> Result<Vec<String>, String> {
    if !record.contains(&b'"') {
        let text = simdutf8::basic::from_utf8(record).map_err(|_| NOT_UTF8.to_owned())?;
        return Ok(text.split(char::from(separator)).map(str::to_owned).collect());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(record.len())
        .from_reader(record);
    let mut cells = csv::ByteRecord::new();
    reader.read_byte_record(&mut cells).map_err(|error| format!("it is no CSV: {error}"))?;
    let cells = cells.iter().map(|cell| String::from_utf8(cell.to_vec()));
    cells.collect::<Result<_, _>>().map_err(|_| NOT_UTF8.to_owned())
}

const NOT_UTF8: &str = "it is not UTF-8";
