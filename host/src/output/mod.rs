//! How are rows written?
//!
//! [`RowWriter`] writes rows as they come, in one of the [`Format`]s. Invariant: NDJSON is whole after every call; JSON and tables are whole
//! after [`RowWriter::finish`].

mod table;

use std::io::{self, Write};
use std::str::FromStr;

use crate::Row;

pub use table::table;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A JSON object a line.
    Ndjson,
    /// One JSON array.
    Json,
    /// A table for a person: the columns that fit.
    Table,
}

impl Format {
    /// The names of all formats.
    pub const NAMES: [&str; 3] = ["ndjson", "json", "table"];
}

/// A text names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no format")]
pub struct FormatError(String);

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "ndjson" => Ok(Self::Ndjson),
            "json" => Ok(Self::Json),
            "table" => Ok(Self::Table),
            _ => Err(FormatError(text.to_owned())),
        }
    }
}

/// Writes rows.
///
/// ```
/// use playfast::output::{Format, RowWriter};
///
/// let row = serde_json::from_str(r#"{"title": "Chess"}"#)?;
/// let mut out = Vec::new();
/// let mut writer = RowWriter::new(&mut out, Format::Ndjson, 80);
/// writer.write(vec![row])?;
/// writer.finish()?;
/// assert_eq!(out, b"{\"title\":\"Chess\"}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RowWriter<W> {
    out: W,
    format: Format,
    width: usize,
    written: usize,
    kept: Vec<Row>,
}

impl<W: Write> RowWriter<W> {
    /// A writer to `out`; tables are `width` characters wide.
    pub const fn new(out: W, format: Format, width: usize) -> Self {
        Self { out, format, width, written: 0, kept: Vec::new() }
    }

    /// Writes rows, and hands them on so that a reader sees them at once.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, rows: Vec<Row>) -> io::Result<()> {
        if self.format == Format::Table {
            self.kept.extend(rows);
            return Ok(());
        }
        for row in rows {
            if self.format == Format::Json {
                self.out.write_all(if self.written == 0 { b"[\n" } else { b",\n" })?;
            }
            serde_json::to_writer(&mut self.out, &row)?;
            if self.format == Format::Ndjson {
                self.out.write_all(b"\n")?;
            }
            self.written += 1;
        }
        self.out.flush()
    }

    /// Writes what is still owed.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<()> {
        match self.format {
            Format::Ndjson => {}
            Format::Json if self.written == 0 => self.out.write_all(b"[]\n")?,
            Format::Json => self.out.write_all(b"\n]\n")?,
            Format::Table if self.kept.is_empty() => {}
            Format::Table => writeln!(self.out, "{}", table(&self.kept, self.width))?,
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rows(count: u32) -> Vec<Row> {
        (1..=count)
            .map(|position| json!({"position": position, "title": "a\nb"}).as_object().unwrap().clone())
            .collect()
    }

    fn written(format: Format, batches: &[u32]) -> String {
        let mut out = Vec::new();
        let mut writer = RowWriter::new(&mut out, format, 80);
        batches.iter().for_each(|count| writer.write(rows(*count)).unwrap());
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_is_one_array_however_the_rows_came() {
        for batches in [&[][..], &[0], &[1], &[2, 0, 1]] {
            let value: Value = serde_json::from_str(&written(Format::Json, batches)).unwrap();
            assert_eq!(value.as_array().unwrap().len() as u32, batches.iter().sum::<u32>());
        }
    }

    #[test]
    fn ndjson_is_an_object_a_line() {
        let text = written(Format::Ndjson, &[2, 1]);
        assert_eq!(text.lines().count(), 3);
        assert!(text.lines().all(|line| serde_json::from_str::<Row>(line).is_ok()));
    }
}
