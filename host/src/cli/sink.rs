//! Where rows go, and what is kept next to them so that none is lost.
//!
//! Rows first, then the journal's line: whenever the machine stops, what the journal says is in the file. Rows that go to a terminal or a
//! pipe have no journal.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::args::{Existing, OutputArgs, RowArgs};
use super::exit::Exit;
use super::journal::{Done, End, Header, Journal, JournalError, Resumed, Started};
use super::output_file::OutputFile;
use crate::batch::Asked;
use crate::output::{Format, RowWriter, header};
use crate::parser::Kind;
use crate::types::chain;
use crate::{Description, FailureKind, Part, Query, QueryKey, Row};

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
    rows: Rows,
    format: Format,
    journal: Option<Journal>,
    failures: Option<BufWriter<OutputFile>>,
    summary: Option<OutputFile>,
    /// Whether a query was answered.
    is_answered: bool,
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
    /// What the general options want, and what was done before. Every output is opened here, before anything is asked. `columns` are the
    /// fields that rows can have.
    pub(super) fn open(
        options: &OutputArgs,
        on_terminal: Format,
        columns: impl FnOnce() -> Columns,
    ) -> Result<(Self, Before), Exit> {
        let file = options.rows.file();
        let resume = options.existing() == Existing::Resume;
        let format = format(&options.rows, on_terminal);
        let columns = columns();
        let fields = fields(&options.rows, options.source, &columns)?;
        if let (true, None) = (resume, file) {
            return Err(Exit::config("--resume needs -o FILE: what is to be gone on with?".to_owned()));
        }
        if resume && format == Format::Table {
            return Err(Exit::config("a table can't be gone on with: --resume needs another --format".to_owned()));
        }
        let failures = options.failures.as_ref().map(|file| OutputFile::open_locked(file)).transpose()?;
        let summary = options.summary_json.as_ref().map(|file| OutputFile::open(file)).transpose()?;
        let (mut rows, journal, before) = match file {
            Some(file) if format != Format::Table => {
                let overwrite = options.existing() == Existing::Restart;
                journaled(file, &Header::new(format, fields.clone()), format, resume, overwrite)?
            }
            _ => (Rows::plain(file, format)?, None, Before::default()),
        };
        let written = file.filter(|_| format == Format::Csv && rows.writer.offset() > 0);
        rows.writer = match (fields, written) {
            (Some(fields), _) => rows.writer.fields(fields),
            (None, Some(file)) => rows.writer.columns(columns_of(file)?),
            (None, None) if format == Format::Csv => {
                let source = options.source.then(|| SOURCE.to_owned());
                rows.writer.columns(columns.names.into_iter().chain(source).collect())
            }
            (None, None) => rows.writer,
        };
        let failures = failures.map(cleared).transpose()?.map(BufWriter::new);
        let sink = Self { rows, format, journal, failures, summary, is_answered: false, trees: HashMap::new() };
        Ok((sink, before))
    }

    /// The file for what came of the run.
    pub(super) const fn take_summary(&mut self) -> Option<OutputFile> {
        self.summary.take()
    }

    /// Takes a part: its rows, and then the journal's line.
    pub(super) fn take(&mut self, part: &mut Part) -> Result<(), SinkError> {
        let rows = std::mem::take(&mut part.rows);
        if !rows.is_empty() {
            self.rows.write(rows)?;
        }
        self.is_answered |= part.failure.is_none();
        if let Some(failure) = part.failure.as_ref().filter(|failure| failure.kind != FailureKind::Cancelled) {
            let line = failed(&part.query, failure.kind, &failure.message);
            self.failures.as_mut().map_or(Ok(()), |file| writeln!(file, "{line}")).map_err(SinkError::Failures)?;
        }
        self.note(part).map_err(SinkError::Journal)
    }

    /// Writes lines to the file of failures, if there is one.
    pub(super) fn write_failures(&mut self, lines: Vec<Value>) -> Result<(), SinkError> {
        let Some(file) = &mut self.failures else { return Ok(()) };
        lines.iter().try_for_each(|line| writeln!(file, "{line}")).map_err(SinkError::Failures)
    }

    fn note(&mut self, part: &Part) -> Result<(), JournalError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let (key, offset) = (part.query.key(), self.rows.writer.offset());
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
        let dropped = self.rows.finish(is_through && self.is_answered)?;
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

