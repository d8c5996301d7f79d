//! Options of the output.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::value::{field_name, file_beside_rows};
use crate::output::Format;

/// Where rows go, and what is kept beside them.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct OutputArgs {
    #[command(flatten)]
    pub(in crate::cli) rows: RowArgs,
    /// Write rows in the order of the queries
    ///
    /// Rows wait until those of earlier queries are written. While much waits for one slow query, no others are sent.
    #[arg(long)]
    pub(in crate::cli) ordered: bool,
    /// Add where each row comes from, as _source
    ///
    /// Address, status, time and parser of the response.
    #[arg(long)]
    pub(in crate::cli) source: bool,
    /// What to do if FILE holds an unfinished run [default: fail]
    ///
    /// A finished run is written over. See playfast help resume.
    #[arg(long, value_name = "WHAT", value_enum, conflicts_with_all = ["resume", "overwrite"])]
    pub(in crate::cli) existing: Option<Existing>,
    /// Go on with the unfinished run in FILE
    ///
    /// Short for --existing resume. A finished run starts again.
    #[arg(long, conflicts_with = "overwrite")]
    pub(in crate::cli) resume: bool,
    /// Start again if FILE holds an unfinished run
    ///
    /// Short for --existing restart.
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,
    /// Store only what the database doesn't have
    ///
    /// For kinds whose records come newest first, such as reviews: they are asked from the day of the newest stored one on. Needs -o FILE.db.
    #[cfg(feature = "db")]
    #[arg(long)]
    pub(in crate::cli) new: bool,
    /// File for the queries that failed
    ///
    /// Each is a JSON object on a line, as run --queries reads them. See playfast help failures.
    #[arg(long, value_name = "FILE", value_parser = file_beside_rows)]
    pub(in crate::cli) failures: Option<PathBuf>,
    /// File for a summary of the run, as JSON
    #[arg(long, value_name = "FILE", value_parser = file_beside_rows)]
    pub(in crate::cli) summary_json: Option<PathBuf>,
}

/// How rows are written.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct RowArgs {
    /// File for rows: .csv, .json, .ndjson, also .gz; or .db
    ///
    /// Its ending sets the format. - is stdout. A journal next to FILE lets --resume go on after the run was cut off. A database (SQLite) keeps all runs: see playfast diff.
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// ndjson, json, csv or table [default: by FILE's ending]
    ///
    /// Without FILE: table on a terminal, ndjson in a pipe.
    #[arg(long, value_name = "FORMAT", value_parser = Format::NAMES)]
    format: Option<String>,
    /// Fields of each row, in this order, with commas
    ///
    /// compact stands for a short selection that the parser names. playfast KIND --help lists the fields.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = field_name)]
    pub(in crate::cli) fields: Option<Vec<String>>,
    /// Sort rows by this field; -FIELD to sort downwards
    ///
    /// Rows are kept in memory until the end.
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub(in crate::cli) sort: Option<String>,
    /// Parameter to compare charts by, side by side in a table [default: the first that varies]
    #[arg(long, value_name = "PARAM")]
    pub(in crate::cli) pivot: Option<String>,
    /// Write CSV for spreadsheets
    ///
    /// Begins with a byte-order mark, and puts ' before text that a spreadsheet would take for a formula.
    #[arg(long)]
    pub(in crate::cli) spreadsheet: bool,
    /// Names of the options that were typed. The environment or the configuration file sets the others.
    #[arg(skip)]
    pub(in crate::cli) typed: HashSet<String>,
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
    /// A new run starts in another file, which replaces FILE when it is finished.
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

    /// Whether an option was typed. One that wasn't applies only where it can.
    pub(in crate::cli) fn is_typed(&self, option: &str) -> bool {
        self.typed.contains(option)
    }

    /// The file for the rows; `None` for stdout.
    pub(in crate::cli) fn file(&self) -> Option<&PathBuf> {
        self.output.as_ref().filter(|file| file.as_os_str() != "-")
    }
}
