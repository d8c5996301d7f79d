//! Who sends the queries off?
//!
//! One task owns all that waits: it takes queries window by window, has the parser group them into requests, takes a ticket for each, and
//! starts a task when its turn has come. What is to be asked further comes back to it: next pages, raised queries, and, when they have
//! waited long enough, failed ones. Only requests under way have tasks, so what waits is small. Parts leave through a bounded channel by
//! the tasks; where some wait for a slow reader, nothing more is sent.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::FutureExt;
use futures::stream::{BoxStream, Peekable};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use super::gate::{Gate, Granted, Place, Reader, Tickets};
use super::job::{Job, Resume};
use super::outcome::Source;
use super::part::Part;
use super::plan::PlanError;
use super::schedule::{Level, Shut};
use super::size::{Sharing, Size};
use super::stats::Tally;
use crate::fetch::Fetcher;
use crate::swap::{Generation, Slot, Slots};
use crate::{Failure, FailureKind, Query, Requests};

/// Queries that the parser groups at a time, at least, and for each that may share a request.
const WINDOW: usize = 64;
const WINDOWS: usize = 4;
const LARGEST_WINDOW: usize = 1024;

/// How long queries are waited for after a run's time was up.
const LATE: Duration = Duration::from_secs(1);

/// What every exchange needs.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) slots: Slots,
    pub(crate) fetcher: Fetcher,
    pub(crate) gate: Gate,
    /// Whether rows tell where they come from.
    pub(crate) source: bool,
    pub(crate) sizes: Sizes,
}

/// How many queries share a request, by the names of parser and kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sizes {
    sharing: Sharing,
    sizes: Arc<Mutex<HashMap<(String, String), Size>>>,
}

impl Sizes {
    pub(crate) fn new(sharing: Sharing) -> Self {
        Self { sharing, sizes: Arc::default() }
    }
}

/// Queries that share a request.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) slot: Slot,
    pub(super) jobs: Vec<Job>,
    host: String,
}

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

/// What the tasks of a run share.
pub(super) struct Run {
    sender: mpsc::Sender<Part>,
    pub(super) tally: Arc<Tally>,
    /// When it must end.
    pub(super) deadline: Option<Instant>,
    pub(super) resume: Resume,
    reader: Reader,
}

impl Run {
    /// Nobody reads any more: then nothing is owed.
    pub(super) async fn send(&self, part: Part) {
        self.tally.note(|stats| {
            stats.records += part.rows.len() as u64;
            if part.is_last {
                stats.open = (stats.open + part.raised as u64).saturating_sub(1);
                match &part.failure {
                    None => stats.answered += 1,
                    Some(failure) => *stats.failed.entry(failure.kind).or_default() += 1,
                }
            }
        });
        self.reader.waits_for();
        drop(self.sender.send(part).await);
        self.reader.has_taken();
    }

    /// Ends a query that failed, whose answers before raised so many others.
    pub(super) async fn fail(
        &self,
        job: Job,
        failure: Failure,
        generation: u64,
        source: Option<Arc<Source>>,
        raised: usize,
    ) {
        let part = Part {
            query: job.query.restarted(),
            rows: Vec::new(),
            notes: Vec::new(),
            records: job.progress.records,
            is_last: true,
            failure: Some(failure),
            generation,
            source,
            state: None,
            raised,
            origin: job.origin,
        };
        self.send(part).await;
    }

    /// Ends a query that failed, and gives those that its answers raised before.
    pub(super) async fn end(
        &self,
        mut job: Job,
        failure: Failure,
        generation: u64,
        source: Option<Arc<Source>>,
    ) -> Vec<Job> {
        if job.lineage.check(&job.follow).is_some() {
            job.follow.clear();
        }
        let raised = job.raised(&self.resume);
        self.fail(job, failure, generation, source, raised.len()).await;
        raised
    }

    pub(super) async fn fail_all(&self, jobs: Vec<Job>, failure: &Failure, generation: u64) {
        for job in jobs {
            self.fail(job, failure.clone(), generation, None, 0).await;
        }
    }

