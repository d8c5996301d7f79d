//! Is a failed query asked again, and when?
//!
//! By the kind of its failure: what the site or the network did for now is tried again, what won't change is not. Waits grow exponentially
//! with full jitter, so that queries that failed together don't come back together
//! (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>), unless the site or the parser says how long. Retries have
//! a budget, a share of the requests: a host that fails at everything isn't asked many times as much.

use std::time::{Duration, SystemTime};

use retry_policies::policies::ExponentialBackoff;
use retry_policies::{Jitter, RetryDecision, RetryPolicy};

use crate::{Failure, FailureKind};

/// How failed queries are asked again, and for how long.
///
/// ```
/// use std::time::Duration;
/// use playfast::{Host, Retries};
///
/// let patient = Retries::default().most(10).per_query(Duration::from_secs(600));
/// let builder = Host::builder().retries(patient);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Retries {
    /// Times that a query is asked again.
    pub most: u32,
    /// The share of the requests that may be retries, beside the first hundred of a host.
    pub budget: f64,
    /// From when a query is first sent until it must be answered.
    pub per_query: Option<Duration>,
    /// From the start of a run until it must end.
    pub per_run: Option<Duration>,
    /// How long a host may refuse everything before it is given up.
    pub patience: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { most: 6, budget: 0.5, per_query: None, per_run: None, patience: Duration::from_secs(60) }
    }
}

impl Retries {
    /// Nothing is asked again.
    #[must_use]
    pub fn none() -> Self {
        Self { most: 0, ..Self::default() }
    }

    /// With so many times at most that a query is asked again.
    #[must_use]
    pub const fn most(mut self, most: u32) -> Self {
        self.most = most;
        self
    }

    /// With this share of retries among the requests to a host.
    #[must_use]
    pub const fn budget(mut self, share: f64) -> Self {
        self.budget = share;
        self
    }

    /// With so much time for each query, from when it is first sent.
    #[must_use]
    pub const fn per_query(mut self, deadline: Duration) -> Self {
        self.per_query = Some(deadline);
        self
    }

    /// With so much time for a whole run.
    #[must_use]
    pub const fn per_run(mut self, deadline: Duration) -> Self {
        self.per_run = Some(deadline);
        self
    }

    /// With so much time until a host that refuses everything is given up.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long a query waits that failed so, after so many retries; `None` where it isn't asked again.
    pub(super) fn delay(&self, failure: &Failure, retries: u32) -> Option<Duration> {
        let most = most(failure.kind).min(self.most);
        let policy = ExponentialBackoff::builder()
            .retry_bounds(FIRST_WAIT, LONGEST_WAIT)
            .jitter(Jitter::Full)
            .build_with_max_retries(most);
        let now = SystemTime::now();
        match policy.should_retry(now, retries) {
            RetryDecision::DoNotRetry => None,
            RetryDecision::Retry { execute_after } => {
                let jittered = execute_after.duration_since(now).unwrap_or_default();
                // Those who were told the same time don't come back at once either.
                Some(failure.retry_after.map_or(jittered, |told| told + jittered.min(FIRST_WAIT)))
            }
        }
    }
}

/// The bounds of a wait before jitter.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Retries that make sense for a kind of failure.
const fn most(kind: FailureKind) -> u32 {
    match kind {
        // A body that breaks off looks like a broken protocol.
        FailureKind::Blocked
        | FailureKind::Unavailable
        | FailureKind::Timeout
        | FailureKind::Network
        | FailureKind::Http => u32::MAX,
        _ => 0,
    }
}

/// Whether a group of queries that share a request may have failed since they are too many.
pub(super) const fn is_oversize(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::TooLarge | FailureKind::ParserMemory | FailureKind::ParserTimeout | FailureKind::ParserOutput
    )
}

/// Retries that a host may still have: a bucket that requests fill.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    tokens: f64,
    share: f64,
}

/// Retries before there are requests to take a share of, and the most that are saved up.
const FIRST: f64 = 100.0;
const SAVED: f64 = 10_000.0;

impl Budget {
    pub(super) const fn new(share: f64) -> Self {
        Self { tokens: FIRST, share }
    }

    /// A request asks something for the first time.
    pub(super) fn fill(&mut self) {
        self.tokens = (self.tokens + self.share).min(SAVED);
    }

    /// Whether one may be sent again.
    pub(super) fn take(&mut self) -> bool {
        let granted = self.tokens >= 1.0;
        self.tokens -= if granted { 1.0 } else { 0.0 };
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_change_is_asked_again() {
        use FailureKind::{Blocked, Forbidden, Http, LayoutChanged, NotFound, Timeout, TooLarge};
        let delay = |kind, retries| Retries::default().delay(&Failure::new(kind, ""), retries);
        for kind in [Blocked, Timeout, Http] {
            assert!(delay(kind, 0).is_some(), "{kind}");
        }
        for kind in [NotFound, LayoutChanged, Forbidden, TooLarge] {
            assert!(delay(kind, 0).is_none(), "{kind}");
        }
        assert!(delay(Blocked, 5).is_some() && delay(Blocked, 6).is_none() && delay(Http, 5).is_some());
        assert!(Retries::none().delay(&Failure::new(Blocked, ""), 0).is_none());
    }

    #[test]
    fn waits_grow_with_full_jitter_and_what_is_told_is_waited_for() {
        let failure = Failure::new(FailureKind::Timeout, "");
        for retries in 0..6 {
            let waits: Vec<_> = (0..200).map(|_| Retries::default().delay(&failure, retries).unwrap()).collect();
            let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
            let bound = (FIRST_WAIT * 2_u32.pow(retries)).min(LONGEST_WAIT);
            assert!(*most <= bound && *most > bound / 2 && *least < bound / 2, "{retries}: {least:?} {most:?}");
        }
        let told = Failure { retry_after: Some(Duration::from_secs(7)), ..failure };
        let wait = Retries::default().delay(&told, 0).unwrap();
        assert!((7.0..=7.5).contains(&wait.as_secs_f64()), "{wait:?}");
    }

    #[test]
    fn a_budget_is_a_share_of_the_requests() {
        let mut budget = Budget::new(0.5);
        let mut take = |requests| {
            (0..requests).for_each(|_| budget.fill());
            std::iter::from_fn(|| budget.take().then_some(())).count()
        };
        assert_eq!(take(0), 100);
        assert_eq!(take(1000), 500);
    }
}
