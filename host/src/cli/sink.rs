//! Sink of a run: rows, and what is kept beside them so that none is lost.
//!
//! Rows first, then the journal's line: whenever the machine stops, what the journal says is in the file. Rows that go to a terminal or a
//! pipe have no journal.

mod columns;
mod destination;
mod rows;

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::args::{Existing, OutputArgs};
use super::exit::{ExitStatus, say};
use super::input::Carried;
use super::journal::{CompletedKeys, End, Header, Journal, JournalError, PartialQuery, Resumed};
use super::output_file::{OutputFile, Replacement};
use super::remedy::with_option;
use crate::jobs::job::Asked;
use crate::output::Format;
use crate::result::PageResult;
use crate::types::{FailureKind, Query, QueryKey, chain};
use destination::{Destination, is_special};

pub(super) use columns::Columns;
pub(super) use rows::{Rows, stdout, width};

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
    /// There was nothing to replace a file with.
    #[error("{} stays as it was: nothing was asked", .0.display())]
    NothingAsked(PathBuf),
    /// The file that is replaced.
    #[error("failed to replace {}", .0.display())]
    Replaced(PathBuf, #[source] io::Error),
}

/// Where the rows of a run go.
pub(super) struct Sink {
    rows: Rows,
    format: Format,
    journal: Option<Journal>,
    /// What the journal says after the next checkpoint of the rows.
    marks: Vec<Mark>,
    failures: Option<(PathBuf, BufWriter<OutputFile>)>,
    summary: Option<OutputFile>,
    /// The file that takes the place of the named one when the run is finished.
    replacement: Option<Replacement>,
    /// Rows of each query, at most.
    limit: Option<usize>,
    /// What rows carry of the input.
    carried: Option<Arc<Carried>>,
    /// Whether a query was answered, or failed as is accepted.
    is_answered: bool,
    has_failed: bool,
    /// By root: queries whose answers raised others, until these are done too.
    trees: HashMap<usize, Tree>,
}

/// How far a query is.
struct Mark {
    key: QueryKey,
    state: Option<Arc<str>>,
    end: Option<End>,
    records: usize,
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
pub(super) struct ResumeFilter {
    done: CompletedKeys,
    going_on: HashMap<QueryKey, PartialQuery>,
}

impl ResumeFilter {
    /// What is still to be asked of a query.
    pub(super) fn left(&self, query: Query) -> Option<Asked> {
        if self.done.len() == 0 && self.going_on.is_empty() {
            return Some(query.into());
        }
        let key = query.key();
        if self.done.contains(&key) {
            return None;
        }
        let Some(PartialQuery { state, records, again }) = self.going_on.get(&key) else { return Some(query.into()) };
        let query = state.as_ref().map_or_else(|| query.clone(), |state| query.going_on(state));
        Some(Asked { query, records: *records, again: *again })
    }
}

/// What is to be said at the end.
pub(super) struct Finish {
    /// Fields that CSV had no column for.
    pub(super) dropped: Vec<String>,
}

impl Sink {
    /// What the options want, and what was done before. Every output is opened here, before anything is asked. `columns` are the fields that
    /// rows can have, `limit` is the number of rows of each query, at most.
    ///
    /// # Errors
    /// When options contradict each other, or an output can't be written.
    pub(super) fn open(
        options: &OutputArgs,
        on_terminal: Format,
        limit: Option<usize>,
        columns: impl FnOnce() -> Columns,
    ) -> Result<(Self, ResumeFilter), ExitStatus> {
        let destination = Destination::new(&options.rows, on_terminal)?;
        check(options, &destination)?;
        let columns = columns();
        let fields = columns.chosen(&options.rows, options.source)?;
        let failures =
            options.failures.as_ref().map(|file| OutputFile::open_locked(file).map(|open| (file.clone(), open)));
        let failures = failures.transpose()?;
        let summary = options.summary_json.as_ref().map(|file| OutputFile::open(file)).transpose()?;
        let header = Header::new(destination.format, fields).with_carried(columns.carried().to_vec());
        let header = header.with_variant(destination.compression, options.rows.spreadsheet);
        let Opened { rows, journal, replacement, before } = open_rows(&destination, &header, options.existing())?;
        let rows = rows.arranged(&options.rows, options.source, &columns, &destination)?;
        let failures = failures.map(|(path, file)| Ok((path, BufWriter::new(cleared(file)?)))).transpose()?;
        let (marks, trees) = (Vec::new(), HashMap::new());
        let format = destination.format;
        let sink = Self {
            rows,
            format,
            journal,
            marks,
            failures,
            summary,
            replacement,
            limit,
            carried: None,
            is_answered: false,
            has_failed: false,
            trees,
        };
        Ok((sink, before))
    }

