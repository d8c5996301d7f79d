//! Number of connections to a host, and the choice of one for each exchange.
//!
//! HTTP/2 carries many exchanges over one connection, up to a limit of the server that this module doesn't know. Those above it wait in a queue,
//! all of them about as long. If even the quickest answer is late, more connections are tried, and closed if they don't help. A busy machine or
//! server delays some answers, but not all. Pure: a host's load is a value.

use std::time::Duration;

/// Exchanges at once on a connection: the least number of streams that servers should allow (RFC 9113, section 6.5.2).
const FULL_CONNECTION_STREAMS: usize = 100;

/// Most connections to a host.
const MAX_CONNECTIONS: usize = 8;

/// Exchanges at once on each connection below which no limit is suspected: no known server allows fewer.
const MIN_REQUESTS_TO_SCALE: usize = 8;

/// Least answers of an epoch: of fewer, all may be late by chance.
const EPOCH_REQUESTS: usize = 64;

/// Ratio of an epoch's quickest answer to the quickest ever from which a limit is suspected. With twice the allowed streams it is two.
const SUSPECT_LATENCY_RATIO: f64 = 1.7;

/// The same ratio after more connections helped.
const STILL_SLOW_RATIO: f64 = 1.2;

/// Least delay of an epoch's quickest answer from which a limit is suspected: a busy machine doubles a latency of a millisecond.
const MIN_QUEUE_DELAY: Duration = Duration::from_millis(20);

/// Ratio of the latency with more connections to that before, up to which they are kept.
const BETTER_LATENCY_RATIO: f64 = 0.8;

/// Epochs after which more connections are tried again if they didn't help.
const REST_EPOCHS: usize = 100;

/// Exchanges in flight to a host, by connection.
#[derive(Debug, Default)]
pub(in crate::fetch) struct ConnectionLoad {
    connections: Vec<Connection>,
    spread: ConnectionScaler,
}

#[derive(Clone, Copy, Debug, Default)]
struct Connection {
    in_flight: usize,
    /// Whether it was opened.
    is_open: bool,
}

impl ConnectionLoad {
    /// Assigns an exchange to a connection, and returns its index.
    pub(in crate::fetch) fn enter(&mut self) -> usize {
        let index = self.choose();
        if self.connections.len() <= index {
            self.connections.resize(index + 1, Connection::default());
        }
        if let Some(connection) = self.connections.get_mut(index) {
            connection.in_flight += 1;
        }
        index
    }

    /// The open connection with the fewest exchanges, or another if all are full.
    fn choose(&self) -> usize {
        let at = |index: usize| self.connections.get(index).copied().unwrap_or_default();
        // While one opens, the others carry what comes.
        let takes = |index: &usize| *index == 0 || at(*index).is_open || at(*index).in_flight == 0;
        let kept = (0..self.spread.connections()).filter(takes);
        let least = kept.min_by_key(|index| at(*index).in_flight).unwrap_or_default();
        if at(least).in_flight < FULL_CONNECTION_STREAMS {
            return least;
        }
        (0..).find(|index| at(*index).in_flight < FULL_CONNECTION_STREAMS).unwrap_or_default()
    }

    /// Records the end of an exchange.
    pub(in crate::fetch) fn release(&mut self, index: usize) {
        if let Some(connection) = self.connections.get_mut(index) {
            connection.in_flight = connection.in_flight.saturating_sub(1);
        }
    }

    /// Records whether a connection is open.
    pub(in crate::fetch) fn set_open(&mut self, index: usize, is_open: bool) {
        if let Some(connection) = self.connections.get_mut(index) {
            connection.is_open = is_open;
        }
    }

    /// Records the head of an answer. `took` is its latency over HTTP/2.
    pub(in crate::fetch) fn answered(&mut self, index: usize, took: Option<Duration>) {
        self.set_open(index, true);
        if let Some(took) = took {
            let in_flight = self.connections.iter().map(|connection| connection.in_flight).sum();
            self.spread.answered(took, in_flight);
        }
    }
}

/// Controller of the number of connections.
#[derive(Debug)]
struct ConnectionScaler {
    connections: usize,
    least: Option<Duration>,
    epoch: Epoch,
    /// Answers to requests from before the last change.
    stale: usize,
    /// Latency before there were more connections, in seconds.
    before: Option<f64>,
    rest: usize,
}

/// Answers that are judged together.
#[derive(Debug, Default)]
struct Epoch {
    answers: usize,
    quickest: Option<Duration>,
    in_flight: usize,
}

impl Default for ConnectionScaler {
    fn default() -> Self {
        // The first answers wait for the connection, and for fewer others.
        Self { connections: 1, least: None, epoch: Epoch::default(), stale: EPOCH_REQUESTS, before: None, rest: 0 }
    }
}

impl ConnectionScaler {
    const fn connections(&self) -> usize {
        self.connections
    }

