//! How many requests may a host have under way?
//!
//! What it bears finds itself: the limit doubles each round until the first sign of congestion, then grows by one a round, and shrinks by a
//! share of what fails, so that a round of failures alone is multiplicative and one failure among many costs little (as DCTCP weighs marks,
//! RFC 8257 §3.3). Answers that say nothing of the host's strength, such as error pages, never speed it up.

use std::time::{Duration, Instant};

/// Where it starts: a batch of the study's size goes at once.
const START: f64 = 32.0;

/// What one failure takes away. With one more a round it settles less than two above what a host bears.
const SHRINK: f64 = 0.75;

/// Failures in a row after which the limit is at most what was under way.
const MANY: u32 = 3;

/// Below one: the least, how it falls with each failure and grows with each answer, and what a request takes at least, for the time between requests.
const LEAST: f64 = 1.0 / 128.0;
const FALL: f64 = 0.75;
const GROWTH: f64 = 1.1;
const SHORTEST: Duration = Duration::from_millis(100);

/// Failures in a row that say that the host is shut, and not that it stumbles.
const IN_A_ROW: u32 = 5;

/// The first pause of a host that is shut, and the longest that it isn't asked for by itself.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long a host that never answered anything is tried.
const UNREACHABLE: Duration = Duration::from_secs(3);

/// How long nobody asks a host that was given up.
const REST: Duration = Duration::from_secs(60);

/// What an exchange says of its host's strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// It answered what was asked.
    Answered,
    /// It answered, but not what was asked: an error page, or something that the parser can't read.
    Neutral,
    /// It is asked too much: a timeout, a reset, 429, 5xx, a captcha.
    Congested {
        /// Whether there was any answer at all.
        answered: bool,
        /// When it may be asked again, if it said so.
        retry_after: Option<Duration>,
    },
}

/// What a host bears, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    limit: f64,
    most: f64,
    /// Whether there was no congestion yet.
    is_starting: bool,
    /// Whether it ever answered anything.
    is_reachable: bool,
    /// Failures since the last answer, and when the first came.
    in_a_row: u32,
    since: Option<Instant>,
    /// Pauses since the last answer, the time of the last one, and its end.
    pauses: u32,
    paused: Option<(Instant, Instant)>,
    /// How long a host may stay shut.
    patience: Duration,
    given_up: bool,
}

impl Limit {
    /// A limit that never exceeds `most`, for a host that may stay shut so long.
    pub(super) fn new(most: usize, patience: Duration) -> Self {
        let most = most.max(1) as f64;
        Self {
            limit: START.min(most),
            most,
            is_starting: true,
            is_reachable: false,
            in_a_row: 0,
            since: None,
            pauses: 0,
            paused: None,
            patience,
            given_up: false,
        }
    }

    /// Requests that may be under way at once. One alone where the host is shut: to see whether it still is.
    pub(super) fn allowed(&self) -> usize {
        if self.pauses > 0 { 1 } else { (self.limit as usize).max(1) }
    }

    /// How long after a request the next may go, where the host doesn't bear even one after another: below one, the limit is the share of the
    /// time in which it is asked.
    pub(super) fn spacing(&self, latency: Duration) -> Option<Duration> {
        (self.limit < 1.0).then(|| latency.max(SHORTEST).div_f64(self.limit))
    }