/// Bytes that rows are gathered to before they are written: what a pipe holds.
const BUFFERED: usize = 64 << 10;

/// The field that tells where a row comes from.
const SOURCE: &str = "_source";

/// A writer of rows, and the former content of its file.
pub(super) struct Rows {
    writer: RowWriter<Box<dyn Write>>,
    /// The file, if it has a former content, which stays until there is a row.
    former: Option<File>,
    has_rows: bool,
}

impl Rows {
    /// For the terminal or a file, as the general options say, without a journal.
    pub(super) fn open(options: &RowArgs, on_terminal: Format, columns: &Columns) -> Result<Self, Exit> {
        let fields = fields(options, false, columns)?;
        let rows = Self::plain(options.file(), format(options, on_terminal))?;
        Ok(match fields {
            Some(fields) => Self { writer: rows.writer.fields(fields), ..rows },
            None => rows,
        })
    }

    fn plain(file: Option<&PathBuf>, format: Format) -> Result<Self, Exit> {
        match file {
            Some(file) => Self::of_file(file, OutputFile::open_locked(file)?, format, 0),
            None => {
                Ok(Self { writer: RowWriter::new(buffered(stdout()), format, width()), former: None, has_rows: false })
            }
        }
    }

    /// Rows that go on in a file after so many bytes.
    fn of_file(path: &Path, mut file: OutputFile, format: Format, offset: u64) -> Result<Self, Exit> {
        let former = file.resume(offset).and_then(|()| file.former());
        let former = former.map_err(|error| Exit::config(format!("failed to write to {}: {error}", path.display())))?;
        Ok(Self { writer: RowWriter::resumed(buffered(file), format, width(), offset), former, has_rows: false })
    }

    /// Writes rows.
    pub(super) fn write(&mut self, rows: Vec<Row>) -> io::Result<()> {
        self.has_rows |= !rows.is_empty();
        self.writer.write(rows)
    }

    /// Writes what is still owed, and gives the fields that had no column. Without a row the former content of the file stays, unless that
    /// there is none is the answer.
    pub(super) fn finish(self, is_answer: bool) -> io::Result<Vec<String>> {
        let dropped = self.writer.dropped().iter().cloned().collect();
        match self.former.filter(|_| !self.has_rows) {
            Some(_) if !is_answer => return Ok(dropped),
            Some(file) => file.set_len(0)?,
            None => {}
        }
        self.writer.finish()?;
        Ok(dropped)
    }
}

/// The fields that were chosen, of those that rows can have.
fn fields(options: &RowArgs, source: bool, columns: &Columns) -> Result<Option<Vec<String>>, Exit> {
    let Some(mut names) = options.fields.clone() else { return Ok(None) };
    if source && !names.iter().any(|name| name == SOURCE) {
        names.push(SOURCE.to_owned());
    }
    match names.iter().find(|name| *name != SOURCE && !columns.names.contains(name)) {
        Some(name) if columns.are_all => Err(Exit::config(format!("--fields: {}", columns.unknown(name)))),
        _ => Ok(Some(names)),
    }
}

type Journaled = (Rows, Option<Journal>, Before);

fn journaled(path: &Path, header: &Header, format: Format, resume: bool, overwrite: bool) -> Result<Journaled, Exit> {
    let refused = |error: JournalError| Exit::config(chain(&error));
    // Devices and pipes keep nothing.
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Ok((Rows::of_file(path, OutputFile::open(path)?, format, 0)?, None, Before::default()));
    }
    let file = OutputFile::open_locked(path)?;
    if resume {
        let (journal, Resumed { done, going_on, offset }) = Journal::resume(path, header).map_err(refused)?;
        let rows = Rows::of_file(path, file, format, offset)?;
        return Ok((rows, Some(journal), Before { done, going_on }));
    }
    let journal = Journal::create(path, header, overwrite).map_err(refused)?;
    Ok((Rows::of_file(path, file, format, 0)?, Some(journal), Before::default()))
}

