//! Format and compression of a file of rows, by its name.

use std::path::{Path, PathBuf};

use super::Format;

/// How the bytes of an output are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// As a gzip file (RFC 1952) of one or more members.
    Gzip,
}

/// Format and compression of a file.
///
/// ```
/// use playfast::output::{Compression, FileFormat, Format};
///
/// let found = FileFormat::from_path("charts.csv.gz")?;
/// assert_eq!((found.format, found.compression), (Format::Csv, Compression::Gzip));
/// assert!(FileFormat::from_path("charts.parquet").is_err());
/// # Ok::<(), playfast::output::FileFormatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FileFormat {
    /// How rows are written.
    pub format: Format,
    /// How the bytes are compressed.
    pub compression: Compression,
}

impl FileFormat {
    /// The endings of names that stand for a format. Each may be followed by `.gz`.
    pub const ENDINGS: [&str; 4] = [".ndjson", ".jsonl", ".json", ".csv"];

    /// The format that the name of a file stands for, by its ending in upper or lower case.
    ///
    /// # Errors
    /// If the name has another ending, or none.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, FileFormatError> {
        let path = path.as_ref();
        let is_gzip = has_extension(path, "gz");
        let stem = if is_gzip { path.with_extension("") } else { path.to_owned() };
        let compression = if is_gzip { Compression::Gzip } else { Compression::None };
        let known =
            [("ndjson", Format::Ndjson), ("jsonl", Format::Ndjson), ("json", Format::Json), ("csv", Format::Csv)];
        let found = known.into_iter().find(|(extension, _)| has_extension(&stem, extension));
        found.map(|(_, format)| Self { format, compression }).ok_or_else(|| FileFormatError { path: path.to_owned() })
    }
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// The name of a file stands for no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}: use {}, each also with .gz", .path.display(), ending(.path), FileFormat::ENDINGS.join(", "))]
pub struct FileFormatError {
    path: PathBuf,
}

fn ending(path: &Path) -> String {
    let stem = if has_extension(path, "gz") { path.with_extension("") } else { path.to_owned() };
    match stem.extension() {
        Some(extension) => format!("the ending .{} is unknown", extension.display()),
        None => "the name has no ending that sets a format".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_name_tells_format_and_compression() {
        let found = |path: &str| FileFormat::from_path(path).map(|found| (found.format, found.compression)).ok();
        for (ending, format) in
            [("csv", Format::Csv), ("json", Format::Json), ("ndjson", Format::Ndjson), ("jsonl", Format::Ndjson)]
        {
            assert_eq!(found(&format!("a/b.c/charts.{ending}")), Some((format, Compression::None)));
            assert_eq!(found(&format!("2026-11.{ending}.gz")), Some((format, Compression::Gzip)));
            assert_eq!(found(&format!("CHARTS.{}.GZ", ending.to_uppercase())), Some((format, Compression::Gzip)));
        }
        for path in ["charts", "charts.gz", "charts.parquet", "charts.csv.zst", "charts.table", ".csv", "", "."] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn the_error_names_what_is_known() {
        let told = |path: &str| FileFormat::from_path(path).unwrap_err().to_string();
        let known = "use .ndjson, .jsonl, .json, .csv, each also with .gz";
        assert_eq!(told("charts.parquet.gz"), format!("charts.parquet.gz: the ending .parquet is unknown: {known}"));
        assert_eq!(told("charts.gz"), format!("charts.gz: the name has no ending that sets a format: {known}"));
    }
}
