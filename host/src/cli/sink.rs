//! Where do rows go, and what is kept beside them so that none is lost?
//!
//! Rows first, then the journal's line: whenever the machine stops, what the journal says is in the file. Rows that go to a terminal or a
//! pipe have no journal.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use serde_json::{Map, Value};

use super::exit::Exit;
use super::journal::{Done, End, Header, Journal, JournalError, Resumed, Started};
use crate::batch::Asked;
use crate::output::{Format, RowWriter, header};
use crate::types::chain;
use crate::{Description, FailureKind, Part, Query, QueryKey};

/// Why rows can't be written any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum SinkError {
    /// The rows.
    #[error("failed to write rows")]
    Rows(#[from] io::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file of failures.
    #[error("failed to write failures")]
    Failures(#[source] io::Error),
}

/// Where rows go.
pub(super) struct Sink {
    writer: RowWriter<Box<dyn Write>>,
    format: Format,
    journal: Option<Journal>,
    failures: Option<BufWriter<File>>,
    /// By root: queries whose answers raised others, until these are done too.
    trees: HashMap<usize, Tree>,
}

/// A query whose answers raised others.
struct Tree {
    key: QueryKey,
    records: usize,
    open: usize,
    end: End,
}

/// What is done already.
#[derive(Default)]
pub(super) struct Before {
    done: Done,
    going_on: HashMap<QueryKey, Started>,
}

impl Before {
    /// What is still to be asked of a query.
    pub(super) fn left(&self, query: Query) -> Option<Asked> {
        if self.done.len() == 0 && self.going_on.is_empty() {
            return Some(query.into());
        }
        let key = query.key();
        if self.done.contains(&key) {
            return None;
        }
        let Some(Started { state, records, again }) = self.going_on.get(&key) else { return Some(query.into()) };
        let query = state.as_ref().map_or_else(|| query.clone(), |state| query.going_on(state));
        Some(Asked { query, records: *records, again: *again })
    }
}

impl Sink {
    /// What the general options want, and what was done before. `columns` are CSV's, where nothing else says them.
    pub(super) fn open(
        matches: &ArgMatches,
        on_terminal: Format,
        columns: impl FnOnce() -> Vec<String>,
    ) -> Result<(Self, Before), Exit> {
        let file = matches.get_one::<PathBuf>("output");
        let resume = matches.get_flag("resume");
        let format = format(matches, on_terminal);
        let fields: Option<Vec<String>> = matches.get_many("fields").map(|names| names.cloned().collect());
        if let (true, None) = (resume, file) {
            return Err(Exit::config("--resume needs -o FILE: what is to be gone on with?".to_owned()));
        }
        if resume && format == Format::Table {
            return Err(Exit::config("a table can't be gone on with: --resume needs another --format".to_owned()));
        }
        let (mut writer, journal, before) = match file {
            Some(file) if format != Format::Table => {
                let overwrite = matches.get_flag("overwrite");
                journaled(file, &Header::new(format, fields.clone()), format, resume, overwrite)?
            }
            _ => (RowWriter::new(plain(matches)?, format, width()), None, Before::default()),
        };
        let failures = matches.get_one::<PathBuf>("failures").map(|file| create(file)).transpose()?;
        writer = match (fields, file.filter(|_| format == Format::Csv && writer.offset() > 0)) {
            (Some(fields), _) => writer.fields(fields),
            (None, Some(file)) => writer.columns(columns_of(file)?),
            (None, None) if format == Format::Csv => {
                let source = matches.get_flag("source").then(|| "_source".to_owned());
                writer.columns(columns().into_iter().chain(source).collect())
            }
            (None, None) => writer,
        };
        Ok((Self { writer, format, journal, failures: failures.map(BufWriter::new), trees: HashMap::new() }, before))
    }

    /// Takes a part: its rows, and then the journal's line.
    pub(super) fn take(&mut self, part: &mut Part) -> Result<(), SinkError> {
        let rows = std::mem::take(&mut part.rows);
        if !rows.is_empty() {
            self.writer.write(rows)?;
        }
        if let Some(failure) = part.failure.as_ref().filter(|failure| failure.kind != FailureKind::Cancelled) {
            let line = failed(&part.query, failure.kind, &failure.message);
            self.failures.as_mut().map_or(Ok(()), |file| writeln!(file, "{line}")).map_err(SinkError::Failures)?;
        }
        self.note(part).map_err(SinkError::Journal)
    }

    fn note(&mut self, part: &Part) -> Result<(), JournalError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let (key, offset) = (part.query.key(), self.writer.offset());
        let end = match (&part.failure, &part.state) {
            (None, Some(state)) => return journal.page(key, state, part.records, offset),
            (Some(failure), _) => End::Failed(failure.kind),
            (None, None) => End::Answered,
        };
        let root = part.origin.root;
        if part.origin.path.is_empty() && part.raised > 0 {
            // It isn't done before those that it raised are: asked once more, it raises those that are left.
            self.trees.insert(root, Tree { key, records: part.records, open: part.raised, end });
            return journal.end(key, End::Failed(FailureKind::Cancelled), part.records, offset);
        }
        journal.end(key, end, part.records, offset)?;
        let Some(tree) = self.trees.get_mut(&root) else { return Ok(()) };
        tree.open = (tree.open + part.raised).saturating_sub(1);
        tree.end = if end == End::Answered { tree.end } else { end };
        if tree.open == 0
            && let Some(Tree { key, records, end, .. }) = self.trees.remove(&root)
        {
            journal.end(key, end, records, offset)?;
        }
        Ok(())
    }

    /// Writes what is still owed. A run that is through has nothing to be resumed.
    pub(super) fn finish(self, is_through: bool) -> Result<Vec<String>, SinkError> {
        let dropped = self.writer.dropped().iter().cloned().collect();
        self.writer.finish()?;
        if let Some(mut failures) = self.failures {
            failures.flush().map_err(SinkError::Failures)?;
        }
        if let Some(journal) = self.journal.filter(|_| is_through) {
            journal.finish()?;
        }
        Ok(dropped)
    }

    pub(super) fn is_table(&self) -> bool {
        self.format == Format::Table
    }

    pub(super) const fn is_journaled(&self) -> bool {
        self.journal.is_some()
    }
}

