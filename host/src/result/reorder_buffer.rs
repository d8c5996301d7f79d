//! Reorder buffer: holds pages until those of earlier queries are delivered.

use std::collections::{BTreeMap, VecDeque};

use super::compressed_rows::{WaitingPage, WaitingRows};
use super::page_result::PageResult;

/// Bytes of waiting rows above which only the first query is sent, and below which all are again.
const HIGH_WATER_BYTES: usize = 8 << 20;
const LOW_WATER_BYTES: usize = 4 << 20;

/// Buffer of waiting pages.
#[derive(Debug)]
pub(crate) struct ReorderBuffer {
    /// Root whose pages are delivered now.
    next: usize,
    /// Root to which the scheduler is restricted.
    head: Option<usize>,
    /// Waiting pages by root.
    roots: BTreeMap<usize, Root>,
    ready: VecDeque<WaitingPage>,
    waiting_rows: WaitingRows,
}

#[derive(Debug, Default)]
struct Root {
    own: VecDeque<WaitingPage>,
    raised: Vec<WaitingPage>,
    is_closed: bool,
}

impl ReorderBuffer {
    /// An empty buffer, in which this many bytes of JSON may wait uncompressed.
    pub(crate) const fn new(max_plain_bytes: usize) -> Self {
        Self {
            next: 0,
            head: None,
            roots: BTreeMap::new(),
            ready: VecDeque::new(),
            waiting_rows: WaitingRows::new(max_plain_bytes),
        }
    }

    pub(crate) fn insert(&mut self, page_result: PageResult, closes: bool) {
        let root = self.roots.entry(page_result.query_path.root).or_default();
        root.is_closed |= closes;
        let is_own = page_result.query_path.path.is_empty();
        let waits = self.waiting_rows.pack(page_result);
        if is_own {
            root.own.push_back(waits);
        } else {
            root.raised.push(waits);
        }
    }

    /// The next page in order, and whether its root is done.
    pub(crate) fn next(&mut self) -> Option<(PageResult, bool)> {
        let (waited, is_over) = self.next_waiting()?;
        Some((self.waiting_rows.open(waited), is_over))
    }

    /// The root to which the scheduler is to be restricted, or none, if that changed.
    pub(crate) fn head_to_wait_for(&mut self) -> Option<Option<usize>> {
        let bytes = self.waiting_rows.bytes();
        let is_high = bytes > HIGH_WATER_BYTES || (self.head.is_some() && bytes > LOW_WATER_BYTES);
        let head = is_high.then_some(self.next);
        (head != self.head).then(|| {
            self.head = head;
            head
        })
    }

    fn next_waiting(&mut self) -> Option<(WaitingPage, bool)> {
        if let Some(page_result) = self.ready.pop_front() {
            return Some((page_result, false));
        }
        let root = self.roots.get_mut(&self.next)?;
        if let Some(page_result) = root.own.pop_front() {
            let is_over = root.is_closed && root.own.is_empty() && root.raised.is_empty();
            if is_over {
                self.continue_from();
            }
            return Some((page_result, is_over));
        }
        if !root.is_closed {
            return None;
        }
        root.raised.sort_by(|one, other| one.path().cmp(other.path()));
        self.ready = std::mem::take(&mut root.raised).into();
        self.continue_from();
        self.ready.pop_front().map(|page_result| (page_result, true))
    }

    fn continue_from(&mut self) {
        self.roots.remove(&self.next);
        self.next += 1;
    }
}
