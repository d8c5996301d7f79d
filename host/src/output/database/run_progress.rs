//! Progress of a run that was cut off: which of its queries are answered, and from where the others continue.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::error::DatabaseError;
use crate::output::journal::Resumed;
use crate::run::PartialQuery;
use crate::types::{QueryKey, RecordKey};

/// The last run, if it isn't complete.
pub(super) fn unfinished_run(connection: &Connection, path: &Path) -> Result<Option<i64>, DatabaseError> {
    let sql = "SELECT id FROM run WHERE id = (SELECT max(id) FROM run) AND end IS NOT 'complete'";
    let run = connection.query_row(sql, [], |row| row.get(0)).optional();
    run.map_err(|error| DatabaseError::new(path, error))
}

/// What a run has done.
pub(super) fn load_progress(connection: &Connection, path: &Path, run: i64) -> Result<Resumed, DatabaseError> {
    let failed = |error| DatabaseError::new(path, error);
    let sql = "SELECT id, key, end IS 'answered', state, records, repeated FROM query WHERE run = ?1";
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement.query([run]).map_err(failed)?;
    let (mut done, mut partial) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next().map_err(failed)? {
        let (query, key, is_answered) =
            (|| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)))().map_err(failed)?;
        let key: QueryKey = key.parse().map_err(|_| DatabaseError::invalid(path, "a query's key", &key))?;
        if is_answered {
            done.push(key);
            continue;
        }
        let progress = partial_query(row).map_err(failed)?;
        if progress.records > 0 || progress.state.is_some() {
            let record_keys = record_keys(connection, query).map_err(failed)?;
            partial.push((key, PartialQuery { record_keys, ..progress }));
        }
    }
    Ok(Resumed::new(done, partial))
}

fn partial_query(row: &rusqlite::Row<'_>) -> rusqlite::Result<PartialQuery> {
    Ok(PartialQuery { state: row.get(3)?, records: row.get(4)?, repeated: row.get(5)?, record_keys: Vec::new() })
}

/// Keys of the records that a query has so far.
fn record_keys(connection: &Connection, query: i64) -> rusqlite::Result<Vec<RecordKey>> {
    let sql = "SELECT record.key FROM row JOIN record ON record.id = row.record WHERE row.query = ?1 AND record.key IS NOT NULL";
    let mut statement = connection.prepare_cached(sql)?;
    let keys = statement.query_map([query], |row| row.get::<_, i64>(0))?;
    keys.map(|key| key.map(|key| key.cast_unsigned().into())).collect()
}
