//! Scheduling: which request may go, and when. Pure: without a clock, a task or a random number of its own.
//!
//! The [`scheduler`] owns the queries that wait. Each host has a [rate limiter](rate_limiter), a [concurrency limit](concurrency_limit), a
//! [circuit breaker](circuit_breaker) and a retry budget ([`retry`]); time and randomness are arguments.

pub(crate) mod batch_size;
pub(crate) mod circuit_breaker;
pub(crate) mod concurrency_limit;
mod host_queues;
pub(crate) mod rate_limiter;
pub(crate) mod retry;
pub(crate) mod scheduler;
pub(crate) mod wait_queue;

pub use batch_size::{BatchSize, BatchSizeError};
pub use rate_limiter::{Rate, RateError};
pub use retry::RetryPolicy;
pub use scheduler::Bottleneck;
pub(crate) use scheduler::SchedulerConfig;