    /// Has rows carry columns of the input.
    pub(super) fn set_carried(&mut self, carried: Option<Arc<Carried>>) {
        self.carried = carried;
    }

    /// The file for what came of the run.
    pub(super) const fn take_summary(&mut self) -> Option<OutputFile> {
        self.summary.take()
    }

    /// Where all failures are, for a line that counts some.
    pub(super) fn failures_hint(&self) -> String {
        match &self.failures {
            Some((path, _)) => format!(" (all in {})", path.display()),
            None => " (--failures FILE keeps all)".to_owned(),
        }
    }

    /// Takes a part: its rows, and then the journal's line.
    pub(super) fn write_page(&mut self, part: &mut PageResult) -> Result<(), SinkError> {
        let mut rows = std::mem::take(&mut part.rows);
        if let Some(limit) = self.limit {
            rows.truncate(limit.saturating_sub(part.records - rows.len()));
        }
        if let Some(carried) = &self.carried {
            rows = carried.rows(&part.query, rows, part.is_last);
        }
        if !rows.is_empty() {
            self.rows.write(rows)?;
        }
        self.is_answered |= part.failure.is_none();
        self.has_failed |= part.failure.is_some();
        if let Some(failure) = part.failure.as_ref().filter(|failure| failure.kind != FailureKind::Cancelled) {
            self.write_failures([failed(&part.query, failure.kind, &with_option(failure))])?;
        }
        if self.journal.is_some() {
            self.mark(part);
            if self.rows.is_checkpoint_due() {
                self.checkpoint()?;
            }
        }
        Ok(())
    }

    /// Counts a failure that is accepted as an answer: there is nothing to write, and that is known.
    pub(super) const fn accept(&mut self) {
        self.is_answered = true;
    }

    /// Writes lines to the file of failures, if there is one.
    pub(super) fn write_failures(&mut self, lines: impl IntoIterator<Item = Value>) -> Result<(), SinkError> {
        let Some((_, file)) = &mut self.failures else { return Ok(()) };
        lines.into_iter().try_for_each(|line| writeln!(file, "{line}")).map_err(SinkError::Failures)
    }

    /// Remembers what the journal is to say of a part.
    fn mark(&mut self, part: &PageResult) {
        let key = part.query.key();
        let mark = |end| Mark { key, state: None, end: Some(end), records: part.records };
        let end = match (&part.failure, &part.state) {
            (None, Some(state)) => {
                self.marks.push(Mark { key, state: Some(Arc::clone(state)), end: None, records: part.records });
                return;
            }
            (Some(failure), _) => End::Failed(failure.kind),
            (None, None) => End::Answered,
        };
        let root = part.origin.root;
        if part.origin.path.is_empty() && part.raised > 0 {
            // It isn't done before those that it raised are: asked once more, it raises those that are left.
            self.trees.insert(root, Tree { key, records: part.records, open: part.raised, end });
            self.marks.push(mark(End::Failed(FailureKind::Cancelled)));
            return;
        }
        self.marks.push(mark(end));
        let Some(tree) = self.trees.get_mut(&root) else { return };
        tree.open = (tree.open + part.raised).saturating_sub(1);
        tree.end = if end == End::Answered { tree.end } else { end };
        if tree.open == 0
            && let Some(Tree { key, records, end, .. }) = self.trees.remove(&root)
        {
            self.marks.push(Mark { key, state: None, end: Some(end), records });
        }
    }

