//! Options of the input.

use std::num::NonZeroU32;

use clap::Args;

use super::value::field_name;
use crate::cli::exit::ExitStatus;

/// What is asked, beside a kind's own parameters.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct InputArgs {
    /// Parameter of the kind, by its own name
    ///
    /// With run, for all queries that don't name it. May be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in crate::cli) param: Vec<String>,
    /// Columns of the input to copy into rows, with commas
    ///
    /// They are no part of the query: equal queries are sent once.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = field_name)]
    pub(in crate::cli) carry: Vec<String>,
    /// Ask for the details of what the charts list
    ///
    /// Each app once. Only the rows with details are written.
    #[arg(long)]
    pub(in crate::cli) details: bool,
    /// Most rows for each query
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(in crate::cli) limit: Option<NonZeroU32>,
}

impl InputArgs {
    /// Rows of each query, at most.
    pub(in crate::cli) fn max_rows(&self) -> Option<usize> {
        self.limit.map(|limit| usize::try_from(limit.get()).unwrap_or(usize::MAX))
    }

    /// The parameters that `--param` gives.
    ///
    /// # Errors
    /// When one has no `=`.
    pub(in crate::cli) fn params(&self) -> Result<Vec<(String, String)>, ExitStatus> {
        let pair = |text: &String| match text.split_once('=') {
            Some((name, value)) => Ok((name.replace('-', "_"), value.to_owned())),
            None => Err(ExitStatus::config(format!("--param can't be {text:?}: give NAME=VALUE"))),
        };
        self.param.iter().map(pair).collect()
    }
}
