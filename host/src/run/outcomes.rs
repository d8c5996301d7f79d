//! Outcome streams: parts, page by page, as they come or in the queries' order, and whole outcomes put together of them.
//!
//! When a stream is dropped, everything that it started is aborted. Invariants: no more queries are open than there is room for, so that what
//! waits for its turn is bounded; and each query has an outcome, even if a task of the run panics.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures::future::{BoxFuture, FutureExt};
use futures::{Stream, StreamExt};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::context::Worker;
use super::dispatcher::{Dispatcher, Input, describe};
use super::job::Resume;
use super::open_queries::OpenQueries;
use super::permit::{Reader, SharedScheduler};
use super::run_state::Run;
use super::stats::{RunStats, StatsRecorder};
use crate::result::compressed_rows::{Loose, MAX_WAITING_BYTES, PLAIN_BYTES, Packed};
use crate::result::grouped::Grouped;
use crate::result::outcome::Outcome;
use crate::result::page_result::{PageResult, QueryPath};

/// Parts that wait for the reader, beside those that the tasks hold which wait to send them.
const CHANNEL_PAGES: usize = 2;

/// Queries that are open at once. They wait for hosts that are slow, so that others continue meanwhile, and for others to share requests with.
const OPEN: usize = 8192;

/// The same for queries whose rows raise others, some hundred each, which are open then too.
const RAISING_OPEN: usize = 256;

/// Bytes of rows that wait for their turn, above which only the query that they wait for is asked, and below which all are again.
const HIGH_WATER_BYTES: usize = 8 << 20;
const LOW_WATER_BYTES: usize = 4 << 20;

/// Parts of outcomes, page by page: [`crate::Host::run`] and [`Outcomes::parts`].
pub struct PageResults {
    receiver: mpsc::Receiver<PageResult>,
    room: Arc<Semaphore>,
    /// The dispatcher, until it is started. Never locked: it makes this `Sync`.
    start: Mutex<Option<BoxFuture<'static, Result<(), String>>>>,
    /// The dispatcher, which is aborted with all that it started when this is dropped.
    tasks: JoinSet<Result<(), String>>,
    /// Queries that have no outcome yet.
    open_queries: Arc<OpenQueries>,
    /// Failures of those that a fault left without one.
    left: VecDeque<PageResult>,
    reader: Arc<Reader>,
    control: RunControl,
    order: Option<ReorderBuffer>,
    /// How many queries of a root are open, if it isn't one.
    open: HashMap<usize, usize>,
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
pub struct RunControl {
    stop: Arc<watch::Sender<bool>>,
    tally: Arc<StatsRecorder>,
    scheduler: SharedScheduler,
}

impl RunControl {
    /// Has what is under way finish, and sends nothing more: what isn't answered by then is [`crate::types::FailureKind::Cancelled`].
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// How it went so far.
    #[must_use]
    pub fn stats(&self) -> RunStats {
        self.tally.stats(self.scheduler.held_by())
    }
}

/// Parts that wait for their queries' turn.
#[derive(Debug)]
struct ReorderBuffer {
    /// The query whose turn it is.
    next: usize,
    /// The query that alone is asked, as the scheduler was told last.
    head: Option<usize>,
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
    pub(crate) fn run(self, input: Input, resume: Resume) -> PageResults {
        let (sender, receiver) = mpsc::channel(CHANNEL_PAGES);
        let open = if input.follow_up.is_some() { RAISING_OPEN } else { OPEN };
        let (room, tally) = (Arc::new(Semaphore::new(open)), Arc::new(StatsRecorder::new()));
        let (stop, stopped) = watch::channel(false);
        let control = RunControl { stop: Arc::new(stop), tally: Arc::clone(&tally), scheduler: self.scheduler.clone() };
        let queue = self.scheduler.add_run();
        let (reader, open_queries) = (Arc::new(queue.reader()), Arc::new(OpenQueries::default()));
        let (run_reader, open) = (Arc::clone(&reader), Arc::clone(&open_queries));
        let places = Arc::clone(&room);
        let start = async move {
            let per_run = self.scheduler.config().retries.run_deadline;
            let deadline = per_run.and_then(|time| Instant::now().checked_add(time));
            let follow_up = input.follow_up.clone();
            let run = Run { sender, tally, open, deadline, resume, follow_up, reader: run_reader };
            Dispatcher::new(self, run, input, places, queue, stopped).dispatch().await
        };
        PageResults {
            receiver,
            room,
            start: Mutex::new(Some(start.boxed())),
            tasks: JoinSet::new(),
            open_queries,
            left: VecDeque::new(),
            reader,
            control,
            order: None,
            open: HashMap::new(),
        }
    }
}

impl PageResults {
    /// The same in the queries' order, each followed by those that its answers raised. While rows of more than some megabytes wait for a query,
    /// only that one is asked.
    #[must_use]
    pub fn ordered(self) -> Self {
        self.in_order(PLAIN_BYTES)
    }

