//! Lock of a database's one writer: a file next to it that says who writes.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::DatabaseError;

/// Most bytes that are read of the text of another process.
const MAX_HOLDER_BYTES: u64 = 200;

/// A lock that is held until it is dropped. Its file, `FILE.lock`, stays: removing it would let two processes lock two files of that name.
#[derive(Debug)]
pub(super) struct WriterLock {
    file: File,
}

impl WriterLock {
    /// The lock's file.
    pub(super) fn path(database: &Path) -> PathBuf {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        path.into()
    }

    /// Locks a database.
    ///
    /// # Errors
    /// If another process has the lock, or the file can't be written.
    pub(super) fn acquire(database: &Path) -> Result<Self, DatabaseError> {
        // Two names of one database share its lock.
        let database = &std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let path = Self::path(database);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let lock_error = |source| DatabaseError::Lock { path: path.clone(), source };
        let mut file = file.map_err(lock_error)?;
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(DatabaseError::InUse { path: database.to_owned(), holder: holder(&mut file) });
        }
        // Some file systems have no locks: the user has to take care there.
        let since = humantime::format_rfc3339_seconds(SystemTime::now());
        let text = format!("process {} since {since}\n", std::process::id());
        file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(lock_error)?;
        Ok(Self { file })
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // What stays of the text misleads nobody: it is read only while the lock is held.
        let _ = self.file.set_len(0);
    }
}

/// What the process that has the lock says of itself.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.take(MAX_HOLDER_BYTES).read_to_string(&mut text);
    let text = text.lines().next().unwrap_or_default();
    if text.is_empty() { "another process".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("market.db");
        let lock = WriterLock::acquire(&database).unwrap();
        let error = WriterLock::acquire(&database).unwrap_err().to_string();
        assert!(error.contains(&format!("is being written by process {} since ", std::process::id())), "{error}");
        drop(lock);
        WriterLock::acquire(&database).unwrap();
    }
}
