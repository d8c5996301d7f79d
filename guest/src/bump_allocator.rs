//! Bump allocator for a sandbox that lives for one call.
//!
//! An allocator for parsers, on WebAssembly alone: it hands out memory from the heap's start upwards, takes the latest piece back, and
//! starts over when nothing is in use any more. For a call that ends soon that is all there is to do, and a host that reuses the
//! instance finds it as it was. It uses the memory that the module starts with before it asks for more: growing is a system call or two
//! in the host, which costs more than the parsing of a page.
#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr;

/// Bytes of a WebAssembly page.
const PAGE_BYTES: usize = 64 * 1024;

/// Pages by which memory grows at least: 1 MiB.
const MIN_GROWTH_PAGES: usize = 16;

unsafe extern "C" {
    /// The heap's start: the linker's symbol.
    static __heap_base: u8;
}

/// The allocator: `#[global_allocator] static ALLOCATOR: BumpAllocator = BumpAllocator::new();`
#[derive(Debug)]
pub struct BumpAllocator {
    /// The first free byte; 0 before the first use.
    next: Cell<usize>,
    /// Pieces in use.
    used: Cell<usize>,
}

// SAFETY: these modules have one thread.
unsafe impl Sync for BumpAllocator {}

impl Default for BumpAllocator {
    fn default() -> Self {
        Self::new()
    }
}

impl BumpAllocator {
    /// An allocator of an unused heap.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: Cell::new(0), used: Cell::new(0) }
    }

    fn start() -> usize {
        (&raw const __heap_base).addr()
    }

    /// The first free byte.
    fn next(&self) -> usize {
        self.next.get().max(Self::start())
    }

    /// Makes the bytes up to `end` usable.
    fn reach(end: usize) -> bool {
        let size = core::arch::wasm32::memory_size(0) * PAGE_BYTES;
        let missing = end.saturating_sub(size).div_ceil(PAGE_BYTES);
        missing == 0
            || core::arch::wasm32::memory_grow(0, missing.max(MIN_GROWTH_PAGES)) != usize::MAX
            || core::arch::wasm32::memory_grow(0, missing) != usize::MAX
    }
}

// SAFETY: pieces never overlap: each starts at or after `next`, which only goes back over a piece that was given back, or to the start when
// none is in use.
unsafe impl GlobalAlloc for BumpAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let at = self.next().next_multiple_of(layout.align());
        match at.checked_add(layout.size()) {
            Some(end) if Self::reach(end) => {
                self.next.set(end);
                self.used.set(self.used.get() + 1);
                ptr::with_exposed_provenance_mut(at)
            }
            _ => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        let used = self.used.get() - 1;
        self.used.set(used);
        if used == 0 {
            self.next.set(Self::start());
        } else if piece.addr() + layout.size() == self.next.get() {
            self.next.set(piece.addr());
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let is_latest = piece.addr() + layout.size() == self.next.get();
        if is_latest && piece.addr().checked_add(size).is_some_and(Self::reach) {
            self.next.set(piece.addr() + size);
            return piece;
        }
        // SAFETY: the caller keeps the contract of `realloc`, which is that of these three.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(piece, moved, layout.size().min(size));
                self.dealloc(piece, layout);
            }
            moved
        }
    }
}
