//! Reader of a database: its runs, their queries and rows.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Params};
use serde_json::{Map, Value};

use super::connection::open_reader;
use super::error::DatabaseError;
use crate::output::changes::{Answer, AnswerState};
use crate::parser::Kind;
use crate::types::{QueryEnd, Row};

/// A database that is read. A run may write it meanwhile.
#[derive(Debug)]
pub struct Database {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredRun {
    /// Its number.
    pub id: i64,
    /// When it started: RFC 3339, UTC.
    pub started_at: String,
    /// When it ended; `None` while it goes on, and after a crash.
    pub ended_at: Option<String>,
    /// `complete`, `interrupted` or `unanswered`; `None` while it goes on, and after a crash.
    pub end: Option<String>,
    /// Number of its queries.
    pub queries: u64,
    /// Number of these that are answered.
    pub answered: u64,
    /// Number of its rows.
    pub rows: u64,
}

/// A query of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StoredQuery {
    pub(super) id: i64,
    pub(super) run: i64,
    pub(super) series: String,
    pub(super) kind: String,
    /// Name of the parser that answered; `None` if none did.
    pub(super) parser: Option<String>,
    pub(super) params: Map<String, Value>,
    pub(super) state: AnswerState,
    pub(super) asked_at: String,
    pub(super) fields: Option<Vec<String>>,
    pub(super) row_limit: Option<u64>,
}

