//! Rows as CSV.
//!
//! `null` and what a row doesn't have leave it empty, a text is as it is, and anything else is compact JSON: nothing is made to look otherwise
//! than it came.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use csv::{ReaderBuilder, Terminator, WriterBuilder};
use serde_json::Value;

use crate::Row;

/// Writes records to `out`, the columns' names before them where `headed` says so.
pub(super) fn write(out: impl Write, columns: &[String], rows: &[Row], headed: bool) -> io::Result<()> {
    let mut records = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    if headed {
        records.write_record(columns).map_err(of_output)?;
    }
    for row in rows {
        records.write_record(columns.iter().map(|name| cell(row.get(name)).into_owned())).map_err(of_output)?;
    }
    records.flush()
}

/// The output's own error, whose kind tells a closed pipe from a full disk: the `csv` crate's conversion hides it.
fn of_output(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn cell(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(value) => Cow::Owned(value.to_string()),
    }
}

/// The columns of a CSV file that is there already, from its first line: what [`super::RowWriter::columns`] is given to go on in it. A file
/// without a line has none.
///
/// ```
/// let file = b"title,score\r\nChess,4.5\r\n";
/// assert_eq!(playfast::output::header(&file[..])?, ["title", "score"]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of the input, and when it is no CSV.
pub fn header(file: impl Read) -> io::Result<Vec<String>> {
    let mut records = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file).into_records();
    let first = records.next().transpose()?;
    Ok(first.iter().flatten().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(columns: &[&str], row: &Value) -> String {
        let columns: Vec<_> = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut out = Vec::new();
        write(&mut out, &columns, &[row.as_object().unwrap().clone()], false).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_cell_says_what_the_field_did() {
        let row = json!({"text": "=1+1, \"so\"\r\nit is", "none": null, "list": ["a", 1], "object": {"b": null},
            "number": 4.5, "yes": true});
        let columns = ["number", "text", "none", "missing", "list", "object", "yes"];
        let expected = "4.5,\"=1+1, \"\"so\"\"\r\nit is\",,,\"[\"\"a\"\",1]\",\"{\"\"b\"\":null}\",true\r\n";
        assert_eq!(written(&columns, &row), expected);
    }

    #[test]
    fn an_empty_row_of_one_column_is_still_a_record() {
        assert_eq!(written(&["a"], &json!({})), "\"\"\r\n");
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let columns = ["a".to_owned(), "b,\"c\nd".to_owned()];
        let mut out = Vec::new();
        write(&mut out, &columns, &[], true).unwrap();
        assert_eq!(header(&out[..]).unwrap(), columns);
        assert!(header(&b""[..]).unwrap().is_empty());
    }
}
