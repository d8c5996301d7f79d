//! How is one request exchanged, and what becomes of its queries?
//!
//! It is made when it may go, by the parser that answers then. What is answered leaves at once; what failed for now is asked again, alone:
//! of several queries that share a request only the failed ones. A query goes on as long as its pages name a next state, and answers may
//! raise further queries. Both have caps: a parser that never ends costs its own query.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;

use super::driver::Again;
use super::gate::Place;
use super::job::{FOLLOWS, Job};
use super::limit::Signal;
use super::outcome::Source;
use super::part::Part;
use super::retry::is_oversize;
use super::run::Run;
use super::worker::{Group, Worker, share_out};
use crate::fetch::{Fetched, Held};
use crate::swap::{Generation, ParserId, Slot};
use crate::{Failure, FailureKind, Page, Query, Request, Response};

/// The longest that a server may ask to be left alone, as far as it is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A page, and who gave it.
struct Answered {
    /// The slot whose parser goes on where the page names a state.
    slot: Slot,
    generation: Arc<Generation>,
    page: Result<Page, Failure>,
    source: Option<Arc<Source>>,
}

/// What becomes of a query after a page.
enum Next {
    Again(Job),
    /// As [`Next::Again`], after so long.
    Later(Job, Duration),
    Raised(Vec<Job>),
}

impl Worker {
    /// Sends the request that a group shares, and hands on what it answers. Gives what is to be asked from here on.
    pub(super) async fn exchange(
        self: Arc<Self>,
        run: Arc<Run>,
        group: Group,
        generation: Arc<Generation>,
        mut place: Place,
    ) -> Vec<Again> {
        let slot = group.slot;
        let Some((generation, request, mut jobs, left)) = self.made(&run, &slot, generation, group.jobs).await else {
            return Vec::new();
        };
        let queries: Vec<_> = jobs.iter().map(|job| job.query.clone()).collect();
        self.mark_sent(&run, &place, &mut jobs);
        let (answered, signal, held) = self.pages(&run, &slot, &generation, request, &queries, deadline(&jobs)).await;
        place.tell(signal, answered.iter().find_map(|answered| answered.page.as_ref().err()).cloned());
        // What is handed on from here on may wait for a slow reader, who keeps no place from another run.
        place.give_back();
        self.note_size(&generation, &slot, &queries, &answered);
        let shared = jobs.len() as u32;
        let (mut now, mut later, mut longest) = (left, Vec::new(), Duration::ZERO);
        for (job, answered) in jobs.into_iter().zip(answered) {
            match self.step(&run, &mut place, job, answered, shared).await {
                Next::Again(job) => now.push(job),
                Next::Later(job, delay) => {
                    longest = longest.max(delay);
                    later.push(job);
                }
                Next::Raised(jobs) => now.extend(jobs),
            }
        }
        // Rows take memory as their body did.
        drop(held);
        let again = [Again { jobs: now, delay: Duration::ZERO }, Again { jobs: later, delay: longest }];
        again.into_iter().filter(|again| !again.jobs.is_empty()).collect()
    }

    /// The first request that the parser makes of the jobs, with its own, and those that it leaves. Those that it refuses are over.
    async fn made(
        &self,
        run: &Run,
        slot: &Slot,
        generation: Arc<Generation>,
        jobs: Vec<Job>,
    ) -> Option<(Arc<Generation>, Request, Vec<Job>, Vec<Job>)> {
        let (generation, requests) = match self.request(slot, generation, &jobs).await {
            Ok(made) => made,
            Err((generation, failure)) => {
                run.fail_all(jobs, &failure, generation.number).await;
                return None;
            }
        };
        let mut shared = share_out(run, &generation, requests, jobs).await.into_iter();
        let (request, own) = shared.next()?;
        Some((generation, request, own, shared.flat_map(|(_, jobs)| jobs).collect()))
    }

