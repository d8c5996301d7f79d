//! Exchange: one request is built, sent, and its response parsed.
//!
//! The request is built when it may go, by the parser that answers then, and kept with its generation if it has to be sent again.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::StatusCode;
use http::header::RETRY_AFTER;
use tokio::sync::Notify;

use super::advance::Answers;
use super::batch_failure::{classify, halve};
use super::context::{ExchangeContext, share_out};
use super::requeue::Requeue;
use crate::fetch::{Fetched, MemoryReservation};
use crate::jobs::job::Job;
use crate::jobs::permit::{Batch, BuiltRequest, Permit};
use crate::jobs::run_state::Run;
use crate::result::outcome::Source;
use crate::schedule::scheduler::Feedback;
use crate::swap::{Generation, ParserId, ParserSlot};
use crate::types::{Failure, FailureKind, Page, Query, Response};

/// Longest `Retry-After` that is believed.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A query's page, and the parser that returned it.
pub(crate) struct Answered {
    /// The slot that answers the query's further pages.
    pub(crate) slot: ParserSlot,
    pub(crate) generation: Arc<Generation>,
    pub(crate) page: Result<Page, Failure>,
    pub(crate) source: Option<Arc<Source>>,
}

/// A request that may go, and the queries that share it.
#[derive(Debug)]
pub(crate) struct ReadyRequest {
    pub(crate) built: BuiltRequest,
    pub(crate) jobs: Vec<Job>,
}

/// Result of an exchange.
struct Exchanged {
    answered: Vec<Answered>,
    /// The response's status, if there was a response.
    status: Option<StatusCode>,
    held: Option<MemoryReservation>,
}

impl ExchangeContext {
    /// Sends a request and handles its answers. Returns what is to be queued.
    pub(crate) async fn exchange(&self, run: &Run, ready: ReadyRequest, mut permit: Permit) -> Vec<Requeue> {
        if let Err(failure) = self.check_robots(run, &ready.built).await {
            return self.end_unsent(run, ready.jobs, &failure, Some(ready.built.0.number), permit).await;
        }
        let ReadyRequest { built: (generation, request), mut jobs } = ready;
        let Some(slot) = jobs.first().and_then(|job| job.slot.clone()) else { return Vec::new() };
        let queries: Vec<_> = jobs.iter().map(|job| job.query.clone()).collect();
        self.mark_sent(run, &permit, &mut jobs);
        let deadline = jobs.iter().filter_map(|job| job.deadline).min();
        let built = (Arc::clone(&generation), request.clone());
        let exchanged = self.fetch_and_parse(run, &slot, &built, &queries, deadline).await;
        let Exchanged { answered, status, held } = exchanged;
        let kind = queries.first().map(Query::kind).unwrap_or_default();
        let pages: Vec<_> = answered.iter().map(|answered| &answered.page).collect();
        let batch_failure = classify(status, &pages);
        let feedback = self.feedback((&slot, kind), status, &answered, batch_failure.is_some() && jobs.len() > 1);
        let is_probe = permit.is_probe();
        let failure = answered.iter().find_map(|answered| answered.page.as_ref().err()).cloned();
        let has_retry_after = answered.iter().any(Answered::has_retry_after);
        let suspicion =
            batch_failure.map(|why| (why, self.suspect((&slot, kind), &jobs, why, (has_retry_after, is_probe))));
        if !suspicion.is_some_and(|(_, suspicion)| suspicion.clears_host) {
            permit.record(feedback, failure);
        }
        // Sending pages may wait for a slow reader, which must not keep the permit from another run.
        permit.release();
        let mut answers = Answers { context: self, run, permit: &mut permit, is_probe };
        let requeued = match suspicion {
            Some(why) => answers.fail_batch(jobs, answered, why, built).await,
            None => {
                answers.record_size(&slot, &answered, &queries);
                let mut requeued = Vec::new();
                for (job, answered) in jobs.into_iter().zip(answered) {
                    requeued.extend(answers.advance(job, answered).await);
                }
                requeued
            }
        };
        // Until here rows take as much memory as their body.
        drop(held);
        requeued
    }

