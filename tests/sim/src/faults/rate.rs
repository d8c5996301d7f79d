//! A token bucket, with the time as an argument.

use std::time::Instant;

/// A bucket that holds a second's worth of requests, one at least.
#[derive(Debug)]
pub(crate) struct Rate {
    tokens: f64,
    filled: Option<Instant>,
}

impl Rate {
    /// A full bucket.
    pub(crate) fn new() -> Self {
        Self { tokens: 0.0, filled: None }
    }

    /// Takes one request out, if there is one.
    pub(crate) fn take(&mut self, per_second: f64, now: Instant) -> bool {
        let room = per_second.max(1.0);
        let gained =
            self.filled.map_or(room, |before| now.saturating_duration_since(before).as_secs_f64() * per_second);
        self.tokens = (self.tokens + gained).min(room);
        self.filled = Some(now);
        let granted = self.tokens >= 1.0;
        if granted {
            self.tokens -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_of_a_second_and_then_the_rate() {
        let (mut rate, start) = (Rate::new(), Instant::now());
        assert_eq!((0..10).filter(|_| rate.take(4.0, start)).count(), 4);
        assert!(!rate.take(4.0, start + Duration::from_millis(200)));
        assert!(rate.take(4.0, start + Duration::from_millis(300)));
    }
}
