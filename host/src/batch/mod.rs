//! Batches: many queries answered at once.
//!
//! A [`Plan`] says which; the scheduler owns those that wait and says which share the next request; a run's dispatcher sends them, each in a
//! task of its own. What failed for now is asked again. Invariant: every query has just one outcome, whatever happens to the others.

mod advance;
mod batch_failure;
mod batch_size;
mod bucket_key;
mod circuit_breaker;
mod concurrency_limit;
mod dispatcher;
#[cfg(feature = "cli")]
mod estimate;
mod exchange;
mod follow_up;
mod grouped;
mod job;
mod open_queries;
mod outcome;
mod outcomes;
mod packed;
mod part;
mod permit;
mod plan;
mod plan_error;
mod rate;
mod record;
mod refusal;
mod retry;
mod robots;
mod run;
mod scheduler;
mod stats;
mod wait_queue;
mod worker;

pub use batch_size::{BatchSize, BatchSizeError};
pub use grouped::Grouped;
pub use outcome::{Outcome, Source};
pub use outcomes::{Outcomes, PageResults, RunControl};
pub use part::PageResult;
pub use plan::Plan;
pub use plan_error::PlanError;
pub use rate::{Rate, RateError};
pub use record::RecordError;
pub use retry::RetryPolicy;
pub use scheduler::Bottleneck;
pub use stats::{Latency, RunStats};

pub(crate) use batch_size::BatchSizers;
pub(crate) use dispatcher::Input;
#[cfg(feature = "cli")]
pub(crate) use estimate::{Estimate, Estimator};
pub(crate) use follow_up::FollowUp;
pub(crate) use job::{Asked, Resume};
pub(crate) use permit::SharedScheduler;
pub(crate) use plan::split_kind;
pub(crate) use scheduler::SchedulerConfig;
pub(crate) use worker::Worker;
