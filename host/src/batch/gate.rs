//! When may the next request go?
//!
//! First the site's pace is waited for, and then a place among those under way is taken: no place is held while waiting.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::parser::{Description, Pace};

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
    fn quota(self, pace: Pace) -> Option<Quota> {
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

/// Lets requests go. Cloning it is cheap, and shares it.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    rate: Rate,
    /// By site, as it was described when it was first asked; `None` where it has no limit.
    paces: Arc<Mutex<HashMap<String, Option<Arc<DefaultDirectRateLimiter>>>>>,
    places: Arc<Semaphore>,
}

/// A place among the requests under way.
pub(crate) type Place = Option<OwnedSemaphorePermit>;

impl Gate {
    pub(crate) fn new(rate: Rate, concurrency: usize) -> Self {
        Self { rate, paces: Arc::default(), places: Arc::new(Semaphore::new(concurrency)) }
    }

    /// Waits until a request to the site that a parser knows may go. Parsers whose first host is the same know the same site.
    pub(crate) async fn enter(&self, site: &Description) -> Place {
        if let Some(pace) = self.pace(site) {
            pace.until_ready().await;
        }
        // The semaphore is never closed.
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    fn pace(&self, site: &Description) -> Option<Arc<DefaultDirectRateLimiter>> {
        let host = site.hosts.first()?;
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pace) = paces.get(host) {
            return pace.clone();
        }
        let pace = self.rate.quota(site.pace).map(|quota| Arc::new(RateLimiter::direct(quota)));
        paces.insert(host.clone(), pace.clone());
        pace
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
