//! Changes between two answers to a query: what entered, left, moved and changed, and what isn't known.
//!
//! Invariant: a record counts as gone only if both answers are whole. A query that failed, is partial or wasn't asked says nothing of its records.

mod answer;
mod change;
mod compare;
mod snapshot;

pub use answer::{Answer, AnswerState};
pub use change::{Change, ChangeKind};
#[cfg(feature = "db")]
pub(crate) use compare::has_params;
#[cfg(feature = "db")]
pub(in crate::output) use compare::label;
pub use compare::{ChangeFilter, compare};
pub use snapshot::{Snapshot, SnapshotError};
