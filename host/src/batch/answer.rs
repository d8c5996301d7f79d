//! How is one exchange answered, and what its pages raise?
//!
//! A query goes on as long as its pages name a next state, and answers may raise further queries. Both have caps: a parser that never
//! ends costs its own query.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{BoxFuture, FutureExt, join_all};

use super::gate::Place;
use super::outcome::{Outcome, Source};
use super::run::Worker;
use crate::fetch::Fetched;
use crate::swap::{Generation, ParserId, Slot};
use crate::{Exchange, Failure, FailureKind, Page, Query, Response};

/// Pages of one query.
const PAGES: usize = 1000;

/// Answers that raise queries whose answers raise queries.
const FOLLOW_DEPTH: u32 = 3;

/// Further queries that one query's answers may raise, with those that these raise.
const FOLLOWS: usize = 1000;

/// A page, and who gave it.
struct Answered {
    /// The slot whose parser goes on where the page names a state.
    slot: Slot,
    generation: Arc<Generation>,
    page: Result<Page, Failure>,
    source: Option<Arc<Source>>,
}

/// Which query's answers raised this one?
#[derive(Clone, Debug, Default)]
struct Lineage {
    /// How many queries stand between.
    depth: u32,
    /// How many were raised in all.
    raised: Arc<AtomicUsize>,
}

impl Worker {
    /// The outcomes of an exchange's queries, each with those of the queries that its answers raised.
    pub(super) async fn answer_exchange(
        &self,
        slot: &Slot,
        generation: &Arc<Generation>,
        exchange: Exchange,
        queries: &[Query],
        place: Place,
    ) -> Vec<Vec<Outcome>> {
        let chosen = exchange.chosen(queries);
        let pages = self.pages(slot, generation, exchange, &chosen).await;
        drop(place);
        let go_on = |(query, page)| self.go_on(query, page, Lineage::default());
        join_all(chosen.into_iter().zip(pages).map(go_on)).await
    }

    /// Fetches and parses.
    async fn pages(
        &self,
        slot: &Slot,
        generation: &Arc<Generation>,
        exchange: Exchange,
        queries: &[Query],
    ) -> Vec<Answered> {
        let hosts = &generation.parser.description().hosts;
        let Fetched { response, held } = match self.fetcher.fetch(hosts, exchange.request).await {
            Ok(fetched) => fetched,
            Err(failure) => {
                let failure = match failure.kind {
                    FailureKind::Forbidden | FailureKind::ParserInvalid => {
                        blaming(generation, queries.first(), failure)
                    }
                    _ => failure,
                };
                return queries.iter().map(|_| Answered::failed(slot, generation, failure.clone())).collect();
            }
        };
        tracing::debug!(status = response.status, bytes = response.body.len(), "{}", response.url);
        let (pages, response) = slot.parse(generation, queries, response).await;
        let mut answered = answers(slot, generation, pages, &response);
        if answered.iter().any(Answered::is_layout_changed) {
            self.ask_the_others(slot, &mut answered, queries, response).await;
        }
        drop(held);
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
    async fn go_on(&self, query: Query, first: Answered, lineage: Lineage) -> Vec<Outcome> {
        let mut outcome = Outcome::new(query);
        let (mut follow, mut states, mut answered) = (Vec::new(), HashSet::new(), first);
        loop {
            let before = std::mem::replace(&mut outcome.generation, answered.generation.number);
            outcome.source = answered.source.take();
            match answered.page {
                Ok(mut page) => {
                    let source = outcome.source.clone().filter(|_| self.source);
                    outcome.take(&mut page, source.as_deref());
                    if let Some(failure) = outcome.failure.take() {
                        outcome.failure = Some(blaming(&answered.generation, Some(&outcome.query), failure));
                        break;
                    }
                    follow.append(&mut page.follow);
                    let next = page.next.filter(|_| follow.len() <= FOLLOWS);
                    let Some(state) = next else { break };
                    if states.len() + 1 >= PAGES || !states.insert(state.clone()) {
                        let failure = endless(states.len());
                        outcome.failure = Some(blaming(&answered.generation, Some(&outcome.query), failure));
                        break;
                    }
                    answered = self.page(&answered.slot, outcome.query.going_on(&state)).await;
                }
                // Another parser than the one that named the state can't read it.
                Err(failure)
                    if failure.kind == FailureKind::InvalidQuery
                        && !states.is_empty()
                        && before != answered.generation.number =>
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
        if let Some(failure) = lineage.check(&follow) {
            let failure = blaming(&answered.generation, Some(&outcome.query), failure);
            outcome.failure.get_or_insert(failure);
            return vec![outcome];
        }
        let followed = self.follow(&answered.slot, follow, &lineage).await;
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

    async fn page_of(&self, slot: &Slot, generation: &Arc<Generation>, query: Query) -> Result<Answered, Failure> {
        let queries = [query];
        let mut requests = slot.request(generation, &queries, 1).await?;
        if let Some((_, failure)) = requests.refused.pop() {
            return Err(failure);
        }
        let exchange = requests.exchanges.pop().ok_or_else(unanswered)?;
        self.pages(slot, generation, exchange, &queries).await.pop().ok_or_else(unanswered)
    }

    /// The outcomes of the queries that an answer raised.
    async fn follow(&self, slot: &Slot, follow: Vec<Query>, lineage: &Lineage) -> Vec<Outcome> {
        let outcomes = join_all(follow.into_iter().map(|query| self.answer(slot, query, lineage.below()))).await;
        outcomes.into_iter().flatten().collect()
    }

    /// A query that was raised, as if it had been asked.
    fn answer<'w>(&'w self, slot: &'w Slot, query: Query, lineage: Lineage) -> BoxFuture<'w, Vec<Outcome>> {
        async move {
            let page = self.page(slot, query.clone()).await;
            self.go_on(query, page, lineage).await
        }
        .boxed()
    }
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

impl Lineage {
    fn below(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    /// Counts queries that an answer raises. The failure where they are too many, or too far from the query that was asked.
    fn check(&self, follow: &[Query]) -> Option<Failure> {
        let raised = self.raised.fetch_add(follow.len(), Ordering::Relaxed) + follow.len();
        let (depth, too_deep) = (self.depth, self.depth >= FOLLOW_DEPTH);
        (!follow.is_empty() && (too_deep || raised > FOLLOWS)).then(|| {
            let message = format!(
                "its answers raise {raised} queries, here at depth {depth}; the limit is {FOLLOWS}, {FOLLOW_DEPTH} deep"
            );
            Failure::new(FailureKind::ParserInvalid, message)
        })
    }
}

/// The failure, with the parser's name and the query's kind.
fn blaming(generation: &Generation, query: Option<&Query>, failure: Failure) -> Failure {
    failure.blaming(&generation.parser.description().name, query.map(Query::kind).unwrap_or_default())
}

/// The parser's answers were checked to be as many as the queries, so nobody should ever see this.
fn unanswered() -> Failure {
    Failure::new(FailureKind::ParserInvalid, "the parser left the query without an answer")
}

fn endless(pages: usize) -> Failure {
    let message = match pages + 1 {
        PAGES.. => format!("the query does not end within the limit of {PAGES} pages"),
        pages => format!("the query does not end: after {pages} pages it names a state again"),
    };
    Failure::new(FailureKind::ParserInvalid, message)
}
