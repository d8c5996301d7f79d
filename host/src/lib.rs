//! Fetch many pages at once, and parse each in a WebAssembly sandbox of its own.
//!
//! A [`Host`] owns one pooled HTTP client and sandboxed parsers: components of which each knows one site (the contract is `wit/parser.wit`).
//! A [`Plan`] says what is asked of it, and [`Host::run`] asks it all at once and gives the [`Outcome`]s in order.
//!
//! Where nothing is said, the parser for Google Play is used; it is part of this crate, so that building it needs no wasm toolchain.
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
//! # Features
//! | feature | |
//! |---|---|
//! | `cli` | The command line, tables, and writers of rows: `playfast` itself |
//! | `demo` | `playfast demo` and `playfast bench`, with a store on this machine |
//!
//! | `play` | Google Play's records as types, and calls for what is asked most |
//!
//! All are on unless `default-features = false` leaves the library alone.
//!
//! Outcomes can be [`Grouped`], and their rows read as a program's own type ([`Outcome::records`]). For Google Play `play` has the types,
//! and calls for what is asked most. Without async all of it is in [`blocking`].
//!
//! # Which runtime
//! A host runs in the tokio runtime that calls it, a blocking one in one of the process's own. Parsing is work for cores: a multi-threaded runtime with a thread for each core that
//! the process may use ([`workers`], which heeds the quota of a cgroup) is best. In a debug build, optimise the compiler inside wasmtime,
//! which otherwise takes four seconds of a core when the host starts: `[profile.dev.package."*"] opt-level = 2`.

pub mod blocking;
#[cfg(feature = "cli")]
pub mod cli;
mod environment;
mod fetch;
mod host;
#[cfg(feature = "cli")]
pub mod output;
mod parser;
#[cfg(feature = "play")]
pub mod play;
pub mod query;
mod result;
mod robots;
pub mod run;
mod runtime;
mod schedule;
mod swap;
mod types;

pub use environment::EnvironmentError;
pub use fetch::{
    ClientError, ConnectTo, ConnectToError, EnvironmentProxies, FetchOptions, ProxySource, ProxyVariableError, Route,
};
pub use host::{AskedAddress, Host, HostBuilder, HostError, PLAY};
pub use parser::{
    AnswerSize, Description, DescriptionError, Digest, DigestError, Engine, EngineError, EngineOptions, Kind, Limits,
    Live, LoadError, Param, Params, Parser, PerRequest, PerRequestValue,
};
pub use query::{Plan, PlanError};
pub use robots::{Robots, RobotsError, RobotsVerdict};
pub use run::{
    BatchSize, BatchSizeError, Bottleneck, Grouped, Latency, Outcome, Outcomes, PageResult, PageResults, Rate,
    RateError, RecordError, RetryPolicy, RunControl, RunStats, Source,
};
pub use runtime::{MAX_WORKERS, RuntimeError, Workers};
pub use swap::{Event, FieldChange, InterfaceChange, KindChange, ParserId, ParserSlot, Preflight, SwapError, Swapped};
pub use types::{
    Exchange, Failure, FailureKind, Interval, Method, Pace, PaceError, Page, Priority, Query, QueryKey, QueryKeyError,
    Request, Requests, Response, Row,
};
