//! Writer of rows, which counts their bytes.
//!
//! Invariant: a file that is cut at [`RowWriter::offset`] holds whole rows and can be continued there. What a format needs at its end comes after
//! that.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::Value;

use super::controls::drop_controls;
use super::csv_records::{self, BYTE_ORDER_MARK};
use super::encoder::Encoder;
use super::terminal::{self, View};
use super::{Compression, Format};
use crate::types::Row;

/// Writes rows in a [`Format`], plain or compressed. Control characters except tab and newline are dropped from their texts.
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
    out: Encoder<W>,
    format: Format,
    is_spreadsheet: bool,
    view: View,
    /// The fields that each row is cut down to; `None` keeps all.
    fields: Option<Vec<String>>,
    /// CSV's columns, as soon as they are known.
    columns: Option<Vec<String>>,
    dropped: BTreeSet<String>,
    /// Rows of a terminal view, which is made of all of them.
    kept: Vec<Row>,
}

impl<W: Write> RowWriter<W> {
    /// A writer to `out`; terminal views are `width` columns wide.
    pub const fn new(out: W, format: Format, width: usize) -> Self {
        Self::resumed(out, format, width, 0)
    }

    /// A writer that continues an output, which was cut at `offset`. CSV needs the columns that the output has: [`super::header`] reads them.
    pub const fn resumed(out: W, format: Format, width: usize, offset: u64) -> Self {
        Self {
            out: Encoder::new(out, offset),
            format,
            is_spreadsheet: false,
            view: View::new(width),
            fields: None,
            columns: None,
            dropped: BTreeSet::new(),
            kept: Vec::new(),
        }
    }

    /// Writes only these fields of each row, in this order. A field that a row lacks is `null`, in CSV empty.
    #[must_use]
    pub fn fields(self, fields: Vec<String>) -> Self {
        let mut seen = BTreeSet::new();
        let fields: Vec<_> = fields.into_iter().filter(|name| seen.insert(name.clone())).collect();
        Self { columns: Some(fields.clone()), fields: Some(fields), ..self }
    }

    /// Sets CSV's columns, unless [`Self::fields`] does. Without either they are the fields of the first rows.
    #[must_use]
    pub fn columns(self, columns: Vec<String>) -> Self {
        Self { columns: self.columns.or(Some(columns)), ..self }
    }

    /// Compresses the output; a resumed one must have been compressed likewise. With [`Compression::Gzip`], [`Self::offset`] moves only at a
    /// [`Self::checkpoint`], and a reader sees rows later than they are written.
    #[must_use]
    pub fn with_compression(self, compression: Compression) -> Self {
        Self { out: self.out.with_compression(compression), ..self }
    }

    /// Writes CSV for spreadsheets: a byte order mark at the start, and a `'` before texts that begin like a formula ([OWASP]). Numbers, and
    /// texts that are a negative number in digits, stay as they are. Other formats don't change.
    ///
    /// [OWASP]: https://owasp.org/www-community/attacks/CSV_Injection
    #[must_use]
    pub fn with_spreadsheet(self, is_spreadsheet: bool) -> Self {
        Self { is_spreadsheet, ..self }
    }

    /// Sets how [`Format::Table`] shows rows. [`Self::fields`] goes before the view's own.
    #[must_use]
    pub fn with_view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Bytes after which the output may be cut and continued: the end of the rows; in a gzip file, of those before the last
    /// [`Self::checkpoint`].
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.out.offset()
    }

    /// Bytes, before compression, of rows after [`Self::offset`]. Always 0 without compression.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        self.out.pending_bytes()
    }

    /// Fields of rows that CSV had no column for, if [`Self::fields`] didn't choose the columns.
    #[must_use]
    pub const fn dropped(&self) -> &BTreeSet<String> {
        &self.dropped
    }

    /// Writes rows. Without compression a reader sees them at once.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, mut rows: Vec<Row>) -> io::Result<()> {
        rows.iter_mut().for_each(drop_controls);
        match self.format {
            // A view names what it doesn't show, and needs parameters to do its work: it chooses fields itself.
            Format::Table => self.kept.append(&mut rows),
            format => {
                if let Some(fields) = &self.fields {
                    rows = rows.into_iter().map(|row| select(fields, row)).collect();
                }
                match format {
                    Format::Json => self.write_json(&rows)?,
                    Format::Csv => self.write_csv(&rows)?,
                    _ => self.write_ndjson(&rows)?,
                }
            }
        }
        self.out.flush()
    }

    /// Moves [`Self::offset`] behind all rows that were written, and flushes the output. In a gzip file this ends the open member: a member of
    /// 64 KB or more before compression costs little in size.
    ///
    /// # Errors
    /// Those of the output.
    pub fn checkpoint(&mut self) -> io::Result<()> {
        self.out.checkpoint()
    }

    fn write_ndjson(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            serde_json::to_writer(&mut self.out, row)?;
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn write_json(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            self.out.write_all(if self.out.is_empty() { b"[\n" } else { b",\n" })?;
            serde_json::to_writer(&mut self.out, row)?;
        }
        Ok(())
    }

    fn write_csv(&mut self, rows: &[Row]) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let columns = self.columns.get_or_insert_with(|| names(rows));
        let without = |name: &&String| !columns.contains(name) && !self.dropped.contains(*name);
        let dropped: Vec<_> = rows.iter().flat_map(|row| row.keys()).filter(without).cloned().collect();
        self.dropped.extend(dropped);
        self.write_records(rows)
    }

    fn write_records(&mut self, rows: &[Row]) -> io::Result<()> {
        let Some(columns) = &self.columns else { return Ok(()) };
        let options = csv_records::Options { has_header: self.out.is_empty(), is_guarded: self.is_spreadsheet };
        if options.has_header && self.is_spreadsheet {
            self.out.write_all(BYTE_ORDER_MARK)?;
        }
        csv_records::write(&mut self.out, columns, rows, options)
    }

    /// Writes what the format needs at its end, and flushes.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<()> {
        self.close()
    }

    /// Writes what [`Self::finish`] does. Nothing may be written afterwards.
    pub(super) fn close(&mut self) -> io::Result<()> {
        match self.format {
            Format::Json => self.out.write_all(if self.out.is_empty() { b"[]\n" } else { b"\n]\n" })?,
            Format::Csv if self.out.is_empty() => self.write_records(&[])?,
            Format::Table => {
                self.view.fields = self.fields.take().or(self.view.fields.take());
                self.out.write_all(terminal::render(&self.kept, &self.view).as_bytes())?;
            }
            _ => {}
        }
        self.out.finish()
    }
}

/// The chosen fields of a row.
fn select(fields: &[String], mut row: Row) -> Row {
    fields.iter().map(|name| (name.clone(), row.remove(name).unwrap_or(Value::Null))).collect()
}

/// The names of all fields, in the order in which they are met.
fn names(rows: &[Row]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    rows.iter().flat_map(|row| row.keys()).filter(|name| seen.insert(*name)).cloned().collect()
}

#[cfg(test)]
mod tests;
