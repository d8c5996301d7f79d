//! Formats of rows, and their writer.
//!
//! [`RowWriter`] writes rows as they come, in one of the [`Format`]s, and counts the bytes. Invariant: NDJSON and CSV are whole after every
//! call; JSON and tables are whole after [`RowWriter::finish`].

mod cell;
mod format;
mod table;
mod writer;

pub use cell::header;
pub use format::{Format, FormatError};
pub use table::table;
pub use writer::RowWriter;
