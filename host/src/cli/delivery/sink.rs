//! Sink of a run: its rows, their journal, failures and summary.
//!
//! Rows first, then the journal's line: whenever the machine stops, what the journal says is in the file. Rows that go to a terminal or a
//! pipe have no journal.

mod columns;
#[cfg(feature = "db")]
mod database;
mod destination;
#[cfg(feature = "parquet")]
pub(in crate::cli) mod parquet_file;
mod rows;
mod store;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value};

use crate::cli::args::{Existing, OutputArgs};
use crate::cli::delivery::replacement::Replacement;
use crate::cli::exit::{ExitStatus, print_message};
use crate::cli::input::Carried;
use crate::cli::report::remedy::with_option;
use crate::output::{Checkpoint, CheckpointWriter, Format, Journal, JournalHeader, OutputFile, Resumed, RunEnd};
use crate::result::PageResult;
use crate::run::ResumeFilter;
use crate::swap::ParserSlot;
use crate::types::{FailureKind, Query, QueryEnd};
#[cfg(feature = "db")]
pub(in crate::cli) use destination::is_for_people;
use destination::{Destination, is_special};

pub(in crate::cli) use columns::Columns;
#[cfg(feature = "db")]
pub(in crate::cli) use columns::distinct;
#[cfg(feature = "db")]
pub(in crate::cli) use database::is_database;
#[cfg(feature = "demo")]
pub(in crate::cli) use rows::width;
pub(in crate::cli) use rows::{Rows, stdout};
use store::Store;
pub(in crate::cli) use store::StoreError;

