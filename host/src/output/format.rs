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
    /// A header and a record a row, as RFC 4180 has it. Arrays and objects are JSON in their cell, and texts stay as they are: a program that
    /// takes a cell such as `=1+1` for a formula is to be told that they are texts.
    Csv,
    /// A table for a person: the columns that fit.
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
