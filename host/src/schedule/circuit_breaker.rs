//! Circuit breaker per host: closed, open until a time, half-open for one probe, given up.
//!
//! It opens after consecutive failures. After each wait one probe is sent, whose result closes the circuit or opens it for longer. A host is
//! given up after a time of silence, in which a wait by `Retry-After`
//! ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)) doesn't count.

use std::time::{Duration, Instant};

/// Consecutive failures that open the circuit.
const CONSECUTIVE_FAILURES_TO_OPEN: u32 = 5;

/// First wait without `Retry-After`. It doubles with each failed probe.
const MIN_OPEN_TIME: Duration = Duration::from_millis(500);
/// Longest wait without `Retry-After`.
const MAX_OPEN_TIME: Duration = Duration::from_secs(15);

/// Probes after told waits that a host may refuse in a row before it is given up.
const MAX_REFUSED_PROBES: u32 = 10;

/// Time after which a host that was given up is probed again.
const GIVEN_UP_TIME: Duration = Duration::from_secs(15);

/// Limits on a host's silence and on its `Retry-After`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Time without an answer or a `Retry-After`.
    pub(crate) give_up: Duration,
    /// Longest accepted `Retry-After`.
    pub(crate) max_wait: Duration,
}

/// State of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// All requests are let through.
    Closed,
    /// No request is let through until then. The time is by `Retry-After`, or not.
    Open { until: Instant, has_retry_after: bool },
    /// One request is let through, as a probe.
    HalfOpen,
    /// The host is given up: what waits fails.
    GivenUp,
}

/// Failures of a host since its last answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    /// Time since the first failure, without waits by `Retry-After`.
    pub(crate) time: Duration,
    /// Consecutive failures.
    pub(crate) failures: u32,
    /// The `Retry-After`, if it is longer than accepted.
    pub(crate) too_long: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) struct CircuitBreaker {
    patience: Patience,
    consecutive_failures: u32,
    /// Start of the time without an answer or a `Retry-After`.
    silent_since: Option<Instant>,
    open: Option<Open>,
    /// Waits since the last answer.
    waits: u32,
    refused_probes: u32,
    given_up: bool,
    too_long: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: Instant,
    has_retry_after: bool,
}

impl CircuitBreaker {
    pub(crate) const fn new(patience: Patience) -> Self {
        Self {
            patience,
            consecutive_failures: 0,
            silent_since: None,
            open: None,
            waits: 0,
            refused_probes: 0,
            given_up: false,
            too_long: None,
        }
    }

    pub(crate) fn state(&self, now: Instant) -> State {
        match self.open {
            None => State::Closed,
            Some(Open { until, .. }) if until <= now => State::HalfOpen,
            Some(_) if self.given_up => State::GivenUp,
            Some(Open { until, has_retry_after }) => State::Open { until, has_retry_after },
        }
    }

    pub(crate) fn outage(&self, now: Instant) -> Outage {
        Outage { time: self.silence(now), failures: self.consecutive_failures, too_long: self.too_long }
    }

    /// Whether a request that was sent at `sent` was a probe.
    pub(crate) fn is_probe(&self, sent: Instant) -> bool {
        self.open.is_some_and(|open| sent >= open.until)
    }

    /// Records an answer of any content.
    pub(crate) const fn record_answer(&mut self) {
        *self = Self::new(self.patience);
    }

    /// Records a failure of a request that was sent at `sent`, with its `Retry-After`.
    pub(crate) fn record_failure(&mut self, told: Option<Duration>, sent: Instant, now: Instant) {
        self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        self.silent_since.get_or_insert(now);
        if self.open.is_some_and(|open| sent < open.until) {
            // It was in flight when the circuit opened. What it is told may be later than what is known.
            return self.extend(told, now);
        }
        if self.open.is_some() || self.consecutive_failures >= CONSECUTIVE_FAILURES_TO_OPEN {
            self.open(told, now);
        }
    }

    fn extend(&mut self, told: Option<Duration>, now: Instant) {
        let Some(wait) = told.filter(|wait| *wait <= self.patience.max_wait) else { return };
        if let Some(open) = self.open.as_mut().filter(|open| !self.given_up && open.until < now + wait) {
            (open.until, open.has_retry_after) = (now + wait, true);
            self.silent_since = Some(now + wait);
        }
    }

