//! Advance of queries after a response: their pages are sent, failed ones are retried, and further pages and follow-up queries are queued.
//!
//! A query continues as long as its pages name a state. Pages and follow-up queries have limits, so that a parser that never ends costs only its
//! own query.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch_failure::{BatchFailure, halve};
use super::context::ExchangeContext;
use super::requeue::Requeue;
use super::round_trip::{Answered, attributed_to};
use super::suspicion::Suspicion;
use crate::jobs::job::{Job, MAX_FOLLOW_UPS};
use crate::jobs::permit::{Batch, BuiltRequest, Permit};
use crate::jobs::run_state::Run;
use crate::parser::PerRequest;
use crate::result::outcome::{RowFrame, Source, Taken};
use crate::result::page_result::PageResult;
use crate::schedule::retry::{Attempt, NoRetry, Retry};
use crate::swap::{Generation, ParserSlot};
use crate::types::{Failure, FailureKind, Page, Query};

/// Handler of the answers of one exchange.
pub(crate) struct Answers<'e> {
    pub(crate) context: &'e ExchangeContext,
    pub(crate) run: &'e Run,
    pub(crate) permit: &'e mut Permit,
    /// Whether the exchange probed a host that refuses everything.
    pub(crate) is_probe: bool,
}

impl Answers<'_> {
    /// Handles a query's answer, and returns what is to be queued.
    pub(crate) async fn advance(&mut self, mut job: Job, answered: Answered) -> Vec<Requeue> {
        let before = job.generation.replace(answered.generation.number);
        let failure = match answered.page {
            Ok(page) => {
                return self.deliver_page(job, page, answered.slot, &answered.generation, answered.source).await;
            }
            Err(failure) => failure,
        };
        // Only the parser that named a state can read it.
        let is_foreign = job.query.state().is_some() && before != job.generation;
        if failure.kind == FailureKind::InvalidQuery && is_foreign {
            job.start_over();
            return vec![Requeue::Job(job, Duration::ZERO)];
        }
        match self.retry(&mut job, &failure) {
            Ok(delay) if failure.retry_after.is_some() => {
                vec![Requeue::Batch(Batch { jobs: vec![job], request: None }, delay)]
            }
            Ok(delay) => vec![Requeue::Job(job, delay)],
            Err(failure) => {
                let raised = self.run.end(job, failure, Some(answered.generation.number), answered.source).await;
                Requeue::jobs(raised)
            }
        }
    }

    /// Retries a batch in which no query was answered: whole, or in halves.
    pub(crate) async fn fail_batch(
        &mut self,
        jobs: Vec<Job>,
        answered: Vec<Answered>,
        (why, suspicion): (BatchFailure, Suspicion),
        built: BuiltRequest,
    ) -> Vec<Requeue> {
        if suspicion.is_of_size {
            self.record_failed_size(&jobs, &built.0);
        }
        let is_hopeless = why == BatchFailure::Rejected && self.is_hopeless(&jobs);
        if jobs.len() > 1 && !is_hopeless && suspicion.halves {
            return halve(jobs).map(as_half).into();
        }
        let (mut again, mut longest, mut requeued) = (Vec::new(), Duration::ZERO, Vec::new());
        let is_whole = jobs.len();
        for (mut job, answered) in jobs.into_iter().zip(answered) {
            job.generation = Some(answered.generation.number);
            let Err(failure) = answered.page else { continue };
            match self.retry(&mut job, &failure) {
                Ok(delay) => {
                    longest = longest.max(delay);
                    again.push(job);
                }
                Err(failure) => {
                    let raised = self.run.end(job, failure, Some(answered.generation.number), answered.source).await;
                    requeued.extend(Requeue::jobs(raised));
                }
            }
        }
        if !again.is_empty() {
            let request = (again.len() == is_whole).then_some(built);
            requeued.push(Requeue::Batch(Batch { jobs: again, request }, longest));
        }
        requeued
    }

    /// Records the size of a batch in which some query was answered.
    pub(crate) fn record_size(&self, slot: &ParserSlot, answered: &[Answered], queries: &[Query]) {
        let Some((kind, per_request)) = self.kind(slot, queries.first()) else { return };
        // A query that the site answers with "there is none" is answered.
        let is_answered =
            |one: &Answered| one.page.as_ref().err().is_none_or(|failure| failure.kind == FailureKind::NotFound);
        let answered: Vec<_> = answered.iter().map(is_answered).collect();
        let first = answered.iter().take_while(|is_answered| **is_answered).count();
        let left_out = answered.len() - first;
        let count = |queries: usize| u32::try_from(queries).unwrap_or(u32::MAX);
        let sizers = &self.context.sizers;
        if first > 0 && left_out > 1 && !answered.iter().skip(first).any(|is_answered| *is_answered) {
            // The site answers the first of more.
            sizers.record_success(slot.name(), &kind, per_request, count(first));
            sizers.record_failure(slot.name(), &kind, per_request, count(answered.len()));
        } else if answered.contains(&true) {
            sizers.record_success(slot.name(), &kind, per_request, count(answered.len()));
        }
    }

    fn record_failed_size(&self, jobs: &[Job], generation: &Generation) {
        let Some(first) = jobs.first() else { return };
        let Some(slot) = &first.slot else { return };
        if let Some(kind) = generation.parser.description().kind(first.query.kind()) {
            let queries = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
            let per_request = kind.per_request_of(&first.query);
            self.context.sizers.record_failure(slot.name(), &kind.name, per_request, queries);
        }
    }

    fn is_hopeless(&self, jobs: &[Job]) -> bool {
        let first = jobs.first().and_then(|job| job.slot.as_ref().map(|slot| (slot, job.query.kind())));
        first.is_some_and(|(slot, kind)| self.context.sizers.is_hopeless(slot.name(), kind))
    }

    fn kind(&self, slot: &ParserSlot, query: Option<&Query>) -> Option<(String, PerRequest)> {
        let (description, query) = (slot.description(), query?);
        description.kind(query.kind()).map(|kind| (kind.name.clone(), kind.per_request_of(query)))
    }

    /// Counts an attempt of a failed query, and returns the delay of its retry.
    ///
    /// # Errors
    /// The final failure, if it isn't retried.
    fn retry(&mut self, job: &mut Job, failure: &Failure) -> Result<Duration, Failure> {
        let policy = &self.context.scheduler.config().retries;
        let is_probe = self.is_probe && !job.is_suspect;
        let attempt = Attempt { retries: job.retries, had_retry_after: job.had_retry_after, is_probe };
        let because = |what: String| Failure { message: format!("{}; {what}", failure.message), ..failure.clone() };
        let Retry { delay, costs_attempt } =
            policy.decide(failure, attempt, fastrand::f64()).map_err(|refused| match refused {
                NoRetry::Final => failure.clone(),
                NoRetry::WaitTooLong(wait) => because(format!(
                    "the server tells to wait {wait:.0?}, and waits of up to {:.0?} are allowed",
                    policy.max_retry_after
                )),
            })?;
        if job.deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
            let message = format!("its time is up; at last it was {failure}");
            return Err(Failure::new(FailureKind::Deadline, message));
        }
        if costs_attempt && !self.permit.withdraw_retry() {
            return Err(because(format!("retries are up to {:.0} % of the requests", policy.budget * 100.0)));
        }
        self.run.retrying(failure);
        tracing::info!("{}: {failure}; asked again in {delay:.1?}", job.query);
        job.retries += u32::from(costs_attempt);
        job.had_retry_after |= failure.retry_after.is_some();
        Ok(delay)
    }
}

