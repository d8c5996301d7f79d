//! Options that say where rows go and how they are written.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::value::field_name;
use crate::output::Format;

/// Where rows go, and what is kept beside them.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct OutputArgs {
    #[command(flatten)]
    pub(in crate::cli) rows: RowArgs,
    /// Write rows in the order of the queries; while one is slow and much waits for it, others aren't asked
    #[arg(long)]
    pub(in crate::cli) ordered: bool,
    /// Add where each row comes from: address, status, time and parser, as _source
    #[arg(long)]
    pub(in crate::cli) source: bool,
    /// If FILE holds a run that was cut off: fail; resume it; restart, emptying FILE; or replace FILE when the new run is finished. A finished run is always written over [default: fail]
    #[arg(long, value_name = "WHAT", value_enum, conflicts_with_all = ["resume", "overwrite"])]
    pub(in crate::cli) existing: Option<Existing>,
    /// Short for --existing resume, on a finished run too: what failed is asked again
    #[arg(long, conflicts_with = "overwrite")]
    pub(in crate::cli) resume: bool,
    /// Short for --existing restart
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,
    /// Write the queries that failed to FILE, as run --queries reads them
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) failures: Option<PathBuf>,
    /// Write a summary of the run to FILE, as JSON
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) summary_json: Option<PathBuf>,
}

/// How rows are written.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct RowArgs {
    /// File for the rows: .csv, .json or .ndjson, each also with .gz; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Format of the rows: ndjson, json, csv or table [default: by FILE's ending; table on a terminal, else ndjson]
    #[arg(long, value_name = "FORMAT", value_parser = Format::NAMES)]
    format: Option<String>,
    /// Fields of each row, in this order, with commas; compact for the parser's short selection
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = field_name)]
    pub(in crate::cli) fields: Option<Vec<String>>,
    /// Sort rows by this field; -FIELD for descending order. Rows are kept in memory until the end
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub(in crate::cli) sort: Option<String>,
    /// Compare charts side by side by this parameter, in a table [default: the first that varies]
    #[arg(long, value_name = "PARAM")]
    pub(in crate::cli) pivot: Option<String>,
    /// CSV for spreadsheets: a byte-order mark, and ' before texts that a spreadsheet would take for a formula
    #[arg(long)]
    pub(in crate::cli) spreadsheet: bool,
}

/// What happens if the file holds a run that was cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Existing {
    /// Nothing is written.
    #[default]
    Fail,
    /// It goes on; a finished run starts again.
    Resume,
    /// The file is emptied.
    Restart,
    /// The file is replaced when the new run is finished.
    Replace,
}

impl OutputArgs {
    /// What happens if the file holds a run that was cut off.
    pub(in crate::cli) fn existing(&self) -> Existing {
        match self.existing {
            Some(existing) => existing,
            None if self.resume => Existing::Resume,
            None if self.overwrite => Existing::Restart,
            None => Existing::Fail,
        }
    }
}

impl RowArgs {
    /// The format that `--format` names.
    pub(in crate::cli) fn format(&self) -> Option<Format> {
        self.format.as_deref().and_then(|name| name.parse().ok())
    }

    /// The file for the rows; `None` for stdout.
    pub(in crate::cli) fn file(&self) -> Option<&PathBuf> {
        self.output.as_ref().filter(|file| file.as_os_str() != "-")
    }
}
