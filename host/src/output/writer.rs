//! The writer of rows, which counts their bytes.
//!
//! Invariant: when [`RowWriter::write`] returns, all of its rows are handed on, and [`RowWriter::offset`] is where they end: a file cut there
//! holds them and can be gone on in. What a format still owes at its end comes after that.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::Value;

use super::table::{self, table};
use super::{Format, cell};
use crate::Row;

/// Writes rows.
///
/// ```
/// use playfast::output::{Format, RowWriter};
///
/// let row = serde_json::from_str(r#"{"title": "Chess"}"#)?;
/// let mut out = Vec::new();
/// let mut writer = RowWriter::new(&mut out, Format::Ndjson, 80);
/// writer.write(vec![row])?;
/// assert_eq!(writer.offset(), 18);
/// writer.finish()?;
/// assert_eq!(out, b"{\"title\":\"Chess\"}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RowWriter<W> {
    out: Counted<W>,
    format: Format,
    width: usize,
    /// What is wanted of each row; without it, all.
    fields: Option<Vec<String>>,
    /// CSV's columns, as soon as they are known.
    columns: Option<Vec<String>>,
    dropped: BTreeSet<String>,
    kept: Vec<Row>,
}

impl<W: Write> RowWriter<W> {
    /// A writer to `out`; tables are `width` characters wide.
    pub const fn new(out: W, format: Format, width: usize) -> Self {
        Self::resumed(out, format, width, 0)
    }

    /// A writer that goes on in an output whose rows end at `offset`, and that is cut and written to from there. CSV's columns are to be those
    /// that the output has: [`super::header`] reads them.
    pub const fn resumed(out: W, format: Format, width: usize, offset: u64) -> Self {
        let out = Counted { out, offset };
        Self { out, format, width, fields: None, columns: None, dropped: BTreeSet::new(), kept: Vec::new() }
    }

    /// The same, writing these fields of each row alone, in this order. What a row doesn't have is `null`, in CSV empty.
    #[must_use]
    pub fn fields(self, fields: Vec<String>) -> Self {
        let mut seen = BTreeSet::new();
        let fields: Vec<_> = fields.into_iter().filter(|name| seen.insert(name.clone())).collect();
        Self { columns: Some(fields.clone()), fields: Some(fields), ..self }
    }

    /// The same, with CSV's columns, where [`Self::fields`] doesn't say them. Without either they are the fields of the first rows.
    #[must_use]
    pub fn columns(self, columns: Vec<String>) -> Self {
        Self { columns: self.columns.or(Some(columns)), ..self }
    }

    /// Bytes of the output so far: where the rows end.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.out.offset
    }

    /// Fields that rows had and CSV had no column for, without anybody having chosen.
    #[must_use]
    pub const fn dropped(&self) -> &BTreeSet<String> {
        &self.dropped
    }

    /// Writes rows, and hands them on so that a reader sees them at once.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, rows: Vec<Row>) -> io::Result<()> {
        let rows: Vec<_> = match &self.fields {
            Some(fields) => rows.into_iter().map(|row| chosen(fields, row)).collect(),
            None => rows,
        };
        match self.format {
            Format::Ndjson => self.ndjson(&rows)?,
            Format::Json => self.json(&rows)?,
            Format::Csv => self.csv(&rows)?,
            Format::Table => self.kept.extend(rows),
        }
        self.out.flush()
    }

    fn ndjson(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            serde_json::to_writer(&mut self.out, row)?;
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn json(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            self.out.write_all(if self.out.offset == 0 { b"[\n" } else { b",\n" })?;
            serde_json::to_writer(&mut self.out, row)?;
        }
        Ok(())
    }

    fn csv(&mut self, rows: &[Row]) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let columns = self.columns.get_or_insert_with(|| names(rows));
        let without = |name: &&String| !columns.contains(name) && !self.dropped.contains(*name);
        let dropped: Vec<_> = rows.iter().flat_map(Row::keys).filter(without).cloned().collect();
        self.dropped.extend(dropped);
        let headed = self.out.offset == 0;
        cell::write(&mut self.out, columns, rows, headed)
    }

    /// Writes what is still owed.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<()> {
        match (self.format, &self.columns) {
            (Format::Json, _) => self.out.write_all(if self.out.offset == 0 { b"[]\n" } else { b"\n]\n" })?,
            (Format::Csv, Some(columns)) if self.out.offset == 0 => cell::write(&mut self.out, columns, &[], true)?,
            (Format::Table, _) if !self.kept.is_empty() => writeln!(self.out, "{}", self.table())?,
            _ => {}
        }
        self.out.flush()
    }

    fn table(&self) -> String {
        match &self.fields {
            Some(fields) => table::of_columns(&self.kept, fields),
            None => table(&self.kept, self.width),
        }
    }
}

/// The fields of a row that are wanted.
fn chosen(fields: &[String], mut row: Row) -> Row {
    fields.iter().map(|name| (name.clone(), row.remove(name).unwrap_or(Value::Null))).collect()
}

/// The names of all fields, in the order in which they are met.
fn names(rows: &[Row]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    rows.iter().flat_map(Row::keys).filter(|name| seen.insert(*name)).cloned().collect()
}

/// An output that counts.
#[derive(Debug)]
struct Counted<W> {
    out: W,
    offset: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.offset += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
