//! The records of a text, and files that grow.
//!
//! A record ends with its line, or in CSV with the line in which its last quoted cell is closed. [`Texts`] takes what the reader has at hand, so that a record
//! is there as soon as its last byte has come. Invariant: no more than [`LARGEST`] bytes are kept, however long a record is.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use same_file::Handle;

use super::form::Form;
use crate::cli::exit::say;

/// Bytes of a record. Queries have some hundred.
const LARGEST: usize = 1 << 20;

/// What some programs write before UTF-8.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// How often a file that grows is looked at for more.
const LOOK: Duration = Duration::from_millis(100);

/// The number of a record's first line, and the record, or why there is none.
pub(crate) type Numbered<T> = (usize, Result<T, String>);

/// The records of a text, each without the line's end and with the number of its first line.
pub(super) struct Texts<R> {
    reader: R,
    /// What was read of the next record.
    bytes: Vec<u8>,
    /// Lines that were begun.
    line: usize,
    started: bool,
}

impl<R: BufRead> Texts<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), line: 1, started: false }
    }

    /// The line that is read.
    pub(super) const fn line(&self) -> usize {
        self.line
    }

    /// The first byte that isn't blank. What is blank before it is passed over, and so are lines of comments.
    pub(super) fn first(&mut self) -> io::Result<Option<u8>> {
        self.start()?;
        if let Some(first) = self.bytes.first() {
            return Ok(Some(*first));
        }
        let mut is_comment = false;
        while let Some(byte) = peek(&mut self.reader)? {
            is_comment = (is_comment || byte == b'#') && byte != b'\n';
            if !is_comment && !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.line += usize::from(byte == b'\n');
            self.reader.consume(1);
        }
        Ok(None)
    }

    /// The next record.
    pub(super) fn next(&mut self, form: Form) -> io::Result<Option<Numbered<Vec<u8>>>> {
        self.start()?;
        let first_line = self.line;
        let mut cell = self.bytes.iter().fold(Cell::Begun, |cell, byte| cell.then(*byte));
        let (mut length, mut over) = (self.bytes.len(), false);
        while !over && peek(&mut self.reader)?.is_some() {
            let read = self.reader.fill_buf()?;
            let end = read.iter().position(|byte| *byte == b'\n');
            let (piece, _) = read.split_at(end.map_or(read.len(), |end| end + 1));
            cell = piece.iter().fold(cell, |cell, byte| cell.then(*byte));
            over = end.is_some() && (form == Form::Ndjson || cell != Cell::Quoted);
            self.line += usize::from(end.is_some());
            length += piece.len();
            if length <= LARGEST {
                self.bytes.extend_from_slice(piece);
            }
            let taken = piece.len();
            self.reader.consume(taken);
        }
        let text = std::mem::take(&mut self.bytes);
        let text = match length {
            0 => return Ok(None),
            length if length > LARGEST => Err(format!("it is longer than {LARGEST} bytes")),
            _ if form == Form::Csv && cell == Cell::Quoted => Err("its last cell lacks the closing quote".to_owned()),
            _ => Ok(without_end(text)),
        };
        Ok(Some((first_line, text)))
    }

    /// Passes a mark over. What only begins like one belongs to the first record.
    fn start(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        for byte in MARK {
            if peek(&mut self.reader)? != Some(byte) {
                return Ok(());
            }
            self.bytes.push(byte);
            self.reader.consume(1);
        }
        self.bytes.clear();
        Ok(())
    }
}

/// The next byte, which is waited for.
fn peek(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        match reader.fill_buf() {
            Ok(read) => return Ok(read.first().copied()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn without_end(mut text: Vec<u8>) -> Vec<u8> {
    for end in [b'\n', b'\r'] {
        text.pop_if(|last| *last == end);
    }
    text
}

/// Where in a CSV cell one is, by the rules of the `csv` crate: quotes mean something at a cell's beginning alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// Before its first character.
    Begun,
    /// In one without quotes, or behind the closing one.
    Plain,
    /// Within quotes.
    Quoted,
    /// Behind a quote within quotes: the closing one, or the first of two that stand for one.
    Closing,
}

impl Cell {
    const fn then(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Begun | Self::Closing, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::Closing,
            (Self::Quoted, _) => Self::Quoted,
            (_, b',' | b'\n') => Self::Begun,
            _ => Self::Plain,
        }
    }
}

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
            say(&format!("{} was replaced: reading the new file", self.path.display()));
            return Ok(());
        }
        match self.change()? {
            Change::Replaced(file, identity) => self.next = Some((file, identity)),
            Change::Truncated => {
                self.position = 0;
                self.file.rewind()?;
                say(&format!("{} was truncated: reading it from its start", self.path.display()));
            }
            Change::Gone => {
                if !std::mem::replace(&mut self.is_gone, true) {
                    say(&format!("{} is gone: waiting for another one", self.path.display()));
                }
                std::thread::sleep(LOOK);
                return Ok(());
            }
            Change::None => std::thread::sleep(LOOK),
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
