//! Connections to a database: one that writes, any number that read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::DatabaseError;
use super::layout::Layout;
use super::writer_lock::WriterLock;

/// How long a statement waits for another process that uses the database for a moment, as a backup does.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// KiB of pages that a writer keeps in memory.
const WRITER_CACHE_KIB: i64 = 16 << 10;

/// Statements that are kept prepared.
const CACHED_STATEMENTS: usize = 64;

/// A database that only this process writes.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// Released after the connection is closed.
    _lock: WriterLock,
}

impl Writer {
    /// Opens a database, and creates it if it isn't there.
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let lock = WriterLock::acquire(path)?;
        let failed = |error| DatabaseError::new(path, error);
        let mut connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        let layout = Layout::read(&connection, path)?;
        // auto_vacuum must be set before the database has a page, and WAL writes one.
        prepare(&connection, layout).map_err(failed)?;
        layout.migrate(&mut connection).map_err(failed)?;
        Ok(Self { connection, path: path.to_owned(), _lock: lock })
    }
}

fn prepare(connection: &Connection, layout: Layout) -> rusqlite::Result<()> {
    if layout == Layout::Empty {
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    // With WAL and NORMAL a crash of the machine may take the last steps, and never leaves half of one.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}

/// Opens a database for reading, which a writer may write meanwhile.
pub(super) fn open_reader(path: &Path) -> Result<Connection, DatabaseError> {
    if !path.exists() {
        return Err(DatabaseError::Missing(path.to_owned()));
    }
    let failed = |error| DatabaseError::new(path, error);
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    match Layout::read(&connection, path) {
        // A folder that can't be written has no room for the files of WAL. If there are none, nobody writes.
        Err(DatabaseError::Sqlite { .. }) if !has_wal(path) => open_immutable(path),
        Ok(Layout::Empty) => Err(DatabaseError::Foreign(path.to_owned())),
        result => result.map(|_| connection),
    }
}

fn open_immutable(path: &Path) -> Result<Connection, DatabaseError> {
    let failed = |error| DatabaseError::new(path, error);
    let absolute = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let text = percent_encoding::utf8_percent_encode(&absolute.to_string_lossy(), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2F", "/");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(format!("file:{text}?immutable=1"), flags).map_err(failed)?;
    match Layout::read(&connection, path)? {
        Layout::Empty => Err(DatabaseError::Foreign(path.to_owned())),
        Layout::Migrated(_) => Ok(connection),
    }
}

/// Whether there are steps that aren't in the database's own file yet.
fn has_wal(database: &Path) -> bool {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    Path::new(&path).exists()
}
