//! Runs: many queries that are answered at once.
//!
//! The scheduler owns the waiting queries and decides which share the next request. A run's dispatcher sends each request in a task. Invariant:
//! every query has exactly one outcome, whatever happens to the others.

mod control;
mod dispatcher;
mod intake;
mod outcomes;
mod page_results;
mod resume;

pub use crate::result::{Grouped, Latency, Outcome, PageResult, RecordError, RunStats, Source};
pub use crate::robots::{Robots, RobotsError, RobotsVerdict};
pub use crate::runtime::{MAX_WORKERS, RuntimeError, Workers};
pub use crate::schedule::{BatchSize, BatchSizeError, Bottleneck, Rate, RateError, RetryPolicy};
pub use control::RunControl;
pub use outcomes::Outcomes;
pub use page_results::PageResults;
pub use resume::{PartialQuery, Remaining, ResumeFilter};

pub(crate) use intake::Input;
