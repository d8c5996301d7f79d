//! Memory budget that all bodies share.
//!
//! A body acquires its share before it grows, and keeps it until it is parsed. If nothing is left, one body at a time may grow without a share, each
//! for a limited time. So one always makes progress, and a slow one doesn't block the others. What it received then stays uncounted until a share is
//! free.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// KiB of decompressed bodies in memory, and as much again for each core: two charts of 850 KB for each core, and some that arrive. With its
/// sandbox and its rows, each takes several megabytes of the process.
const MIN_BUDGET_KIB: u32 = 2 << 10;
const BUDGET_KIB_PER_CORE: u32 = 1 << 10;

/// Time for which a body may grow without a share. A megabyte takes a tenth of it on a slow line.
const OVERDRAFT_TURN_TIME: Duration = Duration::from_secs(1);

/// State that all bodies share.
#[derive(Debug)]
pub(in crate::fetch) struct MemoryBudget {
    /// In KiB.
    shares: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    total: u32,
}

impl Default for MemoryBudget {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(MIN_BUDGET_KIB + BUDGET_KIB_PER_CORE * u32::try_from(cores).unwrap_or(1).min(64))
    }
}

impl MemoryBudget {
    fn of(kibibytes: u32) -> Self {
        Self {
            shares: Arc::new(Semaphore::new(kibibytes as usize)),
            turns: Arc::new(Semaphore::new(1)),
            total: kibibytes,
        }
    }

    /// An empty reservation.
    pub(in crate::fetch) fn hold(&self) -> MemoryReservation {
        MemoryReservation {
            shares: Arc::clone(&self.shares),
            turns: Arc::clone(&self.turns),
            total: self.total,
            share: None,
            turn: None,
        }
    }
}

/// A body's share, which is returned when it is dropped.
#[derive(Debug)]
pub(crate) struct MemoryReservation {
    shares: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// The whole budget.
    total: u32,
    share: Option<OwnedSemaphorePermit>,
    turn: Option<OverdraftTurn>,
}

/// Permit to grow without a share.
#[derive(Debug)]
struct OverdraftTurn {
    ends: Instant,
    _only: OwnedSemaphorePermit,
}

impl MemoryReservation {
    /// Waits until `bytes` may be held.
    pub(in crate::fetch) async fn grow(&mut self, bytes: usize) {
        let wanted = kibibytes(bytes);
        let missing = wanted.saturating_sub(self.kibibytes());
        if missing == 0 || self.turn.is_some() {
            return;
        }
        let share = Arc::clone(&self.shares).acquire_many_owned(missing);
        let turn = Arc::clone(&self.turns).acquire_owned();
        // Neither is ever closed.
        if wanted > self.total {
            self.turn = turn.await.ok().map(OverdraftTurn::new);
            return;
        }
        tokio::select! {
            biased;
            Ok(share) = share => self.merge(share),
            Ok(turn) = turn => self.turn = Some(OverdraftTurn::new(turn)),
            else => {}
        }
    }

    fn merge(&mut self, more: OwnedSemaphorePermit) {
        match &mut self.share {
            Some(share) => share.merge(more),
            none => *none = Some(more),
        }
    }

    /// Returns all but `bytes`.
    pub(in crate::fetch) fn shrink(&mut self, bytes: usize) {
        let surplus = self.kibibytes().saturating_sub(kibibytes(bytes));
        drop(self.share.as_mut().and_then(|share| share.split(surplus as usize)));
    }

    /// Returns the whole share, although the body still exists.
    pub(crate) fn release(&mut self) {
        (self.share, self.turn) = (None, None);
    }

    /// Waits for the next bytes. Without a share, it waits at most to the end of its turn.
    pub(in crate::fetch) async fn during<F: Future>(&mut self, next: F) -> F::Output {
        let mut next = std::pin::pin!(next);
        if let Some(turn) = &self.turn {
            tokio::select! {
                biased;
                output = &mut next => return output,
                () = tokio::time::sleep_until(turn.ends) => self.turn = None,
            }
        }
        next.await
    }

    fn kibibytes(&self) -> u32 {
        let share = self.share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        u32::try_from(share).unwrap_or(u32::MAX)
    }
}

impl OverdraftTurn {
    fn new(only: OwnedSemaphorePermit) -> Self {
        Self { ends: Instant::now() + OVERDRAFT_TURN_TIME, _only: only }
    }
}

fn kibibytes(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_share_is_waited_for_and_given_back() {
        let budget = MemoryBudget::of(100);
        let (mut first, mut second, mut third) = (budget.hold(), budget.hold(), budget.hold());
        first.grow(60 << 10).await;
        second.grow(60 << 10).await;
        assert!(second.turn.is_some() && second.share.is_none(), "one goes on without");
        assert!(third.grow(60 << 10).now_or_never().is_none(), "and no other");
        first.shrink(10 << 10);
        third.grow(60 << 10).await;
        assert_eq!((first.kibibytes(), third.kibibytes(), third.turn.is_none()), (10, 60, true));
        drop((first, third));
        assert_eq!(budget.shares.available_permits(), 100);
    }

    #[tokio::test]
    async fn those_that_wait_for_one_another_get_on() {
        let budget = Arc::new(MemoryBudget::of(100));
        let grows = |budget: Arc<MemoryBudget>| async move {
            let mut held = budget.hold();
            for bytes in [20, 40, 80, 90] {
                held.grow(bytes << 10).await;
                tokio::task::yield_now().await;
            }
        };
        let all = futures::future::join_all((0..20).map(|_| grows(Arc::clone(&budget))));
        tokio::time::timeout(Duration::from_secs(5), all).await.unwrap();
        assert_eq!(budget.shares.available_permits(), 100);
    }

    #[tokio::test]
    async fn one_that_trickles_gives_its_turn_away() {
        let budget = MemoryBudget::of(100);
        let (mut rest, mut slow, mut other) = (budget.hold(), budget.hold(), budget.hold());
        rest.grow(100 << 10).await;
        slow.grow(64 << 10).await;
        let trickle = slow.during(tokio::time::sleep(OVERDRAFT_TURN_TIME * 3));
        let start = Instant::now();
        tokio::select! {
            () = trickle => panic!("the other waits for as long as it trickles"),
            () = other.grow(64 << 10) => assert!(start.elapsed() >= OVERDRAFT_TURN_TIME),
        }
    }

    #[tokio::test]
    async fn more_than_there_is_has_its_turn() {
        let budget = MemoryBudget::default();
        let mut held = budget.hold();
        held.grow(32 << 20).await;
        assert!(held.turn.is_some());
    }
}
