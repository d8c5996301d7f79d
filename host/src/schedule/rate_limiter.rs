//! Rate limiter per site: a token bucket (GCRA) whose time is an argument.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use governor::Quota;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};

use crate::types::{Interval, Pace};

/// Rate of requests to a site.
///
/// ```
/// use playfast::Rate;
///
/// assert_eq!("2/s".parse::<Rate>()?, Rate::per_second(2.0)?);
/// assert_eq!(Rate::default(), Rate::FromParser);
/// # Ok::<(), playfast::run::RateError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rate {
    /// The pace of the parser's description.
    #[default]
    FromParser,
    /// No limit.
    Unlimited,
    /// One request per interval, without a burst.
    Every(Interval),
}

/// Why a text or number isn't a [`Rate`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not a rate: give none, site, or requests per time such as 5, 0.5/s or 30/m, from 1 a day to 1,000,000 a second"
)]
pub struct RateError(String);

impl Rate {
    /// The rate of a number of requests a second.
    ///
    /// # Errors
    /// If the number is NaN, not positive, below one a day or above 1,000,000.
    pub fn per_second(requests: f64) -> Result<Self, RateError> {
        Interval::per_second(requests).map(Self::Every).map_err(|_| RateError(format!("{requests}/s")))
    }

    /// The pace of a site whose parser names `pace`; `None` without a limit.
    pub(crate) fn pace(self, pace: Pace) -> Option<Pace> {
        match self {
            Self::FromParser => Some(pace),
            Self::Unlimited => None,
            Self::Every(interval) => Pace::new(1, interval).ok(),
        }
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = text.trim().split_once('/').unwrap_or((text.trim(), "s"));
        let number = number.trim().parse().ok();
        let interval = match (text, unit.trim()) {
            ("none", _) => return Ok(Self::Unlimited),
            ("site", _) => return Ok(Self::FromParser),
            (_, "s" | "sec") => number.and_then(|number| Interval::per_second(number).ok()),
            (_, "m" | "min") => number.and_then(|number| Interval::per_minute(number).ok()),
            (_, "h") => number.and_then(|number: f64| Interval::per_minute(number / 60.0).ok()),
            (_, "d") => number.and_then(|number: f64| Interval::per_minute(number / (24.0 * 60.0)).ok()),
            _ => None,
        };
        interval.map(Self::Every).ok_or_else(|| RateError(format!("{text:?}")))
    }
}

/// Longest time of a burst: 100 years, so that no sum of governor's nanoseconds overflows 64 bits.
const MAX_BURST_TIME: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Latest time of a clock in nanoseconds, 146 years after its start, for the same reason.
const MAX_CLOCK_NANOS: u64 = u64::MAX / 4;

/// Least wait for a token, so that rounding never makes a waiter poll endlessly.
const MIN_WAIT: Duration = Duration::from_micros(100);

/// A token bucket of requests to one site.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    limiter: governor::RateLimiter<NotKeyed, InMemoryState, SetClock, NoOpMiddleware<Nanos>>,
    clock: SetClock,
    start: Instant,
    /// Returned tokens, which are used before the bucket's.
    refunded: AtomicU32,
}

/// A clock that is set by hand.
#[derive(Clone, Debug, Default)]
struct SetClock(Arc<AtomicU64>);

impl SetClock {
    /// Sets the time. It never goes back, even if threads call in another order than their clocks.
    fn set(&self, time: Duration) {
        self.0.fetch_max(
            u64::try_from(time.as_nanos()).unwrap_or(MAX_CLOCK_NANOS).min(MAX_CLOCK_NANOS),
            Ordering::Relaxed,
        );
    }
}

impl Clock for SetClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

impl RateLimiter {
    /// A full bucket at `start`.
    pub(crate) fn new(pace: Pace, start: Instant) -> Option<Self> {
        let interval = pace.interval.get();
        let most = MAX_BURST_TIME.as_nanos() / interval.as_nanos().max(1);
        let burst =
            pace.burst.min(u32::try_from(most).unwrap_or(u32::MAX).try_into().unwrap_or(std::num::NonZeroU32::MIN));
        let quota = Quota::with_period(interval)?.allow_burst(burst);
        let clock = SetClock::default();
        Some(Self {
            limiter: governor::RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
            start,
            refunded: AtomicU32::new(0),
        })
    }

    /// Takes a token.
    ///
    /// # Errors
    /// If there is none: the time of the next one.
    pub(crate) fn check(&self, now: Instant) -> Result<(), Instant> {
        let refunded = |tokens: u32| tokens.checked_sub(1);
        if self.refunded.fetch_update(Ordering::Relaxed, Ordering::Relaxed, refunded).is_ok() {
            return Ok(());
        }
        self.clock.set(now.saturating_duration_since(self.start));
        self.limiter.check().map_err(|refused| now + refused.wait_time_from(self.clock.now()).max(MIN_WAIT))
    }

    /// Returns a token.
    pub(crate) fn refund(&self) {
        self.refunded.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rates_are_read() {
        let half = Interval::new(Duration::from_secs(2)).unwrap();
        assert_eq!("none".parse::<Rate>().unwrap(), Rate::Unlimited);
        assert_eq!("2/s".parse::<Rate>().unwrap(), Rate::per_second(2.0).unwrap());
        for text in ["30/min", "30/m", "30 / m", "0.5", "0.5/s", "1800/h", "43200/d"] {
            assert_eq!(text.parse::<Rate>().unwrap(), Rate::Every(half), "{text}");
        }
        assert!("1/d".parse::<Rate>().is_ok(), "the least rate");
        for text in [
            "", "/", "2/", "/s", "2/w", "-1/s", "0/s", "inf/s", "NaN/s", "x/s", "1e-12/s", "1e300/s", "1e7/s", "1e-5/s",
        ] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_pace() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let limiter = RateLimiter::new(Pace::new(3, Interval::new(second).unwrap()).unwrap(), start).unwrap();
        let goes = |after: Duration| std::iter::from_fn(|| limiter.check(start + after).ok()).count();
        assert_eq!(goes(Duration::ZERO), 3);
        assert_eq!(limiter.check(start), Err(start + second));
        assert_eq!(goes(second / 2), 0);
        assert_eq!(goes(second * 5 / 2), 2);
        assert_eq!(goes(second * 100), 3);
        limiter.refund();
        assert_eq!(goes(second * 100), 1, "a token that was given back goes again");
    }

    proptest! {
        #[test]
        fn no_pace_makes_it_panic(burst in 1..=1_000_000_u32, nanos in 1_000..=86_400_000_000_000_u64, at in prop::collection::vec(any::<u64>(), 1..20)) {
            let pace = Pace::new(burst, Interval::new(Duration::from_nanos(nanos)).unwrap()).unwrap();
            let start = Instant::now();
            let limiter = RateLimiter::new(pace, start).unwrap();
            for nanos in at {
                let now = start + Duration::from_nanos(nanos);
                if let Err(at) = limiter.check(now) {
                    prop_assert!(at > now);
                }
            }
        }

        #[test]
        fn any_text_is_a_rate_or_an_error(text in "[-+0-9eE.infNa]{0,12}(/s|/min|)") {
            if let Ok(Rate::Every(interval)) = text.parse() {
                let pace = Rate::Every(interval).pace(Pace::new(1, interval).unwrap()).unwrap();
                prop_assert!(RateLimiter::new(pace, Instant::now()).is_some());
            }
        }
    }
}
