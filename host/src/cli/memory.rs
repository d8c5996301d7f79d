//! How memory is given back to the system.
//!
//! What is fetched comes and goes by the megabyte, and starting the program takes code that runs never again. Elsewhere than on Linux with
//! glibc the system is left to do as it does.

pub(super) use system::{give_back_as_it_goes, give_back_code};

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
    pub(in super::super) fn give_back_as_it_goes() {
        // SAFETY: it reads no memory of ours, and takes the allocator's own lock. Where it refuses, all stays as it was.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED);
            libc::mallopt(libc::M_ARENA_MAX, HEAPS);
        }
    }

    /// Gives back the program's own code and constants, some 25 MB once parsers are loaded and options read: what a run needs of them, about a
    /// half, comes back from the file's cache as it is used.
    #[expect(unsafe_code, reason = "the program's own bounds, and advice for the system that is about them")]
    pub(in super::super) fn give_back_code() {
        // The linker's (ld(1)): where the file is mapped, and the end of what is never written to.
        unsafe extern "C" {
            static __executable_start: u8;
            static etext: u8;
        }
        let (start, end) = (&raw const __executable_start, &raw const etext);
        // SAFETY: what lies between is mapped from the file, and nobody may write to it, so that the same comes back (madvise(2)).
        unsafe { libc::madvise(start.cast_mut().cast(), end.addr() - start.addr(), libc::MADV_DONTNEED) };
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod system {
    pub(in super::super) const fn give_back_as_it_goes() {}

    pub(in super::super) const fn give_back_code() {}
}
