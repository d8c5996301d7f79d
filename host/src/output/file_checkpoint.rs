//! Checkpoint in files: rows in FILE, states in its journal.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::checkpoint::{Checkpoint, EndedQuery, QueryProgress, RunEnd};
use super::journal::{Journal, JournalError, JournalHeader, Resumed};
use super::output_file::OutputFile;
use super::{FileFormat, FileFormatError, Format, RowWriter, header};
use crate::run::ResumeFilter;
use crate::types::Row;

/// Bytes of rows that are gathered before they are written: what a pipe holds.
const BUFFER_BYTES: usize = 64 << 10;

/// Bytes of rows in one member of a gzip file. Smaller ones compress less; larger ones are fetched again if the run is cut off.
const MEMBER_BYTES: u64 = 256 << 10;

/// Time after which a member of a gzip file ends however small it is, so that slow rows aren't fetched again either.
const MEMBER_TIME: Duration = Duration::from_secs(2);

/// What happens if the file holds an unfinished run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenMode {
    /// It is refused.
    #[default]
    Fail,
    /// It continues. A finished run starts again.
    Resume,
    /// It starts again.
    Restart,
}

/// Why rows or states can't be stored in files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileCheckpointError {
    /// The rows.
    #[error("failed to write rows")]
    Rows(#[from] io::Error),
    /// The file's ending names no format.
    #[error(transparent)]
    Format(#[from] FileFormatError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Where rows are written, buffered.
type Out = Box<dyn Write + Send + Sync>;

enum Step {
    Page(QueryProgress),
    End(EndedQuery),
}

/// A file of rows with a journal next to it, which no other process can write meanwhile.
///
/// ```no_run
/// use futures::StreamExt;
/// use playfast::Host;
/// use playfast::output::{Checkpoint, CheckpointWriter, FileCheckpoint, OpenMode};
///
/// # async fn resumed() -> Result<(), Box<dyn std::error::Error>> {
/// let host = Host::builder().build().await?;
/// let plan = host.plan("list", [("country", "us,kr,jp")])?;
/// let file = FileCheckpoint::open("charts.ndjson", OpenMode::Resume)?;
/// let mut pages = host.resume(plan.queries(), file.resume_filter());
/// let mut writer = CheckpointWriter::new(file);
/// while let Some(page) = pages.next().await {
///     writer.write(page)?;
/// }
/// writer.finish()?;
/// # Ok(())
/// # }
/// ```
pub struct FileCheckpoint {
    writer: RowWriter<Out>,
    /// The file, if it has a former content, which stays until there is a row.
    former: Option<File>,
    has_rows: bool,
    checkpointed: Instant,
    journal: Option<Journal>,
    filter: ResumeFilter,
    /// Steps that the journal records after the next checkpoint of the rows.
    pending: Vec<Step>,
}

impl FileCheckpoint {
    /// Opens a file of rows and its journal. The file's ending sets its format, as in [`FileFormat::from_path`].
    ///
    /// # Errors
    /// If the ending is unknown, another process writes the file, `mode` doesn't fit what it holds, or it can't be written.
    pub fn open(path: impl AsRef<Path>, mode: OpenMode) -> Result<Self, FileCheckpointError> {
        let path = path.as_ref();
        let FileFormat { format, compression } = FileFormat::from_path(path)?;
        let file = OutputFile::open_locked(path)?;
        let journal_header = JournalHeader::new(format, None).with_variant(compression, false);
        let (journal, resumed) = if mode == OpenMode::Resume && !Journal::is_finished(path)? {
            Journal::resume(path, &journal_header)?
        } else {
            (Journal::create(path, &journal_header, mode != OpenMode::Fail)?, Resumed::default())
        };
        let offset = resumed.offset();
        let checkpoint = Self::of_file(path, file, format, 0, offset)?.with_journal(journal, resumed);
        let is_continued = format == Format::Csv && offset > 0;
        let columns = is_continued.then(|| File::open(path).and_then(header)).transpose();
        let columns = columns.map_err(|source| JournalError::Io { path: path.to_owned(), source })?;
        Ok(checkpoint.map_writer(|writer| {
            let writer = writer.with_compression(compression);
            if let Some(columns) = columns { writer.columns(columns) } else { writer }
        }))
    }

    /// Rows for any output, without a journal.
    #[cfg(feature = "cli")]
    pub(crate) fn new(out: impl Write + Send + Sync + 'static, format: Format, width: usize) -> Self {
        Self::with_writer(RowWriter::new(buffered(out), format, width), None)
    }

    /// Rows that continue an open file after `offset` bytes, without a journal.
    pub(crate) fn of_file(
        path: &Path,
        mut file: OutputFile,
        format: Format,
        width: usize,
        offset: u64,
    ) -> Result<Self, JournalError> {
        let former = file.resume(offset).and_then(|()| file.former());
        let former = former.map_err(|source| JournalError::Write { path: path.to_owned(), source })?;
        Ok(Self::with_writer(RowWriter::resumed(buffered(file), format, width, offset), former))
    }

    fn with_writer(writer: RowWriter<Out>, former: Option<File>) -> Self {
        let (filter, checkpointed) = (ResumeFilter::default(), Instant::now());
        Self { writer, former, has_rows: false, checkpointed, journal: None, filter, pending: Vec::new() }
    }

    /// Records steps in a journal, which has recorded `resumed` so far.
    pub(crate) fn with_journal(self, journal: Journal, resumed: Resumed) -> Self {
        let filter = if resumed.is_empty() {
            ResumeFilter::default()
        } else {
            ResumeFilter::new(move |key| resumed.remaining(key))
        };
        Self { journal: Some(journal), filter, ..self }
    }

    /// Changes how rows are written.
    pub(crate) fn map_writer(self, change: impl FnOnce(RowWriter<Out>) -> RowWriter<Out>) -> Self {
        Self { writer: change(self.writer), ..self }
    }

    #[cfg(feature = "cli")]
    pub(crate) const fn writer(&self) -> &RowWriter<Out> {
        &self.writer
    }

    #[cfg(feature = "cli")]
    pub(crate) const fn is_journaled(&self) -> bool {
        self.journal.is_some()
    }

    /// Writes rows without a step.
    pub(crate) fn write(&mut self, rows: Vec<Row>) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.has_rows = true;
        self.writer.write(rows)
    }

    fn record(&mut self, step: Step) -> Result<(), FileCheckpointError> {
        if self.journal.is_none() {
            return Ok(());
        }
        self.pending.push(step);
        let bytes = self.writer.pending_bytes();
        let is_due = bytes == 0 || bytes >= MEMBER_BYTES || self.checkpointed.elapsed() >= MEMBER_TIME;
        if is_due { self.commit() } else { Ok(()) }
    }

    /// Ends what was written of the rows, and records the steps that are pending.
    fn commit(&mut self) -> Result<(), FileCheckpointError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        self.writer.checkpoint()?;
        self.checkpointed = Instant::now();
        let offset = self.writer.offset();
        for step in self.pending.drain(..) {
            match step {
                Step::Page(progress) => journal.page(&progress, offset)?,
                Step::End(ended) => journal.end(&ended, offset)?,
            }
        }
        Ok(())
    }

    /// Makes the file whole. Without a row its former content stays, unless the run is complete.
    fn finish_rows(&mut self, end: RunEnd) -> io::Result<()> {
        match self.former.take().filter(|_| !self.has_rows) {
            Some(_) if end != RunEnd::Complete => return Ok(()),
            Some(file) => file.set_len(0)?,
            None => {}
        }
        self.writer.close()
    }
}

impl Checkpoint for FileCheckpoint {
    type Error = FileCheckpointError;

    fn resume_filter(&self) -> ResumeFilter {
        self.filter.clone()
    }

    fn page(&mut self, rows: Vec<Row>, progress: QueryProgress) -> Result<(), Self::Error> {
        self.write(rows)?;
        self.record(Step::Page(progress))
    }

    fn end(&mut self, rows: Vec<Row>, ended: EndedQuery) -> Result<(), Self::Error> {
        self.write(rows)?;
        self.record(Step::End(ended))
    }

    fn finish(&mut self, end: RunEnd) -> Result<(), Self::Error> {
        self.commit()?;
        self.finish_rows(end)?;
        match self.journal.take().filter(|_| end != RunEnd::Interrupted) {
            Some(journal) => Ok(journal.finish()?),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for FileCheckpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FileCheckpoint").field("journal", &self.journal).finish_non_exhaustive()
    }
}

fn buffered(out: impl Write + Send + Sync + 'static) -> Out {
    Box::new(BufWriter::with_capacity(BUFFER_BYTES, out))
}
