//! What goes wrong, and when? Faults by kind with a probability each, and limits.

mod kind;
mod lot;
mod rate;

use std::time::Duration;

pub use kind::{FaultKind, UnknownFault};
pub(crate) use lot::Lot;
pub(crate) use rate::Rate;

/// What goes wrong; nothing by default.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Faults {
    chances: [f64; FaultKind::ALL.len()],
    /// What a 429 or 503 says in `Retry-After`.
    pub retry_after: Option<Duration>,
    /// How long a stalled answer is held back, after which it is given.
    pub stall_for: Duration,
    /// How many requests are served at once; more are answered 503.
    pub max_in_flight: Option<usize>,
    /// How many requests a second are served, after a burst of a second's worth; more are answered 429.
    pub per_second: Option<f64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            chances: Default::default(),
            retry_after: None,
            stall_for: Duration::from_secs(600),
            max_in_flight: None,
            per_second: None,
        }
    }
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// With this probability, from 0 to 1, of a fault.
    #[must_use]
    pub fn with(mut self, kind: FaultKind, probability: f64) -> Self {
        if let Some(chance) = self.chances.get_mut(kind as usize) {
            *chance = probability;
        }
        self
    }

    /// With this `Retry-After`.
    #[must_use]
    pub fn retry_after(self, delay: Duration) -> Self {
        Self { retry_after: Some(delay), ..self }
    }

    /// With stalls of this length.
    #[must_use]
    pub fn stall_for(self, stall_for: Duration) -> Self {
        Self { stall_for, ..self }
    }

    /// With a limit on requests at once.
    #[must_use]
    pub fn max_in_flight(self, limit: usize) -> Self {
        Self { max_in_flight: Some(limit), ..self }
    }

    /// With a limit on requests a second.
    #[must_use]
    pub fn per_second(self, rate: f64) -> Self {
        Self { per_second: Some(rate), ..self }
    }

    /// The probability of a fault.
    pub fn chance(&self, kind: FaultKind) -> f64 {
        self.chances.get(kind as usize).copied().unwrap_or_default()
    }
}
