//! What a run takes.

use std::time::Duration;

/// What a run takes: requests, bytes and time, about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Estimate {
    pub(super) queries: u64,
    pub(super) requests: u64,
    pub(super) bytes: Option<u64>,
    pub(super) time: Duration,
}
