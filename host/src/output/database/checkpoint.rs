//! Checkpoint in a database: a page's rows and its query's state commit in one transaction.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value};

use super::connection::Writer;
use super::error::DatabaseError;
use super::record_store::Parts;
use super::run_progress::{load_progress, unfinished_run};
use super::views::store_kind;
use crate::output::checkpoint::{Checkpoint, EndedQuery, PageOrigin, QueryProgress, RunEnd};
use crate::output::journal::Resumed;
use crate::parser::Kind;
use crate::parser::typed_params;
use crate::run::{PartialQuery, ResumeFilter};
use crate::swap::ParserId;
use crate::types::{Query, QueryEnd, QueryKey, Row};

/// Time for which steps are gathered in a transaction. What a crash takes is asked again.
const COMMIT_INTERVAL: Duration = Duration::from_millis(250);

/// Which run the rows belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunMode {
    /// A new one.
    #[default]
    New,
    /// The last one, if it isn't complete; else a new one.
    Resume,
}

/// A database of runs that takes one more, and that no other process can write meanwhile.
///
/// ```no_run
/// use futures::StreamExt;
/// use playfast::Host;
/// use playfast::output::database::{DatabaseCheckpoint, RunMode};
/// use playfast::output::{Checkpoint, CheckpointWriter};
///
/// # async fn stored() -> Result<(), Box<dyn std::error::Error>> {
/// let host = Host::builder().build().await?;
/// let plan = host.plan("list", [("country", "us,kr,jp")])?;
/// let database = DatabaseCheckpoint::open("market.db", RunMode::New)?;
/// let mut pages = host.resume(plan.queries(), database.resume_filter());
/// let mut writer = CheckpointWriter::new(database);
/// while let Some(page) = pages.next().await {
///     writer.write(page)?;
/// }
/// writer.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DatabaseCheckpoint {
    writer: Writer,
    /// The run; `None` until there is something to store.
    run: Option<i64>,
    filter: ResumeFilter,
    row_limit: Option<usize>,
    /// Queries that go on.
    open: HashMap<QueryKey, OpenQuery>,
    /// Numbers of parsers that were stored.
    parsers: HashMap<ParserId, i64>,
    /// Since when steps are gathered.
    transaction: Option<Instant>,
    committed: Instant,
}

/// A query that goes on.
#[derive(Debug)]
struct OpenQuery {
    id: i64,
    /// Number of its rows.
    rows: usize,
    progress: PartialQuery,
}

impl DatabaseCheckpoint {
    /// Opens a database, and creates it if it isn't there.
    ///
    /// # Errors
    /// If another process writes it, it is something else or damaged, or it can't be written.
    pub fn open(path: impl AsRef<Path>, mode: RunMode) -> Result<Self, DatabaseError> {
        let writer = Writer::open(path.as_ref())?;
        let run = match mode {
            RunMode::New => None,
            RunMode::Resume => unfinished_run(&writer.connection, &writer.path)?,
        };
        let resumed = run.map(|run| load_progress(&writer.connection, &writer.path, run)).transpose()?;
        let filter = resumed.filter(|resumed| !resumed.is_empty()).map(filter).unwrap_or_default();
        Ok(Self {
            writer,
            run,
            filter,
            row_limit: None,
            open: HashMap::new(),
            parsers: HashMap::new(),
            transaction: None,
            committed: Instant::now(),
        })
    }

    /// Records that the rows of each query are cut to this number.
    #[must_use]
    pub const fn with_row_limit(mut self, limit: Option<usize>) -> Self {
        self.row_limit = limit;
        self
    }

