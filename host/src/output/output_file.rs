//! Output file: opened before anything is asked, and truncated only when it is written.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::journal::JournalError;

/// An open file. Its former content stays until the first write.
#[derive(Debug)]
pub(crate) struct OutputFile {
    file: File,
    /// Whether the former content is still there.
    is_former: bool,
}

impl OutputFile {
    /// Opens a file for writing, and creates it if it isn't there.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn open(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|source| JournalError::Write { path: path.to_owned(), source })?;
        let is_former = length(&file) > 0;
        Ok(Self { file, is_former })
    }

    /// As [`OutputFile::open`], for this process alone, whatever name another one has for the file.
    ///
    /// # Errors
    /// If it can't be written, or another run writes it.
    pub(crate) fn open_locked(path: &Path) -> Result<Self, JournalError> {
        let output = Self::open(path)?;
        if !cfg!(unix) || !is_regular(&output.file) {
            // Elsewhere a lock would keep out what this process reads of the file, too; devices have many writers.
            return Ok(output);
        }
        match output.file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(JournalError::InUse(path.to_owned())),
            // Some file systems have no locks: the user has to take care there.
            _ => Ok(output),
        }
    }

    /// Another handle of a file whose former content is still there.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn former(&self) -> io::Result<Option<File>> {
        self.is_former.then(|| self.file.try_clone()).transpose()
    }

    /// Continues after the first `length` bytes, which stay. With 0 the former content stays until the first write.
    ///
    /// # Errors
    /// Those of the file.
    pub(crate) fn resume(&mut self, length: u64) -> io::Result<()> {
        if length == 0 {
            return Ok(());
        }
        self.is_former = false;
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(length)).map(drop)
    }

    /// The open file, empty.
    ///
    /// # Errors
    /// Those of the file.
    #[cfg(all(feature = "cli", feature = "parquet"))]
    pub(crate) fn into_cleared(mut self) -> io::Result<File> {
        self.clear()?;
        Ok(self.file)
    }

    /// Removes the former content, if it is still there.
    ///
    /// # Errors
    /// Those of the file.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.is_former, false) { self.file.set_len(0) } else { Ok(()) }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.clear()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Bytes of a file. Devices and pipes keep none.
fn length(file: &File) -> u64 {
    file.metadata().map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { 0 })
}

fn is_regular(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_until_something_is_written() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let content = || std::fs::read_to_string(file.path()).unwrap();
        std::fs::write(file.path(), "precious").unwrap();
        let mut output = OutputFile::open(file.path()).unwrap();
        output.flush().unwrap();
        assert_eq!((output.former().unwrap().is_some(), content().as_str()), (true, "precious"));
        output.write_all(b"new").unwrap();
        assert_eq!((output.former().unwrap().is_some(), content().as_str()), (false, "new"));
        let mut output = OutputFile::open(file.path()).unwrap();
        output.resume(2).unwrap();
        output.write_all(b"t").unwrap();
        assert_eq!(content(), "net");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_one_writer_by_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        let first = OutputFile::open_locked(&file).unwrap();
        std::fs::hard_link(&file, &link).unwrap();
        assert!(OutputFile::open_locked(&link).is_err());
        drop(first);
        OutputFile::open_locked(&link).unwrap();
    }
}
