//! Which request may go next?
//!
//! Pure: the time is an argument. Hosts take turns, each within the site's pace and what it bears; one request of each host may always go,
//! so that none is kept out by another that holds all places. Within a host what is urgent goes first, and every fourth time what has
//! waited longest, so that nothing waits for ever. A place is taken last, when all else is granted.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::limit::{Limit, Signal};
use super::line::{Level, Line};
use super::rate::{Rate, RateLimiter};
use super::retry::{Budget, Retries};
use crate::Failure;
use crate::types::Pace;

/// A request is taken for lost when it takes so many times as long as others, and at least so long.
const STALLS: u32 = 4;
const STALL: Duration = Duration::from_secs(2);

/// How fast hosts are asked, and how much at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speed {
    pub(crate) rate: Rate,
    /// Requests under way to all hosts.
    pub(crate) concurrency: usize,
    /// Requests under way to one host.
    pub(crate) per_host: usize,
    pub(crate) retries: Retries,
}

/// What keeps a host's requests waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeldBy {
    /// Nothing: as many are under way as the host may, or none waits.
    #[default]
    Nothing,
    /// The site's pace, or the rate that was asked for.
    Pace,
    /// The host, which bears no more at once.
    Limit,
    /// The host, which refuses everything for now.
    Shut,
}

/// What comes of a request that waits.
#[derive(Debug, PartialEq)]
pub(super) enum Turn<T> {
    /// It may go: a place is taken for it.
    Go(T),
    /// Its host is given up.
    Refused(T, Shut),
}

/// How a host has been shut.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shut {
    pub(super) host: usize,
    /// For how long.
    pub(super) time: Duration,
    /// How often in a row.
    pub(super) failures: u32,
    /// What failed last.
    pub(super) last: Option<Failure>,
}

/// All hosts and what waits for them.
#[derive(Debug)]
pub(super) struct Schedule<T> {
    speed: Speed,
    hosts: Vec<Site<T>>,
    places: HashMap<String, usize>,
    /// By the first host of a site.
    pacers: HashMap<String, Option<Arc<RateLimiter>>>,
    /// Runs whose requests don't go for now.
    paused: HashSet<u64>,
    /// Whose turn it is.
    turn: usize,
    /// When to look again, as of the last look.
    wake: Option<Instant>,
}

#[derive(Debug)]
struct Site<T> {
    name: String,
    pacer: Option<Arc<RateLimiter>>,
    limit: Limit,
    budget: Budget,
    /// When those under way were sent, sorted.
    sent: VecDeque<Instant>,
    last: Option<Instant>,
    /// How long answers take, smoothed.
    latency: Option<Duration>,
    /// Those of the runs, of which each has its turn.
    lines: VecDeque<(u64, Line<T>)>,
    held_by: HeldBy,
    /// Its last failure that says that it is asked too much.
    why: Option<Failure>,
}

impl<T> Schedule<T> {
    pub(super) fn new(speed: Speed) -> Self {
        let (hosts, places, pacers, paused) = (Vec::new(), HashMap::new(), HashMap::new(), HashSet::new());
        Self { speed, hosts, places, pacers, paused, turn: 0, wake: None }
    }

    /// The number of a host, which belongs to the site that is known by its first host.
    pub(super) fn host(&mut self, name: &str, site: &str, pace: Pace, now: Instant) -> usize {
        if let Some(host) = self.places.get(name) {
            return *host;
        }
        let pace = self.speed.rate.pace(pace);
        let pacer = self
            .pacers
            .entry(site.to_owned())
            .or_insert_with(|| pace.and_then(|pace| RateLimiter::new(pace, now)).map(Arc::new));
        let most = self.speed.per_host.min(self.speed.concurrency);
        self.hosts.push(Site {
            name: name.to_owned(),
            pacer: pacer.clone(),
            limit: Limit::new(most, self.speed.retries.patience),
            budget: Budget::new(self.speed.retries.budget),
            sent: VecDeque::new(),
            last: None,
            latency: None,
            lines: VecDeque::new(),
            held_by: HeldBy::Nothing,
            why: None,
        });
        self.places.insert(name.to_owned(), self.hosts.len() - 1);
        self.hosts.len() - 1
    }

    pub(super) fn name(&self, host: usize) -> &str {
        self.hosts.get(host).map(|host| host.name.as_str()).unwrap_or_default()
    }