    /// Whether an unfinished run continues.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.run.is_some()
    }

    fn step(&mut self, rows: Vec<Row>, step: Step) -> Result<(), DatabaseError> {
        let result = self.store(rows, step).and_then(|()| if self.is_due() { self.commit() } else { Ok(()) });
        result.map_err(|error| {
            // Half a step must not be committed with a later one.
            let _ = self.writer.connection.execute_batch("ROLLBACK");
            self.transaction = None;
            DatabaseError::new(&self.writer.path, error)
        })
    }

    fn store(&mut self, rows: Vec<Row>, step: Step) -> rusqlite::Result<()> {
        if self.transaction.is_none() {
            self.writer.connection.execute_batch("BEGIN IMMEDIATE")?;
            self.transaction = Some(Instant::now());
        }
        let run = match self.run {
            Some(run) => run,
            None => *self.run.insert(insert_run(&self.writer.connection)?),
        };
        let Step { key, origin, records, state, end } = step;
        let kind = origin.slot.as_ref().and_then(|slot| slot.description().kind(origin.query.kind()).cloned());
        let params: Map<String, Value> = typed_params(kind.as_ref(), &origin.query).collect();
        let parser = self.store_parser(&origin, kind.as_ref())?;
        let connection = &self.writer.connection;
        let mut query = match self.open.remove(&key) {
            Some(query) => query,
            None => open_query(connection, run, &key, &origin, &params, self.row_limit)?,
        };
        for mut row in rows {
            query.rows += 1;
            keep_fields(&mut row, &origin.query, kind.as_ref());
            insert_row(connection, query.id, query.rows, &Parts::new(row, kind.as_ref(), &params))?;
        }
        match (&end, state) {
            (None, Some(state)) => query.progress.record_page(state, records),
            (Some(QueryEnd::Answered), _) => query.progress = PartialQuery { records, ..PartialQuery::default() },
            _ => query.progress.record_failure(records),
        }
        update_query(connection, &query, end, parser)?;
        if end.is_none() {
            self.open.insert(key, query);
        }
        Ok(())
    }

    /// The number of the parser that answered, which is stored with its kind's description when it answers for the first time.
    fn store_parser(&mut self, origin: &PageOrigin, kind: Option<&Kind>) -> rusqlite::Result<Option<i64>> {
        let Some(id) = origin.source.as_ref().map(|source| &source.parser) else { return Ok(None) };
        if let Some(kind) = kind {
            store_kind(&self.writer.connection, &id.name, kind)?;
        }
        if let Some(number) = self.parsers.get(id) {
            return Ok(Some(*number));
        }
        let number = insert_parser(&self.writer.connection, id)?;
        self.parsers.insert(id.clone(), number);
        Ok(Some(number))
    }

    fn is_due(&self) -> bool {
        self.committed.elapsed() >= COMMIT_INTERVAL
    }

    fn commit(&mut self) -> rusqlite::Result<()> {
        if self.transaction.take().is_some() {
            self.writer.connection.execute_batch("COMMIT")?;
        }
        self.committed = Instant::now();
        Ok(())
    }

    fn finish_run(&mut self, end: RunEnd) -> rusqlite::Result<()> {
        self.commit()?;
        if let Some(run) = self.run {
            let end = match end {
                RunEnd::Interrupted => "interrupted",
                RunEnd::Unanswered => "unanswered",
                RunEnd::Complete => "complete",
            };
            let connection = &self.writer.connection;
            connection.execute("UPDATE run SET ended_at = ?2, end = ?3 WHERE id = ?1", params![run, now(), end])?;
        }
        // So that the file is whole without the one of WAL, and the planner knows the tables.
        self.writer.connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
    }
}

/// What is stored at once.
struct Step {
    key: QueryKey,
    origin: PageOrigin,
    records: usize,
    state: Option<String>,
    end: Option<QueryEnd>,
}

impl Checkpoint for DatabaseCheckpoint {
    type Error = DatabaseError;

    fn resume_filter(&self) -> ResumeFilter {
        self.filter.clone()
    }

    fn page(&mut self, rows: Vec<Row>, progress: QueryProgress) -> Result<(), DatabaseError> {
        let QueryProgress { key, state, records, origin, .. } = progress;
        self.step(rows, Step { key, origin, records, state: Some(state.to_string()), end: None })
    }

    fn end(&mut self, rows: Vec<Row>, ended: EndedQuery) -> Result<(), DatabaseError> {
        let EndedQuery { key, end, records, origin, .. } = ended;
        self.step(rows, Step { key, origin, records, state: None, end: Some(end) })
    }

    fn finish(&mut self, end: RunEnd) -> Result<(), DatabaseError> {
        self.finish_run(end).map_err(|error| DatabaseError::new(&self.writer.path, error))
    }
}

