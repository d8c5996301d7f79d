//! Memory that is given back to the system as it is freed: bodies and rows come and go by the megabyte. On Linux with glibc only.

pub(in crate::cli) use system::give_back_as_it_goes;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod system {
    /// Bytes from which on an allocation is a mapping of its own.
    const MAPPED: i32 = 64 << 10;

    /// Heaps. By itself glibc gives each thread its own, where the last thing that lives holds open what others left; threads that take
    /// turns at one fill that again.
    const HEAPS: i32 = 1;

    /// Has bodies and rows of pages given back to the system as they go. By itself glibc keeps ever larger ones in its heaps, where what lies
    /// between them holds them open (mallopt(3), `M_MMAP_THRESHOLD` and `M_ARENA_MAX`).
    #[expect(unsafe_code, reason = "a function of the C library that takes numbers alone")]
    pub(in crate::cli) fn give_back_as_it_goes() {
        // SAFETY: it reads no memory of ours, and takes the allocator's own lock. Where it refuses, all stays as it was.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED);
            libc::mallopt(libc::M_ARENA_MAX, HEAPS);
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod system {
    pub(in crate::cli) const fn give_back_as_it_goes() {}
}
