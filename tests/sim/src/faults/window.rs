//! A limit on the requests in each window of time, with the time as an argument.

use std::time::{Duration, Instant};

/// A limit on the requests in a window of time. A window starts with the first request after the one before has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The most that are served.
    pub requests: usize,
    /// How long it lasts.
    pub length: Duration,
}

/// What is used of the current window.
#[derive(Debug, Default)]
pub(crate) struct WindowUse {
    start: Option<Instant>,
    requests: usize,
}

impl WindowUse {
    /// Admits one more request.
    ///
    /// # Errors
    /// The time until the window ends if it is used up.
    pub(crate) fn admit(&mut self, window: Window, now: Instant) -> Result<(), Duration> {
        let passed = self.start.map(|start| now.saturating_duration_since(start));
        let left = passed.and_then(|passed| window.length.checked_sub(passed)).filter(|left| !left.is_zero());
        let Some(left) = left else {
            *self = Self { start: Some(now), requests: 1 };
            return if window.requests > 0 { Ok(()) } else { Err(window.length) };
        };
        if self.requests >= window.requests {
            return Err(left);
        }
        self.requests += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_admits_its_requests_and_tells_how_long_it_lasts() {
        let window = Window { requests: 2, length: Duration::from_secs(20) };
        let (mut used, start) = (WindowUse::default(), Instant::now());
        let mut admit = |seconds| used.admit(window, start + Duration::from_secs(seconds));
        assert_eq!((admit(0), admit(1)), (Ok(()), Ok(())));
        assert_eq!(admit(5), Err(Duration::from_secs(15)));
        assert_eq!((admit(20), admit(39)), (Ok(()), Ok(())));
        assert_eq!(admit(39), Err(Duration::from_secs(1)));
    }
}
