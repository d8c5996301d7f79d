//! Replacement of a file: rows go to `FILE.partial`, which takes FILE's place when it is whole.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::output::{JournalError, OutputFile};

/// A file that takes another one's place when it is whole.
#[derive(Debug)]
pub(in crate::cli) struct Replacement {
    target: PathBuf,
    partial: PathBuf,
    /// The target, locked, if it is there.
    _locked: Option<OutputFile>,
}

impl Replacement {
    /// `FILE.partial`, to take FILE's place. A link's target is replaced, not the link.
    ///
    /// # Errors
    /// If another run writes FILE.
    pub(in crate::cli) fn new(path: &Path) -> Result<Self, JournalError> {
        let target = if path.is_symlink() { std::fs::canonicalize(path).ok() } else { None };
        let target = target.unwrap_or_else(|| path.to_owned());
        let locked = target.exists().then(|| OutputFile::open_locked(&target)).transpose()?;
        let mut partial = target.as_os_str().to_owned();
        partial.push(".partial");
        Ok(Self { target, partial: partial.into(), _locked: locked })
    }

    /// The file that is written.
    pub(in crate::cli) fn path(&self) -> &Path {
        &self.partial
    }

    /// The file that is replaced.
    pub(in crate::cli) fn target(&self) -> &Path {
        &self.target
    }

    /// Puts the file in its place, and its journal in that of the old file's. `journal` names the journal of a file.
    ///
    /// # Errors
    /// Those of the file system.
    pub(in crate::cli) fn finish(self, journal: &dyn Fn(&Path) -> PathBuf) -> io::Result<()> {
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
