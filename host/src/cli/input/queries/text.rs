//! Splitter of a text into records.
//!
//! A record ends with its line; in CSV it ends with the line that closes its last quoted cell. [`Texts`] takes what the reader has at hand, so
//! a record is there as soon as its last byte has come. Invariant: at most [`MAX_RECORD_BYTES`] are kept, however long a record is.

use std::io::{self, BufRead};

use super::form::Form;

/// Bytes of a record. Queries have some hundred, rows of charts some thousand.
const MAX_RECORD_BYTES: usize = 1 << 20;

/// The mark that some programs write before UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// The number of a record's first line, and the record, or why it can't be read.
pub(crate) type Numbered<T> = (usize, Result<T, String>);

/// The records of a text, each without its line end and with the number of its first line.
pub(super) struct Texts<R> {
    reader: R,
    /// What was read of the next record.
    bytes: Vec<u8>,
    /// Lines that were begun.
    line: usize,
    started: bool,
    /// What separates CSV's cells. Before the header says it, each of [`super::header::SEPARATORS`] may.
    separator: Option<u8>,
}

impl<R: BufRead> Texts<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), line: 1, started: false, separator: None }
    }

    /// The number of the line that is read.
    pub(super) const fn line(&self) -> usize {
        self.line
    }

    pub(super) const fn set_separator(&mut self, separator: u8) {
        self.separator = Some(separator);
    }

    /// The first byte that isn't blank. Skips blank lines and lines of comments before it.
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
        let mut cell = Cell::Begun.after(&self.bytes, self.separator);
        let (mut length, mut over) = (self.bytes.len(), false);
        while !over && peek(&mut self.reader)?.is_some() {
            let read = self.reader.fill_buf()?;
            let end = read.iter().position(|byte| *byte == b'\n');
            let (piece, _) = read.split_at(end.map_or(read.len(), |end| end + 1));
            if form == Form::Csv {
                cell = cell.after(piece, self.separator);
            }
            over = end.is_some() && cell != Cell::Quoted;
            self.line += usize::from(end.is_some());
            length += piece.len();
            if length <= MAX_RECORD_BYTES {
                self.bytes.extend_from_slice(piece);
            }
            let taken = piece.len();
            self.reader.consume(taken);
        }
        let text = std::mem::take(&mut self.bytes);
        let text = match length {
            0 => return Ok(None),
            length if length > MAX_RECORD_BYTES => Err(format!("it is longer than {MAX_RECORD_BYTES} bytes")),
            _ if cell == Cell::Quoted => Err("its last cell lacks the closing quote".to_owned()),
            _ => Ok(without_end(text)),
        };
        Ok(Some((first_line, text)))
    }

    /// Skips a byte order mark. What only begins like one belongs to the first record.
    fn start(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        for byte in BYTE_ORDER_MARK {
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

/// A place in a CSV cell, by the rules of the `csv` crate: only a quote at a cell's beginning opens it.
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
    /// The place after these bytes.
    fn after(self, bytes: &[u8], separator: Option<u8>) -> Self {
        if self == Self::Begun && bytes.last() == Some(&b'\n') && !bytes.contains(&b'"') {
            // Most records have no quote: the line's end is all that matters.
            return Self::Begun;
        }
        bytes.iter().fold(self, |cell, byte| cell.then(*byte, separator))
    }

    fn then(self, byte: u8, separator: Option<u8>) -> Self {
        match (self, byte) {
            (Self::Begun | Self::Closing, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::Closing,
            (Self::Quoted, _) => Self::Quoted,
            (_, b'\n') => Self::Begun,
            (_, byte) if separates(byte, separator) => Self::Begun,
            _ => Self::Plain,
        }
    }
}

fn separates(byte: u8, separator: Option<u8>) -> bool {
    separator.map_or_else(|| super::header::SEPARATORS.contains(&byte), |separator| separator == byte)
}