    fn answered(&mut self, took: Duration, in_flight: usize) {
        self.least = Some(self.least.map_or(took, |least| least.min(took)));
        if in_flight < self.connections * MIN_REQUESTS_TO_SCALE {
            self.epoch = Epoch::default();
        } else if self.stale > 0 {
            self.stale -= 1;
        } else {
            self.epoch.add(took, in_flight);
            if self.epoch.answers >= EPOCH_REQUESTS.max(in_flight) {
                self.judge();
            }
        }
    }

    fn judge(&mut self) {
        let epoch = std::mem::take(&mut self.epoch);
        let (quickest, at_once) = (epoch.quickest.unwrap_or_default(), epoch.in_flight / epoch.answers.max(1));
        // For each that is under way: the rest is waited for.
        let wait = quickest.as_secs_f64() / at_once.max(1) as f64;
        let helped = self.before.take().map(|before| wait <= before * BETTER_LATENCY_RATIO);
        let suspect = if helped.is_some() { STILL_SLOW_RATIO } else { SUSPECT_LATENCY_RATIO };
        if helped == Some(false) {
            self.rest = REST_EPOCHS;
            self.change(self.connections / 2, at_once);
        } else if self.rest > 0 {
            self.rest -= 1;
        } else if self.connections < MAX_CONNECTIONS && self.waits(quickest, suspect) {
            self.before = Some(wait);
            self.change(self.connections * 2, at_once);
        }
    }

    /// Whether even the quickest answer is late by this ratio.
    fn waits(&self, quickest: Duration, times: f64) -> bool {
        let least = self.least.unwrap_or(quickest);
        quickest > least.mul_f64(times) && quickest > least + MIN_QUEUE_DELAY
    }

    fn change(&mut self, connections: usize, at_once: usize) {
        self.connections = connections.clamp(1, MAX_CONNECTIONS);
        self.stale = at_once;
    }
}

impl Epoch {
    fn add(&mut self, took: Duration, in_flight: usize) {
        self.answers += 1;
        self.quickest = Some(self.quickest.map_or(took, |quickest| quickest.min(took)));
        self.in_flight += in_flight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATENCY: Duration = Duration::from_millis(300);

    /// Connections after so many answers of a server that takes so many streams a connection, and `all` over all connections.
    fn settled(at_once: usize, streams: usize, all: usize) -> usize {
        let mut spread = ConnectionScaler::default();
        for answer in 0..20_000 {
            let served = (spread.connections() * streams).min(all).min(at_once);
            // The first find nobody before them.
            let waits = if answer < served { 1.0 } else { at_once as f64 / served as f64 };
            spread.answered(LATENCY.mul_f64(waits), at_once);
        }
        spread.connections()
    }

    #[test]
    fn a_connection_takes_what_any_server_allows_and_then_there_is_another() {
        let mut load = ConnectionLoad::default();
        let entered: Vec<_> = (0..2 * FULL_CONNECTION_STREAMS + 1).map(|_| load.enter()).collect();
        assert!(entered[..FULL_CONNECTION_STREAMS].iter().all(|index| *index == 0));
        assert!(entered[FULL_CONNECTION_STREAMS..2 * FULL_CONNECTION_STREAMS].iter().all(|index| *index == 1));
        assert_eq!(entered[2 * FULL_CONNECTION_STREAMS], 2);
        load.release(0);
        assert_eq!(load.enter(), 0);
    }

    #[test]
    fn one_connection_is_enough_where_no_limit_binds() {
        assert_eq!(settled(64, 256, usize::MAX), 1);
        assert_eq!(settled(64, 50, usize::MAX), 1, "so few wait that it isn't worth it");
        assert_eq!(settled(4, 1, usize::MAX), 1, "too few are under way to tell");
    }

    #[test]
    fn a_limit_of_streams_is_found_and_got_round() {
        assert_eq!(settled(64, 32, usize::MAX), 2);
        assert_eq!(settled(64, 20, usize::MAX), 4);
        assert_eq!(settled(64, 10, usize::MAX), 8);
        assert_eq!(settled(64, 1, usize::MAX), 8, "never more than that");
    }

    #[test]
    fn more_connections_that_do_not_help_are_given_up() {
        assert_eq!(settled(64, 256, 10), 1, "the server is slow, over however many");
    }

    #[test]
    fn a_busy_machine_is_no_limit() {
        for answers in [1..10, 100..1000] {
            let mut spread = ConnectionScaler::default();
            for answer in answers.clone().cycle().take(10_000) {
                spread.answered(Duration::from_millis(answer * 31 % answers.end + answers.start), 64);
            }
            assert_eq!(spread.connections(), 1, "{answers:?}");
        }
    }

    #[test]
    fn exchanges_are_spread_over_the_connections_that_are_kept() {
        let spread = ConnectionScaler { connections: 2, ..ConnectionScaler::default() };
        let mut load = ConnectionLoad { spread, ..ConnectionLoad::default() };
        let entered: Vec<_> = (0..10).map(|_| load.enter()).collect();
        assert_eq!(entered, [0, 1, 0, 0, 0, 0, 0, 0, 0, 0], "one opens the second, while the first carries the others");
        load.answered(1, None);
        let entered: Vec<_> = (0..8).map(|_| load.enter()).collect();
        assert_eq!(entered, [1; 8]);
    }
}