fn buffered(out: impl Write + 'static) -> Box<dyn Write> {
    Box::new(BufWriter::with_capacity(BUFFERED, out))
}

/// Standard output without the standard library's buffer, which writes what it is given line by line.
pub(super) fn stdout() -> Box<dyn Write> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        if let Ok(stdout) = io::stdout().as_fd().try_clone_to_owned() {
            return Box::new(File::from(stdout));
        }
    }
    Box::new(io::stdout())
}

/// A file of failures: without one it says that nothing failed.
fn cleared(mut file: OutputFile) -> Result<OutputFile, Exit> {
    let cleared = file.clear();
    cleared.map_err(|error| Exit::config(format!("failed to empty the file of --failures: {error}")))?;
    Ok(file)
}

/// The columns of a CSV file that is gone on with.
fn columns_of(file: &Path) -> Result<Vec<String>, Exit> {
    let read = File::open(file).and_then(header);
    read.map_err(|error| Exit::config(format!("failed to read the header of {}: {error}", file.display())))
}

/// How the general options want rows written; how on a terminal where they don't say.
pub(super) fn format(options: &RowArgs, on_terminal: Format) -> Format {
    let is_terminal = options.file().is_none() && io::stdout().is_terminal();
    let format = options.format();
    format.unwrap_or(if is_terminal { on_terminal } else { Format::Ndjson })
}

/// Characters of the terminal's line.
pub(super) fn width() -> usize {
    width_of(comfy_table::Table::new().width())
}

/// The width that a table may have, by what the terminal says, if there is one.
fn width_of(terminal: Option<u16>) -> usize {
    /// Where there is no terminal.
    const USUAL: u16 = 120;
    /// Of a terminal that says 0, as those of `script` do: it doesn't know.
    const OF_TERMINALS: u16 = 80;
    match terminal {
        None => USUAL.into(),
        Some(0) => OF_TERMINALS.into(),
        Some(width) => width.into(),
    }
}

/// The fields that rows can have.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    /// Whether there are no others: a kind may leave open which fields its records have.
    are_all: bool,
}

impl Columns {
    /// Those of parsers, and one of their kinds or all: the queries' parameters, `position`, and the records' fields.
    pub(super) fn new(parsers: &[Arc<Description>], only: Option<&str>) -> Self {
        let is_asked = |kind: &&Kind| only.is_none_or(|only| kind.name == only);
        let kinds: Vec<Vec<_>> = parsers.iter().map(|parser| parser.kinds.iter().filter(is_asked).collect()).collect();
        let position = "position".to_owned();
        let names = kinds.iter().flat_map(|kinds| {
            let params = kinds.iter().flat_map(|kind| kind.params.properties.iter().map(|(name, _)| name));
            let fields = kinds.iter().filter_map(|kind| properties(kind)).flat_map(Map::keys);
            params.chain([&position]).chain(fields)
        });
        let mut seen = HashSet::new();
        let names = names.filter(|name| seen.insert(*name)).cloned().collect();
        Self { names, are_all: kinds.iter().flatten().all(|kind| properties(kind).is_some()) }
    }

    /// The same with these at the end: what rows carry of the input.
    pub(super) fn with_carried(mut self, names: &[String]) -> Self {
        self.names.extend(names.iter().cloned());
        self
    }

    /// That there is no such field, and which is nearest.
    fn unknown(&self, name: &str) -> String {
        const NEAR: f64 = 0.75;
        let distance = |other: &String| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
        let nearest = self.names.iter().map(|other| (distance(other), other));
        let nearest =
            nearest.max_by(|left, right| left.0.total_cmp(&right.0)).filter(|(distance, _)| *distance >= NEAR);
        let guess = nearest.map(|(_, other)| format!("; did you mean {other}?")).unwrap_or_default();
        format!("rows have no field {name:?}{guess} (playfast inspect --json names all)")
    }
}

/// The fields of a kind's records, where it names them.
fn properties(kind: &Kind) -> Option<&Map<String, Value>> {
    kind.record.get("properties")?.as_object()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_does_not_know_its_width_has_a_usual_one() {
        assert_eq!([None, Some(0), Some(1), Some(200)].map(width_of), [120, 80, 1, 200]);
    }
}