    pub(super) fn retrying(&self, failure: &Failure) {
        self.tally.note(|stats| {
            stats.retries += 1;
            *stats.retried.entry(failure.kind).or_default() += 1;
        });
    }
}

impl Worker {
    /// Who answers a query.
    pub(crate) fn slot(&self, query: &Query) -> Result<Slot, Failure> {
        let slot = self.slot_of(query.parser(), query.kind());
        slot.map_err(|error| Failure::new(FailureKind::InvalidQuery, error.to_string()))
    }

    /// Who answers queries of a kind, of the parser that is named or of any.
    pub(crate) fn slot_of(&self, parser: Option<&str>, kind: &str) -> Result<Slot, PlanError> {
        self.slots.resolve(parser, kind).map_err(|why| PlanError::unresolved(parser, kind, why))
    }

    pub(super) fn size<T>(&self, slot: &Slot, kind: &str, look: impl FnOnce(&mut Size) -> T) -> T {
        let mut sizes = self.sizes.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let size = sizes.entry((slot.name().to_owned(), kind.to_owned()));
        look(size.or_insert_with(|| Size::new(self.sizes.sharing)))
    }

    /// The requests that a parser makes; where it can't and another answers by now, those of that one.
    pub(super) async fn request(
        &self,
        slot: &Slot,
        mut generation: Arc<Generation>,
        jobs: &[Job],
    ) -> Result<(Arc<Generation>, Requests), (Arc<Generation>, Failure)> {
        let queries: Vec<_> = jobs.iter().map(|job| job.query.clone()).collect();
        loop {
            let requests = slot.request(&generation, &queries, self.per_request(slot, &generation, jobs)).await;
            match requests {
                Ok(requests) => return Ok((generation, requests)),
                Err(_) if slot.generation() != generation.number => generation = slot.load(),
                Err(failure) => return Err((generation, failure)),
            }
        }
    }

    fn per_request(&self, slot: &Slot, generation: &Generation, jobs: &[Job]) -> u32 {
        let kind = jobs.first().and_then(|job| generation.parser.description().kind(job.query.kind()));
        let size = kind.map_or(1, |kind| self.size(slot, &kind.name, |size| size.of(kind.per_request)));
        jobs.iter().map(|job| job.most).filter(|most| *most > 0).fold(size, u32::min)
    }

    /// Groups jobs, all of one kind, by the requests that they share.
    async fn group(self: Arc<Self>, run: Arc<Run>, jobs: Vec<Job>) -> Vec<Group> {
        let mut groups = Vec::new();
        for (slot, jobs) in self.by_slot(&run, jobs).await {
            let only = slot.description().hosts.first().filter(|_| jobs.len() == 1).cloned();
            if let Some(host) = only.filter(|_| slot.description().hosts.len() == 1) {
                groups.push(Group { slot, jobs, host });
                continue;
            }
            match self.request(&slot, slot.load(), &jobs).await {
                Ok((generation, requests)) => {
                    let mut jobs: Vec<_> = jobs.into_iter().map(Some).collect();
                    let mut take = |index: usize| jobs.get_mut(index).and_then(Option::take);
                    for (index, failure) in requests.refused {
                        if let Some(job) = take(index) {
                            run.fail(job, failure, generation.number, None, 0).await;
                        }
                    }
                    groups.extend(requests.exchanges.into_iter().map(|exchange| Group {
                        slot: slot.clone(),
                        jobs: exchange.queries.iter().filter_map(|index| take(*index)).collect(),
                        host: host_of(&exchange.request.url),
                    }));
                }
                // A parser that gets several wrong may get each right.
                Err((_, failure)) if failure.kind == FailureKind::ParserInvalid && jobs.len() > 1 => {
                    let host = slot.description().hosts.first().cloned().unwrap_or_default();
                    let alone = |job| Group { slot: slot.clone(), jobs: vec![job], host: host.clone() };
                    groups.extend(jobs.into_iter().map(alone));
                }
                Err((generation, failure)) => run.fail_all(jobs, &failure, generation.number).await,
            }
        }
        groups
    }

