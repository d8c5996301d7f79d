//! How is one exchange answered, and what its pages raise?
//!
//! A query goes on as long as its pages name a next state, and answers may raise further queries. Both have caps: a parser that never
//! ends costs its own query.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{BoxFuture, FutureExt, join_all};

use super::gate::Place;
use super::outcome::Outcome;
use super::run::Worker;
use crate::swap::Generation;
use crate::{Exchange, Failure, FailureKind, Page, Query};

/// Pages of one query.
const PAGES: usize = 1000;

/// Answers that raise queries whose answers raise queries.
const FOLLOW_DEPTH: u32 = 3;

/// Further queries that one query's answers may raise, with those that these raise.
const FOLLOWS: usize = 1000;

/// A page, and the generation of the parser that gave it.
type Answered = (Arc<Generation>, Result<Page, Failure>);

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
        generation: &Arc<Generation>,
        exchange: Exchange,
        queries: &[Query],
        place: Place,
    ) -> Vec<Vec<Outcome>> {
        let chosen = exchange.chosen(queries);
        let pages = self.pages(generation, exchange, &chosen).await;
        drop(place);
        let pages = pages.unwrap_or_else(|failure| chosen.iter().map(|_| Err(failure.clone())).collect());
        let go_on = |(query, page)| self.go_on(query, (Arc::clone(generation), page), Lineage::default());
        join_all(chosen.into_iter().zip(pages).map(go_on)).await
    }

    /// Fetches and parses.
    async fn pages(
        &self,
        generation: &Generation,
        exchange: Exchange,
        queries: &[Query],
    ) -> Result<Vec<Result<Page, Failure>>, Failure> {
        let hosts = &generation.parser.description().hosts;
        let response = self.fetcher.fetch(hosts, exchange.request).await;
        let response = response.map_err(|failure| match failure.kind {
            FailureKind::Forbidden | FailureKind::ParserInvalid => blaming(generation, queries.first(), failure),
            _ => failure,
        })?;
        tracing::debug!(status = response.status, bytes = response.body.len(), "{}", response.url);
        self.current.parse(generation, queries, response).await
    }

    /// The query's outcome from its first page on, then those of the queries that its pages raised.
    async fn go_on(&self, query: Query, first: Answered, lineage: Lineage) -> Vec<Outcome> {
        let mut outcome = Outcome::new(query);
        let (mut follow, mut states, mut page) = (Vec::new(), HashSet::new(), first);
        let generation = loop {
            let (generation, answered) = page;
            let before = std::mem::replace(&mut outcome.generation, generation.number);
            match answered {
                Ok(mut answered) => {
                    outcome.take(&mut answered);
                    if let Some(failure) = outcome.failure.take() {
                        outcome.failure = Some(blaming(&generation, Some(&outcome.query), failure));
                        break generation;
                    }
                    follow.append(&mut answered.follow);
                    let next = answered.next.filter(|_| follow.len() <= FOLLOWS);
                    let Some(state) = next else { break generation };
                    if states.len() + 1 >= PAGES || !states.insert(state.clone()) {
                        outcome.failure = Some(blaming(&generation, Some(&outcome.query), endless(states.len())));
                        break generation;
                    }
                    page = self.page(outcome.query.going_on(&state)).await;
                }
                // Another parser than the one that named the state can't read it.
                Err(failure)
                    if failure.kind == FailureKind::InvalidQuery
                        && !states.is_empty()
                        && before != outcome.generation =>
                {
                    outcome.start_over();
                    follow.clear();
                    states.clear();
                    page = self.page(outcome.query.clone()).await;
                }
                Err(failure) => {
                    outcome.failure = Some(failure);
                    break generation;
                }
            }
        };
        if let Some(failure) = lineage.check(&follow) {
            let failure = blaming(&generation, Some(&outcome.query), failure);
            outcome.failure.get_or_insert(failure);
            return vec![outcome];
        }
        let followed = self.follow(follow, &lineage).await;
        std::iter::once(outcome).chain(followed).collect()
    }

    /// One page of a query that goes on, by the parser that answers now.
    async fn page(&self, query: Query) -> Answered {
        let place = self.gate.enter().await;
        let generation = self.current.load();
        let page = self.page_of(&generation, query).await;
        drop(place);
        (generation, page)
    }

    async fn page_of(&self, generation: &Generation, query: Query) -> Result<Page, Failure> {
        let queries = [query];
        let mut requests = self.current.request(generation, &queries, 1).await?;
        if let Some((_, failure)) = requests.refused.pop() {
            return Err(failure);
        }
        let exchange = requests.exchanges.pop().ok_or_else(unanswered)?;
        self.pages(generation, exchange, &queries).await?.pop().ok_or_else(unanswered)?
    }

    /// The outcomes of the queries that an answer raised.
    async fn follow(&self, follow: Vec<Query>, lineage: &Lineage) -> Vec<Outcome> {
        let outcomes = join_all(follow.into_iter().map(|query| self.answer(query, lineage.below()))).await;
        outcomes.into_iter().flatten().collect()
    }

    /// A query that was raised, as if it had been asked.
    fn answer(&self, query: Query, lineage: Lineage) -> BoxFuture<'_, Vec<Outcome>> {
        async move {
            let page = self.page(query.clone()).await;
            self.go_on(query, page, lineage).await
        }
        .boxed()
    }
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
