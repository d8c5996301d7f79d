//! Queries on their way: jobs, the buckets they wait in, permits to send them, and the state that the tasks of a run share.

pub(crate) mod bucket_key;
pub(crate) mod follow_up;
pub(crate) mod job;
pub(crate) mod open_queries;
pub(crate) mod permit;
pub(crate) mod reader;
pub(crate) mod run_state;
