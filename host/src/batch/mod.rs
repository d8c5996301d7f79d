//! How are many queries answered at once?
//!
//! A [`Plan`] says which, a gate when the next may go, and a run answers them: requests in windows, exchanges in parallel, each response
//! in a task of its own, outcomes in the order of the queries. Invariant: every query has just one outcome, whatever happens to the others.

mod answer;
mod gate;
mod grouped;
mod outcome;
mod plan;
mod record;
mod run;

pub use gate::{Rate, RateError};
pub use grouped::Grouped;
pub use outcome::{Outcome, Source};
pub use plan::{Plan, PlanError};
pub use record::RecordError;
pub use run::Outcomes;

pub(crate) use gate::Gate;
pub(crate) use plan::split_kind;
pub(crate) use run::Worker;
