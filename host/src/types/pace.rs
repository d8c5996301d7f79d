//! The pace at which a site is asked: a burst, then one request per interval.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest burst. `wit/description.schema.json` says the same.
const MAX_BURST: u32 = 1_000_000;

/// The bounds of an interval. `wit/description.schema.json` says the same, as requests a minute.
const MIN_INTERVAL: Duration = Duration::from_micros(1);
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// The time from one request to the next: from one microsecond to one day.
///
/// ```
/// use std::time::Duration;
/// use playfast::parser::Interval;
///
/// assert_eq!(Interval::per_second(2.0)?.get(), Duration::from_millis(500));
/// assert!(Interval::per_second(f64::NAN).is_err());
/// assert!(Interval::new(Duration::from_secs(100_000)).is_err());
/// # Ok::<(), playfast::parser::PaceError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(Duration);

/// A number that no pace can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaceError {
    /// The interval is not a number, or out of range.
    #[error("the interval between requests must be from 1 microsecond to 1 day")]
    Interval,
    /// The burst is out of range.
    #[error("the burst must be from 1 to {MAX_BURST} requests")]
    Burst,
}

impl Interval {
    /// An interval between two requests.
    ///
    /// # Errors
    /// When it is shorter than a microsecond or longer than a day.
    pub fn new(interval: Duration) -> Result<Self, PaceError> {
        let is_valid = (MIN_INTERVAL..=MAX_INTERVAL).contains(&interval);
        if is_valid { Ok(Self(interval)) } else { Err(PaceError::Interval) }
    }

    /// The interval of a number of requests a second.
    ///
    /// # Errors
    /// When the number is NaN, not positive, or leads out of the range of an interval.
    pub fn per_second(requests: f64) -> Result<Self, PaceError> {
        Self::new(Duration::try_from_secs_f64(1.0 / requests).map_err(|_| PaceError::Interval)?)
    }

    /// The interval of a number of requests a minute.
    ///
    /// # Errors
    /// When the number is NaN, not positive, or leads out of the range of an interval.
    pub fn per_minute(requests: f64) -> Result<Self, PaceError> {
        Self::new(Duration::try_from_secs_f64(60.0 / requests).map_err(|_| PaceError::Interval)?)
    }

    /// The time from one request to the next.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }

    /// Requests a minute, to six decimals.
    #[must_use]
    pub fn requests_per_minute(self) -> f64 {
        const DECIMALS: f64 = 1e6;
        (60.0 / self.0.as_secs_f64() * DECIMALS).round() / DECIMALS
    }
}

/// The pace at which a site is asked: a burst after a pause, then one request per interval.
///
/// In a description it is `{"burst": 60, "per_minute": 60}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pace {
    /// Requests that may go at once after a pause: 1 to 1,000,000.
    pub burst: NonZeroU32,
    /// The time from one request to the next, after the burst.
    pub interval: Interval,
}

impl Pace {
    /// A pace of `burst` requests at once, then one per `interval`.
    ///
    /// # Errors
    /// When the burst is 0 or above 1,000,000.
    pub fn new(burst: u32, interval: Interval) -> Result<Self, PaceError> {
        let burst = NonZeroU32::new(burst).filter(|burst| burst.get() <= MAX_BURST).ok_or(PaceError::Burst)?;
        Ok(Self { burst, interval })
    }
}

/// A pace as descriptions write it.
#[derive(Deserialize, Serialize)]
struct Written {
    burst: u32,
    per_minute: f64,
}

impl<'de> Deserialize<'de> for Pace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { burst, per_minute } = Written::deserialize(deserializer)?;
        let pace = Interval::per_minute(per_minute).and_then(|interval| Self::new(burst, interval));
        pace.map_err(serde::de::Error::custom)
    }
}

impl Serialize for Pace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { burst: self.burst.get(), per_minute: self.interval.requests_per_minute() }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_are_inclusive() {
        for interval in [MIN_INTERVAL, MAX_INTERVAL] {
            assert_eq!(Interval::new(interval).map(Interval::get), Ok(interval));
        }
        for interval in [MIN_INTERVAL - Duration::from_nanos(1), MAX_INTERVAL + Duration::from_nanos(1)] {
            assert_eq!(Interval::new(interval), Err(PaceError::Interval));
        }
        let interval = Interval::new(MIN_INTERVAL).unwrap();
        for (burst, is_valid) in [(0, false), (1, true), (MAX_BURST, true), (MAX_BURST + 1, false)] {
            assert_eq!(Pace::new(burst, interval).is_ok(), is_valid, "{burst}");
        }
    }

    #[test]
    fn a_pace_is_written_as_it_was_read() {
        for text in [r#"{"burst":60,"per_minute":60.0}"#, r#"{"burst":1,"per_minute":7.0}"#] {
            let pace: Pace = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&pace).unwrap(), text);
        }
    }

    proptest! {
        #[test]
        fn any_number_is_an_interval_within_bounds_or_an_error(requests in any::<f64>()) {
            for interval in [Interval::per_second(requests), Interval::per_minute(requests)].into_iter().flatten() {
                prop_assert!((MIN_INTERVAL..=MAX_INTERVAL).contains(&interval.get()));
            }
        }
    }
}