    /// As [`Self::ordered`], with this many bytes of JSON whose rows may wait as they are.
    fn in_order(mut self, loose: usize) -> Self {
        let (roots, ready) = (BTreeMap::new(), VecDeque::new());
        self.order = Some(ReorderBuffer { next: 0, head: None, roots, ready, loose: Loose::new(loose) });
        self
    }

    /// Stops it, and tells how it goes.
    #[must_use]
    pub fn control(&self) -> RunControl {
        self.control.clone()
    }

    fn begin(&mut self) {
        if let Some(start) = self.start.get_mut().ok().and_then(Option::take) {
            self.tasks.spawn(start);
        }
    }

    /// Takes a part; returns it if it needn't wait for others.
    fn accept(&mut self, part: PageResult) -> Option<PageResult> {
        let closes = self.closes(&part);
        match &mut self.order {
            Some(order) => {
                order.insert(part, closes);
                None
            }
            None => {
                self.room.add_permits(usize::from(closes));
                Some(part)
            }
        }
    }

    /// The next part in order, if it is there.
    fn next_in_order(&mut self) -> Option<PageResult> {
        let order = self.order.as_mut()?;
        let next = order.next();
        if let Some(head) = order.head_to_wait_for() {
            self.reader.set_head(head);
        }
        let (part, is_over) = next?;
        self.room.add_permits(usize::from(is_over));
        Some(part)
    }

    /// What a fault left without an outcome, once the dispatcher has ended.
    fn poll_left(&mut self, context: &mut Context<'_>) -> Poll<Option<PageResult>> {
        if let Some(ended) = ready!(self.tasks.poll_join_next(context)) {
            let fault = ended.unwrap_or_else(|error| Err(describe(error))).err();
            let why = fault.as_deref().map_or_else(
                || "the run ended without an outcome".to_owned(),
                |fault| format!("a task of the run ended: {fault}"),
            );
            self.left = self.open_queries.fail_all(&why).into();
            self.left.iter().for_each(|part| self.control.tally.record(part));
            let fault = fault.or_else(|| (!self.left.is_empty()).then_some(why));
            self.control.tally.update(|stats| stats.fault = fault);
        }
        Poll::Ready(self.left.pop_front())
    }

    /// Whether a part is the last of its root.
    fn closes(&mut self, part: &PageResult) -> bool {
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

impl ReorderBuffer {
    fn insert(&mut self, part: PageResult, closes: bool) {
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
    fn next(&mut self) -> Option<(PageResult, bool)> {
        let (waited, is_over) = self.next_waiting()?;
        Some((self.loose.open(waited), is_over))
    }

    /// The query that alone is to be asked, or none, if that has changed.
    fn head_to_wait_for(&mut self) -> Option<Option<usize>> {
        let bytes = self.loose.bytes();
        let is_high = bytes > HIGH_WATER_BYTES || (self.head.is_some() && bytes > LOW_WATER_BYTES);
        let head = is_high.then_some(self.next);
        (head != self.head).then(|| {
            self.head = head;
            head
        })
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

impl Stream for PageResults {
    type Item = PageResult;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<PageResult>> {
        self.begin();
        loop {
            if let Some(part) = self.next_in_order() {
                return Poll::Ready(Some(part));
            }
            let part = match ready!(self.receiver.poll_recv(context)) {
                Some(part) => part,
                None => match ready!(self.poll_left(context)) {
                    Some(part) => part,
                    None => return Poll::Ready(None),
                },
            };
            if let Some(part) = self.accept(part) {
                return Poll::Ready(Some(part));
            }
        }
    }
}

impl std::fmt::Debug for PageResults {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PageResults").field("order", &self.order).finish_non_exhaustive()
    }
}

/// Outcomes of queries, each when its last page is there: in the order of the queries, unless [`Outcomes::unordered`].
#[derive(Debug)]
pub struct Outcomes {
    parts: PageResults,
    begun: HashMap<QueryPath, Outcome>,
}

impl Outcomes {
    pub(crate) fn new(parts: PageResults) -> Self {
        Self { parts: parts.in_order(MAX_WAITING_BYTES), begun: HashMap::new() }
    }

    /// The same as they come: none waits for another, and more are under way while one is slow.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.parts.order = None;
        self
    }

    /// The same page by page, as they come: what a query has answered leaves before its last page is there.
    #[must_use]
    pub fn parts(self) -> PageResults {
        self.unordered().parts
    }

    /// Stops it, and tells how it goes.
    #[must_use]
    pub fn control(&self) -> RunControl {
        self.parts.control()
    }

    /// The outcome that a part is the last of.
    fn add(&mut self, part: PageResult) -> Option<Outcome> {
        let PageResult { query, mut rows, mut notes, is_last, failure, generation, source, origin, .. } = part;
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

impl Outcomes {
    /// All outcomes, under the values of a parameter: [`Grouped::by`].
    pub async fn grouped(self, name: &str) -> Grouped<Vec<Outcome>> {
        Grouped::by(name, self.collect::<Vec<_>>().await)
    }
}