    fn open(&mut self, told: Option<Duration>, now: Instant) {
        let is_probe = self.open.is_some();
        if let Some(wait) = told.filter(|wait| *wait > self.patience.max_wait) {
            self.too_long = Some(wait);
            return self.give_up(now);
        }
        let had_retry_after = self.open.is_some_and(|open| open.has_retry_after);
        self.refused_probes += u32::from(is_probe && had_retry_after);
        if self.refused_probes >= MAX_REFUSED_PROBES || self.silence(now) >= self.patience.give_up || self.given_up {
            return self.give_up(now);
        }
        let backoff = MIN_OPEN_TIME.saturating_mul(1 << self.waits.min(16)).min(MAX_OPEN_TIME);
        self.waits += 1;
        let (until, has_retry_after) = match told {
            Some(wait) => (now + wait.max(MIN_OPEN_TIME), true),
            // The last probe goes when the time is up, and not before.
            None => (now + backoff.min(self.patience.give_up.saturating_sub(self.silence(now))), false),
        };
        if has_retry_after {
            self.silent_since = Some(until);
        }
        self.open = Some(Open { until, has_retry_after });
    }

    /// Gives the host up until the next probe.
    pub(crate) fn give_up(&mut self, now: Instant) {
        self.given_up = true;
        self.open = Some(Open { until: now + GIVEN_UP_TIME, has_retry_after: false });
    }

    fn silence(&self, now: Instant) -> Duration {
        self.silent_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { give_up: Duration::from_secs(60), max_wait: Duration::from_secs(900) };
    const SECOND: Duration = Duration::from_secs(1);

    /// A circuit that is open since `start`.
    fn open(told: Option<Duration>, start: Instant) -> CircuitBreaker {
        let mut circuit = CircuitBreaker::new(PATIENCE);
        (0..32).for_each(|_| circuit.record_failure(told, start, start));
        circuit
    }

    /// The times of the probes, each of which is refused, until the host is given up.
    fn probes(circuit: &mut CircuitBreaker, told: Option<Duration>, start: Instant) -> Vec<Duration> {
        let mut probes = Vec::new();
        let mut now = start;
        while let State::Open { until, .. } = circuit.state(now) {
            now = until;
            assert_eq!(circuit.state(now), State::HalfOpen);
            assert!(circuit.is_probe(now));
            circuit.record_failure(told, now, now);
            probes.push(now - start);
        }
        assert_eq!(circuit.state(now), State::GivenUp);
        probes
    }

    #[test]
    fn a_silent_host_is_given_up_to_the_second_and_not_before() {
        let start = Instant::now();
        let probes = probes(&mut open(None, start), None, start);
        assert_eq!(probes.last(), Some(&PATIENCE.give_up));
        assert!(probes.len() < 12 && probes[0] == MIN_OPEN_TIME, "{probes:?}");
    }

    #[test]
    fn a_told_wait_is_waited_for_and_is_no_silence() {
        let start = Instant::now();
        let told = Some(SECOND * 60);
        let mut circuit = open(told, start);
        assert_eq!(
            circuit.state(start + SECOND * 59),
            State::Open { until: start + SECOND * 60, has_retry_after: true }
        );
        let probes = probes(&mut circuit, told, start);
        assert_eq!(probes.len(), MAX_REFUSED_PROBES as usize);
        assert_eq!(probes.last(), Some(&(SECOND * 600)));
    }

    #[test]
    fn an_answer_closes_it_and_forgets_what_was() {
        let start = Instant::now();
        let mut circuit = open(Some(SECOND * 60), start);
        circuit.record_answer();
        assert_eq!(circuit.state(start), State::Closed);
        (0..4).for_each(|_| circuit.record_failure(None, start, start));
        assert_eq!(circuit.state(start), State::Closed, "it stumbles");
    }

    #[test]
    fn a_wait_that_is_too_long_gives_the_host_up_at_once() {
        let start = Instant::now();
        let circuit = open(Some(SECOND * 901), start);
        assert_eq!(circuit.state(start), State::GivenUp);
        assert_eq!(circuit.outage(start).too_long, Some(SECOND * 901));
    }

    #[test]
    fn a_host_that_is_given_up_is_probed_again_soon() {
        let start = Instant::now();
        let mut circuit = open(None, start);
        probes(&mut circuit, None, start);
        let later = start + PATIENCE.give_up + GIVEN_UP_TIME;
        assert_eq!(circuit.state(later), State::HalfOpen);
        circuit.record_failure(None, later, later);
        assert_eq!(circuit.state(later), State::GivenUp, "without another minute");
        circuit.record_answer();
        assert_eq!(circuit.state(later), State::Closed);
    }

    #[test]
    fn what_was_in_flight_when_it_opened_extends_a_told_wait_only() {
        let start = Instant::now();
        let mut circuit = open(None, start + SECOND);
        circuit.record_failure(None, start, start + SECOND);
        assert_eq!(circuit.state(start + SECOND + MIN_OPEN_TIME), State::HalfOpen);
        circuit.record_failure(Some(SECOND * 20), start, start + SECOND);
        assert_eq!(
            circuit.state(start + SECOND * 20),
            State::Open { until: start + SECOND * 21, has_retry_after: true }
        );
    }
}