    fn mark_sent(&self, run: &Run, place: &Place, jobs: &mut [Job]) {
        let per_query = self.gate.speed().retries.per_query;
        let new = jobs.iter().filter(|job| !job.is_sent).count();
        if new > 0 {
            place.fill();
        }
        for job in jobs {
            if !job.is_sent {
                let own = per_query.and_then(|time| Instant::now().checked_add(time));
                (job.is_sent, job.deadline) = (true, own.into_iter().chain(run.deadline).min());
            }
        }
        run.tally.note(|stats| (stats.requests, stats.under_way) = (stats.requests + 1, stats.under_way + 1));
    }

    /// Fetches and parses.
    async fn pages(
        &self,
        run: &Run,
        slot: &Slot,
        generation: &Arc<Generation>,
        request: Request,
        queries: &[Query],
        deadline: Option<Instant>,
    ) -> (Vec<Answered>, Signal, Option<Held>) {
        let hosts = &generation.parser.description().hosts;
        let sent = Instant::now();
        let fetched = within(deadline, self.fetcher.fetch(hosts, request)).await;
        run.tally.exchanged(sent.elapsed(), fetched.as_ref().ok().map(|fetched| fetched.response.body.len()));
        let Fetched { response, mut held } = match fetched {
            Ok(fetched) => fetched,
            Err(failure) => {
                let signal = signal_of(&failure);
                let failure = match failure.kind {
                    FailureKind::Forbidden | FailureKind::ParserInvalid => {
                        blaming(generation, queries.first(), failure)
                    }
                    _ => failure,
                };
                let failed = |_| Answered::failed(slot, generation, failure.clone());
                return (queries.iter().map(failed).collect(), signal, None);
            }
        };
        tracing::debug!(status = response.status, bytes = response.body.len(), "{}", response.url);
        let slow = Notify::new();
        let parsed = slot.parse(generation, queries, response, &slow);
        let (pages, response) = while_quick(&mut held, &slow, parsed).await;
        let (status, told) = (response.status, retry_after(&response));
        let mut answered = answers(slot, generation, pages, &response);
        if answered.iter().any(Answered::is_layout_changed) {
            self.ask_the_others(slot, &mut answered, queries, response).await;
        }
        let signal = heed(status, told, &mut answered);
        (answered, signal, Some(held))
    }

    /// Asks the other parsers that declare the kind what the same response says, where the first doesn't know its layout: sites show a new
    /// layout to some before they show it to all.
    async fn ask_the_others(&self, slot: &Slot, answered: &mut [Answered], queries: &[Query], mut response: Response) {
        let kind = queries.first().map(Query::kind).unwrap_or_default();
        for other in self.slots.others(slot, kind, &response.url) {
            let generation = other.load();
            // All queries of the exchange: what tells their answers apart may be their places in it.
            let (pages, returned) = generation.parser.parse_and_return(queries, response, None).await;
            response = returned;
            let pages = answers(&other, &generation, pages.unwrap_or_default(), &response);
            for (first, page) in answered.iter_mut().zip(pages) {
                if first.is_layout_changed() && page.is_telling() {
                    *first = page;
                }
            }
            if !answered.iter().any(Answered::is_layout_changed) {
                return;
            }
        }
    }

    /// Takes a page, hands it on, and says what is next for its query.
    async fn step(&self, run: &Run, place: &mut Place, mut job: Job, answered: Answered, shared: u32) -> Next {
        let before = std::mem::replace(&mut job.generation, answered.generation.number);
        match answered.page {
            Ok(page) => self.take(run, job, page, answered.slot, &answered.generation, answered.source).await,
            // Another parser than the one that named the state can't read it.
            Err(failure)
                if failure.kind == FailureKind::InvalidQuery
                    && job.query.state().is_some()
                    && before != job.generation =>
            {
                job.start_over();
                Next::Again(job)
            }
            Err(failure) if shared > 1 && is_oversize(failure.kind) => {
                job.most = (shared / 2).max(1);
                Next::Again(job)
            }
            Err(failure) => match self.delay(place, &job, &failure) {
                Ok(delay) => {
                    run.retrying(&failure);
                    tracing::info!("{}: {failure}; asked again in {delay:.1?}", job.query);
                    job.retries += 1;
                    Next::Later(job, delay)
                }
                Err(failure) => {
                    let raised = run.end(job, failure, answered.generation.number, answered.source).await;
                    Next::Raised(raised)
                }
            },
        }
    }

