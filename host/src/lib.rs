//! Fetch many pages at once, and parse each in a WebAssembly sandbox of its own.
//!
//! A [`Host`] owns one pooled HTTP client and sandboxed parsers: components of which each knows one site (the contract is `wit/parser.wit`).
//! A [`Plan`] describes queries, and [`Host::run`] answers them concurrently and returns the [`Outcome`]s in order.
//!
//! By default the parser for Google Play is used, which is part of this crate: building it needs no wasm toolchain.
//!
//! ```no_run
//! use futures::StreamExt;
//! use playfast::Host;
//!
//! # async fn top() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host::builder().build().await?;
//! let plan = host.plan("list", [("country", "us,kr,jp"), ("num", "10")])?;
//! let mut outcomes = host.run(plan.queries());
//! while let Some(outcome) = outcomes.next().await {
//!     for row in outcome.rows {
//!         println!("{} {}: {}", row["country"], row["position"], row["title"]);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//! | module | |
//! |---|---|
//! | [`query`] | Queries and plans, their keys and priorities |
//! | [`run`] | Runs of a [`Host`]: outcome streams, statistics, rates, retries, groups |
//! | [`parser`] | Parsers in the sandbox: engine, limits, descriptions, and the types of the contract |
//! | [`swap`] | Slots of parsers, swaps and their events |
//! | [`fetch`] | The HTTP client: proxies, certificates, timeouts |
//! | `output` | Writers of rows (NDJSON, JSON, CSV), checkpoints from which a run continues (feature `output`) |
//! | `play` | Google Play's records as types, and calls for the usual questions (feature `play`) |
//! | [`blocking`] | All of it without async |
//!
//! # Features
//! | feature | |
//! |---|---|
//! | `cli` | The command line, `playfast` itself, with `output` (on by default) |
//! | `play` | Google Play's records as types (on by default) |
//! | `output` | The module `output` |
//! | `db` | Databases of runs in `output`, with SQLite in the program (on by default) |
//! | `parquet` | Parquet files in `output` |
//! | `demo` | `playfast demo` and `playfast bench`, with a store on this machine |
//! | `aws-lc-rs` | AWS-LC instead of ring |
//!
//! # Which runtime
//! A host runs in the tokio runtime that calls it, a blocking one in the process's own. Parsing needs cores: a multi-threaded runtime with a
//! thread for each core that the process may use ([`run::Workers`]) is best. In a debug build, optimise the compiler inside wasmtime, or the
//! host takes four seconds of a core to start: `[profile.dev.package."*"] opt-level = 2`.

pub mod blocking;
#[cfg(feature = "cli")]
pub mod cli;
mod environment;
mod exchange;
pub mod fetch;
mod host;
mod jobs;
#[cfg(feature = "output")]
pub mod output;
pub mod parser;
#[cfg(feature = "play")]
pub mod play;
pub mod query;
mod result;
mod robots;
pub mod run;
mod runtime;
mod schedule;
pub mod swap;
mod types;

pub use environment::EnvironmentError;
pub use host::{AskedAddress, Host, HostBuilder, HostError, PLAY};
/// The HTTP types of requests and responses.
pub use http;
pub use query::{Plan, PlanError, Query};
pub use run::{Outcome, Rate, RetryPolicy};
pub use types::{Failure, FailureKind, Remedy, Row};
