//! The formats of rows.

use std::fmt;
use std::str::FromStr;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A JSON object a line.
    Ndjson,
    /// One JSON array.
    Json,
    /// A header line and a record a row, as in RFC 4180, with `\n` as line end. Arrays and objects are JSON in their cell. Texts stay as they are:
    /// [`RowWriter::with_spreadsheet`](super::RowWriter::with_spreadsheet) guards those that look like formulas.
    Csv,
    /// A view for a person at a terminal: a card, a pivot or a table ([`super::terminal`]).
    Table,
}

impl Format {
    /// The names of all formats.
    pub const NAMES: [&str; 4] = ["ndjson", "json", "csv", "table"];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Table => "table",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A text names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no format")]
pub struct FormatError(String);

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let formats = [Self::Ndjson, Self::Json, Self::Csv, Self::Table];
        formats.into_iter().find(|format| format.name() == text).ok_or_else(|| FormatError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_has_one_name() {
        for name in Format::NAMES {
            assert_eq!(name.parse::<Format>().unwrap().to_string(), name);
        }
        assert!("xml".parse::<Format>().is_err());
    }
}
