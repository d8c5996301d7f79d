//! Intake: takes queries from a run's input while there is room for open ones.

use std::pin::Pin;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::FutureExt;
use futures::stream::{BoxStream, Peekable};
use tokio::sync::Semaphore;

use crate::jobs::follow_up::FollowUp;
use crate::schedule::wait_queue::Supply;
use crate::types::Query;

/// Queries that are taken from the input together once there is room for as many: requests stay full, however slowly places come back.
const INTAKE: u32 = 1024;

/// The same for queries whose rows raise others, some hundred each.
const RAISING_INTAKE: u32 = 64;

/// The queries of a run.
pub(crate) struct Input {
    pub(crate) queries: BoxStream<'static, Query>,
    /// Whether all are at hand, as in a file, or come one by one.
    pub(crate) is_at_hand: bool,
    /// What the rows of their answers raise, if they do.
    pub(crate) follow_up: Option<FollowUp>,
}

impl Input {
    /// The same queries, for these fields of their records; `None` for all.
    #[cfg(feature = "cli")]
    pub(crate) fn with_fields(self, fields: Option<Vec<String>>) -> Self {
        let Some(fields) = fields else { return self };
        let fields: Arc<Vec<Arc<str>>> = Arc::new(fields.into_iter().map(Arc::from).collect());
        let select = move |query: Query| query.with_shared_fields(Some(Arc::clone(&fields)));
        Self { queries: self.queries.map(select).boxed(), ..self }
    }

    /// Queries whose rows are handed on.
    pub(crate) const fn new(queries: BoxStream<'static, Query>, is_at_hand: bool) -> Self {
        Self { queries, is_at_hand, follow_up: None }
    }
}

/// The input of a run that goes, and the room for more of its queries.
pub(super) struct Intake {
    /// `None` at its end.
    queries: Option<Pin<Box<Peekable<BoxStream<'static, Query>>>>>,
    is_at_hand: bool,
    /// Permits for open queries: the outcome stream returns them.
    room: Arc<Semaphore>,
    /// Permits that are acquired together.
    window: u32,
    /// Acquired permits without a query.
    credit: u32,
}

/// Progress of the intake.
pub(super) enum Taken {
    /// There is room for more queries.
    Room,
    /// The queries that are ready now.
    Queries(Vec<Query>),
    /// The input has ended.
    End,
}

impl Intake {
    pub(super) fn new(input: Input, room: Arc<Semaphore>) -> Self {
        let window = if input.follow_up.is_some() { RAISING_INTAKE } else { INTAKE };
        let queries = Some(Box::pin(input.queries.peekable()));
        Self { queries, is_at_hand: input.is_at_hand, room, window, credit: 0 }
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.queries.is_none()
    }

    /// Closes the input.
    pub(super) fn close(&mut self) {
        self.queries = None;
    }

    /// Assigns permits to `queries` open queries.
    pub(super) fn spend(&mut self, queries: usize) {
        self.credit -= u32::try_from(queries).unwrap_or(self.credit).min(self.credit);
    }

    /// Waits for room, and then for a query, with which it returns all others that are ready. Cancel-safe: if the future is dropped, nothing is
    /// lost.
    pub(super) async fn next(&mut self) -> Taken {
        let Some(input) = &mut self.queries else { return Taken::End };
        if self.credit == 0 {
            // The semaphore is never closed.
            let Ok(permits) = self.room.acquire_many(self.window).await else { return Taken::End };
            permits.forget();
            self.credit = self.window;
            return Taken::Room;
        }
        let Some(first) = input.next().await else { return Taken::End };
        let mut queries = vec![first];
        while queries.len() < self.credit as usize
            && let Some(Some(query)) = input.next().now_or_never()
        {
            queries.push(query);
        }
        Taken::Queries(queries)
    }

    /// The supply of the wait queue. `is_idle`: no task of the run is left whose outcome would make room.
    pub(super) fn supply(&self, is_idle: bool) -> Supply {
        let waits_for_room = self.credit == 0 && self.room.available_permits() < self.window as usize;
        if self.is_closed() || (waits_for_room && is_idle) {
            Supply::Exhausted
        } else if waits_for_room || self.is_at_hand {
            Supply::Coming
        } else {
            Supply::Trickling
        }
    }
}
