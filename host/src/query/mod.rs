//! Queries, and plans that make many of them.
//!
//! A [`Plan`] is the product of the values of a kind's parameters. Each value is checked before anything is sent; an error says what to write
//! instead.

mod axis;
mod plan;
mod plan_error;
mod suggestion;
mod values;

pub use crate::types::{KindName, Priority, Query, QueryKey, QueryKeyError};
pub use plan::Plan;
pub use plan_error::PlanError;
