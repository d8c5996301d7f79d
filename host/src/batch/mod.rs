//! How are many queries answered at once?
//!
//! A [`Plan`] says which; a schedule says when each request may go, and a run sends them: queries in windows, requests in parallel, each in a
//! task of its own. What failed for now is asked again. Invariant: every query has just one outcome, whatever happens to the others.

mod answer;
mod driver;
mod gate;
mod grouped;
mod job;
mod limit;
mod line;
mod outcome;
mod outcomes;
mod packed;
mod part;
mod plan;
mod rate;
mod record;
mod retry;
mod run;
mod schedule;
mod size;
mod stats;
mod worker;

pub use grouped::Grouped;
pub use outcome::{Outcome, Source};
pub use outcomes::{Control, Outcomes, Parts};
pub use part::Part;
pub use plan::{Plan, PlanError};
pub use rate::{Rate, RateError};
pub use record::RecordError;
pub use retry::Retries;
pub use schedule::HeldBy;
pub use size::{Sharing, SharingError};
pub use stats::{Latency, RunStats};

pub(crate) use gate::Gate;
pub(crate) use job::{Asked, Resume};
pub(crate) use plan::split_kind;
pub(crate) use schedule::Speed;
pub(crate) use worker::{Sizes, Worker};
