//! Who sends the queries off, and gives back their outcomes in order?
//!
//! One task takes the queries window by window, has the parser group them into exchanges, and starts a task for each as the gate lets it.
//! Outcomes come through a bounded channel, so that a slow reader stops the sending, and wait for their turn. When [`Outcomes`] is
//! dropped, everything that it started is aborted.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use futures::future::{BoxFuture, FutureExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::gate::Gate;
use super::outcome::Outcome;
use crate::fetch::Fetcher;
use crate::parser::Parser;
use crate::{Failure, Query};

/// Queries that the parser groups at a time.
const WINDOW: usize = 64;

/// Outcomes that wait for the reader.
const WAITING: usize = 16;

/// What every exchange needs.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) parser: Parser,
    pub(crate) fetcher: Fetcher,
    pub(crate) gate: Gate,
}

/// The outcomes of the query at a place, and of those that its answers raised.
type Placed = (usize, Vec<Outcome>);

/// Outcomes in the order of their queries, as they come.
pub struct Outcomes {
    receiver: mpsc::Receiver<Placed>,
    waiting: BTreeMap<usize, Vec<Outcome>>,
    current: std::vec::IntoIter<Outcome>,
    next: usize,
    /// What sends the queries off, until it is started.
    start: Option<BoxFuture<'static, ()>>,
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
    pub(crate) fn run(self, queries: impl Iterator<Item = Query> + Send + 'static) -> Outcomes {
        let (sender, receiver) = mpsc::channel(WAITING);
        let start = async move { Arc::new(self).send_off(queries, sender).await }.boxed();
        let (waiting, current, tasks) = (BTreeMap::new(), Vec::new().into_iter(), JoinSet::new());
        Outcomes { receiver, waiting, current, next: 0, start: Some(start), tasks }
    }

    async fn send_off(self: Arc<Self>, queries: impl Iterator<Item = Query> + Send, sender: mpsc::Sender<Placed>) {
        let mut exchanges = JoinSet::new();
        let (mut queries, mut first) = (queries.peekable(), 0);
        while let Some(window) = window(&mut queries) {
            let count = window.len();
            self.send_window(&mut exchanges, window, first, &sender).await;
            first += count;
        }
        while exchanges.join_next().await.is_some() {}
    }

    /// Starts the exchanges of one window, whose first query stands at `first` of all.
    async fn send_window(
        self: &Arc<Self>,
        exchanges: &mut JoinSet<()>,
        window: Vec<Query>,
        first: usize,
        sender: &mpsc::Sender<Placed>,
    ) {
        let requests = match self.parser.request(&window, self.per_request(&window)).await {
            Ok(requests) => requests,
            Err(failure) => return refuse_all(window, first, &failure, sender).await,
        };
        for (index, failure) in requests.refused {
            if let Some(query) = window.get(index) {
                send(sender, (first + index, vec![Outcome::failed(query.clone(), failure)])).await;
            }
        }
        let window = Arc::new(window);
        for exchange in requests.exchanges {
            let (worker, window, sender) = (Arc::clone(self), Arc::clone(&window), sender.clone());
            let place = self.gate.enter().await;
            exchanges.spawn(async move {
                let places = exchange.queries.clone();
                let outcomes = worker.answer_exchange(exchange, &window, place, 0).await;
                for (index, outcomes) in places.into_iter().zip(outcomes) {
                    send(&sender, (first + index, outcomes)).await;
                }
            });
            while exchanges.try_join_next().is_some() {}
        }
    }

    fn per_request(&self, window: &[Query]) -> u32 {
        let kind = window.first().and_then(|query| self.parser.description().kind(query.kind()));
        kind.map_or(1, |kind| kind.per_request.default)
    }
}

/// The next queries, all of one kind; `None` when there are no more.
fn window(queries: &mut std::iter::Peekable<impl Iterator<Item = Query>>) -> Option<Vec<Query>> {
    let first = queries.next()?;
    let mut window = vec![first.clone()];
    while window.len() < WINDOW
        && let Some(query) = queries.next_if(|query| query.kind() == first.kind())
    {
        window.push(query);
    }
    Some(window)
}

async fn refuse_all(window: Vec<Query>, first: usize, failure: &Failure, sender: &mpsc::Sender<Placed>) {
    for (place, query) in (first..).zip(window) {
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
        if let Some(start) = self.start.take() {
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
