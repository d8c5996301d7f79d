//! Who sends the queries off, and gives back their outcomes in order?
//!
//! One task takes the queries window by window, has the parser group them into exchanges, and starts a task for each as the gate lets it.
//! Outcomes come through a bounded channel, so that a slow reader stops the sending, and wait for their turn. When [`Outcomes`] is
//! dropped, everything that it started is aborted.

use std::collections::{BTreeMap, HashSet};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, Peekable};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::gate::Gate;
use super::outcome::Outcome;
use super::plan::PlanError;
use crate::fetch::Fetcher;
use crate::swap::{Generation, Slot, Slots};
use crate::{Failure, FailureKind, Query};

/// Queries that the parser groups at a time.
const WINDOW: usize = 64;

/// Outcomes that wait for the reader.
const WAITING: usize = 16;

/// What every exchange needs.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) slots: Slots,
    pub(crate) fetcher: Fetcher,
    pub(crate) gate: Gate,
    /// Whether rows tell where they come from.
    pub(crate) source: bool,
}

/// The outcomes of the query at a place, and of those that its answers raised.
type Placed = (usize, Vec<Outcome>);

/// Outcomes in the order of their queries, as they come.
pub struct Outcomes {
    receiver: mpsc::Receiver<Placed>,
    waiting: BTreeMap<usize, Vec<Outcome>>,
    current: std::vec::IntoIter<Outcome>,
    next: usize,
    /// What sends the queries off, until it is started. Never locked: it makes this `Sync`.
    start: Mutex<Option<BoxFuture<'static, ()>>>,
    /// Aborts what is under way when it goes.
    tasks: JoinSet<()>,
}

impl std::fmt::Debug for Outcomes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Outcomes")
            .field("next", &self.next)
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// Answers the queries, from when the first outcome is asked for.
    pub(crate) fn run(self, queries: BoxStream<'static, Query>) -> Outcomes {
        let (sender, receiver) = mpsc::channel(WAITING);
        let start = async move { Arc::new(self).send_off(queries, sender).await }.boxed();
        let (waiting, current, tasks) = (BTreeMap::new(), Vec::new().into_iter(), JoinSet::new());
        Outcomes { receiver, waiting, current, next: 0, start: Mutex::new(Some(start)), tasks }
    }

    async fn send_off(self: Arc<Self>, queries: BoxStream<'static, Query>, sender: mpsc::Sender<Placed>) {
        let mut exchanges = JoinSet::new();
        let (mut queries, mut first) = (pin!(queries.peekable()), 0);
        while let Some(window) = window(queries.as_mut()).await {
            let count = window.len();
            self.send_window(&mut exchanges, window, first, &sender).await;
            first += count;
        }
        while exchanges.join_next().await.is_some() {}
    }

    /// Starts the exchanges of one window, whose first query stands at `first` of all. Where another parser answers by then, it makes the
    /// requests that aren't sent yet.
    async fn send_window(
        self: &Arc<Self>,
        exchanges: &mut JoinSet<()>,
        window: Vec<Query>,
        first: usize,
        sender: &mpsc::Sender<Placed>,
    ) {
        let mut left: Vec<(usize, Query)> = (first..).zip(window).collect();
        let Some((_, query)) = left.first() else { return };
        let slot = match self.slot(query) {
            Ok(slot) => slot,
            Err(failure) => return refuse_all(left, &failure, sender).await,
        };
        let mut place = None;
        while !left.is_empty() {
            let generation = slot.load();
            let queries: Arc<Vec<Query>> = Arc::new(left.iter().map(|(_, query)| query.clone()).collect());
            let requests = slot.request(&generation, &queries, per_request(&generation, &queries)).await;
            let requests = match requests {
                Ok(requests) => requests,
                Err(_) if slot.generation() != generation.number => continue,
                Err(failure) => return refuse_all(left, &failure, sender).await,
            };
            let mut sent = HashSet::new();
            for (index, failure) in requests.refused {
                if let Some((at, query)) = left.get(index) {
                    send(sender, (*at, vec![Outcome::failed(query.clone(), failure)])).await;
                    sent.insert(index);
                }
            }
            for exchange in requests.exchanges {
                let entered = match place.take() {
                    Some(place) => place,
                    None => self.gate.enter(generation.parser.description()).await,
                };
                if slot.generation() != generation.number {
                    place = Some(entered);
                    break;
                }
                sent.extend(&exchange.queries);
                let places: Vec<_> = exchange.queries.iter().filter_map(|index| Some(left.get(*index)?.0)).collect();
                let (worker, slot, generation) = (Arc::clone(self), slot.clone(), Arc::clone(&generation));
                let (queries, sender) = (Arc::clone(&queries), sender.clone());
                exchanges.spawn(async move {
                    let outcomes = worker.answer_exchange(&slot, &generation, exchange, &queries, entered).await;
                    for (place, outcomes) in places.into_iter().zip(outcomes) {
                        send(&sender, (place, outcomes)).await;
                    }
                });
                while exchanges.try_join_next().is_some() {}
            }
            let mut index = 0..;
            left.retain(|_| index.next().is_some_and(|index| !sent.contains(&index)));
        }
    }
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
}

fn per_request(generation: &Generation, window: &[Query]) -> u32 {
    let kind = window.first().and_then(|query| generation.parser.description().kind(query.kind()));
    kind.map_or(1, |kind| kind.per_request.default)
}

/// The next queries, all of one kind and parser, of those that are there already once one is; `None` when there are no more.
async fn window(mut queries: Pin<&mut Peekable<BoxStream<'static, Query>>>) -> Option<Vec<Query>> {
    let first = queries.next().await?;
    let mut window = vec![first.clone()];
    while window.len() < WINDOW
        && let Some(Some(query)) = queries.as_mut().next_if(|query| is_alike(query, &first)).now_or_never()
    {
        window.push(query);
    }
    Some(window)
}

fn is_alike(query: &Query, other: &Query) -> bool {
    query.kind() == other.kind() && query.parser() == other.parser()
}

async fn refuse_all(window: Vec<(usize, Query)>, failure: &Failure, sender: &mpsc::Sender<Placed>) {
    for (place, query) in window {
        send(sender, (place, vec![Outcome::failed(query, failure.clone())])).await;
    }
}

/// Nobody reads any more: then nothing is owed.
async fn send(sender: &mpsc::Sender<Placed>, placed: Placed) {
    drop(sender.send(placed).await);
}

impl Stream for Outcomes {
    type Item = Outcome;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Outcome>> {
        let start = self.start.get_mut().ok().and_then(Option::take);
        if let Some(start) = start {
            self.tasks.spawn(start);
        }
        loop {
            if let Some(outcome) = self.current.next() {
                return Poll::Ready(Some(outcome));
            }
            let next = self.next;
            if let Some(outcomes) = self.waiting.remove(&next) {
                self.next += 1;
                self.current = outcomes.into_iter();
                continue;
            }
            match self.receiver.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some((place, outcomes))) => drop(self.waiting.insert(place, outcomes)),
                // A place that stays empty is passed over.
                Poll::Ready(None) => match self.waiting.first_key_value() {
                    Some((place, _)) => self.next = *place,
                    None => return Poll::Ready(None),
                },
            }
        }
    }
}
