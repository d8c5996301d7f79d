//! Errors of databases.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// Another process writes it.
    #[error("{} is being written by {holder}", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
        /// Who writes it: a process, and since when.
        holder: String,
    },
    /// It isn't there.
    #[error("there is no database {}", .0.display())]
    Missing(PathBuf),
    /// It is something else.
    #[error("{} is there, and is no database of playfast", .0.display())]
    Foreign(PathBuf),
    /// A newer version of this program wrote it.
    #[error("{} has the layout {found}, and this program knows layouts up to {known}: a newer playfast reads it", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The newest layout that this program knows.
        known: i64,
    },
    /// It is damaged.
    #[error("{} is damaged: sqlite3 with .recover may save what is left", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// SQLite refuses.
    #[error("failed to use {}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The lock's file can't be used.
    #[error("failed to lock {}", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A stored value can't be read.
    #[error("{} holds {what} that can't be read: {value:?}", path.display())]
    Invalid {
        /// The database.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// There is no such run.
    #[error("{} has no run {wanted}", path.display())]
    NoRun {
        /// The database.
        path: PathBuf,
        /// The run, as it was asked for.
        wanted: String,
    },
}

impl DatabaseError {
    /// What a code of SQLite means for a database.
    pub(super) fn new(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign(path),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, source: source.into() },
            _ => Self::Sqlite { path, source: source.into() },
        }
    }

    pub(super) fn invalid(path: &Path, what: &'static str, value: &str) -> Self {
        Self::Invalid { path: path.to_owned(), what, value: value.to_owned() }
    }
}
