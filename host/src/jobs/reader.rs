//! Back-pressure: while too many pages wait for a run's reader, the scheduler sends nothing more of the run.

use parking_lot::Mutex;

use super::permit::SharedScheduler;
use crate::schedule::scheduler::RunId;
use crate::schedule::wait_queue::RunGate;

/// Waiting pages from which a run's requests are held back.
const HIGH_WATER_PAGES: usize = 4;
/// Waiting pages down to which they are.
const LOW_WATER_PAGES: usize = 2;

/// State of a run's reader. While too many pages wait for it, the run's requests are held back.
#[derive(Debug)]
pub(crate) struct Reader {
    scheduler: SharedScheduler,
    run: RunId,
    state: Mutex<ReaderState>,
}

#[derive(Debug, Default)]
struct ReaderState {
    /// Pages that wait to be read.
    pages: usize,
    is_slow: bool,
    /// The root that all others wait for, if too many rows wait in memory.
    head: Option<usize>,
    gate: RunGate,
}

impl Reader {
    pub(super) fn new(scheduler: SharedScheduler, run: RunId) -> Self {
        Self { scheduler, run, state: Mutex::default() }
    }

    /// Records that a page waits to be read.
    pub(crate) fn page_waits(&self) {
        self.update(|state| {
            state.pages += 1;
            state.is_slow |= state.pages >= HIGH_WATER_PAGES;
        });
    }

    /// Records that a page was read.
    pub(crate) fn page_read(&self) {
        self.update(|state| {
            state.pages = state.pages.saturating_sub(1);
            state.is_slow &= state.pages > LOW_WATER_PAGES;
        });
    }

    /// Restricts the run to the queries of a root, or to none.
    pub(crate) fn set_head(&self, head: Option<usize>) {
        self.update(|state| state.head = head);
    }

    fn update(&self, change: impl FnOnce(&mut ReaderState)) {
        let opens = {
            let mut state = self.state.lock();
            change(&mut state);
            let gate = match state.head {
                _ if state.is_slow => RunGate::Closed,
                Some(root) => RunGate::HeadOnly(root),
                None => RunGate::Open,
            };
            if gate == state.gate {
                return;
            }
            state.gate = gate;
            self.scheduler.set_gate(self.run, gate);
            gate != RunGate::Closed
        };
        if opens {
            self.scheduler.poll_for_others();
        }
    }
}
