//! Differences between two runs of a database.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::error::DatabaseError;
use super::reader::{Database, Kinds, StoredQuery};
use crate::output::changes::{Answer, Change, ChangeFilter, compare, has_params};
use crate::parser::Kind;

/// Which run is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunSelector {
    /// The one of this number.
    Id(i64),
    /// The last one that started at this time or before.
    At(SystemTime),
}

/// Why a text names no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no run: give its number, a date such as 2026-11-27, a time such as 2026-11-27T03:00:00Z, or an age such as 7d"
)]
pub struct RunSelectorError(String);

impl std::str::FromStr for RunSelector {
    type Err = RunSelectorError;

    /// A number, a date (the end of that day, UTC), a time by RFC 3339, or an age such as `7d`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        if let Ok(time) = humantime::parse_rfc3339_weak(&format!("{text}T00:00:00Z")) {
            return Ok(Self::At(time + DAY - Duration::from_secs(1)));
        }
        let age = || humantime::parse_duration(text).ok().and_then(|age| SystemTime::now().checked_sub(age));
        let time = humantime::parse_rfc3339_weak(text).ok().or_else(age);
        time.map(Self::At).ok_or_else(|| RunSelectorError(text.to_owned()))
    }
}

/// Which runs are compared, and what of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiffOptions {
    /// The earlier run; without it, the last one before the later run that asked one of the same queries.
    pub from: Option<RunSelector>,
    /// The later run; without it, the last one with such queries.
    pub to: Option<RunSelector>,
    /// Kind of the queries; `None` for all.
    pub kind: Option<String>,
    /// Values that parameters of the queries have, by name. One of several for a name is enough.
    pub params: Vec<(String, String)>,
    /// Which changes are wanted.
    pub filter: ChangeFilter,
}

/// What two runs differ in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Differences {
    /// The earlier run.
    pub from: i64,
    /// When it started: RFC 3339, UTC.
    pub from_started_at: String,
    /// The later run.
    pub to: i64,
    /// When it started: RFC 3339, UTC.
    pub to_started_at: String,
    /// Queries that both runs answered in full.
    pub compared: usize,
    /// Queries that neither run answered in full.
    pub unanswered: usize,
    /// The changes: of each query of the later run, then of those that it lacks.
    pub changes: Vec<Change>,
}

impl DiffOptions {
    fn has(&self, query: &StoredQuery) -> bool {
        let is_kind = self.kind.as_ref().is_none_or(|kind| *kind == query.kind);
        is_kind && has_params(&query.params, &self.params)
    }
}

impl Database {
    /// What changed between two runs.
    ///
    /// # Errors
    /// If there is no such run, or none to compare with.
    pub fn diff(&self, options: &DiffOptions) -> Result<Differences, DatabaseError> {
        let (to, later) = self.later_run(options)?;
        let from = self.earlier_run(options, to, &later)?;
        let (earlier, kinds) = (self.queries_of(from, options)?, Kinds(self.kinds()?));
        let mut differences = Differences {
            from,
            from_started_at: self.started_at(from)?,
            to,
            to_started_at: self.started_at(to)?,
            compared: 0,
            unanswered: 0,
            changes: Vec::new(),
        };
        let mut by_series: HashMap<&str, &StoredQuery> =
            earlier.iter().map(|query| (query.series.as_str(), query)).collect();
        let mut pairs: Vec<_> =
            later.iter().map(|now| (by_series.remove(now.series.as_str()), Some(now), kinds.of(now))).collect();
        let unasked = earlier.iter().filter(|query| by_series.contains_key(query.series.as_str()));
        pairs.extend(unasked.map(|was| (Some(was), None, kinds.of(was))));
        for (was, now, kind) in pairs {
            self.add_changes((was, now), kind, &options.filter, &mut differences)?;
        }
        Ok(differences)
    }

    fn add_changes(
        &self,
        (was, now): (Option<&StoredQuery>, Option<&StoredQuery>),
        kind: Option<&Kind>,
        filter: &ChangeFilter,
        differences: &mut Differences,
    ) -> Result<(), DatabaseError> {
        let is_whole = |query: Option<&StoredQuery>| query.is_some_and(|query| query.state.is_whole());
        match (is_whole(was), is_whole(now)) {
            (true, true) => differences.compared += 1,
            (false, false) if was.is_some() && now.is_some() => differences.unanswered += 1,
            _ => {}
        }
        let (Some(query), Some(kind)) = (now.or(was), kind) else { return Ok(()) };
        if let (Some(was), Some(now)) = (was, now)
            && was.state == now.state
            && self.have_same_rows(was, now, filter.wants_noisy(kind))?
        {
            return Ok(());
        }
        let answer =
            |query: Option<&StoredQuery>| query.map_or_else(|| Ok(Answer::not_asked()), |query| self.answer(query));
        differences.changes.extend(compare(kind, &query.params, &answer(was)?, &answer(now)?, filter));
        Ok(())
    }

