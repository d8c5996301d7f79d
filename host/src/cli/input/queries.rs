//! Records of a text: NDJSON, CSV with a header, or a value a line.
//!
//! [`Records`] reads each of these, one record at a time, from a file, a pipe, or a file that grows. Invariant: if a record is wrong, the error
//! is that record's, and the next one is read.

mod form;
mod growing;
mod header;
mod record;
mod text;

use std::io::{self, BufRead};

pub(in crate::cli) use form::Form;
pub(in crate::cli) use growing::Growing;
use header::Header;
pub(in crate::cli) use header::{KIND, Names, subject};
pub(in crate::cli) use record::{Record, texts};
pub(in crate::cli) use text::Numbered;
use text::Texts;

/// The records of a text, each with the number of its first line.
pub(in crate::cli) struct Records<R> {
    texts: Texts<R>,
    /// The form that the text's name says, and the form in which it is read.
    named_form: Option<Form>,
    read_form: Option<Form>,
    /// What is asked where a record says no kind.
    kind: Option<String>,
    names: Names,
    header: Option<Header>,
    /// Whether the text is a JSON array, whose brackets and commas are passed over.
    is_array: bool,
    is_over: bool,
}

impl<R: BufRead> Records<R> {
    /// The records of `reader`, in this form or in the one that the first character says. A header is known by `names`. Nothing is read before
    /// the first record is asked for.
    pub(in crate::cli) fn new(reader: R, form: Option<Form>, kind: Option<String>, names: Names) -> Self {
        Self {
            texts: Texts::new(reader),
            named_form: form,
            read_form: None,
            kind,
            names,
            header: None,
            is_array: false,
            is_over: false,
        }
    }

    fn read(&mut self) -> io::Result<Option<Numbered<Record>>> {
        let form = match self.read_form {
            Some(form) => form,
            None => {
                let first = self.texts.first()?;
                self.is_array = first == Some(b'[');
                *self.read_form.insert(self.named_form.unwrap_or_else(|| Form::of_text(first)))
            }
        };
        while let Some((line, text)) = self.texts.next(form)? {
            let blank = text.as_ref().is_ok_and(|text| text.trim_ascii().is_empty());
            if let Some(record) = Some(text).filter(|_| !blank).and_then(|text| self.record(form, text)) {
                return Ok(Some((line, record)));
            }
        }
        Ok(None)
    }

    /// The record in a text; `None` for headers and comments.
    fn record(&mut self, form: Form, text: Result<Vec<u8>, String>) -> Option<Result<Record, String>> {
        let is_comment = text.as_ref().is_ok_and(|text| text.trim_ascii_start().starts_with(b"#"));
        match (form, &self.header) {
            (Form::Ndjson, _) | (Form::Csv, None | Some(Header::Values(_))) if is_comment => None,
            (Form::Ndjson, _) => self.json(text).transpose(),
            (Form::Csv, Some(Header::Columns(columns))) => {
                match text.and_then(|text| record::cells(&text, columns.separator)) {
                    // A file that was rotated has its header again.
                    Ok(cells) if cells == columns.typed => None,
                    cells => Some(cells.and_then(|cells| Record::from_cells(columns, cells))),
                }
            }
            (Form::Csv, Some(Header::Values(param))) => Some(text.and_then(|text| value(param, &text))),
            (Form::Csv, None) => match text.and_then(|text| self.read_header(&text)) {
                Ok(first) => first,
                Err(reason) => {
                    // Without a header nothing that follows means anything.
                    self.is_over = true;
                    Some(Err(reason))
                }
            },
        }
    }

    fn json(&self, text: Result<Vec<u8>, String>) -> Result<Option<Record>, String> {
        let text = text?;
        let object = if self.is_array { without_brackets(&text) } else { &text };
        if object.is_empty() { Ok(None) } else { Record::from_json(object).map(Some) }
    }

    /// Reads the header. If the first line is a value instead, it is a record already.
    fn read_header(&mut self, text: &[u8]) -> Result<Option<Result<Record, String>>, String> {
        let header = self.names.header(text, self.kind.as_deref())?;
        let first = match &header {
            Header::Columns(columns) => {
                self.texts.set_separator(columns.separator);
                None
            }
            Header::Values(param) => {
                self.texts.set_separator(b',');
                Some(value(param, text))
            }
        };
        self.header = Some(header);
        Ok(first)
    }
}

fn value(param: &std::sync::Arc<str>, text: &[u8]) -> Result<Record, String> {
    record::cells(text, b',').and_then(|cells| Record::from_value(param, &cells))
}

/// A line of a JSON array without what holds the array together.
fn without_brackets(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"[").unwrap_or(text);
    let text = text.strip_suffix(b"]").unwrap_or(text);
    let text = text.trim_ascii();
    text.strip_prefix(b",").or_else(|| text.strip_suffix(b",")).unwrap_or(text).trim_ascii()
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Numbered<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        self.read().unwrap_or_else(|error| {
            self.is_over = true;
            Some((self.texts.line(), Err(format!("failed to read on: {error}"))))
        })
    }
}

#[cfg(test)]
mod tests;
