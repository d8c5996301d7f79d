//! When may a request go? A [`Schedule`] that all runs of a host share, and the time around it.
//!
//! Runs wait in line with tickets, and are told their turns through a channel of their own. A place is held by a value, and given back with
//! it, whatever becomes of the exchange.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;

use super::limit::Signal;
use super::line::Level;
use super::schedule::{HeldBy, Schedule, Shut, Speed, Turn};
use crate::Failure;
use crate::parser::Description;

/// Lets requests go. Cloning it is cheap, and shares it.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    schedule: Arc<Mutex<Schedule<Ticket>>>,
    speed: Speed,
    lines: Arc<AtomicU64>,
}

/// Something in line.
#[derive(Debug)]
struct Ticket {
    number: u64,
    host: usize,
    turns: mpsc::UnboundedSender<Granted>,
}

/// What comes of a ticket.
#[derive(Debug)]
pub(super) enum Granted {
    /// It may go.
    Go(u64, Place),
    /// Its host is given up: whose name it is, and how it has been shut.
    Refused(u64, String, Shut),
    /// Nobody else knows when to look again.
    Look,
}

/// A run's tickets. They are withdrawn when it goes.
#[derive(Debug)]
pub(super) struct Tickets {
    gate: Gate,
    line: u64,
    next: u64,
    sender: mpsc::UnboundedSender<Granted>,
    turns: mpsc::UnboundedReceiver<Granted>,
}

/// A place among the requests under way to a host.
#[derive(Debug)]
pub(super) struct Place {
    gate: Gate,
    host: usize,
    sent: Instant,
    signal: Option<Signal>,
    why: Option<Failure>,
    is_back: bool,
    may_retry: Option<bool>,
}

impl Gate {
    pub(crate) fn new(speed: Speed) -> Self {
        Self { schedule: Arc::new(Mutex::new(Schedule::new(speed))), speed, lines: Arc::default() }
    }

    pub(super) const fn speed(&self) -> &Speed {
        &self.speed
    }

    pub(super) fn tickets(&self) -> Tickets {
        let (sender, turns) = mpsc::unbounded_channel();
        let line = self.lines.fetch_add(1, Ordering::Relaxed);
        Tickets { gate: self.clone(), line, next: 0, sender, turns }
    }

    /// What keeps most requests waiting.
    pub(super) fn held_by(&self) -> HeldBy {
        self.lock().held_by()
    }

    fn lock(&self) -> MutexGuard<'_, Schedule<Ticket>> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all whose turn has come, where who looks won't look again: that is up to one of those that still wait.
    fn pass_on(&self) {
        if self.call().is_some()
            && let Some(ticket) = self.lock().waiting()
        {
            // One that ends passes it on itself.
            drop(ticket.turns.send(Granted::Look));
        }
    }

    /// Tells all whose turn has come. Gives when to look again.
    fn call(&self) -> Option<Instant> {
        loop {
            let now = Instant::now();
            let (turn, name) = {
                let mut schedule = self.lock();
                let Some(turn) = schedule.next(now) else { return schedule.wake() };
                let name = match &turn {
                    Turn::Go(_) => String::new(),
                    Turn::Refused(_, shut) => schedule.name(shut.host).to_owned(),
                };
                (turn, name)
            };
            // Where nobody listens any more, the place is given back as the value goes: outside the lock.
            drop(match turn {
                Turn::Go(Ticket { host, number, turns, .. }) => {
                    let place = Place {
                        gate: self.clone(),
                        host,
                        sent: now,
                        signal: None,
                        why: None,
                        is_back: false,
                        may_retry: None,
                    };
                    turns.send(Granted::Go(number, place))
                }
                Turn::Refused(ticket, shut) => ticket.turns.send(Granted::Refused(ticket.number, name, shut)),
            });
        }
    }
}

