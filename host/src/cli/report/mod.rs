//! Reports on stderr: progress, failures, coverage and the summary of a run.

pub(super) mod color;
pub(super) mod coverage;
pub(super) mod number;
pub(super) mod progress;
pub(super) mod remedy;
pub(super) mod repeated;
mod status_line;
pub(super) mod summary;
pub(super) mod text;