    /// Whether two queries have the same records in the same order, so that nothing need be read.
    fn have_same_rows(&self, was: &StoredQuery, now: &StoredQuery, with_noisy: bool) -> Result<bool, DatabaseError> {
        let rows = |query: &StoredQuery| {
            let sql = "SELECT record, CASE WHEN ?2 THEN noisy END FROM row WHERE query = ?1 ORDER BY position";
            self.collect(sql, (query.id, with_noisy), |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?))
            })
        };
        Ok(was.row_limit == now.row_limit && rows(was)? == rows(now)?)
    }

    fn queries_of(&self, run: i64, options: &DiffOptions) -> Result<Vec<StoredQuery>, DatabaseError> {
        Ok(self.queries("query.run = ?1", [run])?.into_iter().filter(|query| options.has(query)).collect())
    }

    /// The later run, and its queries.
    fn later_run(&self, options: &DiffOptions) -> Result<(i64, Vec<StoredQuery>), DatabaseError> {
        if let Some(selector) = &options.to {
            let run = self.find_run(selector)?;
            return Ok((run, self.queries_of(run, options)?));
        }
        for run in self.run_ids("id <= ?1", i64::MAX)? {
            let queries = self.queries_of(run, options)?;
            if !queries.is_empty() {
                return Ok((run, queries));
            }
        }
        Err(self.no_run("with such queries"))
    }

    fn earlier_run(&self, options: &DiffOptions, to: i64, later: &[StoredQuery]) -> Result<i64, DatabaseError> {
        if let Some(selector) = &options.from {
            return self.find_run(selector);
        }
        let is_asked = |run: i64| {
            let sql =
                "SELECT EXISTS (SELECT 1 FROM query WHERE run = ?1 AND series IN (SELECT value FROM json_each(?2)))";
            let series = Value::from(later.iter().map(|query| query.series.as_str()).collect::<Vec<_>>()).to_string();
            self.collect(sql, (run, series), |row| row.get::<_, bool>(0)).map(|found| found == [true])
        };
        for run in self.run_ids("id < ?1", to)? {
            if is_asked(run)? {
                return Ok(run);
            }
        }
        Err(self.no_run(&format!("before run {to} that asked one of its queries: there is nothing to compare with")))
    }

    /// When a run started.
    fn started_at(&self, run: i64) -> Result<String, DatabaseError> {
        let sql = "SELECT started_at FROM run WHERE id = ?1";
        self.connection.query_row(sql, [run], |row| row.get(0)).map_err(|error| self.error(error))
    }

    /// Numbers of runs that fulfil a condition, the last first.
    fn run_ids(&self, condition: &str, bound: i64) -> Result<Vec<i64>, DatabaseError> {
        self.collect(&format!("SELECT id FROM run WHERE {condition} ORDER BY id DESC"), [bound], |row| row.get(0))
    }

    /// The run that a selector means.
    ///
    /// # Errors
    /// If there is none.
    pub fn find_run(&self, selector: &RunSelector) -> Result<i64, DatabaseError> {
        let (sql, value, wanted) = match selector {
            RunSelector::Id(id) => ("SELECT id FROM run WHERE id = ?1", Value::from(*id), id.to_string()),
            RunSelector::At(time) => {
                let time = humantime::format_rfc3339_seconds(*time).to_string();
                let sql = "SELECT id FROM run WHERE started_at <= ?1 ORDER BY id DESC LIMIT 1";
                (sql, Value::from(time.clone()), format!("that started at {time} or before"))
            }
        };
        let value = value.as_i64().map_or_else(|| value.as_str().unwrap_or_default().to_owned(), |id| id.to_string());
        let found = self.collect(sql, [value], |row| row.get(0))?;
        found.first().copied().ok_or_else(|| self.no_run(&wanted))
    }

    fn no_run(&self, wanted: &str) -> DatabaseError {
        DatabaseError::NoRun { path: self.path.clone(), wanted: wanted.to_owned() }
    }
}
