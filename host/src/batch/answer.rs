//! How is one exchange answered, and what its pages raise?
//!
//! A query goes on as long as its pages name a next state, and answers may raise further queries. Both have caps: a parser that never
//! ends costs its own query.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, join_all};

use super::gate::Place;
use super::outcome::{Outcome, Source};
use super::run::Worker;
use crate::swap::{Generation, ParserId, Slot};
use crate::{Exchange, Failure, FailureKind, Page, Query, Response};

/// Pages of one query.
const PAGES: usize = 1000;

/// Answers that raise queries whose answers raise queries.
const FOLLOW_DEPTH: u32 = 3;

/// Further queries that one query's answers may raise.
const FOLLOWS: usize = 1000;

/// A page, and who gave it.
struct Answered {
    /// The slot whose parser goes on where the page names a state.
    slot: Slot,
    generation: u64,
    page: Result<Page, Failure>,
    source: Option<Arc<Source>>,
}

impl Worker {
    /// The outcomes of an exchange's queries, each with those of the queries that its answers raised.
    pub(super) async fn answer_exchange(
        &self,
        slot: &Slot,
        generation: &Generation,
        exchange: Exchange,
        queries: &[Query],
        place: Place,
    ) -> Vec<Vec<Outcome>> {
        let chosen = exchange.chosen(queries);
        let pages = self.pages(slot, generation, exchange, &chosen).await;
        drop(place);
        join_all(chosen.into_iter().zip(pages).map(|(query, page)| self.go_on(query, page, 0))).await
    }

    /// Fetches and parses.
    async fn pages(
        &self,
        slot: &Slot,
        generation: &Generation,
        exchange: Exchange,
        queries: &[Query],
    ) -> Vec<Answered> {
        let hosts = &generation.parser.description().hosts;
        let response = match self.fetcher.fetch(hosts, exchange.request).await {
            Ok(response) => response,
            Err(failure) => {
                return queries.iter().map(|_| Answered::failed(slot, generation, failure.clone())).collect();
            }
        };
        tracing::debug!(status = response.status, bytes = response.body.len(), "{}", response.url);
        let (pages, response) = slot.parse(generation, queries, response).await;
        let mut answered = answers(slot, generation, pages, &response);
        if answered.iter().any(Answered::is_layout_changed) {
            self.ask_the_others(slot, &mut answered, queries, response).await;
        }
        answered
    }

    /// Asks the other parsers that declare the kind what the same response says, where the first doesn't know its layout: sites show a new
    /// layout to some before they show it to all.
    async fn ask_the_others(&self, slot: &Slot, answered: &mut [Answered], queries: &[Query], mut response: Response) {
        let kind = queries.first().map(Query::kind).unwrap_or_default();
        for other in self.slots.others(slot, kind, &response.url) {
            let generation = other.load();
            // All queries of the exchange: what tells their answers apart may be their places in it.
            let (pages, returned) = generation.parser.parse_and_return(queries, response).await;
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

    /// The query's outcome from its first page on, then those of the queries that its pages raised.
    async fn go_on(&self, query: Query, first: Answered, depth: u32) -> Vec<Outcome> {
        let mut outcome = Outcome::new(query);
        let (mut follow, mut states, mut answered) = (Vec::new(), HashSet::new(), first);
        loop {
            let before = std::mem::replace(&mut outcome.generation, answered.generation);
            outcome.source = answered.source.take();
            match answered.page {
                Ok(mut page) => {
                    let source = outcome.source.clone().filter(|_| self.source);
                    outcome.take(&mut page, source.as_deref());
                    if outcome.failure.is_some() {
                        break;
                    }
                    follow.append(&mut page.follow);
                    let Some(state) = page.next else { break };
                    if states.len() + 1 >= PAGES || !states.insert(state.clone()) {
                        outcome.failure = Some(endless(states.len()));
                        break;
                    }
                    answered = self.page(&answered.slot, outcome.query.going_on(&state)).await;
                }
                // Another parser than the one that named the state can't read it.
                Err(failure)
                    if failure.kind == FailureKind::InvalidQuery
                        && !states.is_empty()
                        && before != answered.generation =>
                {
                    outcome.start_over();
                    follow.clear();
                    states.clear();
                    answered = self.page(&answered.slot, outcome.query.clone()).await;
                }
                Err(failure) => {
                    outcome.failure = Some(failure);
                    break;
                }
            }
        }
        let followed = self.follow(&answered.slot, &mut outcome, follow, depth).await;
        std::iter::once(outcome).chain(followed).collect()
    }

    /// One page of a query that goes on, by the parser that answers now.
    async fn page(&self, slot: &Slot, query: Query) -> Answered {
        let generation = slot.load();
        let place = self.gate.enter(generation.parser.description()).await;
        let generation = slot.load();
        let answered = self.page_of(slot, &generation, query).await;
        drop(place);
        answered.unwrap_or_else(|failure| Answered::failed(slot, &generation, failure))
    }

    async fn page_of(&self, slot: &Slot, generation: &Generation, query: Query) -> Result<Answered, Failure> {
        let queries = [query];
        let mut requests = slot.request(generation, &queries, 1).await?;
        if let Some((_, failure)) = requests.refused.pop() {
            return Err(failure);
        }
        let exchange = requests.exchanges.pop().ok_or_else(unanswered)?;
        self.pages(slot, generation, exchange, &queries).await.pop().ok_or_else(unanswered)
    }

    /// The outcomes of the queries that an answer raised.
    async fn follow(&self, slot: &Slot, outcome: &mut Outcome, follow: Vec<Query>, depth: u32) -> Vec<Outcome> {
        if follow.is_empty() {
            return Vec::new();
        }
        if depth >= FOLLOW_DEPTH || follow.len() > FOLLOWS {
            let message = format!(
                "its answer raises {} queries at depth {depth}; {FOLLOWS} are allowed, {FOLLOW_DEPTH} deep",
                follow.len()
            );
            outcome.failure.get_or_insert(Failure::new(FailureKind::ParserInvalid, message));
            return Vec::new();
        }
        let outcomes = join_all(follow.into_iter().map(|query| self.answer(slot, query, depth + 1))).await;
        outcomes.into_iter().flatten().collect()
    }

    /// A query that was raised, as if it had been asked.
    fn answer<'w>(&'w self, slot: &'w Slot, query: Query, depth: u32) -> BoxFuture<'w, Vec<Outcome>> {
        async move {
            let page = self.page(slot, query.clone()).await;
            self.go_on(query, page, depth).await
        }
        .boxed()
    }
}

impl Answered {
    fn failed(slot: &Slot, generation: &Generation, failure: Failure) -> Self {
        Self { slot: slot.clone(), generation: generation.number, page: Err(failure), source: None }
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

/// What a parser said of a response, for each query.
fn answers(
    slot: &Slot,
    generation: &Generation,
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
    let answered =
        |page| Answered { slot: slot.clone(), generation: generation.number, page, source: Some(Arc::clone(&source)) };
    pages.into_iter().map(answered).collect()
}

/// The parser's answers were checked to be as many as the queries, so nobody should ever see this.
fn unanswered() -> Failure {
    Failure::new(FailureKind::ParserInvalid, "the parser left the query without an answer")
}

fn endless(pages: usize) -> Failure {
    let message = format!(
        "the parser's query does not end: after {pages} pages it names a state again, or {PAGES} are not enough"
    );
    Failure::new(FailureKind::ParserInvalid, message)
}
