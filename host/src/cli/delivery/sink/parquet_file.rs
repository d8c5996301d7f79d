//! Parquet file as the destination of rows. It is whole at the end only, so that it always replaces a file when the run is finished.

use std::path::{Path, PathBuf};

use super::columns::Columns;
use crate::cli::args::{Existing, OutputArgs, RowArgs};
use crate::cli::delivery::replacement::Replacement;
use crate::cli::exit::ExitStatus;
use crate::output::{Checkpoint, Column, EndedQuery, OutputFile, ParquetError, ParquetWriter, QueryProgress, RunEnd};
use crate::run::ResumeFilter;
use crate::types::Row;

/// Whether a name is that of a Parquet file.
pub(in crate::cli) fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}

/// The Parquet file that rows go to; `None` if they go elsewhere.
pub(in crate::cli) fn path(options: &RowArgs) -> Option<&PathBuf> {
    let is_other = options.is_typed("format") && options.format().is_some();
    options.file().filter(|path| is_parquet(path) && !is_other)
}

/// Rows that are written when the run ends.
pub(in crate::cli) struct ParquetRows(Option<ParquetWriter>);

/// Opens `FILE.partial`, and the file that it replaces.
pub(in crate::cli) fn open(path: &Path, columns: Vec<Column>) -> Result<(ParquetRows, Replacement), ExitStatus> {
    let replacement = Replacement::new(path)?;
    let partial = replacement.path().to_owned();
    let writer = ParquetWriter::of_file(&partial, OutputFile::open_locked(&partial)?, columns)?;
    Ok((ParquetRows(Some(writer)), replacement))
}

/// The columns of rows as the options choose them.
pub(in crate::cli) fn columns(columns: &Columns, options: &RowArgs) -> Result<Vec<Column>, ExitStatus> {
    let names = columns.chosen(options, false)?.unwrap_or_else(|| columns.with_source(false));
    Ok(names.into_iter().map(|name| Column::new(name.clone(), columns.column_type(&name))).collect())
}

/// Refuses options that have no effect on a Parquet file.
pub(super) fn check(options: &OutputArgs) -> Result<(), ExitStatus> {
    let rows = &options.rows;
    let refused =
        |option: &str, why: &str| Err(ExitStatus::config(format!("{option} is not for a Parquet file: {why}")));
    if matches!(options.existing(), Existing::Resume) {
        return refused("--resume", "it is whole at the end only; write .ndjson or .db, which can be resumed");
    }
    if rows.sort.is_some() && rows.is_typed("sort") {
        return refused("--sort", "its readers sort");
    }
    if rows.pivot.is_some() && rows.is_typed("pivot") {
        return refused("--pivot", "it has no tables for people");
    }
    if rows.spreadsheet && rows.is_typed("spreadsheet") {
        return refused("--spreadsheet", "that is for CSV");
    }
    if options.source {
        return refused("--source", "write another format");
    }
    Ok(())
}

impl ParquetRows {
    /// Writes rows.
    pub(in crate::cli) fn write(&mut self, rows: Vec<Row>) -> Result<(), ParquetError> {
        self.0.as_mut().map_or(Ok(()), |writer| writer.write(rows))
    }
}

impl Checkpoint for ParquetRows {
    type Error = ParquetError;

    fn resume_filter(&self) -> ResumeFilter {
        ResumeFilter::default()
    }

    fn page(&mut self, rows: Vec<Row>, _: QueryProgress) -> Result<(), ParquetError> {
        self.write(rows)
    }

    fn end(&mut self, rows: Vec<Row>, _: EndedQuery) -> Result<(), ParquetError> {
        self.write(rows)
    }

    fn finish(&mut self, _: RunEnd) -> Result<(), ParquetError> {
        self.0.take().map_or(Ok(()), ParquetWriter::finish)
    }
}
