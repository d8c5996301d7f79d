//! Who answers queries, and how are they grouped by the requests that they share?

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::gate::Gate;
use super::job::Job;
use super::plan::PlanError;
use super::run::Run;
use super::size::{Sharing, Size};
use crate::fetch::Fetcher;
use crate::swap::{Generation, Slot, Slots};
use crate::types::host_of;
use crate::{Exchange, Failure, FailureKind, Query, Request, Requests};

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
    pub(super) sizes: Arc<Mutex<HashMap<(String, String), Size>>>,
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
    pub(super) host: String,
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
    pub(super) async fn group(self: Arc<Self>, run: Arc<Run>, jobs: Vec<Job>) -> Vec<Group> {
        let mut groups = Vec::new();
        for (slot, jobs) in self.by_slot(&run, jobs).await {
            let only = slot.description().hosts.first().filter(|_| jobs.len() == 1).cloned();
            if let Some(host) = only.filter(|_| slot.description().hosts.len() == 1) {
                groups.push(Group { slot, jobs, host });
                continue;
            }
            match self.request(&slot, slot.load(), &jobs).await {
                Ok((generation, requests)) => {
                    let shared = share_out(&run, &generation, requests, jobs).await;
                    let group =
                        |(request, jobs): (Request, _)| Group { slot: slot.clone(), jobs, host: host_of(&request.url) };
                    groups.extend(shared.into_iter().map(group));
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

/// The requests with the jobs that share each. Those that the parser refuses are over.
pub(super) async fn share_out(
    run: &Run,
    generation: &Generation,
    requests: Requests,
    jobs: Vec<Job>,
) -> Vec<(Request, Vec<Job>)> {
    let mut jobs: Vec<_> = jobs.into_iter().map(Some).collect();
    let mut take = |index: usize| jobs.get_mut(index).and_then(Option::take);
    for (index, failure) in requests.refused {
        if let Some(job) = take(index) {
            run.fail(job, failure, generation.number, None, 0).await;
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
