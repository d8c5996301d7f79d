//! Options that say how long a run tries, and when it counts as a success.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::value::{MAX_RETRIES, duration, whole_number};
use crate::{FailureKind, HostBuilder, Retries};

/// How long a run tries, and when it counts as a success.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct RunArgs {
    /// Retries of a query that failed for now [default: 6]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole_number(0..=MAX_RETRIES))]
    pub(in crate::cli) retries: Option<u32>,
    /// Time limit for the whole run, such as 90s, 1h30m or 1d; what isn't answered by then fails
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) deadline: Option<Duration>,
    /// Time limit for one query, from when it is first sent
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) query_deadline: Option<Duration>,
    /// Time after which a host is given up that neither answers nor names a wait [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) give_up: Option<Duration>,
    /// Longest wait that a server may ask for (Retry-After); a query that would wait longer fails [default: 15m]
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) max_wait: Option<Duration>,
    /// Failures that leave the exit code at 0: not-found
    #[arg(long, value_name = "KIND", value_enum)]
    pub(in crate::cli) accept: Vec<Accept>,
    /// Print the queries that would be asked, and how much that takes; send nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Swap a parser whenever its file changes, and add those that come to FOLDER
    #[arg(long)]
    pub(in crate::cli) watch: bool,
    /// With --watch: accept a new parser even if it lacks a kind or does worse on recent responses
    #[arg(long, requires = "watch")]
    pub(in crate::cli) force: bool,
}

/// A kind of failure that may be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Accept {
    /// The site has no such thing.
    NotFound,
}

impl RunArgs {
    /// Whether a failure of this kind leaves the exit code at 0.
    pub(in crate::cli) fn accepts(&self, kind: FailureKind) -> bool {
        kind == FailureKind::NotFound && self.accept.contains(&Accept::NotFound)
    }

    /// Applies the options to a host.
    pub(in crate::cli) fn apply(&self, builder: HostBuilder) -> HostBuilder {
        builder.retries(self.policy())
    }

    fn policy(&self) -> Retries {
        let mut retries = Retries::default();
        if let Some(most) = self.retries {
            retries = retries.most(most);
        }
        if let Some(patience) = self.give_up {
            retries = retries.patience(patience);
        }
        if let Some(wait) = self.max_wait {
            retries = retries.max_wait(wait);
        }
        (retries.per_run, retries.per_query) = (self.deadline, self.query_deadline);
        retries
    }
}