    /// Until when nothing may be sent.
    pub(super) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused.map(|(_, until)| until).filter(|until| *until > now)
    }

    /// Whether the host was given up, and isn't to be asked at all for now.
    pub(super) fn is_given_up(&self, now: Instant) -> bool {
        self.given_up && self.paused_until(now).is_some()
    }

    /// How long it has been shut, and after how many failures in a row.
    pub(super) fn shut(&self, now: Instant) -> (Duration, u32) {
        (self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since)), self.in_a_row)
    }

    /// Takes note of an exchange that was sent at `sent`, while so many were under way, itself included.
    pub(super) fn note(&mut self, signal: Signal, sent: Instant, under_way: usize, now: Instant) {
        match signal {
            Signal::Answered => self.grow(under_way),
            Signal::Neutral => self.open(),
            Signal::Congested { answered, retry_after } => {
                self.is_reachable |= answered;
                self.is_starting = false;
                self.in_a_row += 1;
                self.since.get_or_insert(now);
                let is_late = self.paused.is_some_and(|(at, _)| sent < at);
                // What is sent to see whether a host is still shut says nothing of what it bears.
                if is_late || self.pauses == 0 {
                    self.shrink(under_way);
                }
                if !is_late && (self.in_a_row >= IN_A_ROW || self.pauses > 0 || !self.is_reachable) {
                    self.pause(retry_after, now);
                }
            }
        }
    }

    fn shrink(&mut self, under_way: usize) {
        if self.in_a_row >= MANY {
            // What wasn't used is not known to be borne.
            self.limit = self.limit.min(under_way.max(1) as f64);
        }
        if self.limit > 1.0 {
            self.limit = (self.limit - SHRINK).max(1.0);
        } else if self.in_a_row > 1 || self.limit < 1.0 {
            self.limit = (self.limit * FALL).max(LEAST);
        }
    }

    /// It isn't shut.
    fn open(&mut self) {
        (self.is_reachable, self.in_a_row, self.since, self.given_up) = (true, 0, None, false);
        (self.pauses, self.paused) = (0, None);
    }

    fn grow(&mut self, under_way: usize) {
        self.open();
        // What isn't used is not known to be borne.
        if self.limit < 1.0 {
            self.limit = (self.limit * GROWTH).min(1.0);
        } else if under_way as f64 >= self.limit / 2.0 {
            let step = if self.is_starting { 1.0 } else { 1.0 / self.limit };
            self.limit = (self.limit + step).min(self.most);
        }
    }

    fn pause(&mut self, retry_after: Option<Duration>, now: Instant) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.pauses.min(16)).min(LONGEST_PAUSE);
        let pause = retry_after.unwrap_or_default().max(pause);
        self.pauses += 1;
        let patience = if self.is_reachable { self.patience } else { self.patience.min(UNREACHABLE) };
        self.given_up = self.given_up || self.shut(now).0 + pause > patience;
        let pause = if self.given_up { pause.max(REST) } else { pause };
        self.paused = Some((now, now + pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);
    const BUSY: Signal = Signal::Congested { answered: true, retry_after: None };

    /// What happens in rounds against a host that serves `capacity` at once: the mean of what is sent at once in the last half of them.
    fn settled(limit: &mut Limit, rounds: u32, capacity: usize, noise: f64) -> f64 {
        let start = Instant::now();
        let mut sum = 0;
        let mut dice: u64 = 1;
        for round in 0..rounds {
            let now = start + Duration::from_millis(100) * round;
            if limit.paused_until(now).is_some() {
                limit.paused = Some((now, now));
            }
            let sent = limit.allowed();
            sum += if round >= rounds / 2 { sent } else { 0 };
            for index in 0..sent {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let fails = index >= capacity || (dice >> 33) as f64 / f64::from(1_u32 << 31) < noise;
                limit.note(if fails { BUSY } else { Signal::Answered }, now, sent, now);
            }
        }
        sum as f64 / f64::from(rounds.div_ceil(2))
    }

    #[test]
    fn it_settles_near_what_the_host_bears_and_follows() {
        let mut limit = Limit::new(1000, PATIENCE);
        for capacity in [10, 40, 100, 20, 8] {
            let settled = settled(&mut limit, 400, capacity, 0.0);
            let off = (settled - capacity as f64).abs() / capacity as f64;
            assert!(off < 0.2, "{settled} of {capacity}");
        }
    }

    #[test]
    fn a_host_that_bears_one_a_second_is_asked_about_once_a_second() {
        let mut limit = Limit::new(64, PATIENCE);
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let (mut now, mut served, mut answered, mut refused) = (start, start, 0, 0);
        while now - start < second * 300 {
            let is_served = now >= served;
            served = if is_served { now + second } else { served };
            limit.note(if is_served { Signal::Answered } else { BUSY }, now, 1, now);
            (answered, refused) = if is_served { (answered + 1, refused) } else { (answered, refused + 1) };
            let spaced = now + limit.spacing(Duration::ZERO).unwrap_or(Duration::from_millis(20));
            now = limit.paused_until(now).unwrap_or(spaced).max(spaced);
        }
        assert!(answered > 180 && refused < answered / 2, "{answered} answered, {refused} refused");
    }

    #[test]
    fn it_doubles_a_round_until_the_first_congestion() {
        let mut limit = Limit::new(256, PATIENCE);
        let now = Instant::now();
        for expected in [32, 64, 128, 256, 256] {
            assert_eq!(limit.allowed(), expected);
            (0..expected).for_each(|_| limit.note(Signal::Answered, now, expected, now));
        }
        limit.note(BUSY, now, 256, now);
        limit.note(Signal::Answered, now, 256, now);
        assert_eq!(limit.allowed(), 255);
    }

    #[test]
    fn chance_failures_leave_room() {
        let at = settled(&mut Limit::new(64, PATIENCE), 400, 64, 0.1);
        assert!((6.0..20.0).contains(&at), "{at}");
        let mut low = Limit { limit: LEAST, is_starting: false, ..Limit::new(64, PATIENCE) };
        let at = settled(&mut low, 2000, 64, 0.16);
        assert!(at > 3.0, "it finds out of the least: {at}");
    }

    #[test]
    fn error_pages_and_idle_places_never_speed_it_up() {
        let mut limit = Limit::new(256, PATIENCE);
        let now = Instant::now();
        (0..1000).for_each(|_| limit.note(Signal::Neutral, now, 32, now));
        (0..1000).for_each(|_| limit.note(Signal::Answered, now, 3, now));
        assert_eq!(limit.allowed(), 32);
    }

    #[test]
    fn a_host_that_stays_shut_is_given_up_and_asked_again_later() {
        let mut limit = Limit::new(64, PATIENCE);
        let (start, mut now, mut probes) = (Instant::now(), Instant::now(), 0);
        (0..32).for_each(|_| limit.note(BUSY, start, 32, start));
        while !limit.is_given_up(now) {
            now = limit.paused_until(now).unwrap();
            assert_eq!(limit.allowed(), 1);
            limit.note(BUSY, now, 1, now);
            probes += 1;
        }
        assert!((3..20).contains(&probes), "{probes}");
        assert!(now - start <= PATIENCE);
        let later = limit.paused_until(now).unwrap();
        assert!(!limit.is_given_up(later));
        limit.note(Signal::Answered, later, 1, later);
        assert!(limit.allowed() > 0 && limit.paused_until(later).is_none());
    }

    #[test]
    fn a_host_that_asks_for_more_patience_than_there_is_is_given_up_at_once() {
        let mut limit = Limit::new(64, PATIENCE);
        let now = Instant::now();
        let shut = Signal::Congested { answered: true, retry_after: Some(Duration::from_secs(3600)) };
        (0..IN_A_ROW).for_each(|_| limit.note(shut, now, 32, now));
        assert!(limit.is_given_up(now) && limit.is_given_up(now + Duration::from_secs(3000)));
    }
}
