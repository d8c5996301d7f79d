//! Options of a run: its retries and deadlines, and when it counts as a success.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::value::{MAX_RETRIES, duration, whole_number};
use crate::host::HostBuilder;
use crate::schedule::RetryPolicy;
use crate::types::{FailureKind, QueryEnd};

/// How long a run tries, and when it counts as a success.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct RunArgs {
    /// Times that a query is sent again that failed for now [default: 6]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole_number(0..=MAX_RETRIES))]
    pub(in crate::cli) retries: Option<u32>,
    /// Time limit for the whole run, such as 90s, 1h30m or 1d
    ///
    /// What is not answered by then fails.
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) deadline: Option<Duration>,
    /// Time limit for one query, from when it is first sent
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) query_deadline: Option<Duration>,
    /// Time without an answer after which a host is given up [default: 60s]
    ///
    /// A wait that the host names (Retry-After) does not count.
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) give_up: Option<Duration>,
    /// Longest wait that a server may ask for [default: 15m]
    ///
    /// A query that would wait longer (Retry-After) fails.
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) max_wait: Option<Duration>,
    /// Ends that leave the exit code at 0: not-found, partial
    #[arg(long, value_name = "KIND", value_enum)]
    pub(in crate::cli) accept: Vec<Accept>,
    /// Print the queries and what they cost; send nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Load a parser again whenever its file changes
    ///
    /// New files in the folder of --parsers are loaded too. A new parser must do at least as well on recent responses.
    #[arg(long)]
    pub(in crate::cli) watch: bool,
    /// With --watch: accept a new parser that does worse
    ///
    /// Also one that lacks a kind or needs another parameter.
    #[arg(long, requires = "watch")]
    pub(in crate::cli) force: bool,
}

/// An end of a query that may be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Accept {
    /// The site has no such thing.
    NotFound,
    /// There are rows, and further ones could not be had.
    Partial,
}

impl RunArgs {
    /// Whether a query that ends so leaves the exit code at 0.
    pub(in crate::cli) fn accepts(&self, end: QueryEnd) -> bool {
        match end {
            QueryEnd::Answered => true,
            QueryEnd::Partial(_) => self.accept.contains(&Accept::Partial),
            QueryEnd::Failed(kind) => kind == FailureKind::NotFound && self.accept.contains(&Accept::NotFound),
        }
    }

    /// Applies the options to a host.
    pub(in crate::cli) fn apply(&self, builder: HostBuilder) -> HostBuilder {
        builder.with_retry_policy(self.policy())
    }

    fn policy(&self) -> RetryPolicy {
        let mut retries = RetryPolicy::default();
        if let Some(most) = self.retries {
            retries = retries.with_max_retries(most);
        }
        if let Some(patience) = self.give_up {
            retries = retries.with_give_up_after(patience);
        }
        if let Some(wait) = self.max_wait {
            retries = retries.with_max_retry_after(wait);
        }
        (retries.run_deadline, retries.query_deadline) = (self.deadline, self.query_deadline);
        retries
    }
}
