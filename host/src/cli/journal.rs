//! What a run has written so far, for when it is cut off.
//!
//! A [`Journal`] stands beside the rows' file, as `FILE.journal`: a header, then a line for every page and every end of a query, with the
//! file's length after its rows. Invariant: a line is written after the rows that it tells of, in one piece; so whenever the machine stops, what
//! the journal says is in the file, and what is in the file beyond it is cut off and fetched once more. A file that lost more than the
//! journal, as after a power cut, has the journal cut to fit.

mod line;
mod resumed;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::types::QueryKey;
use line::Entry;
use resumed::Seen;

pub(super) use line::{End, Header};
pub(super) use resumed::{CompletedKeys, PartialQuery, Resumed};

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    /// Another process writes it.
    #[error("{} is being written by another run", .0.display())]
    InUse(PathBuf),
    /// Rows would be lost.
    #[error("{} holds {answered} answered queries of an unfinished run: --resume goes on with it, --overwrite starts again", output.display())]
    Unfinished {
        /// The rows' file.
        output: PathBuf,
        /// Queries that need not be asked again.
        answered: usize,
    },
    /// Nobody knows what the rows are.
    #[error("{} is not empty, and has no journal to resume from: --overwrite starts again", .0.display())]
    Unjournaled(PathBuf),
    /// It is something else.
    #[error("{} is there, and is no journal", .0.display())]
    Foreign(PathBuf),
    /// Another version of this program wrote it.
    #[error("{} is a journal of version {version}, and this program reads version {}", path.display(), line::JOURNAL_VERSION)]
    Version {
        /// The journal.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// Rows of two shapes would stand in one file.
    #[error("{} was begun as {begun}, and can't be resumed as {asked}", output.display())]
    Different {
        /// The rows' file.
        output: PathBuf,
        /// As the journal says.
        begun: String,
        /// As it is wanted now.
        asked: String,
    },
    /// The file system refused.
    #[error("failed to use {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What lets a run be resumed. As long as it lives no other process has it.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Where the journal of a rows' file is.
    pub(super) fn path(output: &Path) -> PathBuf {
        let mut path = output.as_os_str().to_owned();
        path.push(".journal");
        path.into()
    }

    /// A new journal. That of a run which is unfinished goes only with `overwrite`. The rows' file is the caller's to empty.
    ///
    /// # Errors
    /// When there is another one, or the file can't be written.
    pub(super) fn create(output: &Path, header: &Header, overwrite: bool) -> Result<Self, JournalError> {
        let mut journal = Self::open(output)?;
        if !overwrite {
            let seen = journal.read(output)?;
            if !seen.finished && !seen.resumed.is_empty() {
                let answered = seen.resumed.done.len();
                return Err(JournalError::Unfinished { output: output.to_owned(), answered });
            }
        }
        journal.begin(header)?;
        Ok(journal)
    }

    /// Whether the journal of a rows' file says that the run came to its end.
    ///
    /// # Errors
    /// When another process writes it, it is something else, or it can't be read.
    pub(super) fn is_finished(output: &Path) -> Result<bool, JournalError> {
        if !Self::path(output).exists() {
            return Ok(false);
        }
        Ok(Self::open(output)?.read(output)?.finished)
    }

    /// The journal that is there, to go on with, and what it says; a new one where there is neither a journal nor a row. The rows' file is
    /// cut to end where [`Resumed::offset`] says: if that is its start, it is the caller's to empty.
    ///
    /// # Errors
    /// When it is of other rows than `header` says, or doesn't say what the file holds, or a file can't be read or written.
    pub(super) fn resume(output: &Path, header: &Header) -> Result<(Self, Resumed), JournalError> {
        let unjournaled = || JournalError::Unjournaled(output.to_owned());
        let has_rows = length(output)? > 0;
        if has_rows && !Self::path(output).exists() {
            return Err(unjournaled());
        }
        let mut journal = Self::open(output)?;
        let Seen { header: begun, resumed, whole, .. } = journal.read(output)?;
        match begun {
            None if has_rows => return Err(unjournaled()),
            None => journal.begin(header)?,
            Some(begun) if begun != *header => {
                let (begun, asked) = (begun.to_string(), header.to_string());
                return Err(JournalError::Different { output: output.to_owned(), begun, asked });
            }
            Some(_) => journal.cut(output, whole, resumed.offset)?,
        }
        Ok((journal, resumed))
    }

    /// A page's rows are written, and the query goes on from `state`. `records` are the query's rows so far, and `offset` is where the file
    /// ends with them.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn page(&mut self, key: QueryKey, state: &str, records: usize, offset: u64) -> Result<(), JournalError> {
        let entry = Entry { key, state: Some(state.into()), records, offset, end: None };
        self.write(&entry.line())
    }

    /// The last of a query's rows are written.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn end(&mut self, key: QueryKey, end: End, records: usize, offset: u64) -> Result<(), JournalError> {
        let entry = Entry { key, state: None, records, offset, end: Some(end) };
        self.write(&entry.line())
    }

    /// The run is through all of its queries, and the rows' file is whole.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn finish(mut self) -> Result<(), JournalError> {
        self.write(line::FINISHED_LINE)
    }

    /// Opens the file, whatever is in it, for this process alone.
    fn open(output: &Path) -> Result<Self, JournalError> {
        let path = Self::path(output);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(io_error(&path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(JournalError::InUse(path)),
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                Err(io_error(&path)(error))
            }
            // Where files can't be locked it is left to the user.
            _ => Ok(Self { path, file }),
        }
    }

    fn read(&self, output: &Path) -> Result<Seen, JournalError> {
        let seen = resumed::read(BufReader::new(&self.file), length(output)?).map_err(io_error(&self.path))?;
        let seen = seen.ok_or_else(|| JournalError::Foreign(self.path.clone()))?;
        match seen.header.as_ref().and_then(Header::other_version) {
            Some(version) => Err(JournalError::Version { path: self.path.clone(), version }),
            None => Ok(seen),
        }
    }

    /// Starts again, with a header that is on the disk before any row is.
    fn begin(&mut self, header: &Header) -> Result<(), JournalError> {
        self.file.set_len(0).and_then(|()| self.file.rewind()).map_err(io_error(&self.path))?;
        self.write(&header.line())?;
        self.file.sync_data().map_err(io_error(&self.path))
    }

    /// Leaves what both files have. The journal goes first: it never says of a cut file that it is whole.
    fn cut(&mut self, output: &Path, whole: u64, offset: u64) -> Result<(), JournalError> {
        let cut = |file: &mut File, length| file.set_len(length).and_then(|()| file.seek(SeekFrom::Start(length)));
        cut(&mut self.file, whole).map_err(io_error(&self.path))?;
        if offset == 0 {
            // What the file holds may be older than the journal, and stays until there is a row.
            return Ok(());
        }
        match OpenOptions::new().write(true).open(output) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            opened => opened.and_then(|mut file| cut(&mut file, offset)).map(drop).map_err(io_error(output)),
        }
    }

    fn write(&mut self, line: &[u8]) -> Result<(), JournalError> {
        self.file.write_all(line).map_err(io_error(&self.path))
    }
}

/// Bytes of a file. One that isn't there has none.
fn length(path: &Path) -> Result<u64, JournalError> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(io_error(path)(error)),
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    |source| JournalError::Io { path, source }
}

#[cfg(test)]
mod tests;