    async fn take(
        &self,
        run: &Run,
        mut job: Job,
        mut page: Page,
        slot: Slot,
        generation: &Generation,
        source: Option<Arc<Source>>,
    ) -> Next {
        let in_rows = source.clone().filter(|_| self.source);
        let query = job.query.restarted();
        let (rows, failure) = job.progress.take(&query, &mut page, in_rows.as_deref());
        let blamed = |failure| blaming(generation, Some(&query), failure);
        let (mut failure, notes) = (failure.map(blamed), std::mem::take(&mut page.notes));
        job.slot = Some(slot);
        let mut goes_on = false;
        if failure.is_none() {
            job.follow.append(&mut page.follow);
            if let Some(state) = page.next.filter(|_| job.follow.len() <= FOLLOWS) {
                match job.go_on(state) {
                    Ok(()) => goes_on = true,
                    Err(endless) => failure = Some(blamed(endless)),
                }
            }
        }
        if !goes_on && let Some(too_many) = job.lineage.check(&job.follow) {
            failure.get_or_insert(blamed(too_many));
            job.follow.clear();
        }
        let state = if goes_on { job.query.state().map(Arc::from) } else { None };
        let raised = if goes_on { Vec::new() } else { job.raised(&run.resume) };
        let part = Part {
            query,
            rows,
            notes,
            records: job.progress.records,
            is_last: !goes_on,
            failure,
            generation: generation.number,
            source,
            state,
            origin: job.origin.clone(),
            raised: raised.len(),
        };
        run.send(part).await;
        if goes_on { Next::Again(job) } else { Next::Raised(raised) }
    }

    /// How long a failed query waits until it is asked again; else its failure, which is final.
    fn delay(&self, place: &mut Place, job: &Job, failure: &Failure) -> Result<Duration, Failure> {
        let retries = &self.gate.speed().retries;
        let Some(delay) = retries.delay(failure, job.retries) else { return Err(failure.clone()) };
        let saying = |what: String| Failure { message: format!("{}; {what}", failure.message), ..failure.clone() };
        if delay > retries.patience {
            return Err(saying(format!("it is to be asked again in {delay:.0?}, which is too long to wait")));
        }
        if job.deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
            let message = format!("its time is up; at last it was {failure}");
            return Err(Failure::new(FailureKind::Deadline, message));
        }
        if !place.retry() {
            return Err(saying(format!("retries are up to {:.0} % of the requests", retries.budget * 100.0)));
        }
        Ok(delay)
    }
}

/// When the first of them must be answered.
fn deadline(jobs: &[Job]) -> Option<Instant> {
    jobs.iter().filter_map(|job| job.deadline).min()
}

async fn within(
    deadline: Option<Instant>,
    fetch: impl Future<Output = Result<Fetched, Failure>>,
) -> Result<Fetched, Failure> {
    let Some(deadline) = deadline else { return fetch.await };
    let late = |_| Err(Failure::new(FailureKind::Deadline, "its time was up before it was answered"));
    tokio::time::timeout_at(deadline.into(), fetch).await.unwrap_or_else(late)
}

/// What `parsed` gives. A parser that isn't quick keeps no memory from the bodies of others.
async fn while_quick<T>(held: &mut Held, slow: &Notify, parsed: impl Future<Output = T>) -> T {
    let mut parsed = std::pin::pin!(parsed);
    tokio::select! {
        biased;
        parsed = &mut parsed => return parsed,
        () = slow.notified() => held.release(),
    }
    parsed.await
}

/// What an exchange without a response says of its host.
const fn signal_of(failure: &Failure) -> Signal {
    let answered = match failure.kind {
        FailureKind::Timeout | FailureKind::Http => true,
        FailureKind::Network => false,
        _ => return Signal::Neutral,
    };
    Signal::Congested { answered, retry_after: None }
}