impl Drop for DatabaseCheckpoint {
    /// Stores the steps of a run that was left.
    fn drop(&mut self) {
        let _ = self.commit();
    }
}

/// Leaves in a row what its query selects, and what identifies its record.
fn keep_fields(row: &mut Row, query: &Query, kind: Option<&Kind>) {
    let Some(fields) = query.fields() else { return };
    let key = kind.map(Kind::key).unwrap_or_default();
    row.retain(|name, _| name == "fetched_at" || key.contains(name) || fields.iter().any(|field| **field == **name));
}

fn filter(resumed: Resumed) -> ResumeFilter {
    ResumeFilter::new(move |key| resumed.remaining(key))
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

fn insert_run(connection: &Connection) -> rusqlite::Result<i64> {
    let program = concat!("playfast ", env!("CARGO_PKG_VERSION"));
    let mut insert = connection.prepare_cached("INSERT INTO run (started_at, program) VALUES (?1, ?2)")?;
    insert.insert(params![now(), program])
}

fn insert_parser(connection: &Connection, id: &ParserId) -> rusqlite::Result<i64> {
    let digest = id.digest.to_string();
    let identity = params![id.name, id.version, digest];
    connection.execute("INSERT OR IGNORE INTO parser (name, version, digest) VALUES (?1, ?2, ?3)", identity)?;
    let sql = "SELECT id FROM parser WHERE name = ?1 AND version = ?2 AND digest = ?3";
    connection.query_row(sql, identity, |row| row.get(0))
}

/// A query of the run, as it was stored before, or new.
fn open_query(
    connection: &Connection,
    run: i64,
    key: &QueryKey,
    origin: &PageOrigin,
    params: &Map<String, Value>,
    row_limit: Option<usize>,
) -> rusqlite::Result<OpenQuery> {
    let key = key.to_string();
    let mut find = connection.prepare_cached(
        "SELECT id, state, records, repeated, (SELECT count(*) FROM row WHERE row.query = query.id) FROM query WHERE run = ?1 AND key = ?2",
    )?;
    let stored = find.query_row(params![run, key], |row| {
        let progress =
            PartialQuery { state: row.get(1)?, records: row.get(2)?, repeated: row.get(3)?, record_keys: Vec::new() };
        Ok(OpenQuery { id: row.get(0)?, rows: row.get(4)?, progress })
    });
    if let Some(query) = stored.optional()? {
        return Ok(query);
    }
    let query = &origin.query;
    let fields =
        query.fields().map(|fields| Value::from(fields.iter().map(|name| &**name).collect::<Vec<_>>()).to_string());
    let mut insert = connection.prepare_cached(
        "INSERT INTO query (run, key, kind, params, records, asked_at, fields, row_limit) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7)",
    )?;
    let params = Value::from(params.clone()).to_string();
    let id = insert.insert(params![run, key, query.kind(), params, now(), fields, row_limit])?;
    Ok(OpenQuery { id, rows: 0, progress: PartialQuery::default() })
}

fn update_query(
    connection: &Connection,
    query: &OpenQuery,
    end: Option<QueryEnd>,
    parser: Option<i64>,
) -> rusqlite::Result<()> {
    let (end, failure) = match end {
        None => (None, None),
        Some(QueryEnd::Answered) => (Some("answered"), None),
        Some(QueryEnd::Partial(kind)) => (Some("partial"), Some(kind.name())),
        Some(QueryEnd::Failed(kind)) => (Some("failed"), Some(kind.name())),
    };
    let OpenQuery { id, progress, .. } = query;
    let mut update = connection.prepare_cached(
        "UPDATE query SET end = ?2, failure = ?3, records = ?4, parser = coalesce(?5, parser), state = ?6, repeated = ?7 WHERE id = ?1",
    )?;
    update.execute(params![id, end, failure, progress.records, parser, progress.state, progress.repeated])?;
    Ok(())
}

fn insert_row(connection: &Connection, query: i64, position: usize, parts: &Parts) -> rusqlite::Result<()> {
    let record = parts.store(connection)?;
    let mut insert = connection
        .prepare_cached("INSERT INTO row (query, position, record, noisy, fetched_at) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    insert.execute(params![query, position, record, parts.noisy, parts.fetched_at])?;
    Ok(())
}
