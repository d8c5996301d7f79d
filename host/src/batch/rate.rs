//! How fast may a site be asked?

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::{Duration, Instant};

use governor::clock::{Clock, FakeRelativeClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::parser::Pace;

/// How fast a site is asked.
///
/// ```
/// use playfast::Rate;
///
/// assert_eq!("2/s".parse::<Rate>()?, Rate::PerSecond(2.0));
/// assert_eq!(Rate::default(), Rate::Site);
/// # Ok::<(), playfast::RateError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Rate {
    /// As the parser's description says.
    #[default]
    Site,
    /// As fast as it answers.
    Unlimited,
    /// So many requests a second, one after another.
    PerSecond(f64),
}

/// Why a text is no [`Rate`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no rate: give none, site, or requests a second such as 2/s or 0.5/s")]
pub struct RateError(String);

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse::<f64>().ok().filter(|rate| *rate > 0.0 && rate.is_finite());
        match text {
            "none" => Ok(Self::Unlimited),
            "site" => Ok(Self::Site),
            _ => text
                .strip_suffix("/s")
                .and_then(number)
                .or_else(|| text.strip_suffix("/min").and_then(number).map(|rate| rate / 60.0))
                .map(Self::PerSecond)
                .ok_or_else(|| RateError(text.to_owned())),
        }
    }
}

impl Rate {
    /// How many at once, and how long until the next; `None` without a limit.
    pub(super) fn quota(self, pace: Pace) -> Option<Quota> {
        let (burst, per_second) = match self {
            Self::Site => (pace.burst, pace.per_minute / 60.0),
            Self::Unlimited => return None,
            Self::PerSecond(rate) => (1, rate),
        };
        let period =
            Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::MAX).max(Duration::from_nanos(1));
        Some(Quota::with_period(period)?.allow_burst(NonZeroU32::new(burst)?))
    }
}

/// A site's pace, by a clock that stands still between looks.
#[derive(Debug)]
pub(super) struct Pacer {
    limiter: RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, NoOpMiddleware<Nanos>>,
    clock: FakeRelativeClock,
    start: Instant,
}

impl Pacer {
    pub(super) fn new(quota: Quota, start: Instant) -> Self {
        let clock = FakeRelativeClock::default();
        Self { limiter: RateLimiter::direct_with_clock(quota, clock.clone()), clock, start }
    }

    /// Takes one request out; else when there is one.
    pub(super) fn take(&self, now: Instant) -> Option<Instant> {
        let passed = Duration::from(self.clock.now());
        self.clock.advance(now.saturating_duration_since(self.start).saturating_sub(passed));
        let wait = self.limiter.check().err()?.wait_time_from(self.clock.now());
        Some(now + wait.max(Duration::from_micros(100)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        assert_eq!("none".parse::<Rate>().unwrap(), Rate::Unlimited);
        assert_eq!("2/s".parse::<Rate>().unwrap(), Rate::PerSecond(2.0));
        assert_eq!("30/min".parse::<Rate>().unwrap(), Rate::PerSecond(0.5));
        for text in ["", "2", "-1/s", "0/s", "inf/s", "NaN/s", "x/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_pace() {
        let pace = Pace { burst: 3, per_minute: 60.0 };
        let quota = Rate::Site.quota(pace).unwrap();
        assert_eq!(quota.burst_size().get(), 3);
        assert_eq!(quota.replenish_interval(), Duration::from_secs(1));
        assert!(Rate::Unlimited.quota(pace).is_none());
    }
}
