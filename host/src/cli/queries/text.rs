//! Where does a record end?
//!
//! With its line, or in CSV with the line in which its last quoted cell is closed. [`Texts`] takes what the reader has at hand, so that a record
//! is there as soon as its last byte has come. Invariant: no more than [`LARGEST`] bytes are kept, however long a record is.

use std::io::{self, BufRead, Read};
use std::time::Duration;

use super::form::Form;

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

    /// The first byte that isn't blank. What is blank before it is passed over.
    pub(super) fn first(&mut self) -> io::Result<Option<u8>> {
        self.start()?;
        if let Some(first) = self.bytes.first() {
            return Ok(Some(*first));
        }
        while let Some(byte) = peek(&mut self.reader)? {
            if !byte.is_ascii_whitespace() {
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

/// A file that is read on as it grows, as `tail -f` does, until something says that it is over.
pub(crate) struct Growing<R, S> {
    file: R,
    is_over: S,
}

impl<R: Read, S: Fn() -> bool> Growing<R, S> {
    /// Reads on until `is_over`.
    pub(crate) const fn new(file: R, is_over: S) -> Self {
        Self { file, is_over }
    }
}

impl<R: Read, S: Fn() -> bool> Read for Growing<R, S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read(bytes)? {
                0 if !(self.is_over)() && !bytes.is_empty() => std::thread::sleep(LOOK),
                read => return Ok(read),
            }
        }
    }
}
