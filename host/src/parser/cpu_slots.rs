//! Scheduling of guests on the cores.
//!
//! A guest needs a start permit, of which there is one more than cores: most guests end within a few ticks, and each takes megabytes. A guest
//! that takes longer returns its start permit, so that the next can start, and after some ticks needs a CPU slot, of which there are as many as
//! cores, until it ends. So guests that loop until their limit leave cores to the others and don't slow each other down. Waiting for a CPU slot
//! isn't charged to a guest's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Ticks after which a guest needs a CPU slot: parsing a page of a megabyte takes fewer.
pub(super) const TICKS_WITHOUT_SLOT: u64 = 4;

/// Time after which a guest returns its start permit.
const QUICK_PARSE_TIME: Duration = Duration::from_millis(10);

/// Permits of one guest.
#[derive(Debug)]
pub(super) struct CpuSlot {
    cpu_slots: Arc<Semaphore>,
    /// The start permit, until the guest takes long.
    start_permit: Mutex<Option<OwnedSemaphorePermit>>,
    /// The permit of a CPU slot, until the guest ends.
    slot_permit: Mutex<Option<OwnedSemaphorePermit>>,
    is_waiting: AtomicBool,
    /// Microseconds that it has waited for a CPU slot.
    waited: AtomicU64,
}

impl CpuSlot {
    /// Permits of a guest with this start permit.
    pub(super) fn new(cpu_slots: Arc<Semaphore>, start_permit: Option<OwnedSemaphorePermit>) -> Self {
        let (start_permit, slot_permit) = (Mutex::new(start_permit), Mutex::new(None));
        Self { cpu_slots, start_permit, slot_permit, is_waiting: AtomicBool::new(false), waited: AtomicU64::new(0) }
    }

    /// Returns the start permit, and waits for a CPU slot.
    pub(super) async fn acquire(&self) {
        let start = Instant::now();
        self.is_waiting.store(true, Ordering::Release);
        set(&self.start_permit, None);
        // The semaphore is never closed.
        set(&self.slot_permit, Arc::clone(&self.cpu_slots).acquire_owned().await.ok());
        let waited = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.waited.fetch_add(waited, Ordering::AcqRel);
        self.is_waiting.store(false, Ordering::Release);
    }

    /// Runs `guest` for at most `limit`, without the time that it waits for a CPU slot; `None` if it took longer. Notifies `slow` if it takes
    /// long.
    pub(super) async fn run_within<R>(
        &self,
        limit: Duration,
        slow: Option<&Notify>,
        guest: impl Future<Output = R>,
    ) -> Option<R> {
        let (start, mut guest, mut wait) = (Instant::now(), std::pin::pin!(guest), limit.min(QUICK_PARSE_TIME));
        loop {
            if let Ok(result) = tokio::time::timeout(wait, &mut guest).await {
                return Some(result);
            }
            set(&self.start_permit, None);
            slow.into_iter().for_each(Notify::notify_one);
            wait = match self.is_waiting.load(Ordering::Acquire) {
                true => limit,
                false => {
                    let waited = Duration::from_micros(self.waited.load(Ordering::Acquire));
                    (limit + waited).saturating_sub(start.elapsed())
                }
            };
            if wait.is_zero() {
                return None;
            }
        }
    }
}

fn set(place: &Mutex<Option<OwnedSemaphorePermit>>, permit: Option<OwnedSemaphorePermit>) {
    *place.lock() = permit;
}
