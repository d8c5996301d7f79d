//! Retry policy, and retry budget per host.
//!
//! The kind of a failure decides whether its query is retried. The backoff is exponential with full jitter, so that queries that failed together
//! don't return together (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>), unless the server sent `Retry-After`.
//! Randomness is an argument. A budget limits retries to a share of the requests, so that a failing host isn't asked many times as often.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::types::Failure;

/// How often and how long failed queries are retried.
///
/// ```
/// use std::time::Duration;
/// use playfast::{Host, RetryPolicy};
///
/// let patient = RetryPolicy::default().with_max_retries(10).with_query_deadline(Duration::from_secs(600));
/// let builder = Host::builder().with_retry_policy(patient);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Most retries of a query.
    pub max_retries: u32,
    /// Share of the requests to a host that may be retries, from 0 to 1, after its first hundred.
    pub budget: f64,
    /// Time for a query, from when it is first sent.
    pub query_deadline: Option<Duration>,
    /// Time for a run.
    pub run_deadline: Option<Duration>,
    /// Time without an answer or a `Retry-After` after which a host is given up.
    pub give_up_after: Duration,
    /// Longest accepted `Retry-After`: a query with a longer one fails.
    pub max_retry_after: Duration,
}

/// The default of [`RetryPolicy::max_retry_after`]: 15 minutes.
const DEFAULT_MAX_RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 6,
            budget: 0.5,
            query_deadline: None,
            run_deadline: None,
            give_up_after: Duration::from_secs(60),
            max_retry_after: DEFAULT_MAX_RETRY_AFTER,
        }
    }
}

impl RetryPolicy {
    /// A policy without retries.
    #[must_use]
    pub fn none() -> Self {
        Self { max_retries: 0, ..Self::default() }
    }

    /// Sets the most retries of a query.
    #[must_use]
    pub const fn with_max_retries(mut self, most: u32) -> Self {
        self.max_retries = most;
        self
    }

    /// Sets the share of requests to a host that may be retries, from 0 to 1.
    #[must_use]
    pub const fn with_budget(mut self, share: f64) -> Self {
        self.budget = share;
        self
    }

    /// Sets the time for a query, from when it is first sent.
    #[must_use]
    pub const fn with_query_deadline(mut self, deadline: Duration) -> Self {
        self.query_deadline = Some(deadline);
        self
    }

    /// Sets the time for a run.
    #[must_use]
    pub const fn with_run_deadline(mut self, deadline: Duration) -> Self {
        self.run_deadline = Some(deadline);
        self
    }

    /// Sets the time without an answer or a `Retry-After` after which a host is given up.
    #[must_use]
    pub const fn with_give_up_after(mut self, patience: Duration) -> Self {
        self.give_up_after = patience;
        self
    }

    /// Sets the longest accepted `Retry-After`.
    #[must_use]
    pub const fn with_max_retry_after(mut self, wait: Duration) -> Self {
        self.max_retry_after = wait;
        self
    }

    /// Decides whether and when a failed query is retried. `random` is from 0 to 1.
    ///
    /// # Errors
    /// Why it isn't retried.
    pub(crate) fn decide(&self, failure: &Failure, attempt: Attempt, random: f64) -> Result<Retry, NoRetry> {
        if !failure.kind.is_transient() || failure.is_permanent {
            return Err(NoRetry::Final);
        }
        if failure.is_unprocessed {
            return Ok(Retry { delay: Duration::ZERO, costs_attempt: false });
        }
        let backoff = |retries| backoff(retries).mul_f64(random.clamp(0.0, 1.0));
        let (delay, costs_attempt) = match failure.retry_after {
            Some(wait) if wait > self.max_retry_after => return Err(NoRetry::WaitTooLong(wait)),
            // Those who were told the same time don't come back at once either.
            Some(wait) => (wait.saturating_add(backoff(0)), attempt.had_retry_after),
            None => (backoff(attempt.retries), !attempt.is_probe || self.max_retries == 0),
        };
        if costs_attempt && attempt.retries >= self.max_retries {
            return Err(NoRetry::Final);
        }
        Ok(Retry { delay, costs_attempt })
    }
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempt {
    /// Earlier attempts that counted.
    pub(crate) retries: u32,
    /// Whether the query waited for a `Retry-After` before: then it was the probe that follows.
    pub(crate) had_retry_after: bool,
    /// Whether it probed an open circuit: then the failure is the host's.
    pub(crate) is_probe: bool,
}

/// How a query is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) delay: Duration,
    pub(crate) costs_attempt: bool,
}

/// Why a query isn't retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRetry {
    /// The failure is final, or the retries are used up.
    Final,
    /// The `Retry-After` is longer than accepted.
    WaitTooLong(Duration),
}

/// Least backoff before jitter.
const MIN_BACKOFF: Duration = Duration::from_millis(500);
/// Longest backoff before jitter.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// Retries after which a backoff is at its maximum.
const RETRIES_TO_MAX_BACKOFF: u32 = 6;

/// The backoff after this many retries, without jitter.
fn backoff(retries: u32) -> Duration {
    let backoff = ExponentialBuilder::new().with_min_delay(MIN_BACKOFF).with_max_delay(MAX_BACKOFF).without_max_times();
    backoff.build().nth(retries.min(RETRIES_TO_MAX_BACKOFF) as usize).unwrap_or(MAX_BACKOFF)
}

/// Retries that a new host's budget holds.
const INITIAL_RETRIES: f64 = 100.0;
/// Most retries that a budget holds.
const MAX_SAVED_RETRIES: f64 = 10_000.0;

/// Retry budget of a host: a bucket that requests fill, as in Finagle and tower.
#[derive(Clone, Debug)]
pub(crate) struct RetryBudget {
    tokens: f64,
    per_request: f64,
}

