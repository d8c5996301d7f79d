//! Formats of rows, their writer, their order, and checkpoints from which a run continues.
//!
//! [`RowWriter`] writes rows as they come, in one of the [`Format`]s, plain or compressed, and counts the bytes; [`terminal`] shows them to a
//! person; [`sort`] orders them. Invariant: NDJSON and CSV are whole after every call, or every checkpoint if they are compressed; JSON and
//! terminal views are whole after [`RowWriter::finish`].

pub mod changes;
mod checkpoint;
mod controls;
mod csv_records;
#[cfg(feature = "db")]
pub mod database;
mod encoder;
mod file_checkpoint;
mod file_format;
mod format;
mod journal;
mod output_file;
#[cfg(feature = "parquet")]
mod parquet_file;
mod shown_count;
mod sort;
pub mod terminal;
mod writer;

pub use crate::types::{QueryEnd, RecordKey};
pub use checkpoint::{Checkpoint, CheckpointWriter, EndedQuery, PageOrigin, QueryProgress, RunEnd};
pub use csv_records::header;
pub use file_checkpoint::{FileCheckpoint, FileCheckpointError, OpenMode};
pub use file_format::{Compression, FileFormat, FileFormatError};
pub use format::{Format, FormatError};
pub use journal::{Journal, JournalError, JournalHeader, Resumed};
#[cfg(any(feature = "cli", feature = "parquet"))]
pub(crate) use output_file::OutputFile;
#[cfg(feature = "parquet")]
pub use parquet_file::{Column, ColumnType, ParquetError, ParquetWriter};
pub use sort::sort;
pub use writer::RowWriter;