impl Tickets {
    /// Takes a ticket for a request to a host of a site.
    pub(super) fn take(&mut self, host: &str, site: &Description, level: Level) -> u64 {
        self.next += 1;
        let first = site.hosts.first().map_or(host, String::as_str);
        let mut schedule = self.gate.lock();
        let host = schedule.host(host, first, site.pace, Instant::now());
        let ticket = Ticket { number: self.next, host, turns: self.sender.clone() };
        schedule.wait(host, self.line, level, ticket);
        self.next
    }

    /// Has everybody told whose turn has come. Gives when to look again.
    pub(super) fn call(&self) -> Option<Instant> {
        self.gate.call()
    }

    /// The next that was told.
    pub(super) async fn turn(&mut self) -> Option<Granted> {
        self.turns.recv().await
    }

    /// Who reads what these are answered.
    pub(super) fn reader(&self) -> Reader {
        Reader { gate: self.gate.clone(), line: self.line, waiting: Mutex::default() }
    }

    pub(super) fn withdraw(&self) {
        self.gate.lock().withdraw(self.line);
    }
}

/// Parts that wait for a slow reader before nothing more is sent for him, and so few that it is again.
const MANY: usize = 4;
const FEW: usize = 2;

/// Who reads what a run answers. While too much waits for him, its requests don't go.
#[derive(Debug)]
pub(super) struct Reader {
    gate: Gate,
    line: u64,
    waiting: Mutex<usize>,
}

impl Reader {
    /// A part waits for him.
    pub(super) fn waits_for(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting += 1;
        if *waiting == MANY {
            self.gate.lock().pause(self.line, true);
        }
    }

    /// He has taken one.
    pub(super) fn has_taken(&self) {
        let goes_on = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            *waiting = waiting.saturating_sub(1);
            if *waiting == FEW {
                self.gate.lock().pause(self.line, false);
            }
            *waiting == FEW
        };
        if goes_on {
            self.gate.pass_on();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.gate.lock().pause(self.line, false);
    }
}

impl Drop for Tickets {
    fn drop(&mut self) {
        self.withdraw();
        self.gate.pass_on();
    }
}

impl Place {
    /// What the exchange says of its host.
    pub(super) fn tell(&mut self, signal: Signal, why: Option<Failure>) {
        (self.signal, self.why) = (Some(signal), why);
    }

    /// Something is asked for the first time.
    pub(super) fn fill(&self) {
        self.gate.lock().fill(self.host);
    }

    /// Whether what failed of this request may be asked of the host once more.
    pub(super) fn retry(&mut self) -> bool {
        let gate = &self.gate;
        *self.may_retry.get_or_insert_with(|| gate.lock().retry(self.host))
    }
}

impl Place {
    /// Gives it back: another may have it.
    pub(super) fn give_back(&mut self) {
        if std::mem::replace(&mut self.is_back, true) {
            return;
        }
        self.gate.lock().leave(self.host, self.signal, self.why.take(), self.sent, Instant::now());
        self.gate.pass_on();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::super::rate::Rate;
    use super::super::retry::Retries;
    use super::*;
    use crate::Priority;

    #[tokio::test]
    async fn one_that_waits_looks_again_when_nobody_else_does() {
        let gate = Gate::new(Speed {
            rate: Rate::per_second(1.0).unwrap(),
            concurrency: 1,
            per_host: 1,
            retries: Retries::default(),
        });
        let site = Description::parse(
            r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60},
            "kinds": [{"name": "page", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1}, "params": {"properties": {}}}]}"#,
        )
        .unwrap();
        let (mut first, mut second) = (gate.tickets(), gate.tickets());
        for run in [&mut first, &mut second] {
            run.take("example.org", &site, Level::of(Priority::Normal, false));
        }
        first.call();
        let Some(Granted::Go(_, place)) = first.turn().await else { panic!("the first doesn't go") };
        drop(place);
        assert!(matches!(second.turn().await, Some(Granted::Look)));
        assert!(second.call().is_some_and(|wake| wake > Instant::now()));
        drop(first);
        assert!(matches!(second.turn().await, Some(Granted::Look)), "the first may have been who looks");
    }
}