/// What a response says of its host. Failures that don't say when to ask again are told what the response says.
fn heed(status: u16, told: Option<Duration>, answered: &mut [Answered]) -> Signal {
    let failures = answered.iter_mut().filter_map(|answered| answered.page.as_mut().err());
    let mut hint = told;
    let mut is_blocked = status == 429 || status >= 500;
    for failure in failures {
        failure.retry_after = failure.retry_after.or(told).map(|wait| wait.min(LONGEST_WAIT));
        hint = hint.max(failure.retry_after);
        is_blocked |= failure.kind == FailureKind::Blocked;
    }
    if is_blocked {
        Signal::Congested { answered: true, retry_after: hint }
    } else if answered.iter().any(|answered| answered.page.is_ok()) {
        Signal::Answered
    } else {
        Signal::Neutral
    }
}

/// `Retry-After` in both forms (RFC 9110 §10.2.3): seconds, or a time.
fn retry_after(response: &Response) -> Option<Duration> {
    let (_, value) = response.headers.iter().find(|(name, _)| name == "retry-after")?;
    let wait = match value.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(value.trim()).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
    };
    Some(wait.min(LONGEST_WAIT))
}

impl Answered {
    fn failed(slot: &Slot, generation: &Arc<Generation>, failure: Failure) -> Self {
        Self { slot: slot.clone(), generation: Arc::clone(generation), page: Err(failure), source: None }
    }

    fn is_layout_changed(&self) -> bool {
        self.page.as_ref().is_err_and(|failure| failure.kind == FailureKind::LayoutChanged)
    }

    /// Whether a further parser's answer says more than the first's, which doesn't know the layout.
    fn is_telling(&self) -> bool {
        use FailureKind::{Blocked, NotFound, Unavailable};
        self.page.as_ref().err().is_none_or(|failure| matches!(failure.kind, Blocked | NotFound | Unavailable))
    }
}

impl Worker {
    /// Takes note of how a request went that several queries may have shared.
    fn note_size(&self, generation: &Generation, slot: &Slot, queries: &[Query], answered: &[Answered]) {
        let failed = |answered: &Answered| answered.page.as_ref().is_err();
        let oversize = |answered: &Answered| answered.page.as_ref().is_err_and(|failure| is_oversize(failure.kind));
        let went_well = !answered.iter().all(failed) && !answered.iter().any(oversize);
        // A refusal for the pace says nothing of the size.
        if answered
            .iter()
            .all(|answered| answered.page.as_ref().is_err_and(|failure| failure.kind == FailureKind::Blocked))
        {
            return;
        }
        let Some(kind) = queries.first().map(Query::kind) else { return };
        if let Some(kind) = generation.parser.description().kind(kind) {
            self.size(slot, &kind.name, |size| size.note(queries.len() as u32, went_well, kind.per_request));
        }
    }
}

/// What a parser said of a response, for each query.
fn answers(
    slot: &Slot,
    generation: &Arc<Generation>,
    pages: Vec<Result<Page, Failure>>,
    response: &Response,
) -> Vec<Answered> {
    let Response { url, status, received_at, .. } = response;
    let source = Arc::new(Source {
        url: url.clone(),
        status: *status,
        received_at: *received_at,
        parser: ParserId::of(&generation.parser),
        generation: generation.number,
    });
    let answered = |page| Answered {
        slot: slot.clone(),
        generation: Arc::clone(generation),
        page,
        source: Some(Arc::clone(&source)),
    };
    pages.into_iter().map(answered).collect()
}

/// The failure, with the parser's name and the query's kind.
fn blaming(generation: &Generation, query: Option<&Query>, failure: Failure) -> Failure {
    failure.blaming(&generation.parser.description().name, query.map(Query::kind).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let response = |value: &str| Response::new("https://example.org/", 429, "").header("Retry-After", value);
        assert_eq!(retry_after(&response(" 120 ")), Some(Duration::from_secs(120)));
        assert_eq!(retry_after(&response("999999999999")), Some(LONGEST_WAIT));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
        let wait = retry_after(&response(&soon)).unwrap();
        assert!((58.0..61.0).contains(&wait.as_secs_f64()), "{wait:?}");
        assert_eq!(retry_after(&response("Wed, 21 Oct 2015 07:28:00 GMT")), Some(Duration::ZERO));
        assert_eq!(retry_after(&response("soon")), None);
        assert_eq!(retry_after(&Response::new("https://example.org/", 429, "")), None);
    }
}
