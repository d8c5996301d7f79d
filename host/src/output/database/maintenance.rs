//! Maintenance of a database: old runs removed, and all that is stored of one thing or person.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, params};

use super::connection::Writer;
use super::error::DatabaseError;
use super::json_path;
use super::reader::Database;

/// What a database holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseSize {
    /// Bytes of its file.
    pub bytes: u64,
    /// Number of runs.
    pub runs: u64,
    /// Number of queries of all runs.
    pub queries: u64,
    /// Number of rows of all queries.
    pub rows: u64,
    /// Number of different records.
    pub records: u64,
    /// Number of long values, which are stored apart.
    pub texts: u64,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removed {
    /// Number of runs.
    pub runs: u64,
    /// Number of queries.
    pub queries: u64,
    /// Number of rows.
    pub rows: u64,
}

impl Database {
    /// What the database holds.
    ///
    /// # Errors
    /// Those of the database.
    pub fn size(&self) -> Result<DatabaseSize, DatabaseError> {
        let sql = "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size),
            (SELECT count(*) FROM run), (SELECT count(*) FROM query), (SELECT count(*) FROM row), (SELECT count(*) FROM record),
            (SELECT count(*) FROM text)";
        let size = self.connection.query_row(sql, [], |row| {
            Ok(DatabaseSize {
                bytes: row.get(0)?,
                runs: row.get(1)?,
                queries: row.get(2)?,
                rows: row.get(3)?,
                records: row.get(4)?,
                texts: row.get(5)?,
            })
        });
        size.map_err(|error| self.error(error))
    }

    /// Removes the runs that started longer ago than `age`, with their queries and rows, and what only they used.
    ///
    /// # Errors
    /// If another process writes the database, or it can't be written. Then nothing is removed.
    pub fn prune(path: impl AsRef<Path>, age: Duration) -> Result<Removed, DatabaseError> {
        let oldest = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let oldest = humantime::format_rfc3339_seconds(oldest).to_string();
        change(path.as_ref(), Reclaim::FreePages, |connection| {
            connection.execute("CREATE TEMP TABLE doomed AS SELECT id FROM run WHERE started_at < ?1", [&oldest])?;
            let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u64>(0));
            let removed = Removed {
                runs: count("SELECT count(*) FROM doomed")?,
                queries: count("SELECT count(*) FROM query WHERE run IN doomed")?,
                rows: count("SELECT count(*) FROM row WHERE query IN (SELECT id FROM query WHERE run IN doomed)")?,
            };
            connection.execute_batch("DELETE FROM run WHERE id IN doomed; DROP TABLE doomed")?;
            Ok(removed)
        })
    }

    /// Removes the rows whose record has this value in a field, the queries that ask for it by a parameter of that name, and what only they used.
    ///
    /// # Errors
    /// If another process writes the database, or it can't be written. Then nothing is removed.
    pub fn forget(path: impl AsRef<Path>, field: &str, value: &str) -> Result<Removed, DatabaseError> {
        let path_of_field = json_path(field);
        // It may be about a person.
        change(path.as_ref(), Reclaim::WholeFile, |connection| {
            let queries = "DELETE FROM query WHERE json_extract(params, ?1) = ?2";
            let rows_of_queries =
                "DELETE FROM row WHERE query IN (SELECT id FROM query WHERE json_extract(params, ?1) = ?2)";
            let rows_of_records =
                "DELETE FROM row WHERE record IN (SELECT id FROM record WHERE json_extract(fields, ?1) = ?2)
                OR json_extract(noisy, ?1) = ?2";
            let remove = |sql: &str| connection.execute(sql, params![path_of_field, value]).map(|count| count as u64);
            let rows = remove(rows_of_records)? + remove(rows_of_queries)?;
            Ok(Removed { runs: 0, queries: remove(queries)?, rows })
        })
    }
}

/// How the room of what was removed is given back.
enum Reclaim {
    /// Free pages are cut off. What was removed may be left in others.
    FreePages,
    /// The whole file is written again: nothing is left of what was removed.
    WholeFile,
}

/// Changes a database in one transaction, then removes what nothing uses any more, and gives its room back.
fn change(
    path: &Path,
    reclaim: Reclaim,
    change: impl FnOnce(&Connection) -> rusqlite::Result<Removed>,
) -> Result<Removed, DatabaseError> {
    if !path.exists() {
        return Err(DatabaseError::Missing(path.to_owned()));
    }
    let writer = Writer::open(path)?;
    let run = || {
        let connection = &writer.connection;
        let transaction = connection.unchecked_transaction()?;
        let removed = change(&transaction)?;
        transaction.execute_batch(
            "DELETE FROM record WHERE NOT EXISTS (SELECT 1 FROM row WHERE row.record = record.id);
             DELETE FROM text WHERE NOT EXISTS (SELECT 1 FROM record_text WHERE record_text.text = text.id)",
        )?;
        transaction.commit()?;
        let sql = match reclaim {
            Reclaim::FreePages => "PRAGMA incremental_vacuum",
            Reclaim::WholeFile => "VACUUM",
        };
        let mut vacuum = connection.prepare(sql)?;
        let mut freed = vacuum.query([])?;
        while freed.next()?.is_some() {}
        drop(freed);
        drop(vacuum);
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(removed)
    };
    run().map_err(|error| DatabaseError::new(path, error))
}
