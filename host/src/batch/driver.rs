//! Who sends the queries off?
//!
//! One task owns all that waits: it takes queries window by window, has the parser group them into requests, takes a ticket for each, and
//! starts a task when its turn has come. What is to be asked further comes back to it: next pages, raised queries, and, when they have
//! waited long enough, failed ones. Only requests under way have tasks, so what waits is small. Parts leave through a bounded channel by
//! the tasks; where some wait for a slow reader, nothing more is sent.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::FutureExt;
use futures::stream::{BoxStream, Peekable};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use super::gate::{Granted, Place, Tickets};
use super::job::{Job, Resume};
use super::line::Level;
use super::part::Part;
use super::run::Run;
use super::schedule::Shut;
use super::size::Size;
use super::stats::Tally;
use super::worker::{Group, Worker};
use crate::{Failure, FailureKind, Query};

/// Queries that the parser groups at a time, at least, and for each that may share a request.
const WINDOW: usize = 64;
const WINDOWS: usize = 4;
const LARGEST_WINDOW: usize = 1024;

/// How long queries are waited for after a run's time was up.
const LATE: Duration = Duration::from_secs(1);

/// What is to be asked further, after so long.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) jobs: Vec<Job>,
    pub(super) delay: Duration,
}

/// What comes of a task.
enum Done {
    Grouped(Vec<Group>),
    /// As [`Done::Grouped`], of a window of new queries.
    Window(Vec<Group>),
    Again(Vec<Again>),
    /// Those that failed without a request are told of.
    Told,
}

/// What a run has to heed.
enum Event {
    Stopped,
    TimeUp,
    Done(Result<Done, JoinError>),
    Granted(Granted),
    Window(Option<Vec<Query>>),
    Awake,
}

/// Sends off the queries of one run.
pub(super) struct Driver {
    worker: Arc<Worker>,
    run: Arc<Run>,
    queries: Option<Pin<Box<Peekable<BoxStream<'static, Query>>>>>,
    next: usize,
    /// How many more queries may be taken: given back by who reads their outcomes.
    room: Arc<Semaphore>,
    tickets: Tickets,
    waiting: HashMap<u64, Group>,
    later: BTreeMap<(Instant, u64), Vec<Job>>,
    count: u64,
    tasks: JoinSet<Done>,
    /// Whether a window is being grouped: one after another, so that queries stand in line in their order.
    is_grouping: bool,
    /// Jobs that failed without a request, why, and under which generation. They are told of by one task, which may wait for a slow reader.
    failed: Vec<(Vec<Job>, Failure, u64)>,
    is_telling: bool,
    /// Whether nothing more is to be sent: what is under way is waited for.
    stop: watch::Receiver<bool>,
    ended: Option<Failure>,
}

impl Driver {
    pub(super) fn new(
        worker: Worker,
        queries: BoxStream<'static, Query>,
        resume: Resume,
        sender: mpsc::Sender<Part>,
        tally: Arc<Tally>,
        room: Arc<Semaphore>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let per_run = worker.gate.speed().retries.per_run;
        let deadline = per_run.and_then(|time| Instant::now().checked_add(time));
        let tickets = worker.gate.tickets();
        Self {
            worker: Arc::new(worker),
            run: Arc::new(Run { sender, tally, deadline, resume, reader: tickets.reader() }),
            queries: Some(Box::pin(queries.peekable())),
            next: 0,
            room,
            tickets,
            waiting: HashMap::new(),
            later: BTreeMap::new(),
            count: 0,
            tasks: JoinSet::new(),
            is_grouping: false,
            failed: Vec::new(),
            is_telling: false,
            stop,
            ended: None,
        }
    }

