//! Layout of a database: its tables, and the migrations that make them.
//!
//! `application_id` tells a database of this program from others, `user_version` is the number of migrations that it has had. Migrations are
//! only ever added.

use std::path::Path;

use rusqlite::Connection;

use super::error::DatabaseError;

/// `PlfD`, as `application_id`.
const APPLICATION_ID: i64 = 0x506c_6644;

/// Migrations, the oldest first.
const MIGRATIONS: &[&str] = &[include_str!("layout.sql")];

/// The newest layout that this program knows.
const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Which layout a database has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// None: it is empty.
    Empty,
    /// This many migrations.
    Migrated(i64),
}

impl Layout {
    /// Reads the layout of a database.
    ///
    /// # Errors
    /// If it is another program's, or a newer version's.
    pub(super) fn read(connection: &Connection, path: &Path) -> Result<Self, DatabaseError> {
        let number = |sql: &str| {
            connection.query_row(sql, [], |row| row.get(0)).map_err(|error| DatabaseError::new(path, error))
        };
        let (application, version): (i64, i64) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
        match (application, version) {
            (APPLICATION_ID, 1..=NEWEST) => Ok(Self::Migrated(version)),
            (APPLICATION_ID, found) => Err(DatabaseError::Newer { path: path.to_owned(), found, known: NEWEST }),
            (0, 0) if number("SELECT count(*) FROM sqlite_schema")? == 0 => Ok(Self::Empty),
            _ => Err(DatabaseError::Foreign(path.to_owned())),
        }
    }

    /// Brings a database to the newest layout.
    ///
    /// # Errors
    /// Those of SQLite. Then it has the layout that it had.
    pub(super) fn migrate(self, connection: &mut Connection) -> rusqlite::Result<()> {
        let done = match self {
            Self::Empty => 0,
            Self::Migrated(count) => count,
        };
        if done == NEWEST {
            return Ok(());
        }
        let transaction = connection.transaction()?;
        for migration in MIGRATIONS.iter().skip(usize::try_from(done).unwrap_or_default()) {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", NEWEST)?;
        transaction.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(connection: &Connection) -> Result<Layout, String> {
        Layout::read(connection, Path::new("x.db")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_database_is_migrated_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(layout(&connection), Ok(Layout::Empty));
        for _ in 0..2 {
            layout(&connection).unwrap().migrate(&mut connection).unwrap();
            assert_eq!(layout(&connection), Ok(Layout::Migrated(NEWEST)));
        }
    }

    #[test]
    fn other_databases_are_refused() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE game (id)").unwrap();
        assert_eq!(layout(&connection), Err("x.db is there, and is no database of playfast".to_owned()));
        let mut connection = Connection::open_in_memory().unwrap();
        Layout::Empty.migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", NEWEST + 1).unwrap();
        assert!(layout(&connection).unwrap_err().contains("a newer playfast reads it"));
    }
}