/// A writer for the terminal or a file, without a journal.
pub(super) fn writer(matches: &ArgMatches, on_terminal: Format) -> Result<RowWriter<Box<dyn Write>>, Exit> {
    let writer = RowWriter::new(plain(matches)?, format(matches, on_terminal), width());
    Ok(match matches.get_many::<String>("fields") {
        Some(fields) => writer.fields(fields.cloned().collect()),
        None => writer,
    })
}

/// The output that the general options name.
fn plain(matches: &ArgMatches) -> Result<Box<dyn Write>, Exit> {
    Ok(match matches.get_one::<PathBuf>("output") {
        Some(file) => boxed(BufWriter::new(create(file)?)),
        None => boxed(BufWriter::new(io::stdout())),
    })
}

type Journaled = (RowWriter<Box<dyn Write>>, Option<Journal>, Before);

fn journaled(file: &Path, header: &Header, format: Format, resume: bool, overwrite: bool) -> Result<Journaled, Exit> {
    let refused = |error: JournalError| Exit::config(chain(&error));
    // Devices and pipes keep nothing.
    if std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
        return Ok((RowWriter::new(boxed(create(file)?), format, width()), None, Before::default()));
    }
    if resume {
        let (journal, Resumed { done, going_on, offset }) = Journal::resume(file, header).map_err(refused)?;
        let opened = File::options().append(true).create(true).open(file);
        let out = opened.map_err(|error| Exit::config(format!("failed to write to {}: {error}", file.display())))?;
        let writer = RowWriter::resumed(boxed(BufWriter::new(out)), format, width(), offset);
        return Ok((writer, Some(journal), Before { done, going_on }));
    }
    let journal = Journal::create(file, header, overwrite).map_err(refused)?;
    let writer = RowWriter::new(boxed(BufWriter::new(create(file)?)), format, width());
    Ok((writer, Some(journal), Before::default()))
}

fn boxed(out: impl Write + 'static) -> Box<dyn Write> {
    Box::new(out)
}

fn create(file: &Path) -> Result<File, Exit> {
    File::create(file).map_err(|error| Exit::config(format!("failed to create {}: {error}", file.display())))
}

/// The columns of a CSV file that is gone on with.
fn columns_of(file: &Path) -> Result<Vec<String>, Exit> {
    let read = File::open(file).and_then(header);
    read.map_err(|error| Exit::config(format!("failed to read the header of {}: {error}", file.display())))
}

/// How the general options want rows written; how on a terminal where they don't say.
pub(super) fn format(matches: &ArgMatches, on_terminal: Format) -> Format {
    let is_terminal = matches.get_one::<PathBuf>("output").is_none() && io::stdout().is_terminal();
    let format = matches.get_one::<String>("format").and_then(|name| name.parse().ok());
    format.unwrap_or(if is_terminal { on_terminal } else { Format::Ndjson })
}

/// Characters of the terminal's line.
pub(super) fn width() -> usize {
    const USUAL: u16 = 120;
    comfy_table::Table::new().width().unwrap_or(USUAL).into()
}

/// CSV's columns for parsers, and one of their kinds or all: the queries' parameters, `position`, and the records' fields.
pub(super) fn columns(parsers: &[Arc<Description>], only: Option<&str>) -> Vec<String> {
    let position = "position".to_owned();
    let names = parsers.iter().flat_map(|parser| {
        let kinds = parser.kinds.iter().filter(|kind| only.is_none_or(|only| kind.name == only));
        let params = kinds.clone().flat_map(|kind| kind.params.properties.iter().map(|(name, _)| name));
        let fields = kinds.filter_map(|kind| kind.record.get("properties")?.as_object()).flat_map(Map::keys);
        params.chain([&position]).chain(fields)
    });
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).cloned().collect()
}

/// A query as `--queries` reads it.
pub(super) fn asked(query: &Query) -> Map<String, Value> {
    let kind = query.parser().map_or_else(|| query.kind().to_owned(), |parser| format!("{parser}:{}", query.kind()));
    let params = query.params().map(|(name, value)| (name.to_owned(), Value::from(value)));
    [("kind".to_owned(), Value::from(kind))].into_iter().chain(params).collect()
}

fn failed(query: &Query, kind: FailureKind, message: &str) -> Value {
    let mut line = asked(query);
    line.insert("_failure".to_owned(), serde_json::json!({"kind": kind.name(), "message": message}));
    line.into()
}