impl Database {
    /// Opens a database for reading.
    ///
    /// # Errors
    /// If it isn't there, it is something else, damaged, or a newer version's.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DatabaseError> {
        let path = path.as_ref();
        Ok(Self { connection: open_reader(path)?, path: path.to_owned() })
    }

    /// The runs, the oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn runs(&self) -> Result<Vec<StoredRun>, DatabaseError> {
        self.collect(
            "SELECT run.id, started_at, ended_at, run.end, count(query.id), count(query.id) FILTER (WHERE query.end = 'answered'),
                coalesce(sum((SELECT count(*) FROM row WHERE row.query = query.id)), 0)
             FROM run LEFT JOIN query ON query.run = run.id GROUP BY run.id ORDER BY run.id",
            [],
            |row| {
                Ok(StoredRun {
                    id: row.get(0)?,
                    started_at: row.get(1)?,
                    ended_at: row.get(2)?,
                    end: row.get(3)?,
                    queries: row.get(4)?,
                    answered: row.get(5)?,
                    rows: row.get(6)?,
                })
            },
        )
    }

    /// The kinds of which there are rows, each with its parser's name, as their newest parsers describe them.
    ///
    /// # Errors
    /// Those of the database.
    pub fn kinds(&self) -> Result<Vec<(String, Kind)>, DatabaseError> {
        let sql = "SELECT parser, description FROM kind ORDER BY parser, name";
        let kinds = self.collect(sql, [], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        let kind = |(parser, text): (String, String)| {
            let kind = serde_json::from_str(&text);
            kind.map(|kind| (parser, kind))
                .map_err(|_| DatabaseError::invalid(&self.path, "a kind's description", &text))
        };
        kinds.into_iter().map(kind).collect()
    }

    /// The rows of a run, as files have them: query by query in the order in which they were asked.
    ///
    /// # Errors
    /// Those of the database.
    pub fn rows_of(&self, run: i64) -> Result<impl Iterator<Item = Result<Row, DatabaseError>>, DatabaseError> {
        let (queries, kinds) = (self.queries("query.run = ?1", [run])?, Kinds(self.kinds()?));
        Ok(queries.into_iter().flat_map(move |query| match self.rows(&query, kinds.of(&query)) {
            Ok(rows) => rows.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }))
    }

    /// Queries that fulfil a condition, in the order in which they were asked.
    pub(super) fn queries(&self, condition: &str, params: impl Params) -> Result<Vec<StoredQuery>, DatabaseError> {
        let sql = format!(
            "SELECT query.id, query.series, query.kind, parser.name, query.params, query.end, query.failure, query.asked_at, query.fields, query.row_limit, query.run
             FROM query LEFT JOIN parser ON parser.id = query.parser WHERE {condition} ORDER BY query.id"
        );
        let queries = self.collect(&sql, params, |row| {
            Ok((
                StoredQuery {
                    id: row.get(0)?,
                    run: row.get(10)?,
                    series: row.get(1)?,
                    kind: row.get(2)?,
                    parser: row.get(3)?,
                    params: Map::new(),
                    state: AnswerState::Unfinished,
                    asked_at: row.get(7)?,
                    fields: None,
                    row_limit: row.get(9)?,
                },
                Texts { params: row.get(4)?, end: row.get(5)?, failure: row.get(6)?, fields: row.get(8)? },
            ))
        })?;
        queries.into_iter().map(|(query, texts)| self.parse_query(query, texts)).collect()
    }

    fn parse_query(&self, query: StoredQuery, texts: Texts) -> Result<StoredQuery, DatabaseError> {
        let Texts { params, end, failure, fields } = texts;
        let invalid = |what, text: &str| DatabaseError::invalid(&self.path, what, text);
        let state = match (end, failure) {
            (None, _) => AnswerState::Unfinished,
            (Some(end), failure) => {
                let text = failure.map_or_else(|| end.clone(), |failure| format!("{end}:{failure}"));
                AnswerState::Ended(QueryEnd::parse(&text).ok_or_else(|| invalid("an end of a query", &text))?)
            }
        };
        let fields = fields.map(|text| serde_json::from_str(&text).map_err(|_| invalid("a list of fields", &text)));
        let params = serde_json::from_str(&params).map_err(|_| invalid("parameters", &params))?;
        Ok(StoredQuery { params, state, fields: fields.transpose()?, ..query })
    }

    /// A query's rows, as files have them.
    fn rows(&self, query: &StoredQuery, kind: Option<&Kind>) -> Result<Vec<Row>, DatabaseError> {
        let records = self.records(query)?.into_iter();
        let row = |StoredRecord { position, fields, fetched_at }: StoredRecord| {
            let mut row = Row::new();
            row.insert("kind".to_owned(), query.kind.clone().into());
            row.extend(query.params.clone());
            row.insert("position".to_owned(), position.into());
            row.extend(in_order(kind, fields));
            row.entry("fetched_at").or_insert_with(|| fetched_at.map_or(Value::Null, Value::from));
            row
        };
        Ok(records.map(row).collect())
    }

    /// The answer to a query.
    pub(super) fn answer(&self, query: &StoredQuery) -> Result<Answer, DatabaseError> {
        let records = self.records(query)?.into_iter().map(|record| record.fields).collect();
        Ok(Answer {
            state: query.state,
            asked_at: Some(query.asked_at.clone()),
            records,
            fields: query.fields.clone(),
            row_limit: query.row_limit,
        })
    }

    /// A query's records, in their order.
    pub(super) fn records(&self, query: &StoredQuery) -> Result<Vec<StoredRecord>, DatabaseError> {
        let sql = "SELECT row.position, record.fields, row.noisy, strftime('%Y-%m-%dT%H:%M:%SZ', row.fetched_at, 'unixepoch'),
                (SELECT json_group_object(record_text.field, CASE WHEN is_json THEN json(text.text) ELSE text.text END)
                 FROM record_text JOIN text ON text.id = record_text.text WHERE record_text.record = record.id)
             FROM row JOIN record ON record.id = row.record WHERE row.query = ?1 ORDER BY row.position";
        let records = self.collect(sql, [query.id], |row| {
            let texts: [Option<String>; 3] = [row.get(1)?, row.get(4)?, row.get(2)?];
            Ok((row.get(0)?, texts, row.get(3)?))
        })?;
        let record = |(position, texts, fetched_at): (u64, [Option<String>; 3], Option<String>)| {
            Ok(StoredRecord { position, fields: self.parse_record(texts)?, fetched_at })
        };
        records.into_iter().map(record).collect()
    }

    /// A record of its parts: fields, long values, noisy fields.
    pub(super) fn parse_record(&self, texts: [Option<String>; 3]) -> Result<Map<String, Value>, DatabaseError> {
        let mut record = Map::new();
        for text in texts.into_iter().flatten() {
            let part: Map<String, Value> =
                serde_json::from_str(&text).map_err(|_| DatabaseError::invalid(&self.path, "a record", &text))?;
            record.extend(part);
        }
        Ok(record)
    }

    pub(super) fn collect<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, DatabaseError> {
        let collect = || self.connection.prepare_cached(sql)?.query_map(params, read)?.collect::<Result<_, _>>();
        collect().map_err(|error| self.error(error))
    }

    pub(super) fn error(&self, error: rusqlite::Error) -> DatabaseError {
        DatabaseError::new(&self.path, error)
    }
}

/// The kinds of a database, each with its parser's name.
pub(super) struct Kinds(pub(super) Vec<(String, Kind)>);

impl Kinds {
    /// A query's kind as it was last described, by any parser if none answered; `None` if no parser ever answered such a query.
    pub(super) fn of(&self, query: &StoredQuery) -> Option<&Kind> {
        let mut named = self.0.iter().filter(|(_, kind)| kind.name == query.kind);
        let found = named.find(|(parser, _)| query.parser.as_ref().is_none_or(|name| name == parser));
        found.map(|(_, kind)| kind)
    }
}

/// What a query's columns hold as text.
struct Texts {
    params: String,
    end: Option<String>,
    failure: Option<String>,
    fields: Option<String>,
}

/// A record of a query's answer.
pub(super) struct StoredRecord {
    /// From 1.
    pub(super) position: u64,
    pub(super) fields: Map<String, Value>,
    pub(super) fetched_at: Option<String>,
}

/// A record's fields in the order of their kind's description, then others.
fn in_order(kind: Option<&Kind>, mut fields: Map<String, Value>) -> Map<String, Value> {
    let named = kind.into_iter().flat_map(Kind::fields);
    let mut ordered: Map<_, _> = named.filter_map(|name| fields.remove_entry(name)).collect();
    ordered.extend(fields);
    ordered
}
