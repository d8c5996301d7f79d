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

/// What every exchange needs.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) slots: ParserRegistry,
    pub(crate) fetcher: Fetcher,
    pub(crate) scheduler: SharedScheduler,
    /// Whether rows tell where they come from.
    pub(crate) source: bool,
    pub(crate) sizers: BatchSizers,
    pub(crate) robots: RobotsChecker,
}

/// Queries, the host that they are asked of, and their request if it is to be kept.
#[derive(Debug)]
pub(crate) struct Routed {
    pub(crate) slot: ParserSlot,
    pub(crate) host: String,
    pub(crate) batch: Batch,
}

impl Worker {
    /// Who answers a query.
    pub(crate) fn slot(&self, query: &Query) -> Result<ParserSlot, Failure> {
        let slot = self.slot_of(query.parser(), query.kind());
        slot.map_err(|error| Failure::new(FailureKind::InvalidQuery, error.to_string()))
    }

    /// Who answers queries of a kind, of the parser that is named or of any.
    pub(crate) fn slot_of(&self, parser: Option<&str>, kind: &str) -> Result<ParserSlot, PlanError> {
        self.slots.resolve(parser, kind).map_err(|why| PlanError::unresolved(parser, kind, why))
    }

    /// How many queries of a kind share a request now.
    pub(crate) fn batch_limit(&self, slot: &ParserSlot, name: &str, kind: Option<&Kind>) -> BatchLimit {
        let per_request = kind.map_or(PerRequest::ONE, |kind| kind.per_request);
        self.sizers.limit(slot.name(), name, per_request)
    }

    /// The requests that a parser makes; where it can't and another answers by now, those of that one.
    pub(crate) async fn request(
        &self,
        slot: &ParserSlot,
        mut generation: Arc<Generation>,
        jobs: &[Job],
    ) -> Result<(Arc<Generation>, Requests), (Arc<Generation>, Failure)> {
        let queries: Vec<_> = jobs.iter().map(|job| job.query.clone()).collect();
        // How many share a request is decided: the parser has no reason to split them for their number.
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

    /// The hosts of jobs whose parser may ask several: its requests say which. A request of one query is kept.
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

/// The requests with the jobs that share each. Those that the parser refuses are over.
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
