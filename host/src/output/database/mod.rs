//! Database of runs in one SQLite file: rows of any kind over time, each with its query, its run and the parser that read it.
//!
//! A [`DatabaseCheckpoint`] stores a run, a [`Database`] reads what is stored and tells what changed between runs. The tables are described in `layout.sql`; each kind has a view of its rows, so that
//! `SELECT country, position, title FROM list` works in any program that reads SQLite. Invariant: a query's state and the rows that it counts are
//! committed together.

mod checkpoint;
mod connection;
mod differences;
mod error;
mod feed;
mod history;
mod layout;
mod maintenance;
mod open_query;
mod reader;
mod record_store;
mod run_progress;
#[cfg(test)]
mod tests_support;
mod views;
mod writer_lock;

pub use checkpoint::{DatabaseCheckpoint, RunMode};
pub use differences::{DiffOptions, Differences, RunSelector, RunSelectorError};
pub use error::DatabaseError;
pub use history::{History, HistoryOptions, Point, PointValue, Series};
pub use maintenance::{DatabaseSize, Removed};
pub use reader::{Database, StoredRun};

/// The path of a field in JSON. A name is quoted in it, and can't have a quote itself.
fn json_path(field: &str) -> String {
    format!("$.\"{}\"", field.replace('"', ""))
}

/// The time, as the tables have it.
fn now() -> String {
    humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string()
}
