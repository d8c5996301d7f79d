//! Reader of a file of rows: NDJSON or a JSON array, plain or gzip.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Deserializer, Value};

use crate::cli::exit::ExitStatus;
use crate::cli::input::Source;
use crate::types::Row;

/// The rows of a file.
pub(super) fn read(path: &Path) -> Result<Vec<Row>, ExitStatus> {
    let failed =
        |error: &dyn std::fmt::Display| ExitStatus::config(format!("failed to read {}: {error}", path.display()));
    let text = Source::File(path.to_owned()).open(&Arc::default(), || false)?;
    let mut rows = Vec::new();
    for value in Deserializer::from_reader(text).into_iter::<Value>() {
        let value = value.map_err(|error| failed(&format!("it is neither NDJSON nor JSON: {error}")))?;
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values {
            let Value::Object(row) = value else { return Err(failed(&"it holds values that are no rows")) };
            rows.push(row.into());
        }
    }
    Ok(rows)
}
