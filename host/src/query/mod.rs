//! What is asked: queries, and plans that make many of them.
//!
//! A [`Plan`] multiplies the values of a kind's parameters out. Each value is checked before anything is sent; what is refused is refused with
//! what to write instead.

mod plan;
mod plan_error;
mod suggestion;

pub use crate::types::{KindName, Priority, Query, QueryKey, QueryKeyError};
pub use plan::Plan;
pub use plan_error::PlanError;
