//! How is one exchange answered, and what its pages raise?
//!
//! A query goes on as long as its pages name a next state, and answers may raise further queries. Both have caps: a parser that never
//! ends costs its own query.

use std::collections::HashSet;

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

/// Further queries that one query's answers may raise.
const FOLLOWS: usize = 1000;

/// A page, and the generation of the parser that gave it.
type Answered = (u64, Result<Page, Failure>);

impl Worker {
    /// The outcomes of an exchange's queries, each with those of the queries that its answers raised.
    pub(super) async fn answer_exchange(
        &self,
        generation: &Generation,
        exchange: Exchange,
        queries: &[Query],
        place: Place,
    ) -> Vec<Vec<Outcome>> {
        let chosen = exchange.chosen(queries);
        let pages = self.pages(generation, exchange, &chosen).await;
        drop(place);
        let number = generation.number;
        let pages = pages.unwrap_or_else(|failure| chosen.iter().map(|_| Err(failure.clone())).collect());
        join_all(chosen.into_iter().zip(pages).map(|(query, page)| self.go_on(query, (number, page), 0))).await
    }

    /// Fetches and parses.
    async fn pages(
        &self,
        generation: &Generation,
        exchange: Exchange,
        queries: &[Query],
    ) -> Result<Vec<Result<Page, Failure>>, Failure> {
        let hosts = &generation.parser.description().hosts;
        let response = self.fetcher.fetch(hosts, exchange.request).await?;
        tracing::debug!(status = response.status, bytes = response.body.len(), "{}", response.url);
        self.current.parse(generation, queries, response).await
    }

    /// The query's outcome from its first page on, then those of the queries that its pages raised.
    async fn go_on(&self, query: Query, first: Answered, depth: u32) -> Vec<Outcome> {
        let mut outcome = Outcome::new(query);
        let (mut follow, mut states, mut page) = (Vec::new(), HashSet::new(), first);
        loop {
            let before = std::mem::replace(&mut outcome.generation, page.0);
            match page.1 {
                Ok(mut answered) => {
                    outcome.take(&mut answered);
                    if outcome.failure.is_some() {
                        break;
                    }
                    follow.append(&mut answered.follow);
                    let Some(state) = answered.next else { break };
                    if states.len() + 1 >= PAGES || !states.insert(state.clone()) {
                        outcome.failure = Some(endless(states.len()));
                        break;
                    }
                    page = self.page(outcome.query.going_on(&state)).await;
                }
                // Another parser than the one that named the state can't read it.
                Err(failure) if failure.kind == FailureKind::InvalidQuery && !states.is_empty() && before != page.0 => {
                    outcome.start_over();
                    follow.clear();
                    states.clear();
                    page = self.page(outcome.query.clone()).await;
                }
                Err(failure) => {
                    outcome.failure = Some(failure);
                    break;
                }
            }
        }
        let followed = self.follow(&mut outcome, follow, depth).await;
        std::iter::once(outcome).chain(followed).collect()
    }

    /// One page of a query that goes on, by the parser that answers now.
    async fn page(&self, query: Query) -> Answered {
        let place = self.gate.enter().await;
        let generation = self.current.load();
        let page = self.page_of(&generation, query).await;
        drop(place);
        (generation.number, page)
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
    async fn follow(&self, outcome: &mut Outcome, follow: Vec<Query>, depth: u32) -> Vec<Outcome> {
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
        let outcomes = join_all(follow.into_iter().map(|query| self.answer(query, depth + 1))).await;
        outcomes.into_iter().flatten().collect()
    }

    /// A query that was raised, as if it had been asked.
    fn answer(&self, query: Query, depth: u32) -> BoxFuture<'_, Vec<Outcome>> {
        async move {
            let page = self.page(query.clone()).await;
            self.go_on(query, page, depth).await
        }
        .boxed()
    }
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