    /// Something of a run waits for its turn with a host.
    pub(super) fn wait(&mut self, host: usize, run: u64, level: Level, waits: T) {
        let Some(host) = self.hosts.get_mut(host) else { return };
        match host.lines.iter_mut().find(|(other, _)| *other == run) {
            Some((_, line)) => line.push(level, waits),
            None => {
                let mut line = Line::default();
                line.push(level, waits);
                host.lines.push_back((run, line));
            }
        }
    }

    /// Nothing of a run waits any more.
    pub(super) fn withdraw(&mut self, run: u64) {
        self.hosts.iter_mut().for_each(|host| host.lines.retain(|(other, _)| *other != run));
    }

    /// Whether a run's requests don't go for now.
    pub(super) fn pause(&mut self, run: u64, is_paused: bool) {
        if is_paused {
            self.paused.insert(run);
        } else {
            self.paused.remove(&run);
        }
    }

    /// The next that may go now, or can't at all. [`Self::wake`] says when to look again where there is none.
    pub(super) fn next(&mut self, now: Instant) -> Option<Turn<T>> {
        self.wake = None;
        let count = self.hosts.len();
        let is_full = self.hosts.iter().map(|host| host.sent.len()).sum::<usize>() >= self.speed.concurrency;
        for index in (0..count).map(|offset| (self.turn + offset) % count) {
            let Some(host) = self.hosts.get_mut(index) else { continue };
            match host.next(is_full, &self.paused, now) {
                Ok(Some(waits)) => {
                    self.turn = index + 1;
                    return Some(Turn::Go(waits));
                }
                Ok(None) => {
                    let (time, failures) = host.limit.shut(now);
                    let waits = host.pop(&self.paused)?;
                    return Some(Turn::Refused(waits, Shut { host: index, time, failures, last: host.why.clone() }));
                }
                Err(at) => self.wake = self.wake.into_iter().chain(at).min(),
            }
        }
        None
    }

    /// One that waits, of a run that isn't paused.
    pub(super) fn waiting(&self) -> Option<&T> {
        let lines = self.hosts.iter().flat_map(|host| &host.lines);
        lines.filter(|(run, _)| !self.paused.contains(run)).find_map(|(_, line)| line.first())
    }

    pub(super) fn wake(&self) -> Option<Instant> {
        self.wake
    }

    /// An exchange with a host, sent at `sent`, is over.
    pub(super) fn leave(
        &mut self,
        host: usize,
        signal: Option<Signal>,
        why: Option<Failure>,
        sent: Instant,
        now: Instant,
    ) {
        if let Some(host) = self.hosts.get_mut(host) {
            if matches!(signal, Some(Signal::Congested { .. })) {
                host.why = why;
            }
            if let Some(signal) = signal {
                if signal == Signal::Answered {
                    host.smooth(now.saturating_duration_since(sent));
                }
                host.limit.note(signal, sent, host.sent.len(), now);
            }
            if let Ok(at) = host.sent.binary_search(&sent) {
                host.sent.remove(at);
            }
        }
    }

    /// Something is asked of a host for the first time.
    pub(super) fn fill(&mut self, host: usize) {
        self.hosts.get_mut(host).into_iter().for_each(|host| host.budget.fill());
    }

    /// Whether a query may be asked of a host once more.
    pub(super) fn retry(&mut self, host: usize) -> bool {
        self.hosts.get_mut(host).is_some_and(|host| host.budget.take())
    }

    /// What keeps most requests waiting.
    pub(super) fn held_by(&self) -> HeldBy {
        self.hosts.iter().max_by_key(|host| host.waiting()).map(|host| host.held_by).unwrap_or_default()
    }
}

impl<T> Site<T> {
    /// What may go; `None` where the host is given up, and an error where nothing may: with the time from when on, as far as it is known.
    fn next(&mut self, is_full: bool, paused: &HashSet<u64>, now: Instant) -> Result<Option<T>, Option<Instant>> {
        self.held_by = HeldBy::Nothing;
        if !self.lines.iter().any(|(run, _)| !paused.contains(run)) {
            return Err(None);
        }
        if self.limit.is_given_up(now) {
            return Ok(None);
        }
        if let Some(until) = self.limit.paused_until(now) {
            self.held_by = HeldBy::Shut;
            return Err(Some(until));
        }
        let stalled = self.stalled(now);
        if self.sent.len() - stalled >= self.limit.allowed() {
            self.held_by = HeldBy::Limit;
            return Err(self.sent.get(stalled).map(|sent| *sent + self.stall()).filter(|at| *at > now));
        }
        let spacing = self.limit.spacing(self.latency.unwrap_or_default());
        if let Some(at) = spacing.and_then(|spacing| Some(self.last? + spacing)).filter(|at| *at > now) {
            self.held_by = HeldBy::Limit;
            return Err(Some(at));
        }
        if is_full && !self.sent.is_empty() {
            return Err(None);
        }
        if let Some(at) = self.pacer.as_ref().and_then(|pacer| pacer.check(now).err()) {
            self.held_by = HeldBy::Pace;
            return Err(Some(at));
        }
        // Threads that look at about the same time may come in another order than their clocks say.
        self.sent.insert(self.sent.partition_point(|sent| *sent <= now), now);
        self.last = self.sent.back().copied();
        self.pop(paused).map(Some).ok_or(None)
    }

