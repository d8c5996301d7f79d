//! A file that a command writes: opened before anything is asked, and replaced only when something takes its content's place.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::exit::ExitStatus;

/// An open file. Its former content stays until the first write.
#[derive(Debug)]
pub(super) struct OutputFile {
    file: File,
    /// Whether the former content is still there.
    is_former: bool,
}

impl OutputFile {
    /// Opens a file for writing, and creates it where it isn't there.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn open(path: &Path) -> Result<Self, ExitStatus> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file =
            file.map_err(|error| ExitStatus::config(format!("failed to write to {}: {error}", path.display())))?;
        let is_former = length(&file) > 0;
        Ok(Self { file, is_former })
    }

    /// As [`OutputFile::open`], for this process alone, whatever name another one has for the file.
    ///
    /// # Errors
    /// When it can't be written, or another run writes it.
    pub(super) fn open_locked(path: &Path) -> Result<Self, ExitStatus> {
        let output = Self::open(path)?;
        if !cfg!(unix) || !is_regular(&output.file) {
            // Elsewhere a lock would keep out what this process reads of the file, too; devices have many writers.
            return Ok(output);
        }
        match output.file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                Err(ExitStatus::locked(format!("{} is being written by another run", path.display())))
            }
            // Where files can't be locked it is left to the user.
            _ => Ok(output),
        }
    }

    /// Another handle of a file whose former content is still there.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) fn former(&self) -> io::Result<Option<File>> {
        self.is_former.then(|| self.file.try_clone()).transpose()
    }

    /// Goes on after the first `length` bytes, which stay. With 0 the former content stays until the first write.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn resume(&mut self, length: u64) -> io::Result<()> {
        if length == 0 {
            return Ok(());
        }
        self.is_former = false;
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(length)).map(drop)
    }

    /// Removes the former content, if it is still there.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn clear(&mut self) -> io::Result<()> {
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

/// A file that takes another one's place when it is whole.
#[derive(Debug)]
pub(super) struct Replacement {
    target: PathBuf,
    partial: PathBuf,
    /// The target, locked, if it is there.
    _locked: Option<OutputFile>,
}

impl Replacement {
    /// `FILE.partial`, to take FILE's place. A link's target is replaced, not the link.
    ///
    /// # Errors
    /// When another run writes FILE.
    pub(super) fn new(path: &Path) -> Result<Self, ExitStatus> {
        let target = if path.is_symlink() { std::fs::canonicalize(path).ok() } else { None };
        let target = target.unwrap_or_else(|| path.to_owned());
        let locked = target.exists().then(|| OutputFile::open_locked(&target)).transpose()?;
        let mut partial = target.as_os_str().to_owned();
        partial.push(".partial");
        Ok(Self { target, partial: partial.into(), _locked: locked })
    }

    /// The file that is written.
    pub(super) fn path(&self) -> &Path {
        &self.partial
    }

    /// The file that is replaced.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Puts the file in its place, and its journal in that of the old file's. `journal` names the journal of a file.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn finish(self, journal: &dyn Fn(&Path) -> PathBuf) -> io::Result<()> {
        File::open(&self.partial)?.sync_all()?;
        // Before the rename: it says nothing of the new file.
        remove_if_there(&journal(&self.target))?;
        std::fs::rename(&self.partial, &self.target)?;
        rename_if_there(&journal(&self.partial), &journal(&self.target))
    }
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
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
