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
    /// Finds the ends of CSV records. Before the header tells the separator it is a comma.
    cells: csv_core::Reader,
}

impl<R: BufRead> Texts<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), line: 1, started: false, cells: cells(b',') }
    }

    /// The number of the line that is read.
    pub(super) const fn line(&self) -> usize {
        self.line
    }

    pub(super) fn set_separator(&mut self, separator: u8) {
        self.cells = cells(separator);
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
        let (mut length, mut over) = (self.bytes.len(), false);
        // What only begins like a byte order mark.
        let mut is_open = form == Form::Csv && length > 0 && !ends_record(&mut self.cells, &self.bytes);
        while !over && peek(&mut self.reader)?.is_some() {
            let read = self.reader.fill_buf()?;
            let end = read.iter().position(|byte| *byte == b'\n');
            let (piece, _) = read.split_at(end.map_or(read.len(), |end| end + 1));
            if form == Form::Csv && (is_open || piece != b"\n") {
                is_open = !ends_record(&mut self.cells, piece);
            }
            over = end.is_some() && !is_open;
            self.line += usize::from(end.is_some());
            length += piece.len();
            if length <= MAX_RECORD_BYTES {
                self.bytes.extend_from_slice(piece);
            }
            let taken = piece.len();
            self.reader.consume(taken);
        }
        // Only within quotes a line's end doesn't end the record.
        let is_cut = is_open && !ends_record(&mut self.cells, b"\n");
        let text = std::mem::take(&mut self.bytes);
        let text = match length {
            0 => return Ok(None),
            length if length > MAX_RECORD_BYTES => Err(format!("it is longer than {MAX_RECORD_BYTES} bytes")),
            _ if is_cut => Err("its last cell lacks the closing quote".to_owned()),
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

/// Whether a CSV record ends with these bytes, which end with a line or within one.
fn ends_record(cells: &mut csv_core::Reader, bytes: &[u8]) -> bool {
    let (mut text, mut ends, mut rest) = ([0; 1024], [0; 64], bytes);
    while !rest.is_empty() {
        let (result, read, ..) = cells.read_record(rest, &mut text, &mut ends);
        if result == csv_core::ReadRecordResult::Record {
            return true;
        }
        (_, rest) = rest.split_at_checked(read).unwrap_or_default();
    }
    false
}

/// A reader of cells with this separator, for which only `\n` ends a line.
fn cells(separator: u8) -> csv_core::Reader {
    csv_core::ReaderBuilder::new().delimiter(separator).terminator(csv_core::Terminator::Any(b'\n')).build()
}
