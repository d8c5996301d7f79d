//! Checkpoint in a database: a page's rows and its query's state commit in one transaction.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use serde_json::{Map, Value};

use super::connection::Writer;
use super::error::DatabaseError;
use super::open_query::{AskedQuery, OpenQuery};
use super::record_store::Parts;
use super::run_progress::{load_progress, unfinished_run};
use super::views::store_kind;
use crate::output::checkpoint::{Checkpoint, EndedQuery, PageOrigin, QueryProgress, RunEnd};
use crate::output::journal::Resumed;
use crate::parser::Kind;
use crate::parser::typed_params;
use crate::run::{PartialQuery, ResumeFilter};
use crate::swap::{ParserId, ParserSlot};
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
    /// Kinds whose descriptions were stored, by the parser's number.
    kinds: HashSet<(i64, String)>,
    /// Since when steps are gathered.
    transaction: Option<Instant>,
    committed: Instant,
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
            kinds: HashSet::new(),
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

    pub(super) const fn connection(&self) -> &Connection {
        &self.writer.connection
    }

    pub(super) fn error(&self, error: rusqlite::Error) -> DatabaseError {
        DatabaseError::new(&self.writer.path, error)
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
        let description = origin.slot.as_ref().map(ParserSlot::description);
        let kind = description.as_ref().and_then(|description| description.kind(origin.query.kind()));
        let params: Map<String, Value> = typed_params(kind, &origin.query).collect();
        let parser = self.store_parser(&origin, kind)?;
        let connection = &self.writer.connection;
        let mut query = match self.open.remove(&key) {
            Some(query) => query,
            None => {
                let (query, row_limit) = (&origin.query, self.row_limit);
                AskedQuery { run, key, query, kind, params: &params, row_limit }.open(connection)?
            }
        };
        for mut row in rows {
            keep_fields(&mut row, &origin.query, kind);
            query.add(connection, &Parts::new(row, kind, &params))?;
        }
        match (&end, state) {
            (None, Some(state)) => query.progress.record_page(state, records),
            (Some(QueryEnd::Answered), _) => query.progress = PartialQuery { records, ..PartialQuery::default() },
            _ => query.progress.record_failure(records),
        }
        query.update(connection, end, parser)?;
        if end.is_none() {
            self.open.insert(key, query);
        }
        Ok(())
    }

    /// The number of the parser that answered, which is stored with its kind's description when it answers for the first time.
    fn store_parser(&mut self, origin: &PageOrigin, kind: Option<&Kind>) -> rusqlite::Result<Option<i64>> {
        let Some(id) = origin.source.as_ref().map(|source| &source.parser) else { return Ok(None) };
        let number = match self.parsers.get(id) {
            Some(number) => *number,
            None => insert_parser(&self.writer.connection, id)?,
        };
        self.parsers.insert(id.clone(), number);
        if let Some(kind) = kind
            && self.kinds.insert((number, kind.name.clone()))
        {
            store_kind(&self.writer.connection, &id.name, kind)?;
        }
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
            connection
                .execute("UPDATE run SET ended_at = ?2, end = ?3 WHERE id = ?1", params![run, super::now(), end])?;
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
    let time = kind.and_then(Kind::since).map(|(_, field)| field);
    let is_kept = |name: &String| name == "fetched_at" || key.contains(name) || time == Some(name);
    row.retain(|name, _| is_kept(name) || fields.iter().any(|field| **field == **name));
}

fn filter(resumed: Resumed) -> ResumeFilter {
    ResumeFilter::new(move |key| resumed.remaining(key))
}

fn insert_run(connection: &Connection) -> rusqlite::Result<i64> {
    let program = concat!("playfast ", env!("CARGO_PKG_VERSION"));
    let mut insert = connection.prepare_cached("INSERT INTO run (started_at, program) VALUES (?1, ?2)")?;
    insert.insert(params![super::now(), program])
}

fn insert_parser(connection: &Connection, id: &ParserId) -> rusqlite::Result<i64> {
    let digest = id.digest.to_string();
    let identity = params![id.name, id.version, digest];
    connection.execute("INSERT OR IGNORE INTO parser (name, version, digest) VALUES (?1, ?2, ?3)", identity)?;
    let sql = "SELECT id FROM parser WHERE name = ?1 AND version = ?2 AND digest = ?3";
    connection.query_row(sql, identity, |row| row.get(0))
}
