//! Options of the speed at which hosts are asked.

use std::num::NonZeroUsize;

use clap::Args;

use super::value::{MAX_CONCURRENCY, whole_number};
use crate::host::HostBuilder;
use crate::robots::Robots;
use crate::run::BatchSize;
use crate::runtime::{MAX_WORKERS, Workers};
use crate::schedule::Rate;

/// How fast hosts are asked, and with how many threads.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct SpeedArgs {
    /// Requests per time, such as 30/m or 5 [default: site]
    ///
    /// A number is requests a second, as in 0.5/s; 30/m is 30 a minute. site is the pace that the parser knows the site to accept; none sets no limit. See playfast help pace.
    #[arg(long, value_name = "RATE", allow_hyphen_values = true)]
    pub(in crate::cli) rate: Option<Rate>,
    /// Requests in flight at once [default: 64]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole_number(1..=MAX_CONCURRENCY))]
    pub(in crate::cli) concurrency: Option<u32>,
    /// Requests in flight at once to one host [default: as many as it accepts]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole_number(1..=MAX_CONCURRENCY))]
    pub(in crate::cli) host_concurrency: Option<u32>,
    /// Queries that share a request [default: site]
    ///
    /// If the site can answer several at once: a number, auto (as many as succeed), or site (as the parser says).
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(in crate::cli) per_request: Option<BatchSize>,
    /// What robots.txt means [default: ignore]
    ///
    /// obey fails the queries that it disallows before they are sent; ignore doesn't read it.
    #[arg(long, value_name = "WHAT")]
    pub(in crate::cli) robots: Option<Robots>,
    /// Threads: a number, half (of the cores, 2 to 8), or all [default: all]
    #[arg(long, value_name = "N", value_parser = workers, allow_negative_numbers = true)]
    pub(in crate::cli) workers: Option<Workers>,
}

/// Parses a number of threads.
pub(in crate::cli) fn workers(text: &str) -> Result<Workers, String> {
    match text {
        "all" => Ok(Workers::All),
        "half" => Ok(Workers::Half),
        text => {
            let count = text.parse::<NonZeroUsize>().ok().filter(|count| count.get() <= MAX_WORKERS);
            count
                .map(Workers::Count)
                .ok_or_else(|| format!("give all, half, or a whole number from 1 to {MAX_WORKERS}"))
        }
    }
}

impl SpeedArgs {
    /// Applies the options to a host.
    pub(in crate::cli) fn apply(&self, mut builder: HostBuilder) -> HostBuilder {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(rate) = self.rate {
            builder = builder.with_rate(rate);
        }
        if let Some(concurrency) = self.concurrency {
            builder = builder.with_concurrency(count(concurrency));
        }
        if let Some(concurrency) = self.host_concurrency {
            builder = builder.with_host_concurrency(count(concurrency));
        }
        if let Some(robots) = self.robots {
            builder = builder.with_robots(robots);
        }
        if let Some(sharing) = self.per_request {
            builder = builder.with_batch_size(sharing);
        }
        builder
    }
}
