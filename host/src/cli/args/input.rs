//! Options that say what is asked.

use std::num::NonZeroU32;

use clap::Args;

use crate::cli::exit::Exit;

/// What is asked, beside a kind's own parameters.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct InputArgs {
    /// Parameter by its own name
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in crate::cli) param: Vec<String>,
    /// Rows for each query, at most
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(in crate::cli) limit: Option<NonZeroU32>,
}

impl InputArgs {
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
