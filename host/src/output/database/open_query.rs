//! Query of a run that goes on: its row in the table `query`, and those of its answer.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value};

use super::record_store::Parts;
use crate::parser::Kind;
use crate::run::PartialQuery;
use crate::types::{Query, QueryEnd, QueryKey};

/// A query that goes on.
#[derive(Debug)]
pub(super) struct OpenQuery {
    id: i64,
    /// Number of its rows.
    rows: u64,
    pub(super) progress: PartialQuery,
}

/// A query as it was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct AskedQuery<'q> {
    pub(super) run: i64,
    pub(super) key: QueryKey,
    pub(super) query: &'q Query,
    pub(super) kind: Option<&'q Kind>,
    /// Its parameters as rows have them.
    pub(super) params: &'q Map<String, Value>,
    pub(super) row_limit: Option<usize>,
}

impl AskedQuery<'_> {
    /// The query as it was stored before, or new.
    pub(super) fn open(self, connection: &Connection) -> rusqlite::Result<OpenQuery> {
        match self.find(connection)? {
            Some(query) => Ok(query),
            None => self.insert(connection),
        }
    }

    fn find(self, connection: &Connection) -> rusqlite::Result<Option<OpenQuery>> {
        let mut find = connection.prepare_cached(
            "SELECT id, (SELECT count(*) FROM row WHERE row.query = query.id), state, records, repeated
             FROM query WHERE run = ?1 AND key = ?2",
        )?;
        let read = |row: &rusqlite::Row<'_>| {
            let (state, records, repeated) = (row.get(2)?, row.get(3)?, row.get(4)?);
            let progress = PartialQuery { state, records, repeated, record_keys: Vec::new() };
            Ok(OpenQuery { id: row.get(0)?, rows: row.get(1)?, progress })
        };
        find.query_row(params![self.run, self.key.to_string()], read).optional()
    }

    fn insert(self, connection: &Connection) -> rusqlite::Result<OpenQuery> {
        let Self { run, key, query, kind, params, row_limit } = self;
        let series = series(kind, query).to_string();
        let fields = query.fields().map(|fields| fields.iter().map(|name| Value::from(&**name)).collect::<Value>());
        let mut insert = connection.prepare_cached(
            "INSERT INTO query (run, key, series, kind, params, records, asked_at, fields, row_limit)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8)",
        )?;
        let params = Value::from(params.clone()).to_string();
        let (key, fields, asked_at) = (key.to_string(), fields.map(|fields| fields.to_string()), super::now());
        let id = insert.insert(params![run, key, series, query.kind(), params, asked_at, fields, row_limit])?;
        Ok(OpenQuery { id, rows: 0, progress: PartialQuery::default() })
    }
}

/// The key of what is compared from run to run.
pub(super) fn series(kind: Option<&Kind>, query: &Query) -> QueryKey {
    kind.map_or_else(|| query.key(), |kind| kind.unbounded(query).key())
}

impl OpenQuery {
    /// Adds a row.
    pub(super) fn add(&mut self, connection: &Connection, parts: &Parts) -> rusqlite::Result<()> {
        self.rows += 1;
        let record = parts.store(connection)?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO row (query, position, record, noisy, fetched_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        insert.execute(params![self.id, self.rows, record, parts.noisy, parts.fetched_at]).map(drop)
    }

    /// Stores how far the query is, and which parser answered if that is known.
    pub(super) fn update(
        &self,
        connection: &Connection,
        end: Option<QueryEnd>,
        parser: Option<i64>,
    ) -> rusqlite::Result<()> {
        let (end, failure) = match end {
            None => (None, None),
            Some(QueryEnd::Answered) => (Some("answered"), None),
            Some(QueryEnd::Partial(kind)) => (Some("partial"), Some(kind.name())),
            Some(QueryEnd::Failed(kind)) => (Some("failed"), Some(kind.name())),
        };
        let PartialQuery { state, records, repeated, .. } = &self.progress;
        let mut update = connection.prepare_cached(
            "UPDATE query SET end = ?2, failure = ?3, records = ?4, parser = coalesce(?5, parser), state = ?6, repeated = ?7
             WHERE id = ?1",
        )?;
        update.execute(params![self.id, end, failure, records, parser, state, repeated]).map(drop)
    }
}
