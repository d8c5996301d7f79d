//! How do outcomes reach who asked?
//!
//! As parts, page by page, as they come or in the queries' order; or as whole outcomes, put together of them. When it is dropped, everything
//! that it started is aborted. Invariant: no more queries are open than there is room for, so that what waits for its turn is bounded.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::driver::Driver;
use super::gate::Gate;
use super::job::{Origin, Resume};
use super::outcome::Outcome;
use super::packed::{FEW, Loose, MANY, Packed};
use super::part::Part;
use super::stats::{RunStats, Tally};
use super::worker::Worker;
use crate::Query;

/// Parts that wait for the reader, beside those that the tasks hold which wait to send them.
const WAITING: usize = 2;

/// Queries that are open at once. They wait for hosts that are slow, so that others go on meanwhile.
const OPEN: usize = 8192;

/// Parts of outcomes, page by page: [`crate::Host::run`] and [`Outcomes::parts`].
pub struct Parts {
    receiver: mpsc::Receiver<Part>,
    room: Arc<Semaphore>,
    /// What sends the queries off, until it is started. Never locked: it makes this `Sync`.
    start: Mutex<Option<BoxFuture<'static, ()>>>,
    /// Aborts what is under way when it goes.
    tasks: JoinSet<()>,
    control: Control,
    order: Option<Order>,
    /// How many queries of a root are open, where it isn't one alone.
    open: HashMap<usize, usize>,
    /// Queries that may be open at once where they come in order.
    window: usize,
}

/// Stops a run, and tells how it goes. Cloning it is cheap.
///
/// ```no_run
/// # async fn stopped(host: playfast::Host, plan: playfast::Plan) {
/// let outcomes = host.run(plan.queries());
/// let control = outcomes.control();
/// tokio::spawn(async move {
///     tokio::signal::ctrl_c().await.ok();
///     control.stop();
/// });
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Control {
    stop: Arc<watch::Sender<bool>>,
    tally: Arc<Tally>,
    gate: Gate,
}

impl Control {
    /// Has what is under way finish, and sends nothing more: what isn't answered by then is [`crate::FailureKind::Cancelled`].
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// How it went so far.
    #[must_use]
    pub fn stats(&self) -> RunStats {
        self.tally.stats(self.gate.held_by())
    }
}

/// Parts that wait for their queries' turn.
#[derive(Debug)]
struct Order {
    next: usize,
    /// By root: its own parts that may leave in order, those of queries that it raised, and whether it is closed.
    roots: BTreeMap<usize, Root>,
    ready: VecDeque<Packed>,
    loose: Loose,
}

#[derive(Debug, Default)]
struct Root {
    own: VecDeque<Packed>,
    raised: Vec<Packed>,
    is_closed: bool,
}

impl Worker {
    /// Answers the queries, from when the first outcome is asked for.
    pub(crate) fn run(self, queries: BoxStream<'static, Query>, resume: Resume) -> Parts {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (room, tally) = (Arc::new(Semaphore::new(0)), Arc::new(Tally::new()));
        let (stop, stopped) = watch::channel(false);
        let control = Control { stop: Arc::new(stop), tally: Arc::clone(&tally), gate: self.gate.clone() };
        let concurrency = self.gate.speed().concurrency;
        // More would wait as rows for one that is slow.
        let window = concurrency.saturating_add(concurrency / 4).clamp(2, OPEN);
        let driven = Arc::clone(&room);
        let start =
            async move { Driver::new(self, queries, resume, sender, tally, driven, stopped).drive().await }.boxed();
        let (tasks, open) = (JoinSet::new(), HashMap::new());
        Parts { receiver, room, start: Mutex::new(Some(start)), tasks, control, order: None, open, window }
    }
}

impl Parts {
    /// The same in the queries' order, each followed by those that its answers raised. Fewer are open at once, since they wait for one
    /// another.
    #[must_use]
    pub fn ordered(self) -> Self {
        self.in_order(FEW)
    }

    /// As [`Self::ordered`], where so many rows may wait as they are.
    fn in_order(mut self, loose: usize) -> Self {
        let (roots, ready) = (BTreeMap::new(), VecDeque::new());
        self.order = Some(Order { next: 0, roots, ready, loose: Loose::new(loose) });
        self
    }

