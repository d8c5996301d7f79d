//! Runs: many queries answered at once.
//!
//! The scheduler owns the queries that wait and says which share the next request; a run's dispatcher sends them, each request in a task of its
//! own. What failed for now is asked again. Invariant: every query has just one outcome, whatever happens to the others.

mod advance;
mod batch_failure;
mod batch_size;
mod bucket_key;
mod context;
mod dispatcher;
mod exchange;
mod follow_up;
pub(crate) mod job;
mod open_queries;
mod outcomes;
mod permit;
mod resume;
mod robots_check;
mod run_state;
mod stats;

pub use crate::result::{Grouped, Outcome, PageResult, RecordError, Source};
pub use crate::robots::{Robots, RobotsError, RobotsVerdict};
pub use crate::runtime::{MAX_WORKERS, RuntimeError, Workers};
pub use crate::schedule::{Bottleneck, Rate, RateError, RetryPolicy};
pub use batch_size::{BatchSize, BatchSizeError};
pub use outcomes::{Outcomes, PageResults, RunControl};
pub use resume::{PartialQuery, Remaining, ResumeFilter};
pub use stats::{Latency, RunStats};

pub(crate) use batch_size::BatchSizers;
#[cfg(feature = "cli")]
pub(crate) use bucket_key::BucketKey;
pub(crate) use context::Worker;
pub(crate) use dispatcher::Input;
#[cfg(feature = "cli")]
pub(crate) use follow_up::FollowUp;
pub(crate) use permit::SharedScheduler;
