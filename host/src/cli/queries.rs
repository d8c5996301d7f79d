//! Queries as text.
//!
//! NDJSON, `{"kind": "list", "country": "us,kr", "num": 10}`; CSV, whose header names the kind and the parameters; or a value a line, if the
//! kind is given and has one parameter that takes them. [`Records`] reads each of these, one query at a time, from a file, a pipe, or a file that grows. Invariant: what is wrong with a record is told of that record, and the
//! next one is read.

mod form;
mod header;
mod text;

use std::io::{self, BufRead};

use serde_json::{Map, Value};

pub(super) use form::Form;
use header::Header;
pub(super) use header::Names;
pub(super) use text::Growing;
use text::{Numbered, Texts};

/// What a record asks, as it stands there: a plan knows whether it can be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The kind's name.
    pub(super) kind: String,
    /// Names and values; several of a name are several values.
    pub(super) params: Vec<(String, String)>,
    /// What it says of `priority`: which queries go first, unless the kind has a parameter of that name.
    pub(super) priority: Option<String>,
}

impl Asked {
    /// Takes a field that is there. Names that begin with `_` tell of something else.
    fn take(&mut self, name: &str, text: String) -> Result<(), String> {
        match name {
            "kind" => self.kind = text,
            "priority" if self.priority.is_some() => return Err("it has more than one priority".to_owned()),
            "priority" => self.priority = Some(text),
            name if name.starts_with('_') || name.is_empty() => {}
            name => self.params.push((name.to_owned(), text)),
        }
        Ok(())
    }

    /// The same with this kind, if it says none.
    fn or_kind(self, default: Option<&str>) -> Result<Self, String> {
        match default {
            _ if !self.kind.is_empty() => Ok(self),
            Some(kind) => Ok(Self { kind: kind.to_owned(), ..self }),
            None => Err("it has no \"kind\"".to_owned()),
        }
    }
}

/// What a line of NDJSON asks; of `default_kind` where it says none.
pub(super) fn asked(line: &[u8], default_kind: Option<&str>) -> Result<Asked, String> {
    let object: Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| format!("it is no JSON object: {error}"))?;
    let mut asked = Asked::default();
    for (name, value) in &object {
        if name == "kind" && !value.is_string() {
            return Err(format!("its kind is {value}, not a name"));
        }
        texts(value).try_for_each(|text| asked.take(name, text))?;
    }
    asked.or_kind(default_kind)
}

/// A parameter's values: of an array each of its elements, of `null` none.
fn texts(value: &Value) -> impl Iterator<Item = String> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        Value::Null => &[],
        value => std::slice::from_ref(value),
    };
    values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// What a CSV record asks under these columns. Empty cells are not given.
fn asked_in(columns: &[String], cells: Vec<String>, default_kind: Option<&str>) -> Result<Asked, String> {
    if cells.len() != columns.len() {
        return Err(format!("the header has {} columns, and it has {}", columns.len(), cells.len()));
    }
    let mut asked = Asked::default();
    for (name, cell) in columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        asked.take(name, cell)?;
    }
    asked.or_kind(default_kind)
}

/// What a line asks that is a parameter's value.
fn asked_by_value(param: &str, cells: &[String], default_kind: Option<&str>) -> Result<Asked, String> {
    let [value] = cells else {
        return Err(format!("it has {} values, and without a header a line is one {param}", cells.len()));
    };
    let params = vec![(param.to_owned(), value.trim().to_owned())];
    Asked { params, ..Asked::default() }.or_kind(default_kind)
}

/// The cells of one CSV record.
fn cells(record: &[u8]) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(record.len())
        .from_reader(record);
    let mut cells = csv::ByteRecord::new();
    reader.read_byte_record(&mut cells).map_err(|error| format!("it is no CSV: {error}"))?;
    let cells = cells.iter().map(|cell| String::from_utf8(cell.to_vec()));
    cells.collect::<Result<_, _>>().map_err(|_| "it is not UTF-8".to_owned())
}

/// The queries of a text, each with the number of its first line.
pub(super) struct Records<R> {
    texts: Texts<R>,
    form: Option<Form>,
    default_kind: Option<String>,
    names: Names,
    header: Option<Header>,
    over: bool,
}

impl<R: BufRead> Records<R> {
    /// Those of `reader`, whose text has this form; without one it is seen from the first character. `names` are those that a header can
    /// have. Nothing is read before the first one is asked for.
    pub(super) fn new(reader: R, form: Option<Form>, default_kind: Option<String>, names: Names) -> Self {
        Self { texts: Texts::new(reader), form, default_kind, names, header: None, over: false }
    }

    fn record(&mut self) -> io::Result<Option<Numbered<Asked>>> {
        let form = match self.form {
            Some(form) => form,
            None => *self.form.insert(Form::of_text(self.texts.first()?)),
        };
        while let Some((line, text)) = self.texts.next(form)? {
            let blank = text.as_ref().is_ok_and(|text| text.trim_ascii().is_empty());
            if let Some(asked) = Some(text).filter(|_| !blank).and_then(|text| self.asked(form, text)) {
                return Ok(Some((line, asked)));
            }
        }
        Ok(None)
    }

    /// What a record asks: headers and comments nothing.
    fn asked(&mut self, form: Form, text: Result<Vec<u8>, String>) -> Option<Result<Asked, String>> {
        let is_comment = text.as_ref().is_ok_and(|text| text.trim_ascii_start().starts_with(b"#"));
        let default = self.default_kind.as_deref();
        match (form, &self.header) {
            (Form::Ndjson, _) | (Form::Csv, None | Some(Header::Values(_))) if is_comment => None,
            (Form::Ndjson, _) => Some(text.and_then(|text| asked(&text, default))),
            (Form::Csv, Some(Header::Columns { typed, names })) => match text.and_then(|text| cells(&text)) {
                // A file that was rotated has its header again.
                Ok(cells) if cells == *typed => None,
                cells => Some(cells.and_then(|cells| asked_in(names, cells, default))),
            },
            (Form::Csv, Some(Header::Values(param))) => {
                Some(text.and_then(|text| cells(&text)).and_then(|cells| asked_by_value(param, &cells, default)))
            }
            (Form::Csv, None) => match text.and_then(|text| self.read_header(&text)) {
                Ok(first) => first,
                Err(reason) => {
                    // Without a header nothing that follows means anything.
                    self.over = true;
                    Some(Err(reason))
                }
            },
        }
    }

    /// Reads the header. What is none, but the first value, asks something already.
    fn read_header(&mut self, text: &[u8]) -> Result<Option<Result<Asked, String>>, String> {
        let (cells, default) = (cells(text)?, self.default_kind.as_deref());
        let header = self.names.header(&cells, default)?;
        let first = match &header {
            Header::Columns { .. } => None,
            Header::Values(param) => Some(asked_by_value(param, &cells, default)),
        };
        self.header = Some(header);
        Ok(first)
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Numbered<Asked>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        self.record().unwrap_or_else(|error| {
            self.over = true;
            Some((self.texts.line(), Err(format!("failed to read on: {error}"))))
        })
    }
}

#[cfg(test)]
mod tests;
