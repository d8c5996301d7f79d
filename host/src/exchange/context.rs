//! What every exchange of a host needs, and the requests that parsers make of queries.

use std::sync::Arc;

use crate::fetch::Fetcher;
use crate::jobs::job::Job;
use crate::jobs::permit::{Batch, SharedScheduler};
use crate::jobs::run_state::Run;
use crate::parser::{Kind, PerRequest};
use crate::query::PlanError;
use crate::robots::RobotsChecker;
use crate::schedule::batch_size::BatchSizers;
use crate::schedule::wait_queue::BatchLimit;
use crate::swap::{Generation, ParserRegistry, ParserSlot};
use crate::types::{Exchange, Failure, FailureKind, Query, Request, Requests, host_of};

/// Context that all exchanges of a host share.
#[derive(Clone, Debug)]
pub(crate) struct ExchangeContext {
    pub(crate) slots: ParserRegistry,
    pub(crate) fetcher: Fetcher,
    pub(crate) scheduler: SharedScheduler,
    /// Whether rows have their source.
    pub(crate) source: bool,
    pub(crate) sizers: BatchSizers,
    pub(crate) robots: RobotsChecker,
}

/// Queries with the host that they are sent to, and their request if it is kept.
#[derive(Debug)]
pub(crate) struct Routed {
    pub(crate) slot: ParserSlot,
    pub(crate) host: String,
    pub(crate) batch: Batch,
}

impl ExchangeContext {
    /// The slot that answers a query.
    pub(crate) fn slot(&self, query: &Query) -> Result<ParserSlot, Failure> {
        let slot = self.slot_of(query.parser(), query.kind());
        slot.map_err(|error| Failure::new(FailureKind::InvalidQuery, error.to_string()))
    }

    /// The slot that answers queries of a kind: the named parser's, or that of any which declares it.
    pub(crate) fn slot_of(&self, parser: Option<&str>, kind: &str) -> Result<ParserSlot, PlanError> {
        self.slots.resolve(parser, kind).map_err(|why| PlanError::unresolved(parser, kind, why))
    }

    /// How many queries like this one share a request now.
    pub(crate) fn batch_limit(&self, slot: &ParserSlot, kind: Option<&Kind>, query: &Query) -> BatchLimit {
        let per_request = kind.map_or(PerRequest::ONE, |kind| kind.per_request_of(query));
        self.sizers.limit(slot.name(), query.kind(), per_request)
    }

    /// Builds requests. If the parser fails and another was swapped in meanwhile, that one builds them.
    pub(crate) async fn request(
        &self,
        slot: &ParserSlot,
        mut generation: Arc<Generation>,
        jobs: &[Job],
    ) -> Result<(Arc<Generation>, Requests), (Arc<Generation>, Failure)> {
        let queries: Vec<_> = jobs.iter().map(|job| job.query.clone()).collect();
        // The size of the batch is decided: the parser must not split it.
        let per_request = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
        loop {
            let requests = slot.request(&generation, &queries, per_request).await;
            match requests {
                Ok(requests) => return Ok((generation, requests)),
                Err(_) if slot.generation() != generation.number => generation = slot.load(),
                Err(failure) => return Err((generation, failure)),
            }
        }
    }

    /// Finds the hosts of jobs whose parser declares several, from the requests that it builds. A request of one query is kept.
    pub(crate) async fn route(&self, run: &Run, slot: ParserSlot, jobs: Vec<Job>) -> Vec<Routed> {
        let mut routed = Vec::new();
        for jobs in by_kind(jobs) {
            let kind = jobs.first().map(|job| job.query.kind().to_owned()).unwrap_or_default();
            let is_alone = slot.description().kind(&kind).is_none_or(|kind| kind.per_request.max <= 1);
            match self.request(&slot, slot.load(), &jobs).await {
                Ok((generation, requests)) => {
                    for (request, jobs) in share_out(run, &generation, requests, jobs).await {
                        let host = host_of(&request.url);
                        let request = is_alone.then(|| (Arc::clone(&generation), request));
                        routed.push(Routed { slot: slot.clone(), host, batch: Batch { jobs, request } });
                    }
                }
                // A parser that gets several wrong may get each right.
                Err((_, failure)) if failure.kind == FailureKind::ParserInvalid && jobs.len() > 1 => {
                    let host = slot.description().hosts.first().cloned().unwrap_or_default();
                    let batch = Batch { jobs, request: None };
                    routed.push(Routed { slot: slot.clone(), host, batch });
                }
                Err((generation, failure)) => run.fail_all(jobs, &failure, Some(generation.number)).await,
            }
        }
        routed
    }
}

fn by_kind(jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let mut kinds: Vec<Vec<Job>> = Vec::new();
    for job in jobs {
        match kinds.iter_mut().find(|kind| kind.first().is_some_and(|first| first.query.kind() == job.query.kind())) {
            Some(kind) => kind.push(job),
            None => kinds.push(vec![job]),
        }
    }
    kinds
}

/// The requests with the jobs that share each. Jobs that the parser refuses are ended.
pub(crate) async fn share_out(
    run: &Run,
    generation: &Generation,
    requests: Requests,
    jobs: Vec<Job>,
) -> Vec<(Request, Vec<Job>)> {
    let mut jobs: Vec<_> = jobs.into_iter().map(Some).collect();
    let mut take = |index: usize| jobs.get_mut(index).and_then(Option::take);
    for (index, failure) in requests.refused {
        if let Some(job) = take(index) {
            run.fail(job, failure, Some(generation.number), None, 0).await;
        }
    }
    let mut shared = |exchange: Exchange| {
        let mut jobs: Vec<_> = exchange.queries.iter().filter_map(|index| take(*index)).collect();
        // Thousands wait, mostly alone: a vector of unknown length begins with room for four.
        jobs.shrink_to_fit();
        (exchange.request, jobs)
    };
    requests.exchanges.into_iter().map(&mut shared).collect()
}
