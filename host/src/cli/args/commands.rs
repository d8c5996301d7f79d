//! The program's own commands, beside the kinds of the parsers.

use std::path::PathBuf;
#[cfg(feature = "demo")]
use std::time::Duration;

use clap::{Args, Subcommand};

use super::value::whole_number;

/// Milliseconds that the demo's store may take to answer: an hour.
#[cfg(feature = "demo")]
const MAX_LATENCY_MS: u32 = 3_600_000;

/// Times that the benchmark runs each method.
#[cfg(feature = "demo")]
const MAX_BENCH_RUNS: u32 = 1_000;

/// The program's own commands.
#[derive(Clone, Debug, Subcommand)]
pub(in crate::cli) enum OwnCommand {
    /// Answer the queries of a file or a pipe: a JSON object a line, CSV, or with --kind a value a line
    Run(RunCommand),
    /// Parse one saved response in the sandbox, without the network
    Parse(ParseCommand),
    /// Ask one query of each kind, and report what came back and what to do: the first thing to run
    Doctor(DoctorCommand),
    /// Show a parser: name, digest, hosts, kinds with their parameters and fields, imports and exports
    Inspect(InspectCommand),
    /// Fetch 15 charts from a store on this machine, one after another and then at once
    #[cfg(feature = "demo")]
    Demo(DemoCommand),
    /// Rerun the study's benchmark against a store on this machine
    #[cfg(feature = "demo")]
    Bench(BenchCommand),
}

/// `playfast run`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct RunCommand {
    /// File of queries; - for stdin
    #[arg(long, value_name = "FILE", required = true)]
    pub(in crate::cli) queries: PathBuf,
    /// Kind of the queries that name none
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) kind: Option<String>,
    /// Continue as FILE grows, is truncated or replaced, as tail -F does
    #[arg(long)]
    pub(in crate::cli) follow: bool,
}

/// `playfast parse`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct ParseCommand {
    /// Kind of query that the response answers
    #[arg(long, value_name = "KIND", required = true)]
    pub(in crate::cli) kind: String,
    /// Address that it came from
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) url: Option<String>,
    /// HTTP status that it came with
    #[arg(long, value_name = "CODE", default_value_t = 200, allow_negative_numbers = true, value_parser = whole_number(100..=599))]
    pub(in crate::cli) status: u32,
    /// Header that it came with
    #[arg(long, value_name = "NAME: VALUE")]
    pub(in crate::cli) header: Vec<String>,
    /// Its body, plain, gzip, zstd or UTF-16; - for stdin
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) file: PathBuf,
}

/// `playfast doctor`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct DoctorCommand {
    /// Keep each request and response in DIR, without cookies, as files that parse reads
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) save: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `playfast inspect`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct InspectCommand {
    /// Parser component [default: --parser, else the built-in one]
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `playfast demo`.
#[cfg(feature = "demo")]
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct DemoCommand {
    /// Only run the store, and print how to reach it, until Ctrl-C
    #[arg(long)]
    pub(in crate::cli) serve: bool,
    /// Change the store's layout during a batch, and drop a fixed parser in
    #[arg(long, conflicts_with = "serve")]
    pub(in crate::cli) swap: bool,
    /// Serve the saved pages of DIR (with its INDEX.tsv) at their URLs
    #[arg(long, value_name = "DIR", requires = "serve")]
    pub(in crate::cli) pages: Option<PathBuf>,
    /// Port to listen on [default: any free port]
    #[arg(long, value_name = "PORT", requires = "serve", allow_negative_numbers = true, value_parser = whole_number(0..=u16::MAX.into()))]
    pub(in crate::cli) port: Option<u32>,
    #[command(flatten)]
    pub(in crate::cli) latency: LatencyArgs,
}

/// `playfast bench`.
#[cfg(feature = "demo")]
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
#[cfg(feature = "demo")]
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct LatencyArgs {
    /// Milliseconds that the store takes to answer
    #[arg(long = "latency", value_name = "MS", default_value_t = 340, allow_negative_numbers = true, value_parser = whole_number(0..=MAX_LATENCY_MS))]
    milliseconds: u32,
}

#[cfg(feature = "demo")]
impl LatencyArgs {
    /// The latency.
    pub(in crate::cli) fn duration(&self) -> Duration {
        Duration::from_millis(self.milliseconds.into())
    }
}
