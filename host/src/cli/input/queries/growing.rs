//! Reader of a growing file, as `tail -F` reads it.
//!
//! A truncated file is read from its start. A replaced file is read to its end, and then the new one.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use same_file::Handle;

use crate::cli::exit::print_message;

/// How often a file is looked at for more.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A file that is read on as it grows, as `tail -F` does, until something says that it is over. One that is truncated is read from its
/// start; one in whose place another one comes is read to its end, and then the other one.
pub(crate) struct Growing<S> {
    path: PathBuf,
    file: File,
    identity: Handle,
    /// Bytes that were read of it.
    position: u64,
    /// The last byte that was given.
    last: u8,
    /// What came in its place.
    next: Option<(File, Handle)>,
    is_gone: bool,
    is_over: S,
}

/// What became of a file that is read.
enum Change {
    /// It is as it was, or longer.
    None,
    /// It is shorter than what was read of it.
    Truncated,
    /// Its name is another file's.
    Replaced(File, Handle),
    /// Its name is no file's.
    Gone,
}

impl<S: Fn() -> bool> Growing<S> {
    /// Reads on until `is_over`.
    ///
    /// # Errors
    /// Those of opening the file.
    pub(crate) fn open(path: &Path, is_over: S) -> io::Result<Self> {
        let (file, identity) = open(path)?;
        let path = path.to_owned();
        Ok(Self { path, file, identity, position: 0, last: b'\n', next: None, is_gone: false, is_over })
    }

    fn change(&self) -> io::Result<Change> {
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_file() => metadata,
            _ => return Ok(Change::Gone),
        };
        let Ok((file, identity)) = open(&self.path) else { return Ok(Change::Gone) };
        if identity != self.identity {
            return Ok(Change::Replaced(file, identity));
        }
        let is_file = self.file.metadata()?.is_file();
        Ok(if is_file && metadata.len() < self.position { Change::Truncated } else { Change::None })
    }

    /// At the end of what there is: looks for what became of the file, and waits where there is nothing more to read yet.
    fn look(&mut self) -> io::Result<()> {
        if let Some((file, identity)) = self.next.take() {
            // What it was still written to in between is read.
            (self.file, self.identity, self.position) = (file, identity, 0);
            print_message(&format!("{} was replaced: reading the new file", self.path.display()));
            return Ok(());
        }
        match self.change()? {
            Change::Replaced(file, identity) => self.next = Some((file, identity)),
            Change::Truncated => {
                self.position = 0;
                self.file.rewind()?;
                print_message(&format!("{} was truncated: reading it from its start", self.path.display()));
            }
            Change::Gone => {
                if !std::mem::replace(&mut self.is_gone, true) {
                    print_message(&format!("{} is gone: waiting for another one", self.path.display()));
                }
                std::thread::sleep(POLL_INTERVAL);
                return Ok(());
            }
            Change::None => std::thread::sleep(POLL_INTERVAL),
        }
        self.is_gone = false;
        Ok(())
    }
}

impl<S: Fn() -> bool> Read for Growing<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.file.read(bytes)?;
            if let Some(last) = read.checked_sub(1).and_then(|last| bytes.get(last)) {
                self.position += read as u64;
                self.last = *last;
                return Ok(read);
            }
            if bytes.is_empty() || (self.is_over)() {
                return Ok(0);
            }
            self.look()?;
            // What the file that ended lacks at its end doesn't run on in the next one.
            if self.position == 0
                && self.last != b'\n'
                && let Some(byte) = bytes.first_mut()
            {
                (*byte, self.last) = (b'\n', b'\n');
                return Ok(1);
            }
        }
    }
}

fn open(path: &Path) -> io::Result<(File, Handle)> {
    let file = File::open(path)?;
    let identity = Handle::from_file(file.try_clone()?)?;
    Ok((file, identity))
}
