//! How is memory given back?

/// Bytes from which on an allocation is a mapping of its own.
const MAPPED: i32 = 64 << 10;

/// Has bodies and rows of pages given back to the system as they go. By itself glibc keeps ever larger ones in its heaps, where what lies between
/// them holds them open (mallopt(3), `M_MMAP_THRESHOLD`).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a function of the C library that takes numbers alone")]
pub(super) fn give_back() {
    // SAFETY: it reads no memory of ours, and takes the allocator's own lock. Where it refuses, all stays as it was.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED) };
}

/// Other allocators do so, or can't be told.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) const fn give_back() {}
