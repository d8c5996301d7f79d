//! Commands: a file each.

#[cfg(feature = "demo")]
pub(super) mod bench;
pub(super) mod completions;
pub(super) mod config;
#[cfg(feature = "db")]
pub(super) mod db;
#[cfg(feature = "demo")]
pub(super) mod demo;
#[cfg(feature = "db")]
pub(super) mod diff;
pub(super) mod doctor;
pub(super) mod fetch;
pub(super) mod help;
#[cfg(feature = "db")]
pub(super) mod history;
pub(super) mod inspect;
pub(super) mod man;
pub(super) mod parse;
pub(super) mod run;
pub(super) mod version;
