//! Store of a run's rows: a file with its journal, or a database.

#[cfg(feature = "parquet")]
use super::parquet_file::ParquetRows;
use super::rows::Rows;
#[cfg(feature = "parquet")]
use crate::output::ParquetError;
#[cfg(feature = "db")]
use crate::output::database::{DatabaseCheckpoint, DatabaseError};
use crate::output::{Checkpoint, EndedQuery, FileCheckpointError, QueryProgress, RunEnd};
#[cfg(feature = "db")]
use crate::result::PageResult;
use crate::run::ResumeFilter;
#[cfg(feature = "db")]
use crate::swap::ParserSlot;
use crate::types::Row;

/// Where rows and the progress of their queries are stored.
pub(super) enum Store {
    File(Box<Rows>),
    #[cfg(feature = "db")]
    Database(Box<DatabaseCheckpoint>),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetRows>),
}

/// Why rows can't be stored any more.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum StoreError {
    #[error(transparent)]
    File(#[from] FileCheckpointError),
    #[cfg(feature = "db")]
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[cfg(feature = "parquet")]
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

impl Store {
    /// Whether a later run can continue from here.
    pub(super) const fn is_resumable(&self) -> bool {
        match self {
            Self::File(rows) => rows.is_journaled(),
            #[cfg(feature = "db")]
            Self::Database(_) => true,
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => false,
        }
    }

    /// The rows of a page that the store doesn't have.
    #[cfg(feature = "db")]
    pub(super) fn new_rows(&self, page: &PageResult, rows: Vec<Row>) -> Result<Vec<Row>, StoreError> {
        let Self::Database(database) = self else { return Ok(rows) };
        let description = page.slot.as_ref().map(ParserSlot::description);
        match description.as_ref().and_then(|description| description.kind(page.query.kind())) {
            Some(kind) => Ok(database.new_rows(kind, &page.query, rows)?),
            None => Ok(rows),
        }
    }

    /// Fields that had no column.
    pub(super) fn dropped(&self) -> Vec<String> {
        match self {
            Self::File(rows) => rows.dropped(),
            #[cfg(feature = "db")]
            Self::Database(_) => Vec::new(),
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => Vec::new(),
        }
    }
}

impl Checkpoint for Store {
    type Error = StoreError;

    fn resume_filter(&self) -> ResumeFilter {
        match self {
            Self::File(rows) => rows.resume_filter(),
            #[cfg(feature = "db")]
            Self::Database(database) => database.resume_filter(),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.resume_filter(),
        }
    }

    fn page(&mut self, rows: Vec<Row>, progress: QueryProgress) -> Result<(), StoreError> {
        match self {
            Self::File(file) => file.page(rows, progress)?,
            #[cfg(feature = "db")]
            Self::Database(database) => database.page(rows, progress)?,
            #[cfg(feature = "parquet")]
            Self::Parquet(file) => file.page(rows, progress)?,
        }
        Ok(())
    }

    fn end(&mut self, rows: Vec<Row>, ended: EndedQuery) -> Result<(), StoreError> {
        match self {
            Self::File(file) => file.end(rows, ended)?,
            #[cfg(feature = "db")]
            Self::Database(database) => database.end(rows, ended)?,
            #[cfg(feature = "parquet")]
            Self::Parquet(file) => file.end(rows, ended)?,
        }
        Ok(())
    }

    fn finish(&mut self, end: RunEnd) -> Result<(), StoreError> {
        match self {
            Self::File(rows) => rows.finish(end)?,
            #[cfg(feature = "db")]
            Self::Database(database) => database.finish(end)?,
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.finish(end)?,
        }
        Ok(())
    }
}
