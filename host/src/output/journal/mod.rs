//! Journal of a file of rows, from which a later run continues.
//!
//! The [`Journal`] of FILE is `FILE.journal`: a header, then a line for each page and each end of a query, with the file's length after its
//! rows. Invariant: a line is written in one piece, after its rows; so whenever the machine stops, what the journal records is in the file.
//! What the file holds beyond that is cut off and fetched again. A file that lost more than the
//! journal, as after a power cut, has the journal cut to fit.

mod line;
mod resumed;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::output::checkpoint::{EndedQuery, QueryProgress};
use crate::types::RecordKey;
use line::Entry;
use resumed::Seen;

pub use line::JournalHeader;
pub use resumed::Resumed;

/// Why a file of rows or its journal can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process writes it.
    #[error("{} is being written by another run", .0.display())]
    InUse(PathBuf),
    /// Rows would be lost.
    #[error("{} holds {answered} answered queries of an unfinished run", output.display())]
    Unfinished {
        /// The rows' file.
        output: PathBuf,
        /// Queries that need not be asked again.
        answered: usize,
    },
    /// The file holds rows, and no journal says of which queries.
    #[error("{} is not empty, and has no journal to resume from", .0.display())]
    Unjournaled(PathBuf),
    /// The file in the journal's place is no journal.
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
    /// One file would hold rows of two shapes.
    #[error("{} was begun as {begun}, and can't be resumed as {asked}", output.display())]
    Different {
        /// The rows' file.
        output: PathBuf,
        /// Rows in the file.
        begun: String,
        /// Rows that were to be added.
        asked: String,
    },
    /// A file can't be written.
    #[error("failed to write to {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
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

/// An open journal, locked: no other process can open it until it is dropped.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Path of the journal of a rows' file.
    #[must_use]
    pub fn path(output: &Path) -> PathBuf {
        let mut path = output.as_os_str().to_owned();
        path.push(".journal");
        path.into()
    }

    /// Starts a new journal. The journal of an unfinished run is replaced only with `overwrite`. The caller empties the rows' file.
    ///
    /// # Errors
    /// If the journal of an unfinished run is there and `overwrite` isn't set, another process writes it, or it can't be written.
    pub fn create(output: &Path, header: &JournalHeader, overwrite: bool) -> Result<Self, JournalError> {
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

    /// Whether the journal of a rows' file records that the run is finished.
    ///
    /// # Errors
    /// If another process writes it, it is something else, or it can't be read.
    pub fn is_finished(output: &Path) -> Result<bool, JournalError> {
        if !Self::path(output).exists() {
            return Ok(false);
        }
        Ok(Self::open(output)?.read(output)?.finished)
    }

    /// Opens a journal to continue, and returns what it records; starts a new one if there is neither a journal nor a row. Cuts the rows' file
    /// to [`Resumed::offset`]; if that is 0, the caller empties it.
    ///
    /// # Errors
    /// If it is of other rows than `header`, the file has rows and no journal, or a file can't be read or written.
    pub fn resume(output: &Path, header: &JournalHeader) -> Result<(Self, Resumed), JournalError> {
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

    /// Records that a page's rows are written and the query continues from `state`. `offset` is the file's
    /// length with them.
    ///
    /// # Errors
    /// If the journal can't be written.
    pub fn page(&mut self, progress: &QueryProgress, offset: u64) -> Result<(), JournalError> {
        let QueryProgress { key, state, records, record_keys, .. } = progress;
        let record_keys = RecordKey::join(record_keys);
        let state = Some(state.as_ref().into());
        let entry = Entry { key: *key, state, records: *records, offset, end: None, record_keys };
        self.write(&entry.line())
    }

    /// Records that a query's last rows are written.
    ///
    /// # Errors
    /// If the journal can't be written.
    pub fn end(&mut self, ended: &EndedQuery, offset: u64) -> Result<(), JournalError> {
        let EndedQuery { key, end, records, record_keys, .. } = ended;
        let record_keys = RecordKey::join(record_keys);
        let entry = Entry { key: *key, state: None, records: *records, offset, end: Some(*end), record_keys };
        self.write(&entry.line())
    }

    /// Records that no query is left and the rows' file is whole.
    ///
    /// # Errors
    /// If the journal can't be written.
    pub fn finish(mut self) -> Result<(), JournalError> {
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
            // Some file systems have no locks: the user has to take care there.
            _ => Ok(Self { path, file }),
        }
    }

    fn read(&self, output: &Path) -> Result<Seen, JournalError> {
        let seen = resumed::read(BufReader::new(&self.file), length(output)?).map_err(io_error(&self.path))?;
        let seen = seen.ok_or_else(|| JournalError::Foreign(self.path.clone()))?;
        match seen.header.as_ref().and_then(JournalHeader::other_version) {
            Some(version) => Err(JournalError::Version { path: self.path.clone(), version }),
            None => Ok(seen),
        }
    }

    /// Starts again, with a header that is on the disk before any row is.
    fn begin(&mut self, header: &JournalHeader) -> Result<(), JournalError> {
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