    /// Stops it, and tells how it goes.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    fn begin(&mut self) {
        if let Some(start) = self.start.get_mut().ok().and_then(Option::take) {
            self.room.add_permits(if self.order.is_some() { self.window } else { OPEN });
            self.tasks.spawn(start);
        }
    }

    /// Whether a part is the last of its root.
    fn closes(&mut self, part: &Part) -> bool {
        if !part.is_last {
            return false;
        }
        let root = part.origin.root;
        let open = self.open.remove(&root).unwrap_or(1) + part.raised - 1;
        if open > 0 {
            self.open.insert(root, open);
        }
        open == 0
    }
}

impl Order {
    fn take(&mut self, part: Part, closes: bool) {
        let root = self.roots.entry(part.origin.root).or_default();
        root.is_closed |= closes;
        let is_own = part.origin.path.is_empty();
        let waits = self.loose.pack(part);
        if is_own {
            root.own.push_back(waits);
        } else {
            root.raised.push(waits);
        }
    }

    /// The next part in order, and whether its root takes no more room.
    fn next(&mut self) -> Option<(Part, bool)> {
        let (waited, is_over) = self.next_waiting()?;
        Some((self.loose.open(waited), is_over))
    }

    fn next_waiting(&mut self) -> Option<(Packed, bool)> {
        if let Some(part) = self.ready.pop_front() {
            return Some((part, false));
        }
        let root = self.roots.get_mut(&self.next)?;
        if let Some(part) = root.own.pop_front() {
            let is_over = root.is_closed && root.own.is_empty() && root.raised.is_empty();
            if is_over {
                self.go_on();
            }
            return Some((part, is_over));
        }
        if !root.is_closed {
            return None;
        }
        root.raised.sort_by(|one, other| one.path().cmp(other.path()));
        self.ready = std::mem::take(&mut root.raised).into();
        self.go_on();
        self.ready.pop_front().map(|part| (part, true))
    }

    fn go_on(&mut self) {
        self.roots.remove(&self.next);
        self.next += 1;
    }
}

impl Stream for Parts {
    type Item = Part;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Part>> {
        self.begin();
        loop {
            if let Some((part, is_over)) = self.order.as_mut().and_then(Order::next) {
                self.room.add_permits(usize::from(is_over));
                return Poll::Ready(Some(part));
            }
            match self.receiver.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(part)) => {
                    let closes = self.closes(&part);
                    match &mut self.order {
                        Some(order) => order.take(part, closes),
                        None => {
                            self.room.add_permits(usize::from(closes));
                            return Poll::Ready(Some(part));
                        }
                    }
                }
            }
        }
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Parts").field("order", &self.order).finish_non_exhaustive()
    }
}

/// Outcomes of queries, each when its last page is there: in the order of the queries, unless [`Outcomes::unordered`].
#[derive(Debug)]
pub struct Outcomes {
    parts: Parts,
    begun: HashMap<Origin, Outcome>,
}

impl Outcomes {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts: parts.in_order(MANY), begun: HashMap::new() }
    }

    /// The same as they come: none waits for another, and more are under way while one is slow.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.parts.order = None;
        self
    }

    /// The same page by page, as they come: what a query has answered leaves before its last page is there.
    #[must_use]
    pub fn parts(self) -> Parts {
        self.unordered().parts
    }

    /// Stops it, and tells how it goes.
    #[must_use]
    pub fn control(&self) -> Control {
        self.parts.control()
    }

    /// The outcome that a part is the last of.
    fn add(&mut self, part: Part) -> Option<Outcome> {
        let Part { query, mut rows, mut notes, is_last, failure, generation, source, origin, .. } = part;
        let mut outcome = self.begun.remove(&origin).unwrap_or_else(|| Outcome::new(query));
        outcome.rows.append(&mut rows);
        outcome.notes.append(&mut notes);
        (outcome.failure, outcome.generation) = (failure, generation);
        outcome.source = source.or(outcome.source);
        if is_last {
            return Some(outcome);
        }
        self.begun.insert(origin, outcome);
        None
    }
}

impl Stream for Outcomes {
    type Item = Outcome;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Outcome>> {
        loop {
            match self.parts.poll_next_unpin(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(part)) => {
                    if let Some(outcome) = self.add(part) {
                        return Poll::Ready(Some(outcome));
                    }
                }
            }
        }
    }
}
