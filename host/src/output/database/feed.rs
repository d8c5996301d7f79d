//! Feeds of a database, such as reviews: from when on new records are asked for, and which rows are stored already.
//!
//! Only queries that were answered in full count. One that was cut off has stored its newest records and not those before them: the next run asks
//! from the same day on.

use rusqlite::{OptionalExtension, params};

use super::checkpoint::DatabaseCheckpoint;
use super::error::DatabaseError;
use super::json_path;
use super::open_query::series;
use super::reader::Database;
use crate::parser::Kind;
use crate::types::{Query, RecordKey, Row};

impl Database {
    /// The time of the newest record that queries of the same feed were answered with, in Unix seconds; `None` if there is none, or the kind has no
    /// time.
    ///
    /// # Errors
    /// Those of the database.
    pub fn newest(&self, kind: &Kind, query: &Query) -> Result<Option<i64>, DatabaseError> {
        let Some((_, field)) = kind.since() else { return Ok(None) };
        let sql =
            "SELECT max(CAST(json_extract(record.fields, ?2) AS INTEGER)) FROM query JOIN row ON row.query = query.id
            JOIN record ON record.id = row.record WHERE query.series = ?1 AND query.end = 'answered'";
        let params = (series(Some(kind), query).to_string(), json_path(field));
        let newest = self.connection.query_row(sql, params, |row| row.get(0)).optional();
        newest.map(Option::flatten).map_err(|error| self.error(error))
    }
}

impl DatabaseCheckpoint {
    /// The rows whose records, as they are now, no answered query of the same feed has.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn new_rows(&self, kind: &Kind, query: &Query, rows: Vec<Row>) -> Result<Vec<Row>, DatabaseError> {
        let Some((_, field)) = kind.since() else { return Ok(rows) };
        let (series, path) = (series(Some(kind), query).to_string(), json_path(field));
        let is_known = |row: &Row| {
            let key = RecordKey::new(row, kind.key()).map(|key| key.number().cast_signed());
            let time = row.get(field).and_then(serde_json::Value::as_i64);
            let mut find = self.connection().prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM record JOIN row ON row.record = record.id JOIN query ON query.id = row.query
                 WHERE record.key = ?1 AND query.series = ?2 AND query.end = 'answered' AND json_extract(record.fields, ?3) = ?4)",
            )?;
            find.query_row(params![key, series, path, time], |row| row.get::<_, bool>(0))
        };
        let mut new = Vec::new();
        for row in rows {
            if !is_known(&row).map_err(|error| self.error(error))? {
                new.push(row);
            }
        }
        Ok(new)
    }
}
