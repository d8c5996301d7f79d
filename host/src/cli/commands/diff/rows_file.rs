//! Reader of a file of rows: NDJSON or a JSON array, plain or gzip.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde_json::{Deserializer, Value};

use crate::cli::exit::ExitStatus;
use crate::types::Row;

/// What a gzip file begins with (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The rows of a file.
pub(super) fn read(path: &Path) -> Result<Vec<Row>, ExitStatus> {
    let failed =
        |error: &dyn std::fmt::Display| ExitStatus::config(format!("failed to read {}: {error}", path.display()));
    let mut file = BufReader::new(File::open(path).map_err(|error| failed(&error))?);
    let is_gzip = file.fill_buf().map_err(|error| failed(&error))?.starts_with(&GZIP_MAGIC);
    let reader: Box<dyn Read> = if is_gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut rows = Vec::new();
    for value in Deserializer::from_reader(BufReader::new(reader)).into_iter::<Value>() {
        let value = value.map_err(|error| failed(&format!("it is neither NDJSON nor JSON: {error}")))?;
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values {
            let Value::Object(row) = value else { return Err(failed(&"it holds values that are no rows")) };
            rows.push(row.into());
        }
    }
    Ok(rows)
}
