//! Concurrency limit per host: slow start, then additive increase and a decrease in proportion to the failures.
//!
//! The limit doubles each round until the first congestion, and then grows by one a round. Each failure takes a fixed amount, so that a round of
//! failures is a multiplicative decrease and one failure among many costs little (as DCTCP weighs marks, RFC 8257 §3.3). Responses that tell
//! nothing about the host's capacity, such as error pages, never raise it.

use std::time::Duration;

/// Initial limit: more than a batch of 15 charts, which is sent at once.
const INITIAL_LIMIT: f64 = 32.0;

/// Decrease by one failure. With an increase of one a round the limit settles less than two above a host's capacity.
const DECREASE_PER_FAILURE: f64 = 0.75;

/// Consecutive failures after which the limit is capped at the number of requests in flight.
const CONSECUTIVE_FAILURES_TO_CAP: u32 = 3;

/// Least limit. Below one, the limit is the share of time in which a request is in flight.
const MIN_LIMIT: f64 = 1.0 / 128.0;
/// Factor of a failure on a limit below one.
const FRACTION_DECREASE: f64 = 0.75;
/// Factor of an answer on a limit below one.
const FRACTION_INCREASE: f64 = 1.1;
/// Least latency that is assumed for a limit below one.
const MIN_LATENCY: Duration = Duration::from_millis(100);

/// Limit of a host's requests in flight.
#[derive(Clone, Debug)]
pub(crate) struct ConcurrencyLimit {
    limit: f64,
    max: f64,
    /// Whether there was no congestion so far.
    is_slow_start: bool,
    /// Failures since the last answer.
    consecutive_failures: u32,
}

impl ConcurrencyLimit {
    /// A limit that never exceeds `max`.
    pub(crate) fn new(max: usize) -> Self {
        let max = max.max(1) as f64;
        Self { limit: INITIAL_LIMIT.min(max), max, is_slow_start: true, consecutive_failures: 0 }
    }

    /// Requests that may be in flight: at least one.
    pub(crate) fn max_in_flight(&self) -> usize {
        (self.limit as usize).max(1)
    }

    /// Interval between requests, if the limit is below one.
    pub(crate) fn min_interval(&self, latency: Duration) -> Option<Duration> {
        (self.limit < 1.0).then(|| latency.max(MIN_LATENCY).div_f64(self.limit))
    }

    /// Records an answer while `in_flight` requests were in flight, with its own.
    pub(crate) fn record_success(&mut self, in_flight: usize) {
        self.consecutive_failures = 0;
        // Capacity that isn't used is not known to be there.
        if self.limit < 1.0 {
            self.limit = (self.limit * FRACTION_INCREASE).min(1.0);
        } else if in_flight as f64 >= self.limit / 2.0 {
            let step = if self.is_slow_start { 1.0 } else { 1.0 / self.limit };
            self.limit = (self.limit + step).min(self.max);
        }
    }

    /// Records a response that tells nothing about the host's capacity.
    pub(crate) const fn record_neutral(&mut self) {
        self.consecutive_failures = 0;
    }

    /// Records congestion while `in_flight` requests were in flight, with its own. A `Retry-After` limits the rate instead of the concurrency of
    /// single requests.
    pub(crate) fn record_congestion(&mut self, in_flight: usize, has_retry_after: bool) {
        self.consecutive_failures += 1;
        self.is_slow_start = false;
        if self.consecutive_failures >= CONSECUTIVE_FAILURES_TO_CAP {
            self.limit = self.limit.min(in_flight.max(1) as f64);
        }
        if self.limit > 1.0 {
            self.limit = (self.limit - DECREASE_PER_FAILURE).max(1.0);
        } else if has_retry_after {
            self.limit = self.limit.min(1.0);
        } else if self.consecutive_failures > 1 || self.limit < 1.0 {
            self.limit = (self.limit * FRACTION_DECREASE).max(MIN_LIMIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of what is sent at once in the last half of `rounds` against a host that serves `capacity` at once.
    fn settled(limit: &mut ConcurrencyLimit, rounds: u32, capacity: usize, noise: f64) -> f64 {
        let mut sum = 0;
        let mut dice: u64 = 1;
        for round in 0..rounds {
            let sent = limit.max_in_flight();
            sum += if round >= rounds / 2 { sent } else { 0 };
            for index in 0..sent {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let fails = index >= capacity || (dice >> 33) as f64 / f64::from(1_u32 << 31) < noise;
                if fails { limit.record_congestion(sent, false) } else { limit.record_success(sent) }
            }
        }
        sum as f64 / f64::from(rounds.div_ceil(2))
    }

    #[test]
    fn it_settles_near_the_capacity_and_follows_it() {
        let mut limit = ConcurrencyLimit::new(1000);
        for capacity in [10, 40, 100, 20, 8] {
            let settled = settled(&mut limit, 400, capacity, 0.0);
            let off = (settled - capacity as f64).abs() / capacity as f64;
            assert!(off < 0.2, "{settled} of {capacity}");
        }
    }

    #[test]
    fn it_doubles_a_round_until_the_first_congestion() {
        let mut limit = ConcurrencyLimit::new(256);
        for expected in [32, 64, 128, 256, 256] {
            assert_eq!(limit.max_in_flight(), expected);
            (0..expected).for_each(|_| limit.record_success(expected));
        }
        limit.record_congestion(256, false);
        limit.record_success(256);
        assert_eq!(limit.max_in_flight(), 255);
    }

    #[test]
    fn chance_failures_leave_room() {
        let at = settled(&mut ConcurrencyLimit::new(64), 400, 64, 0.1);
        assert!((6.0..20.0).contains(&at), "{at}");
        let mut low = ConcurrencyLimit { limit: MIN_LIMIT, is_slow_start: false, ..ConcurrencyLimit::new(64) };
        let at = settled(&mut low, 2000, 64, 0.16);
        assert!(at > 3.0, "it grows out of the least: {at}");
    }

    #[test]
    fn error_pages_and_idle_capacity_never_raise_it() {
        let mut limit = ConcurrencyLimit::new(256);
        (0..1000).for_each(|_| limit.record_neutral());
        (0..1000).for_each(|_| limit.record_success(3));
        assert_eq!(limit.max_in_flight(), 32);
    }
}
