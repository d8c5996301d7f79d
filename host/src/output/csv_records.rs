//! Rows as CSV records: RFC 4180 with `\n` as line end.
//!
//! `null` and a missing field leave the cell empty, a text is written as it is, and any other value is compact JSON.

use std::borrow::Cow;
use std::io::{self, BufReader, Read, Write};

use csv::{ReaderBuilder, Terminator, WriterBuilder};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::types::Row;

/// UTF-8's byte order mark: without it Excel takes a CSV file for one in the system's old code page.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The first bytes of each gzip member (RFC 1952). No CSV file in UTF-8 begins so.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How records are written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    /// Whether the columns' names come first.
    pub(super) has_header: bool,
    /// Whether texts are guarded from being taken for formulas.
    pub(super) is_guarded: bool,
}

/// Writes records to `out`.
pub(super) fn write(out: impl Write, columns: &[String], rows: &[Row], options: Options) -> io::Result<()> {
    let mut records = WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(out);
    if options.has_header {
        records.write_record(columns).map_err(into_io_error)?;
    }
    for row in rows {
        for name in columns {
            let text = cell(row.get(name), options.is_guarded);
            records.write_field(text.as_bytes()).map_err(into_io_error)?;
        }
        records.write_record(None::<&[u8]>).map_err(into_io_error)?;
    }
    records.flush()
}

/// The output's own error, whose kind tells a closed pipe from a full disk: the `csv` crate's conversion hides it.
fn into_io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn cell(value: Option<&Value>, is_guarded: bool) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) if is_guarded && looks_like_formula(text) => Cow::Owned(format!("'{text}")),
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(value) => Cow::Owned(value.to_string()),
    }
}

/// Whether a spreadsheet may take the text for a formula, by the first characters that [OWASP] lists, their full-width forms included.
/// A negative number in digits, such as `-5` or `-1.5`, is none; a text with a plus sign is guarded, so that phone numbers keep it.
///
/// [OWASP]: https://owasp.org/www-community/attacks/CSV_Injection
fn looks_like_formula(text: &str) -> bool {
    match text.chars().next() {
        Some('-') => !text.strip_prefix('-').is_some_and(is_decimal),
        Some('=' | '+' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => true,
        _ => false,
    }
}

fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction)
}

/// The columns of a CSV file, plain or compressed by gzip, from its first line: what [`super::RowWriter::columns`] needs to continue it. A file
/// without a line has none.
///
/// ```
/// let file = b"title,score\nChess,4.5\n";
/// assert_eq!(playfast::output::header(&file[..])?, ["title", "score"]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of the input; if it isn't CSV in UTF-8.
pub fn header(file: impl Read) -> io::Result<Vec<String>> {
    let (start, file) = peek(BufReader::new(file), GZIP_MAGIC.len())?;
    if start == GZIP_MAGIC { first_record(MultiGzDecoder::new(file)) } else { first_record(file) }
}

fn first_record(file: impl Read) -> io::Result<Vec<String>> {
    let (start, mut file) = peek(file, BYTE_ORDER_MARK.len())?;
    if start == BYTE_ORDER_MARK {
        file.read_exact(&mut [0; BYTE_ORDER_MARK.len()])?;
    }
    let mut records = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file).into_records();
    let first = records.next().transpose()?;
    Ok(first.iter().flatten().map(str::to_owned).collect())
}

/// The first bytes of a file, and the file with them.
fn peek(mut file: impl Read, count: usize) -> io::Result<(Vec<u8>, impl Read)> {
    let mut start = Vec::new();
    file.by_ref().take(count as u64).read_to_end(&mut start)?;
    Ok((start.clone(), io::Cursor::new(start).chain(file)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HEADER: Options = Options { has_header: true, is_guarded: false };

    fn written(columns: &[&str], row: &Value, is_guarded: bool) -> String {
        let columns: Vec<_> = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut out = Vec::new();
        let rows = [row.as_object().unwrap().clone().into()];
        write(&mut out, &columns, &rows, Options { has_header: false, is_guarded }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_cell_says_what_the_field_did() {
        let row = json!({"text": "=1+1, \"so\"\r\nit is", "none": null, "list": ["a", 1], "object": {"b": null},
            "number": 4.5, "yes": true});
        let columns = ["number", "text", "none", "missing", "list", "object", "yes"];
        let expected = "4.5,\"=1+1, \"\"so\"\"\r\nit is\",,,\"[\"\"a\"\",1]\",\"{\"\"b\"\":null}\",true\n";
        assert_eq!(written(&columns, &row, false), expected);
    }

    #[test]
    fn texts_that_begin_like_formulas_are_guarded_for_spreadsheets() {
        for text in ["=1", "+1 555", "-x", "-", "@a", "\tb", "＝1", "-1-1", "-1.5.2", "--1", "-1e5", "+5"] {
            assert_eq!(written(&["a"], &json!({"a": text}), true), format!("'{text}\n"), "{text}");
            assert_eq!(written(&["a"], &json!({"a": text}), false), format!("{text}\n"), "{text}");
        }
        for text in ["-5", "-1.5", "a=1", " x", "5", "'=1"] {
            assert_eq!(written(&["a"], &json!({"a": text}), true), format!("{text}\n"), "{text}");
        }
        assert_eq!(written(&["a", "b"], &json!({"a": -5, "b": ["=1"]}), true), "-5,\"[\"\"=1\"\"]\"\n");
    }

    #[test]
    fn an_empty_row_of_one_column_is_still_a_record() {
        assert_eq!(written(&["a"], &json!({}), false), "\"\"\n");
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let columns = ["a".to_owned(), "b,\"c\nd".to_owned()];
        let mut out = Vec::new();
        write(&mut out, &columns, &[], HEADER).unwrap();
        assert_eq!(header(&out[..]).unwrap(), columns);
        assert_eq!(header(&[BYTE_ORDER_MARK, &out].concat()[..]).unwrap(), columns);
        assert!(header(&b""[..]).unwrap().is_empty());
        assert_eq!(header(&b"a"[..]).unwrap(), ["a"]);
    }
}