impl RetryBudget {
    /// A budget of `per_request` retries a request. NaN and negative numbers count as 0.
    pub(crate) const fn new(per_request: f64) -> Self {
        Self { tokens: INITIAL_RETRIES, per_request: if per_request > 0.0 { per_request } else { 0.0 } }
    }

    /// Adds the share of a request that isn't a retry.
    pub(crate) const fn deposit(&mut self) {
        self.tokens = (self.tokens + self.per_request).min(MAX_SAVED_RETRIES);
    }

    /// Takes a retry from the budget, if it has one.
    pub(crate) fn withdraw(&mut self) -> bool {
        let granted = self.tokens >= 1.0;
        self.tokens -= if granted { 1.0 } else { 0.0 };
        granted
    }
}

#[cfg(test)]
mod tests {
    use crate::types::FailureKind;
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn decide(retries: &RetryPolicy, failure: &Failure, attempt: Attempt) -> Result<Retry, NoRetry> {
        retries.decide(failure, attempt, 1.0)
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        use FailureKind::{Blocked, Forbidden, Http, Internal, LayoutChanged, Network, NotFound, Timeout, TooLarge};
        let after = |kind, retries| {
            decide(&RetryPolicy::default(), &Failure::new(kind, ""), Attempt { retries, ..Attempt::default() }).is_ok()
        };
        for kind in [Blocked, Timeout, Http, Network] {
            assert!(after(kind, 0) && after(kind, 5) && !after(kind, 6), "{kind}");
        }
        for kind in [NotFound, LayoutChanged, Forbidden, TooLarge, Internal] {
            assert!(!after(kind, 0), "{kind}");
        }
    }

    #[test]
    fn waits_double_up_to_a_maximum_with_full_jitter() {
        let failure = Failure::new(FailureKind::Timeout, "");
        let retries = RetryPolicy::default().with_max_retries(u32::MAX);
        let delay = |retried, random| {
            retries.decide(&failure, Attempt { retries: retried, ..Attempt::default() }, random).unwrap().delay
        };
        let waits: Vec<_> = (0..8).map(|retries| delay(retries, 1.0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!((delay(3, 0.0), delay(3, 0.5)), (Duration::ZERO, SECOND * 2));
    }

    #[test]
    fn a_told_wait_costs_an_attempt_only_if_its_probe_is_refused() {
        let retries = RetryPolicy::default();
        let told = |wait| Failure { retry_after: Some(wait), ..Failure::new(FailureKind::Blocked, "") };
        let first = decide(&retries, &told(SECOND * 7), Attempt { retries: 6, ..Attempt::default() }).unwrap();
        assert_eq!(first, Retry { delay: SECOND * 7 + MIN_BACKOFF, costs_attempt: false });
        let again = Attempt { retries: 5, had_retry_after: true, ..Attempt::default() };
        assert!(decide(&retries, &told(SECOND * 7), again).unwrap().costs_attempt);
        assert_eq!(decide(&retries, &told(SECOND), Attempt { retries: 6, ..again }), Err(NoRetry::Final));
        let too_long = SECOND * 901;
        assert_eq!(decide(&retries, &told(too_long), again), Err(NoRetry::WaitTooLong(too_long)));
    }

    #[test]
    fn what_the_server_never_processed_and_what_probes_cost_no_attempt() {
        let failure = Failure::new(FailureKind::Network, "");
        let unprocessed = Failure { is_unprocessed: true, ..failure.clone() };
        let spent = Attempt { retries: 6, ..Attempt::default() };
        let free = Retry { delay: Duration::ZERO, costs_attempt: false };
        assert_eq!(decide(&RetryPolicy::none(), &unprocessed, Attempt::default()), Ok(free));
        assert_eq!(decide(&RetryPolicy::default(), &failure, spent), Err(NoRetry::Final));
        assert!(decide(&RetryPolicy::default(), &failure, Attempt { is_probe: true, ..spent }).is_ok());
        assert!(decide(&RetryPolicy::none(), &failure, Attempt { is_probe: true, ..Attempt::default() }).is_err());
    }

    #[test]
    fn what_the_next_try_would_meet_too_is_not_asked_again() {
        let failure = Failure::new(FailureKind::Network, "").permanent();
        assert_eq!(decide(&RetryPolicy::default(), &failure, Attempt::default()), Err(NoRetry::Final));
    }

    #[test]
    fn a_budget_is_a_share_of_the_requests() {
        let mut budget = RetryBudget::new(0.5);
        let mut withdraw = |requests| {
            (0..requests).for_each(|_| budget.deposit());
            std::iter::from_fn(|| budget.withdraw().then_some(())).count()
        };
        assert_eq!(withdraw(0), 100);
        assert_eq!(withdraw(1000), 500);
    }

    proptest! {
        #[test]
        fn no_number_makes_it_panic(
            retries in any::<u32>(),
            most in any::<u32>(),
            share in any::<f64>(),
            random in any::<f64>(),
            wait in any::<Option<u64>>(),
        ) {
            let policy = RetryPolicy::default().with_max_retries(most).with_budget(share).with_max_retry_after(Duration::MAX);
            let wait = wait.map(|wait| Duration::from_secs(wait / 2));
            let failure = Failure { retry_after: wait, ..Failure::new(FailureKind::Blocked, "") };
            let _ = policy.decide(&failure, Attempt { retries, ..Attempt::default() }, if random.is_nan() { 0.5 } else { random });
            let mut budget = RetryBudget::new(share);
            (0..10).for_each(|_| budget.deposit());
            (0..200).for_each(|_| {
                budget.withdraw();
            });
        }
    }
}