    /// Ends what was written of the rows, and writes the journal's lines for it.
    fn checkpoint(&mut self) -> Result<(), SinkError> {
        let offset = self.rows.checkpoint()?;
        let Some(journal) = &mut self.journal else { return Ok(()) };
        for Mark { key, state, end, records } in self.marks.drain(..) {
            match (end, state) {
                (Some(end), _) => journal.end(key, end, records, offset)?,
                (None, Some(state)) => journal.page(key, &state, records, offset)?,
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Writes what is left. A run that is through has nothing to be resumed.
    pub(super) fn finish(mut self, is_through: bool) -> Result<Finish, SinkError> {
        self.rows.write_sorted()?;
        if self.journal.is_some() {
            self.checkpoint()?;
        }
        let is_whole = is_through && self.is_answered;
        let dropped = self.rows.finish(is_whole)?;
        if let Some((_, mut failures)) = self.failures {
            failures.flush().map_err(SinkError::Failures)?;
        }
        if let Some(journal) = self.journal.filter(|_| is_through) {
            journal.finish()?;
        }
        if let Some(replacement) = self.replacement {
            let target = replacement.target().to_owned();
            if is_whole {
                replacement.finish(&Journal::path).map_err(|error| SinkError::Replaced(target, error))?;
            } else if is_through && !self.has_failed {
                // A list that was empty by mistake must not look like success.
                return Err(SinkError::NothingAsked(target));
            } else {
                let why = if is_through { "no query was answered" } else { "the run isn't finished" };
                say(&format!("{} stays as it was: {why}", target.display()));
            }
        }
        Ok(Finish { dropped })
    }

    pub(super) fn is_table(&self) -> bool {
        self.format == Format::Table
    }

    /// Whether the rows replace a file once the run is finished.
    pub(super) const fn is_replacing(&self) -> bool {
        self.replacement.is_some()
    }

    pub(super) const fn is_journaled(&self) -> bool {
        self.journal.is_some() && self.replacement.is_none()
    }
}

/// Refuses options that need others, or contradict them.
fn check(options: &OutputArgs, destination: &Destination) -> Result<(), ExitStatus> {
    let existing = options.existing();
    if existing == Existing::Fail {
        return Ok(());
    }
    let name = if options.resume {
        "--resume"
    } else if options.overwrite {
        "--overwrite"
    } else {
        "--existing"
    };
    let refused = |why: &str| Err(ExitStatus::config(format!("{name} {why}")));
    match existing {
        _ if destination.file.is_none() => refused("needs a file for the rows: give -o FILE"),
        Existing::Resume if destination.format == Format::Table => {
            refused("can't continue a table: give another --format")
        }
        Existing::Resume if options.rows.sort.is_some() => refused("can't continue sorted rows: leave --sort out"),
        _ => Ok(()),
    }
}

/// What was opened for the rows.
struct Opened {
    rows: Rows,
    journal: Option<Journal>,
    replacement: Option<Replacement>,
    before: ResumeFilter,
}

fn open_rows(destination: &Destination, header: &Header, existing: Existing) -> Result<Opened, ExitStatus> {
    let plain = |rows| Opened { rows, journal: None, replacement: None, before: ResumeFilter::default() };
    let Some(path) = &destination.file else { return Ok(plain(Rows::plain(destination)?)) };
    // Devices and pipes keep nothing.
    if is_special(path) {
        return Ok(plain(Rows::of_file(path, OutputFile::open(path)?, destination, 0)?));
    }
    if existing == Existing::Replace {
        return replace(path, destination, header);
    }
    if destination.format == Format::Table {
        return Ok(plain(Rows::plain(destination)?));
    }
    let file = OutputFile::open_locked(path)?;
    if existing == Existing::Resume && !Journal::is_finished(path).map_err(refused)? {
        let (journal, Resumed { done, going_on, offset }) = Journal::resume(path, header).map_err(refused)?;
        let rows = Rows::of_file(path, file, destination, offset)?;
        return Ok(Opened { before: ResumeFilter { done, going_on }, journal: Some(journal), ..plain(rows) });
    }
    if existing == Existing::Resume {
        say(&format!("{} holds a finished run: starting again", path.display()));
    }
    let journal = Journal::create(path, header, existing != Existing::Fail).map_err(refused)?;
    Ok(Opened { journal: Some(journal), ..plain(Rows::of_file(path, file, destination, 0)?) })
}

/// Rows that go to FILE.partial until the run is finished.
fn replace(path: &Path, destination: &Destination, header: &Header) -> Result<Opened, ExitStatus> {
    // FILE itself is locked as well: whoever writes it directly must not be replaced under its feet.
    let replacement = Replacement::new(path)?;
    let partial = replacement.path().to_owned();
    let mut file = OutputFile::open_locked(&partial)?;
    file.clear().map_err(|error| ExitStatus::config(format!("failed to empty {}: {error}", partial.display())))?;
    let is_journaled = destination.format != Format::Table;
    let journal = is_journaled.then(|| Journal::create(&partial, header, true)).transpose().map_err(refused)?;
    let rows = Rows::of_file(&partial, file, destination, 0)?;
    Ok(Opened { rows, journal, replacement: Some(replacement), before: ResumeFilter::default() })
}

fn refused(error: JournalError) -> ExitStatus {
    let message = chain(&error);
    if matches!(error, JournalError::InUse(_)) { ExitStatus::locked(message) } else { ExitStatus::config(message) }
}

/// A file of failures: an empty one says that nothing failed.
fn cleared(mut file: OutputFile) -> Result<OutputFile, ExitStatus> {
    let cleared = file.clear();
    cleared.map_err(|error| ExitStatus::config(format!("failed to empty the file of --failures: {error}")))?;
    Ok(file)
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
