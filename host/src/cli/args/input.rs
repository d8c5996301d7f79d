//! Options that say what is asked.

use std::num::NonZeroU32;

use clap::Args;

use super::value::field_name;
use crate::cli::exit::Exit;

/// What is asked, beside a kind's own parameters.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct InputArgs {
    /// Parameter by its own name; with run, for all queries that don't name it
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in crate::cli) param: Vec<String>,
    /// Copy these columns of the input into the rows of the answers, with commas; they are no part of the query
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = field_name)]
    pub(in crate::cli) carry: Vec<String>,
    /// Ask for the details of what the charts list, each once, and write only those
    #[arg(long)]
    pub(in crate::cli) details: bool,
    /// Rows for each query, at most
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
    pub(in crate::cli) fn params(&self) -> Result<Vec<(String, String)>, Exit> {
        let pair = |text: &String| match text.split_once('=') {
            Some((name, value)) => Ok((name.replace('-', "_"), value.to_owned())),
            None => Err(Exit::config(format!("--param can't be {text:?}: give NAME=VALUE"))),
        };
        self.param.iter().map(pair).collect()
    }
}
