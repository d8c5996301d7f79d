//! Exchanges: a parser builds a request, the request is sent, the response is parsed, and each query advances.
//!
//! A query leaves an exchange as a page, as a failure, or as a [`requeue`] for the dispatcher.

mod advance;
mod batch_failure;
pub(crate) mod context;
pub(crate) mod requeue;
mod robots_check;
pub(crate) mod round_trip;
mod suspicion;
