//! The commands that need no site: the demo and the benchmark, on a store on this machine.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::value::whole_number;

/// Milliseconds that the demo's store may take to answer: an hour.
const MAX_LATENCY_MS: u32 = 3_600_000;

/// Times that the benchmark runs each method.
const MAX_BENCH_RUNS: u32 = 1_000;

/// `playfast demo`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct DemoCommand {
    /// Only run the store, and print how to reach it, until Ctrl-C
    #[arg(long)]
    pub(in crate::cli) serve: bool,
    /// Change the store's layout during a batch, and drop a fixed parser in
    #[arg(long, conflicts_with = "serve")]
    pub(in crate::cli) swap: bool,
    /// With --serve: serve the saved pages of DIR (with its INDEX.tsv) at their URLs
    #[arg(long, value_name = "DIR", requires = "serve")]
    pub(in crate::cli) pages: Option<PathBuf>,
    /// With --serve: port to listen on [default: any free port]
    #[arg(long, value_name = "PORT", requires = "serve", allow_negative_numbers = true, value_parser = whole_number(0..=u16::MAX.into()))]
    pub(in crate::cli) port: Option<u32>,
    #[command(flatten)]
    pub(in crate::cli) latency: LatencyArgs,
}

/// `playfast bench`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct BenchCommand {
    /// Print the results as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Times that each method runs; the median counts
    #[arg(long, value_name = "N", default_value_t = 3, allow_negative_numbers = true, value_parser = whole_number(1..=MAX_BENCH_RUNS))]
    pub(in crate::cli) runs: u32,
    #[command(flatten)]
    pub(in crate::cli) latency: LatencyArgs,
}

/// How long the demo's store takes.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct LatencyArgs {
    /// Milliseconds that the store takes to answer
    #[arg(long = "latency", value_name = "MS", default_value_t = 340, allow_negative_numbers = true, value_parser = whole_number(0..=MAX_LATENCY_MS))]
    milliseconds: u32,
}

impl LatencyArgs {
    /// The latency.
    pub(in crate::cli) fn duration(&self) -> Duration {
        Duration::from_millis(self.milliseconds.into())
    }
}
