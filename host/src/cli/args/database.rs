//! The commands on databases of runs, and on their changes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::value::age;
use crate::output::database::RunSelector;

/// `playfast diff`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct DiffCommand {
    /// Database, or two files of rows (NDJSON or JSON): the older and the newer
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Kind of the queries [default: all]
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) kind: Option<String>,
    /// Earlier run: its number, a date, a time or an age [default: the one before]
    ///
    /// A date means the last run of that day or before, an age such as 7d the last run that is as old. playfast db info lists the runs.
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) from: Option<RunSelector>,
    /// Later run, as --from says it [default: the last one]
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) to: Option<RunSelector>,
    /// Only queries with this value of a parameter; may be given again
    #[arg(long = "where", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(in crate::cli) params: Vec<(String, String)>,
    /// Places that a record must have moved
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::cli) min_move: u32,
    /// Fields whose changes count, with commas [default: all but those that change daily, such as scores]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(in crate::cli) fields: Option<Vec<String>>,
    /// Fields whose changes don't count, with commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(in crate::cli) ignore: Vec<String>,
    /// Exit with 1 if there are changes
    #[arg(long)]
    pub(in crate::cli) exit_code: bool,
}

/// `playfast history`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct HistoryCommand {
    /// Database
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) file: PathBuf,
    /// Id of the app, or what else identifies records of the kind
    #[arg(long, value_name = "ID", required = true)]
    pub(in crate::cli) app: String,
    /// Kind of the queries [default: all]
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) kind: Option<String>,
    /// Only queries with this value of a parameter; may be given again
    #[arg(long = "where", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(in crate::cli) params: Vec<(String, String)>,
    /// Fields, with commas, such as position,score,price [default: position, and those that changed]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(in crate::cli) field: Option<Vec<String>>,
    /// Write a page with plots to FILE, which needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) html: Option<PathBuf>,
}

/// `playfast db`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct DbCommand {
    /// What to do
    #[arg(value_name = "ACTION", value_enum, required = true)]
    pub(in crate::cli) action: DbAction,
    /// Database
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) file: PathBuf,
    /// For prune: age of the runs to remove, such as 90d or 1y
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(in crate::cli) older: Option<Duration>,
    /// For forget: id of the app
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) app: Option<String>,
    /// For forget: name of the reviewer
    #[arg(long, value_name = "NAME", conflicts_with = "app")]
    pub(in crate::cli) reviewer: Option<String>,
    /// For export: the run, by number, date, time or age [default: the last one]
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) run: Option<RunSelector>,
}

/// What is done with a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DbAction {
    /// List its runs, and say how large it is
    Info,
    /// Remove old runs
    Prune,
    /// Remove all that is stored of an app or a reviewer
    Forget,
    /// Write the rows of a run to a file or stdout
    Export,
}

/// `NAME=VALUE`.
fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE, such as country=us")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}