    /// The jobs by who answers them. Those that nobody does are over.
    async fn by_slot(&self, run: &Run, jobs: Vec<Job>) -> Vec<(Slot, Vec<Job>)> {
        let mut slots: Vec<(Slot, Vec<Job>)> = Vec::new();
        for job in jobs {
            match job.slot.clone().map_or_else(|| self.slot(&job.query), Ok) {
                Ok(slot) => match slots.iter_mut().find(|(other, _)| other.name() == slot.name()) {
                    Some((_, jobs)) => jobs.push(job),
                    None => slots.push((slot, vec![job])),
                },
                Err(failure) => run.fail(job, failure, 0, None, 0).await,
            }
        }
        slots
    }
}

/// The host of an address, which is checked where it is asked.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether a run is to end before its queries do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stop {
    #[default]
    No,
    /// What is under way is waited for, and nothing more sent.
    Drain,
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
    stop: watch::Receiver<Stop>,
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
        stop: watch::Receiver<Stop>,
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
            stop,
            ended: None,
        }
    }

    pub(super) async fn drive(mut self) {
        while !self.is_over() {
            self.ask_what_is_due();
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
        self.queries.is_none() && self.waiting.is_empty() && self.later.is_empty() && self.tasks.is_empty()
    }

    async fn event(&mut self, wake: Option<Instant>) -> Event {
        let (size, has_ended) = (self.window_size(), self.ended.is_some());
        let takes = self.queries.is_some() && !self.is_grouping;
        let wake = if has_ended { Instant::now().checked_add(LATE) } else { wake };
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop == Stop::Drain), if !has_ended => Event::Stopped,
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
        let largest = sizes.values().map(Size::largest).max().unwrap_or_default();
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
        let run = Arc::clone(&self.run);
        if let Some(failure) = self.ended.clone() {
            self.tasks.spawn(async move {
                run.fail_all(jobs, &failure, 0).await;
                Done::Again(Vec::new())
            });
            return;
        }
        let worker = Arc::clone(&self.worker);
        self.tasks.spawn(async move { Done::Grouped(worker.group(run, jobs).await) });
    }

    fn take_back(&mut self, again: Again) {
        if again.delay.is_zero() || self.ended.is_some() {
            for jobs in by_kind(again.jobs) {
                self.ask(jobs);
            }
        } else if let Some(at) = Instant::now().checked_add(again.delay) {
            self.count += 1;
            self.later.insert((at, self.count), again.jobs);
        }
    }

    fn ask_what_is_due(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            let jobs = entry.remove();
            for jobs in by_kind(jobs) {
                self.ask(jobs);
            }
        }
    }

    fn stand_in_line(&mut self, group: Group) {
        let Some(job) = group.jobs.first() else { return };
        if self.ended.is_some() {
            return self.ask(group.jobs);
        }
        let level = Level::of(job.query.priority(), job.goes_on());
        let number = self.tickets.take(&group.host, &group.slot.description(), level);
        self.waiting.insert(number, group);
    }

    fn granted(&mut self, granted: Granted) {
        match granted {
            Granted::Go(number, place) => {
                if let Some(group) = self.waiting.remove(&number) {
                    self.start(group, place);
                }
            }
            Granted::Refused(number, host, shut) => {
                if let Some(group) = self.waiting.remove(&number) {
                    let (run, failure) = (Arc::clone(&self.run), given_up(&host, shut));
                    self.tasks.spawn(async move {
                        run.fail_all(group.jobs, &failure, group.slot.generation()).await;
                        Done::Again(Vec::new())
                    });
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

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn hosts_are_read_from_addresses() {
        for url in ["https://A.example/x?y", "https://a.example:443", "https://a.example?x", "a.example"] {
            assert_eq!(host_of(url), "a.example");
        }
    }
}