    pub(super) async fn drive(mut self) {
        while !self.is_over() {
            self.ask_what_is_due();
            self.tell_of_failed();
            let wake = self.wake(self.tickets.call());
            match self.event(wake).await {
                Event::Stopped => {
                    self.queries = None;
                    self.end(Failure::new(FailureKind::Cancelled, "the run was stopped before it was answered"));
                }
                Event::TimeUp => {
                    self.end(Failure::new(FailureKind::Deadline, "the run's time was up before it was answered"));
                }
                Event::Done(Ok(Done::Grouped(groups))) => {
                    groups.into_iter().for_each(|group| self.stand_in_line(group))
                }
                Event::Done(Ok(Done::Window(groups))) => {
                    self.is_grouping = false;
                    groups.into_iter().for_each(|group| self.stand_in_line(group));
                }
                Event::Done(Ok(Done::Told)) => self.is_telling = false,
                Event::Done(Ok(Done::Again(again))) => again.into_iter().for_each(|again| self.take_back(again)),
                // It panicked, which the lints rule out, or the runtime ends.
                Event::Done(Err(error)) => tracing::error!("a task ended: {error}"),
                Event::Granted(granted) => self.granted(granted),
                Event::Window(Some(window)) => self.take(window),
                Event::Window(None) => self.queries = None,
                // Queries that don't come any more after the end are nobody's.
                Event::Awake if self.ended.is_some() => self.queries = None,
                Event::Awake => {}
            }
        }
    }

    fn is_over(&self) -> bool {
        let is_idle = self.tasks.is_empty() && self.failed.is_empty();
        self.queries.is_none() && self.waiting.is_empty() && self.later.is_empty() && is_idle
    }