    /// Builds the first request of a batch, and returns what is left of the batch. Queries that the parser refuses are ended.
    pub(crate) async fn build_request(
        &self,
        run: &Run,
        generation: Arc<Generation>,
        jobs: Vec<Job>,
    ) -> (Option<ReadyRequest>, Vec<Requeue>) {
        let Some(slot) = jobs.first().and_then(|job| job.slot.clone()) else { return (None, Vec::new()) };
        match self.request(&slot, generation, &jobs).await {
            Ok((generation, requests)) => {
                let shared = share_out(run, &generation, requests, jobs).await.into_iter();
                let mut batches = shared.map(|(request, jobs)| (jobs, (Arc::clone(&generation), request)));
                let first = batches.next().map(|(jobs, built)| ReadyRequest { built, jobs });
                let left = batches.map(|(jobs, built)| Batch { jobs, request: Some(built) });
                (first, left.map(|batch| Requeue::Batch(batch, Duration::ZERO)).collect())
            }
            // A parser that fails on several queries may succeed on each.
            Err((_, failure)) if failure.kind == FailureKind::ParserInvalid && jobs.len() > 1 => {
                let halves = halve(jobs).map(Requeue::batch);
                (None, halves.into())
            }
            Err((generation, failure)) => {
                run.fail_all(jobs, &failure, Some(generation.number)).await;
                (None, Vec::new())
            }
        }
    }

    fn mark_sent(&self, run: &Run, permit: &Permit, jobs: &mut [Job]) {
        let per_query = self.scheduler.config().retries.query_deadline;
        if jobs.iter().any(|job| !job.is_sent) {
            permit.deposit();
        }
        for job in jobs {
            if !job.is_sent {
                let own = per_query.and_then(|time| Instant::now().checked_add(time));
                (job.is_sent, job.deadline) = (true, own.into_iter().chain(run.deadline).min());
            }
        }
        run.stats_recorder
            .update(|stats| (stats.requests, stats.in_flight) = (stats.requests + 1, stats.in_flight + 1));
    }

    async fn fetch_and_parse(
        &self,
        run: &Run,
        slot: &ParserSlot,
        (generation, request): &BuiltRequest,
        queries: &[Query],
        deadline: Option<Instant>,
    ) -> Exchanged {
        let hosts = &generation.parser.description().hosts;
        let sent = Instant::now();
        let fetched = with_deadline(deadline, self.fetcher.fetch(hosts, request.clone())).await;
        run.stats_recorder.exchanged(sent.elapsed(), fetched.as_ref().ok().map(|fetched| fetched.response.body.len()));
        let Fetched { response, mut held } = match fetched {
            Ok(fetched) => fetched,
            Err(failure) => {
                let failure = match failure.kind {
                    FailureKind::Forbidden | FailureKind::ParserInvalid => {
                        attributed_to(generation, queries.first(), failure)
                    }
                    _ => failure,
                };
                let failed = |_| Answered::failed(slot, generation, failure.clone());
                return Exchanged { answered: queries.iter().map(failed).collect(), status: None, held: None };
            }
        };
        tracing::debug!(status = response.status.as_u16(), bytes = response.body.len(), "{}", response.url);
        let slow = Notify::new();
        let parsed = slot.parse(generation, queries, &response, &slow);
        let pages = release_memory_if_slow(&mut held, &slow, parsed).await;
        let (status, told) = (response.status, retry_after(&response));
        let mut answered = answers(slot, generation, pages, &response);
        if answered.iter().any(Answered::is_layout_changed) {
            self.try_other_parsers(slot, &mut answered, queries, &response).await;
        }
        // Failures without a time take the response's `Retry-After`.
        for failure in answered.iter_mut().filter_map(|answered| answered.page.as_mut().err()) {
            failure.retry_after = failure.retry_after.or(told).map(|wait| wait.min(MAX_RETRY_AFTER));
        }
        Exchanged { answered, status: Some(status), held: Some(held) }
    }

    /// Lets the other parsers that declare the kind parse a response whose layout the first doesn't know: sites show a new layout to some users
    /// first.
    async fn try_other_parsers(
        &self,
        slot: &ParserSlot,
        answered: &mut [Answered],
        queries: &[Query],
        response: &Response,
    ) {
        let kind = queries.first().map(Query::kind).unwrap_or_default();
        for other in self.slots.others(slot, kind, &response.url) {
            let generation = other.load();
            // With all queries of the exchange: answers may be told apart by their places in it.
            let pages = generation.parser.parse(queries, response).await;
            let pages = answers(&other, &generation, pages.unwrap_or_default(), response);
            for (first, page) in answered.iter_mut().zip(pages) {
                if first.is_layout_changed() && page.is_conclusive() {
                    *first = page;
                }
            }
            if !answered.iter().any(Answered::is_layout_changed) {
                return;
            }
        }
    }