/// Why rows can't be written any more.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum SinkError {
    /// The rows, or their journal.
    #[error(transparent)]
    Rows(#[from] StoreError),
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
pub(in crate::cli) struct Sink {
    rows: CheckpointWriter<Store>,
    /// Whether rows are written when all are there.
    is_table: bool,
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
    rows_written: Arc<AtomicU64>,
    /// Whether rows that a database has already are left out.
    #[cfg(feature = "db")]
    is_new_only: bool,
}

/// Files next to the rows, opened, with their former content.
struct SideFiles {
    failures: Option<(PathBuf, OutputFile)>,
    summary: Option<OutputFile>,
}

impl SideFiles {
    fn open(options: &OutputArgs) -> Result<Self, ExitStatus> {
        let failures =
            options.failures.as_ref().map(|file| Ok::<_, ExitStatus>((file.clone(), OutputFile::open_locked(file)?)));
        let summary = options.summary_json.as_ref().map(|file| OutputFile::open(file));
        Ok(Self { failures: failures.transpose()?, summary: summary.transpose()? })
    }
}

/// What is to be said at the end.
pub(in crate::cli) struct Finish {
    /// Fields that CSV had no column for.
    pub(in crate::cli) dropped: Vec<String>,
}

impl Sink {
    /// What the options want, and what was done before. Every output is opened here, before anything is asked. `columns` are the fields that
    /// rows can have, `limit` is the number of rows of each query, at most.
    ///
    /// # Errors
    /// When options contradict each other, or an output can't be written.
    pub(in crate::cli) fn open(
        options: &OutputArgs,
        on_terminal: Format,
        limit: Option<usize>,
        columns: impl FnOnce() -> Columns,
    ) -> Result<Self, ExitStatus> {
        #[cfg(feature = "db")]
        if let Some(path) = database::path(&options.rows) {
            database::check(options, limit, &columns())?;
            let files = SideFiles::open(options)?;
            let database = database::open(path, options, limit)?;
            let sink = Self::new(Store::Database(Box::new(database)), files, limit)?;
            return Ok(Self { is_new_only: options.new, ..sink });
        }
        #[cfg(feature = "db")]
        if options.new {
            return Err(ExitStatus::config("--new needs a database: -o FILE.db".to_owned()));
        }
        #[cfg(feature = "parquet")]
        if let Some(path) = parquet_file::path(&options.rows) {
            parquet_file::check(options)?;
            let typed = parquet_file::columns(&columns(), &options.rows)?;
            let files = SideFiles::open(options)?;
            let (rows, replacement) = parquet_file::open(path, typed)?;
            let sink = Self::new(Store::Parquet(Box::new(rows)), files, limit)?;
            return Ok(Self { replacement: Some(replacement), ..sink });
        }
        let destination = Destination::new(&options.rows, on_terminal)?;
        check(options, &destination)?;
        let columns = columns();
        let row_options = columns.suited(&options.rows, &destination);
        let fields = columns.chosen(&row_options, options.source)?;
        let files = SideFiles::open(options)?;
        let header = JournalHeader::new(destination.format, fields).with_carried(columns.carried().to_vec());
        let header = header.with_variant(destination.compression, row_options.spreadsheet);
        let Opened { rows, replacement } = open_rows(&destination, &header, options.existing())?;
        let rows = rows.arranged(&row_options, options.source, &columns, &destination)?;
        let sink = Self::new(Store::File(Box::new(rows)), files, limit)?;
        Ok(Self { is_table: destination.format == Format::Table, replacement, ..sink })
    }

    fn new(store: Store, files: SideFiles, limit: Option<usize>) -> Result<Self, ExitStatus> {
        let SideFiles { failures, summary } = files;
        let failures = failures.map(|(path, file)| Ok::<_, ExitStatus>((path, BufWriter::new(cleared(file)?))));
        Ok(Self {
            rows: CheckpointWriter::new(store),
            is_table: false,
            failures: failures.transpose()?,
            summary,
            replacement: None,
            limit,
            carried: None,
            is_answered: false,
            has_failed: false,
            rows_written: Arc::default(),
            #[cfg(feature = "db")]
            is_new_only: false,
        })
    }

    /// The fields that rows need, as [`Self::open`] reads the options; `None` for all.
    ///
    /// # Errors
    /// When options contradict each other.
    pub(in crate::cli) fn needed_fields(
        options: &OutputArgs,
        on_terminal: Format,
        columns: &Columns,
    ) -> Result<Option<Vec<String>>, ExitStatus> {
        #[cfg(feature = "db")]
        if database::path(&options.rows).is_some() {
            return columns.chosen(&options.rows, false);
        }
        #[cfg(feature = "parquet")]
        if parquet_file::path(&options.rows).is_some() {
            return columns.chosen(&options.rows, false);
        }
        let destination = Destination::new(&options.rows, on_terminal)?;
        columns.needed(&columns.suited(&options.rows, &destination))
    }

    /// Has rows carry columns of the input.
    pub(in crate::cli) fn set_carried(&mut self, carried: Option<Arc<Carried>>) {
        self.carried = carried;
    }

    /// The file for what came of the run.
    pub(in crate::cli) const fn take_summary(&mut self) -> Option<OutputFile> {
        self.summary.take()
    }

    /// The number of rows that were written, which is counted on.
    pub(in crate::cli) fn rows_written(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.rows_written)
    }

    /// Where all failures are, for a line that counts some.
    pub(in crate::cli) fn failures_hint(&self) -> String {
        match &self.failures {
            Some((path, _)) => format!(" (all in {})", path.display()),
            None => " (--failures FILE keeps all)".to_owned(),
        }
    }

    /// Takes a part: its rows, and then the journal's line.
    pub(in crate::cli) fn write_page(&mut self, page_result: &mut PageResult) -> Result<(), SinkError> {
        let mut rows = std::mem::take(&mut page_result.rows);
        if let Some(limit) = self.limit {
            rows.truncate(limit.saturating_sub(page_result.records - rows.len()));
        }
        if let Some(carried) = &self.carried {
            rows = carried.rows(&page_result.query, rows, page_result.is_last);
        }
        #[cfg(feature = "db")]
        if self.is_new_only {
            rows = self.rows.checkpoint().new_rows(page_result, rows)?;
        }
        self.is_answered |= page_result.failure.is_none();
        self.has_failed |= page_result.failure.is_some();
        if let Some(failure) = page_result.failure.as_ref().filter(|failure| failure.kind != FailureKind::Cancelled) {
            let kind = page_result.end().and_then(QueryEnd::failure_text).unwrap_or_default();
            self.write_failures([failed(page_result, &kind, &with_option(failure))])?;
        }
        let count = rows.len() as u64;
        self.rows.write_rows(rows, page_result)?;
        self.rows_written.fetch_add(count, Ordering::Relaxed);
        Ok(())
    }

    /// Counts a failure that is accepted as an answer: there is nothing to write, and that is known.
    pub(in crate::cli) const fn accept(&mut self) {
        self.is_answered = true;
    }

    /// Writes lines to the file of failures, if there is one.
    pub(in crate::cli) fn write_failures(&mut self, lines: impl IntoIterator<Item = Value>) -> Result<(), SinkError> {
        let Some((_, file)) = &mut self.failures else { return Ok(()) };
        lines.into_iter().try_for_each(|line| writeln!(file, "{line}")).map_err(SinkError::Failures)
    }

    /// Finishes all outputs. A run that is through can't be resumed.
    pub(in crate::cli) fn finish(mut self, is_through: bool) -> Result<Finish, SinkError> {
        if let Some((_, failures)) = &mut self.failures {
            failures.flush().map_err(SinkError::Failures)?;
        }
        let is_whole = is_through && self.is_answered;
        let end = match (is_through, is_whole) {
            (false, _) => RunEnd::Interrupted,
            (true, false) => RunEnd::Unanswered,
            (true, true) => RunEnd::Complete,
        };
        let dropped = self.rows.finish_as(end)?.dropped();
        if let Some(replacement) = self.replacement {
            let target = replacement.target().to_owned();
            if is_whole {
                replacement.finish(&Journal::path).map_err(|error| SinkError::Replaced(target, error))?;
            } else if is_through && !self.has_failed {
                // A list that was empty by mistake must not look like success.
                return Err(SinkError::NothingAsked(target));
            } else {
                let why = if is_through { "no query was answered" } else { "the run isn't finished" };
                print_message(&format!("{} stays as it was: {why}", target.display()));
            }
        }
        Ok(Finish { dropped })
    }

    /// What an earlier run left to ask.
    pub(in crate::cli) fn resume_filter(&self) -> ResumeFilter {
        self.rows.checkpoint().resume_filter()
    }

    pub(in crate::cli) const fn is_table(&self) -> bool {
        self.is_table
    }

    /// Whether the rows replace a file once the run is finished.
    pub(in crate::cli) const fn is_replacing(&self) -> bool {
        self.replacement.is_some()
    }

    pub(in crate::cli) const fn is_resumable(&self) -> bool {
        self.rows.checkpoint().is_resumable() && self.replacement.is_none()
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
    replacement: Option<Replacement>,
}

fn open_rows(destination: &Destination, header: &JournalHeader, existing: Existing) -> Result<Opened, ExitStatus> {
    let plain = |rows| Opened { rows, replacement: None };
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
    if existing == Existing::Resume && !Journal::is_finished(path)? {
        let (journal, resumed) = Journal::resume(path, header)?;
        let rows = Rows::of_file(path, file, destination, resumed.offset())?;
        return Ok(plain(rows.with_journal(journal, resumed)));
    }
    if existing == Existing::Resume {
        print_message(&format!("{} holds a finished run: starting again", path.display()));
    }
    let journal = Journal::create(path, header, existing != Existing::Fail)?;
    Ok(plain(Rows::of_file(path, file, destination, 0)?.with_journal(journal, Resumed::default())))
}

/// Rows that go to FILE.partial until the run is finished.
fn replace(path: &Path, destination: &Destination, header: &JournalHeader) -> Result<Opened, ExitStatus> {
    // FILE itself is locked as well: whoever writes it directly must not be replaced under its feet.
    let replacement = Replacement::new(path)?;
    let partial = replacement.path().to_owned();
    let mut file = OutputFile::open_locked(&partial)?;
    file.clear().map_err(|error| ExitStatus::config(format!("failed to empty {}: {error}", partial.display())))?;
    let is_journaled = destination.format != Format::Table;
    let journal = is_journaled.then(|| Journal::create(&partial, header, true)).transpose()?;
    let mut rows = Rows::of_file(&partial, file, destination, 0)?;
    if let Some(journal) = journal {
        rows = rows.with_journal(journal, Resumed::default());
    }
    Ok(Opened { rows, replacement: Some(replacement) })
}

/// A file of failures: an empty one says that nothing failed.
fn cleared(mut file: OutputFile) -> Result<OutputFile, ExitStatus> {
    let cleared = file.clear();
    cleared.map_err(|error| ExitStatus::config(format!("failed to empty the file of --failures: {error}")))?;
    Ok(file)
}

/// A query as `--queries` reads it.
pub(in crate::cli) fn asked(query: &Query, slot: Option<&ParserSlot>) -> Map<String, Value> {
    let mut asked = Map::from_iter([("kind".to_owned(), Value::from(query.kind_name().to_string()))]);
    match slot {
        Some(slot) => asked.extend(slot.description().typed_params(query)),
        None => asked.extend(query.params().map(|(name, value)| (name.to_owned(), Value::from(value)))),
    }
    asked
}

fn failed(page: &PageResult, kind: &str, message: &str) -> Value {
    let mut line = asked(&page.query, page.slot.as_ref());
    line.insert("_failure".to_owned(), serde_json::json!({"kind": kind, "message": message}));
    line.into()
}