    async fn event(&mut self, wake: Option<Instant>) -> Event {
        let has_ended = self.ended.is_some();
        let takes = self.queries.is_some() && !self.is_grouping;
        let size = if takes { self.window_size() } else { 0 };
        let wake = if has_ended { Instant::now().checked_add(LATE) } else { wake };
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop), if !has_ended => Event::Stopped,
            () = sleep_until(self.run.deadline), if !has_ended => Event::TimeUp,
            Some(done) = self.tasks.join_next() => Event::Done(done),
            Some(granted) = self.tickets.turn() => Event::Granted(granted),
            window = window(&mut self.queries, &self.room, size), if takes => Event::Window(window),
            () = sleep_until(wake) => Event::Awake,
        }
    }

    /// Enough for several requests.
    fn window_size(&self) -> usize {
        let sizes = self.worker.sizes.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let largest = sizes.values().map(Size::latest).max().unwrap_or_default();
        (largest as usize).saturating_mul(WINDOWS).clamp(WINDOW, LARGEST_WINDOW)
    }

    fn take(&mut self, window: Vec<Query>) {
        let count = window.len();
        let asked = window.into_iter().filter_map(|query| (self.run.resume)(query));
        let jobs = (self.next..).zip(asked).map(|(root, asked)| Job::new(asked, root)).collect::<Vec<_>>();
        self.next += jobs.len();
        self.room.add_permits(count - jobs.len());
        self.run.tally.note(|stats| {
            stats.open += jobs.len() as u64;
            stats.done_before += (count - jobs.len()) as u64;
        });
        if jobs.is_empty() {
            return;
        }
        if self.ended.is_some() {
            return self.ask(jobs);
        }
        let (worker, run) = (Arc::clone(&self.worker), Arc::clone(&self.run));
        self.is_grouping = true;
        self.tasks.spawn(async move { Done::Window(worker.group(run, jobs).await) });
    }

    fn ask(&mut self, jobs: Vec<Job>) {
        if let Some(failure) = self.ended.clone() {
            return self.failed.push((jobs, failure, 0));
        }
        let (worker, run) = (Arc::clone(&self.worker), Arc::clone(&self.run));
        self.tasks.spawn(async move { Done::Grouped(worker.group(run, jobs).await) });
    }

    fn tell_of_failed(&mut self) {
        if self.is_telling || self.failed.is_empty() {
            return;
        }
        let (run, failed) = (Arc::clone(&self.run), std::mem::take(&mut self.failed));
        self.is_telling = true;
        self.tasks.spawn(async move {
            for (jobs, failure, generation) in failed {
                run.fail_all(jobs, &failure, generation).await;
            }
            Done::Told
        });
    }

    fn ask_all(&mut self, jobs: Vec<Job>) {
        by_kind(jobs).into_iter().for_each(|jobs| self.ask(jobs));
    }

    fn take_back(&mut self, again: Again) {
        if again.delay.is_zero() || self.ended.is_some() {
            self.ask_all(again.jobs);
        } else if let Some(at) = Instant::now().checked_add(again.delay) {
            self.count += 1;
            self.later.insert((at, self.count), again.jobs);
        }
    }

    fn ask_what_is_due(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            let jobs = entry.remove();
            self.ask_all(jobs);
        }
    }

    fn stand_in_line(&mut self, group: Group) {
        let Some(job) = group.jobs.first() else { return };
        if self.ended.is_some() {
            return self.ask(group.jobs);
        }
        let level = Level::of(job.query.priority(), job.is_sent);
        let number = self.tickets.take(&group.host, &group.slot.description(), level);
        self.waiting.insert(number, group);
    }

    fn granted(&mut self, granted: Granted) {
        match granted {
            Granted::Look => {}
            Granted::Go(number, place) => {
                if let Some(group) = self.waiting.remove(&number) {
                    self.start(group, place);
                }
            }
            Granted::Refused(number, host, shut) => {
                if let Some(group) = self.waiting.remove(&number) {
                    self.failed.push((group.jobs, given_up(&host, shut), group.slot.generation()));
                }
            }
        }
    }

    fn start(&mut self, group: Group, place: Place) {
        let (worker, run) = (Arc::clone(&self.worker), Arc::clone(&self.run));
        // Taken here, so that who starts later has no earlier parser.
        let generation = group.slot.load();
        self.tasks.spawn(async move { Done::Again(worker.exchange(run, group, generation, place).await) });
    }

    /// Nothing more is sent: what waits fails so.
    fn end(&mut self, failure: Failure) {
        self.ended = Some(failure);
        self.tickets.withdraw();
        let waiting = std::mem::take(&mut self.waiting).into_values().map(|group| group.jobs);
        let later = std::mem::take(&mut self.later).into_values();
        for jobs in waiting.chain(later).collect::<Vec<_>>() {
            self.ask(jobs);
        }
    }

    fn wake(&self, gate: Option<Instant>) -> Option<Instant> {
        self.later.first_key_value().map(|((at, _), _)| *at).into_iter().chain(gate).min()
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// The next queries, all of one kind, parser and priority, of those that are there already once one is; `None` when there are no more.
/// Nothing is lost where it isn't waited for to its end.
async fn window(
    queries: &mut Option<Pin<Box<Peekable<BoxStream<'static, Query>>>>>,
    room: &Semaphore,
    size: usize,
) -> Option<Vec<Query>> {
    let queries = queries.as_mut()?;
    // It is never closed.
    let permit = room.acquire().await.ok()?;
    let first = queries.next().await?;
    permit.forget();
    let mut window = vec![first.clone()];
    while window.len() < size
        && let Ok(permit) = room.try_acquire()
        && let Some(Some(query)) = queries.as_mut().next_if(|query| is_alike(query, &first)).now_or_never()
    {
        permit.forget();
        window.push(query);
    }
    Some(window)
}

fn is_alike(query: &Query, other: &Query) -> bool {
    (query.kind(), query.parser(), query.priority()) == (other.kind(), other.parser(), other.priority())
}

/// Jobs that the parser can be given together.
fn by_kind(jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let mut kinds: Vec<Vec<Job>> = Vec::new();
    for job in jobs {
        let alike = |kind: &&mut Vec<Job>| kind.first().is_some_and(|first| is_alike(&first.query, &job.query));
        match kinds.iter_mut().find(alike) {
            Some(kind) => kind.push(job),
            None => kinds.push(vec![job]),
        }
    }
    kinds
}

fn given_up(host: &str, shut: Shut) -> Failure {
    let Shut { time, failures, last, .. } = shut;
    let last = last.unwrap_or_else(|| Failure::new(FailureKind::Unavailable, "it answers nothing"));
    let message =
        format!("{}; {host} failed {failures} times in a row, for {time:.0?}, and is given up for now", last.message);
    Failure { message, ..last }
}
