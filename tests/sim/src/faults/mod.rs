//! What goes wrong with requests: faults by kind with a probability each, faults of single apps, and limits.

mod kind;
mod lot;
mod rate;
mod window;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use kind::{FOREIGN_APP, FaultKind, UnknownFault};
pub(crate) use lot::Lot;
pub(crate) use rate::Rate;
pub use window::Window;
pub(crate) use window::WindowUse;

/// The most reviews that the real store gives at once.
const LARGEST_REVIEW_PAGE: usize = 3_000;

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
    /// How many requests a window of time admits; more are answered 429 with the time left in `Retry-After`.
    pub window: Option<Window>,
    /// How many calls a POST may have, and the status of larger ones.
    pub max_calls: Option<CallLimit>,
    /// The HTTP status in the `er` frames of [`FaultKind::ErrorFrame`].
    pub error_code: u16,
    /// How many reviews a call may ask for; calls that ask for more get a null payload. 3,000 unless set, as measured (PLAY.md,
    /// section 6).
    pub largest_review_page: usize,
    /// What goes wrong with single apps.
    apps: Arc<HashMap<String, AppFaults>>,
}

/// A limit on the calls of a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimit {
    /// The most that are answered.
    pub calls: usize,
    /// The status of a POST with more.
    pub status: u16,
}

/// What goes wrong with one app, each time.
#[derive(Clone, Debug, Default, PartialEq)]
struct AppFaults {
    status: Option<u16>,
    kinds: Vec<FaultKind>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            chances: Default::default(),
            retry_after: None,
            stall_for: Duration::from_secs(600),
            max_in_flight: None,
            per_second: None,
            window: None,
            max_calls: None,
            error_code: 500,
            largest_review_page: LARGEST_REVIEW_PAGE,
            apps: Arc::default(),
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

    /// With so many requests in each window of time.
    #[must_use]
    pub fn window(self, requests: usize, length: Duration) -> Self {
        Self { window: Some(Window { requests, length }), ..self }
    }

    /// With this status for POSTs of more calls than that.
    #[must_use]
    pub fn max_calls(self, calls: usize, status: u16) -> Self {
        Self { max_calls: Some(CallLimit { calls, status }), ..self }
    }

    /// With this HTTP status in `er` frames.
    #[must_use]
    pub fn error_code(self, code: u16) -> Self {
        Self { error_code: code, ..self }
    }

    /// With a null payload for calls that ask for more reviews than that.
    #[must_use]
    pub fn largest_review_page(self, reviews: usize) -> Self {
        Self { largest_review_page: reviews, ..self }
    }

    /// With this status for each request that asks for this app: for its page, and for a whole POST with a call for it.
    #[must_use]
    pub fn poisoned(mut self, app_id: &str, status: u16) -> Self {
        self.app_mut(app_id).status = Some(status);
        self
    }

    /// With this fault, each time, for the calls that ask for this app.
    #[must_use]
    pub fn for_app(mut self, app_id: &str, kind: FaultKind) -> Self {
        self.app_mut(app_id).kinds.push(kind);
        self
    }

    fn app_mut(&mut self, app_id: &str) -> &mut AppFaults {
        Arc::make_mut(&mut self.apps).entry(app_id.to_owned()).or_default()
    }

    /// The status that a request gets because it asks for this app.
    pub(crate) fn poison(&self, app_id: &str) -> Option<u16> {
        self.apps.get(app_id)?.status
    }

    /// Whether this fault is set for this app.
    pub(crate) fn is_set_for(&self, kind: FaultKind, app_id: &str) -> bool {
        self.apps.get(app_id).is_some_and(|app| app.kinds.contains(&kind))
    }

    /// The probability of a fault.
    pub fn chance(&self, kind: FaultKind) -> f64 {
        self.chances.get(kind as usize).copied().unwrap_or_default()
    }
}
