//! Delivery of a run to its outputs, with signals and watched parsers.

pub(super) mod deliver;
pub(super) mod details;
pub(super) mod files;
#[cfg(feature = "db")]
pub(super) mod new_records;
pub(super) mod replacement;
pub(super) mod shutdown_signal;
pub(super) mod sink;
pub(super) mod watch;