/// Requeues half of a batch in which no query was answered.
fn as_half(mut jobs: Vec<Job>) -> Requeue {
    if let [only] = jobs.as_mut_slice() {
        only.is_suspect = true;
    }
    Requeue::batch(jobs)
}

impl Answers<'_> {
    async fn deliver_page(
        &self,
        mut job: Job,
        mut page: Page,
        slot: ParserSlot,
        generation: &Generation,
        source: Option<Arc<Source>>,
    ) -> Vec<Requeue> {
        let run = self.run;
        let in_rows = source.clone().filter(|_| self.context.source);
        let query = job.query.restarted();
        let description = generation.parser.description();
        let limit = description.limit_of(&query);
        let fetched_at = source.as_ref().map(|source| source.received_at);
        let frame = RowFrame::new(&query, description.kind(query.kind()), fetched_at, in_rows.as_deref());
        let bytes = page.records.iter().map(String::len).sum();
        let Taken { mut rows, record_keys, duplicates, failure } = job.progress.take(&frame, &mut page, limit);
        if duplicates > 0 {
            run.stats_recorder.update(|stats| stats.duplicates += duplicates as u64);
        }
        let blamed = |failure| attributed_to(generation, Some(&query), failure);
        let (mut failure, notes) = (failure.map(blamed), std::mem::take(&mut page.notes));
        job.slot = Some(slot);
        if let Some(follow_up) = run.follow_up(&job) {
            job.follow_up.append(&mut follow_up.queries(&query, std::mem::take(&mut rows)));
        }
        let mut continues = false;
        if failure.is_none() {
            job.follow.append(&mut page.follow);
            let is_full = limit.is_some_and(|limit| job.progress.records >= limit);
            if let Some(state) = page.next.filter(|_| job.follow.len() <= MAX_FOLLOW_UPS && !is_full) {
                match job.continue_from(state) {
                    Ok(()) => continues = true,
                    Err(endless) => failure = Some(blamed(endless)),
                }
            }
        }
        if !continues && let Some(too_many) = job.follow_up_budget.check(&job.follow) {
            failure.get_or_insert(blamed(too_many));
            job.follow.clear();
        }
        let state = if continues { job.query.state().map(Arc::from) } else { None };
        let raised = if continues { Vec::new() } else { job.take_follow_ups(&run.resume) };
        run.open.add(&raised);
        let page_result = PageResult {
            query,
            rows,
            notes,
            records: run.records(&job),
            is_last: !continues,
            failure,
            generation: Some(generation.number),
            source,
            slot: job.slot.clone(),
            state,
            record_keys,
            bytes,
            query_path: job.query_path.clone(),
            follow_up_count: raised.len(),
        };
        run.send(page_result).await;
        if continues { vec![Requeue::Job(job, Duration::ZERO)] } else { Requeue::jobs(raised) }
    }
}
