//! Permits of guests to run, if there are more than cores.
//!
//! As many may start as there are cores, and one more: most are done within a few ticks, and each takes megabytes. One that takes longer lets
//! the next start, and one that goes on waits for a lane, of which there are as many as cores, and keeps it until it ends: so those that loop
//! until their limit leave the cores to the others, and don't hold each other up either. What a guest waits for its lane isn't time that it
//! was given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Ticks after which a guest needs a lane: those of pages of megabytes end before.
pub(super) const FREE_TICKS: u64 = 4;

/// How long a guest may take until the next may start beside it.
const QUICK_PARSE_TIME: Duration = Duration::from_millis(10);

/// One guest's place in its lane, if it needs one.
#[derive(Debug)]
pub(super) struct Lane {
    lanes: Arc<Semaphore>,
    /// Its leave to start, as long as it is quick.
    leave: Mutex<Option<OwnedSemaphorePermit>>,
    /// Given back when the guest is gone.
    held: Mutex<Option<OwnedSemaphorePermit>>,
    is_waiting: AtomicBool,
    /// Microseconds that it has waited.
    waited: AtomicU64,
}

impl Lane {
    /// That of a guest with this leave to start.
    pub(super) fn new(lanes: Arc<Semaphore>, leave: Option<OwnedSemaphorePermit>) -> Self {
        let (leave, held) = (Mutex::new(leave), Mutex::new(None));
        Self { lanes, leave, held, is_waiting: AtomicBool::new(false), waited: AtomicU64::new(0) }
    }

    /// Waits for a lane, and keeps it. The next may start.
    pub(super) async fn enter(&self) {
        let start = Instant::now();
        self.is_waiting.store(true, Ordering::Release);
        set(&self.leave, None);
        // The semaphore is never closed.
        set(&self.held, Arc::clone(&self.lanes).acquire_owned().await.ok());
        let waited = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.waited.fetch_add(waited, Ordering::AcqRel);
        self.is_waiting.store(false, Ordering::Release);
    }

    /// What `guest` gives within `limit`, beside the time that it waits for its lane; `None` where that is over. Tells `slow` where it isn't
    /// quick.
    pub(super) async fn run_within<R>(
        &self,
        limit: Duration,
        slow: Option<&Notify>,
        guest: impl Future<Output = R>,
    ) -> Option<R> {
        let (start, mut guest, mut look) = (Instant::now(), std::pin::pin!(guest), limit.min(QUICK_PARSE_TIME));
        loop {
            if let Ok(result) = tokio::time::timeout(look, &mut guest).await {
                return Some(result);
            }
            set(&self.leave, None);
            slow.into_iter().for_each(Notify::notify_one);
            look = match self.is_waiting.load(Ordering::Acquire) {
                true => limit,
                false => {
                    let waited = Duration::from_micros(self.waited.load(Ordering::Acquire));
                    (limit + waited).saturating_sub(start.elapsed())
                }
            };
            if look.is_zero() {
                return None;
            }
        }
    }
}

fn set(place: &Mutex<Option<OwnedSemaphorePermit>>, permit: Option<OwnedSemaphorePermit>) {
    *place.lock() = permit;
}