    /// Requests that take so much longer than others that they are probably lost: they don't burden the host, and others may go in their
    /// place, up to as many again.
    fn stalled(&self, now: Instant) -> usize {
        let stall = self.stall();
        let stalled = self.sent.iter().take_while(|sent| **sent + stall <= now).count();
        stalled.min(self.limit.allowed())
    }

    fn stall(&self) -> Duration {
        self.latency.map_or(STALL, |latency| latency.saturating_mul(STALLS).max(STALL))
    }

    fn smooth(&mut self, latency: Duration) {
        self.latency = Some(self.latency.map_or(latency, |before| (before * 7 + latency) / 8));
    }

    fn waiting(&self) -> usize {
        self.lines.iter().map(|(_, line)| line.len()).sum()
    }

    /// The next of the run whose turn it is. Lines are never empty.
    fn pop(&mut self, paused: &HashSet<u64>) -> Option<T> {
        let at = self.lines.iter().position(|(run, _)| !paused.contains(run))?;
        let (run, mut line) = self.lines.remove(at)?;
        let waits = line.pop();
        if line.len() > 0 {
            self.lines.push_back((run, line));
        }
        waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Priority;

    fn pace() -> Pace {
        Pace::new(3, crate::Interval::per_minute(60.0).unwrap()).unwrap()
    }

    fn schedule(rate: Rate, concurrency: usize) -> Schedule<u32> {
        Schedule::new(Speed { rate, concurrency, per_host: concurrency, retries: Retries::default() })
    }

    fn going(schedule: &mut Schedule<u32>, now: Instant) -> Vec<u32> {
        std::iter::from_fn(|| match schedule.next(now)? {
            Turn::Go(waits) => Some(waits),
            Turn::Refused(..) => panic!("nothing is shut"),
        })
        .collect()
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_pace() {
        let (mut schedule, start) = (schedule(Rate::Site, 64), Instant::now());
        let host = schedule.host("a", "a", pace(), start);
        (0..10).for_each(|index| schedule.wait(host, 0, Level::of(Priority::Normal, false), index));
        assert_eq!(going(&mut schedule, start), [0, 1, 2]);
        assert_eq!(schedule.held_by(), HeldBy::Pace);
        let wake = schedule.wake().unwrap();
        assert!(wake <= start + Duration::from_secs(1) && wake > start + Duration::from_millis(900));
        assert!(going(&mut schedule, start + Duration::from_millis(500)).is_empty());
        assert_eq!(going(&mut schedule, start + Duration::from_millis(2500)), [3, 4]);
    }

    #[test]
    fn hosts_take_turns_and_none_is_kept_out() {
        let (mut schedule, now) = (schedule(Rate::Unlimited, 4), Instant::now());
        let (a, b) = (schedule.host("a", "a", pace(), now), schedule.host("b", "b", pace(), now));
        (0..10).for_each(|index| schedule.wait(a, 0, Level::of(Priority::Normal, false), index));
        assert_eq!(going(&mut schedule, now), [0, 1, 2, 3]);
        (100..110).for_each(|index| schedule.wait(b, 0, Level::of(Priority::Normal, false), index));
        assert_eq!(going(&mut schedule, now), [100], "one of each may always go");
        (0..4).for_each(|_| schedule.leave(a, Some(Signal::Answered), None, now, now));
        let mut went = going(&mut schedule, now);
        went.sort_unstable();
        assert_eq!(went, [4, 5, 101]);
    }

    #[test]
    fn what_is_urgent_goes_first_and_nothing_waits_for_ever() {
        let (mut schedule, now) = (schedule(Rate::Unlimited, 1), Instant::now());
        let host = schedule.host("a", "a", pace(), now);
        schedule.wait(host, 0, Level::of(Priority::Low, false), 1000);
        (0..20).for_each(|index| schedule.wait(host, 0, Level::of(Priority::High, false), index));
        schedule.wait(host, 0, Level::of(Priority::High, true), 500);
        let mut order = Vec::new();
        while let Some(Turn::Go(waits)) = schedule.next(now) {
            order.push(waits);
            schedule.leave(host, None, None, now, now);
        }
        assert_eq!(order[..6], [500, 0, 1, 1000, 2, 3]);
        assert_eq!(order.len(), 22);
    }

    #[test]
    fn a_host_that_is_given_up_refuses_and_others_go_on() {
        let (mut schedule, now) = (schedule(Rate::Unlimited, 64), Instant::now());
        let (a, b) = (schedule.host("a", "a", pace(), now), schedule.host("b", "b", pace(), now));
        let hour = Signal::Congested { answered: true, retry_after: Some(Duration::from_secs(3600)) };
        (0..10).for_each(|_| schedule.leave(a, Some(hour), None, now, now));
        schedule.wait(a, 0, Level::of(Priority::Normal, false), 1);
        schedule.wait(b, 0, Level::of(Priority::Normal, false), 2);
        let turns: Vec<_> = std::iter::from_fn(|| schedule.next(now)).collect();
        assert!(matches!(
            turns[..],
            [Turn::Refused(1, Shut { failures: 10, .. }), Turn::Go(2)] | [Turn::Go(2), Turn::Refused(1, _)]
        ));
    }

    #[test]
    fn runs_take_turns_and_one_that_is_paused_keeps_no_other_waiting() {
        let (mut schedule, now) = (schedule(Rate::Unlimited, 4), Instant::now());
        let host = schedule.host("a", "a", pace(), now);
        let level = Level::of(Priority::Normal, false);
        (0..10).for_each(|index| schedule.wait(host, 1, level, index));
        (100..102).for_each(|index| schedule.wait(host, 2, level, index));
        assert_eq!(going(&mut schedule, now), [0, 100, 1, 101]);
        (0..4).for_each(|_| schedule.leave(host, None, None, now, now));
        schedule.wait(host, 2, level, 102);
        schedule.pause(1, true);
        assert_eq!(going(&mut schedule, now), [102]);
        schedule.pause(1, false);
        assert_eq!(going(&mut schedule, now), [2, 3, 4]);
        schedule.withdraw(1);
        schedule.leave(host, None, None, now, now);
        assert!(going(&mut schedule, now).is_empty());
    }

    #[test]
    fn what_is_lost_takes_no_place_from_others() {
        let (mut schedule, now) = (schedule(Rate::Unlimited, 64), Instant::now());
        let host = schedule.host("a", "a", pace(), now);
        (0..200).for_each(|index| schedule.wait(host, 0, Level::of(Priority::Normal, false), index));
        assert_eq!(going(&mut schedule, now).len(), 32);
        let wake = schedule.wake().unwrap();
        assert_eq!(wake, now + STALL);
        assert_eq!(going(&mut schedule, wake).len(), 32, "up to as many again, and within the places of all");
        assert!(going(&mut schedule, wake + STALL).is_empty());
    }

    #[test]
    fn places_are_given_back_in_whatever_order_the_clocks_of_threads_say() {
        let (mut schedule, start) = (schedule(Rate::Unlimited, 64), Instant::now());
        let host = schedule.host("a", "a", pace(), start);
        let times = [5, 3, 4, 1, 2, 0].map(|milliseconds| start + Duration::from_millis(milliseconds));
        for (index, at) in times.into_iter().enumerate() {
            schedule.wait(host, 0, Level::of(Priority::Normal, false), index as u32);
            assert_eq!(schedule.next(at), Some(Turn::Go(index as u32)));
        }
        times.into_iter().for_each(|at| schedule.leave(host, None, None, at, at));
        assert!(schedule.hosts[host].sent.is_empty());
    }

    #[test]
    fn hosts_of_one_site_share_its_pace() {
        let (mut schedule, now) = (schedule(Rate::Site, 64), Instant::now());
        let (a, b) = (schedule.host("a", "a", pace(), now), schedule.host("b", "a", pace(), now));
        (0..4).for_each(|index| {
            schedule.wait(if index % 2 == 0 { a } else { b }, 0, Level::of(Priority::Normal, false), index)
        });
        assert_eq!(going(&mut schedule, now).len(), 3);
    }
}