    /// The feedback of an exchange on its host.
    fn feedback(
        &self,
        (slot, kind): (&ParserSlot, &str),
        status: Option<StatusCode>,
        answered: &[Answered],
        is_batch_failure: bool,
    ) -> Feedback {
        let failures = || answered.iter().filter_map(|answered| answered.page.as_ref().err());
        let retry_after = failures().filter_map(|failure| failure.retry_after).max();
        if failures().any(|failure| failure.is_permanent) {
            return Feedback::Unreachable;
        }
        let is_congested = match status {
            Some(status) => {
                status == StatusCode::TOO_MANY_REQUESTS
                    || status.is_server_error()
                    || failures().any(|failure| failure.kind == FailureKind::Blocked)
            }
            None => failures().any(|failure| {
                matches!(
                    failure.kind,
                    FailureKind::Timeout
                        | FailureKind::Http
                        | FailureKind::Network
                        | FailureKind::Blocked
                        | FailureKind::Unavailable
                )
            }),
        };
        if is_congested || (is_batch_failure && self.sizers.largest_good(slot.name(), kind).is_none()) {
            Feedback::Congestion { retry_after }
        } else if answered.iter().any(|answered| answered.page.is_ok()) {
            Feedback::Success
        } else {
            Feedback::Neutral
        }
    }
}

/// Runs `asked` until the deadline.
pub(crate) async fn with_deadline<T>(
    deadline: Option<Instant>,
    asked: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let Some(deadline) = deadline else { return asked.await };
    let late = |_| Err(Failure::new(FailureKind::Deadline, "its time was up before it was answered"));
    tokio::time::timeout_at(deadline.into(), asked).await.unwrap_or_else(late)
}

/// Runs `parsed`, and releases the body's share of memory if it takes long.
async fn release_memory_if_slow<T>(held: &mut MemoryReservation, slow: &Notify, parsed: impl Future<Output = T>) -> T {
    let mut parsed = std::pin::pin!(parsed);
    tokio::select! {
        biased;
        parsed = &mut parsed => return parsed,
        () = slow.notified() => held.release(),
    }
    parsed.await
}

/// `Retry-After` in both forms (RFC 9110 §10.2.3): seconds, or a time.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers.get(RETRY_AFTER)?.to_str().ok()?;
    let wait = match value.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(value.trim()).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

impl Answered {
    fn failed(slot: &ParserSlot, generation: &Arc<Generation>, failure: Failure) -> Self {
        Self { slot: slot.clone(), generation: Arc::clone(generation), page: Err(failure), source: None }
    }

    /// Whether the server sent `Retry-After`.
    fn has_retry_after(&self) -> bool {
        self.page.as_ref().is_err_and(|failure| failure.retry_after.is_some())
    }

    fn is_layout_changed(&self) -> bool {
        self.page.as_ref().is_err_and(|failure| failure.kind == FailureKind::LayoutChanged)
    }

    /// Whether a further parser's answer is better than the first's, which doesn't know the layout.
    fn is_conclusive(&self) -> bool {
        use FailureKind::{Blocked, NotFound, Unavailable};
        self.page.as_ref().err().is_none_or(|failure| matches!(failure.kind, Blocked | NotFound | Unavailable))
    }
}

/// A parser's pages of a response, one for each query.
fn answers(
    slot: &ParserSlot,
    generation: &Arc<Generation>,
    pages: Vec<Result<Page, Failure>>,
    response: &Response,
) -> Vec<Answered> {
    let Response { url, status, received_at, .. } = response;
    let source = Arc::new(Source {
        url: url.clone(),
        status: *status,
        received_at: *received_at,
        parser: ParserId::new(&generation.parser),
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
pub(crate) fn attributed_to(generation: &Generation, query: Option<&Query>, failure: Failure) -> Failure {
    failure.attributed_to(&generation.parser.description().name, query.map(Query::kind).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let bare = || Response::new("https://example.org/", StatusCode::TOO_MANY_REQUESTS, "");
        let response = |value: &str| bare().with_header(RETRY_AFTER, value.parse().unwrap());
        assert_eq!(retry_after(&response(" 120 ")), Some(Duration::from_secs(120)));
        assert_eq!(retry_after(&response("999999999999")), Some(MAX_RETRY_AFTER));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
        let wait = retry_after(&response(&soon)).unwrap();
        assert!((58.0..61.0).contains(&wait.as_secs_f64()), "{wait:?}");
        assert_eq!(retry_after(&response("Wed, 21 Oct 2015 07:28:00 GMT")), Some(Duration::ZERO));
        assert_eq!(retry_after(&response("soon")), None);
        assert_eq!(retry_after(&bare()), None);
    }
}
