//! Delivery of a run: its rows to their outputs, while signals and watched parsers are heeded.

pub(super) mod deliver;
pub(super) mod details;
pub(super) mod files;
pub(super) mod replacement;
pub(super) mod shutdown_signal;
pub(super) mod sink;
pub(super) mod watch;
