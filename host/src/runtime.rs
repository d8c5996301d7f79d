//! Runtime of the process, for blocking calls and the shared host.
//!
//! One multi-threaded runtime for the process, started when it is first needed and kept until the process ends: connections of a pool live
//! in the runtime that opened them, so what is shared by callers of any runtime, or of none, needs one that outlives them all.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::coop;

/// The process's own threads can't be started.
#[derive(Clone, Debug, thiserror::Error)]
#[error("failed to start {threads} threads: {reason}")]
pub struct RuntimeError {
    threads: usize,
    reason: String,
}

/// The process's runtime: a thread for each core that it may use.
pub(crate) fn shared() -> Result<&'static Runtime, RuntimeError> {
    static SHARED: OnceLock<Result<Runtime, RuntimeError>> = OnceLock::new();
    SHARED.get_or_init(|| start(Workers::All)).as_ref().map_err(Clone::clone)
}

/// Starts a runtime with as many threads.
///
/// # Errors
/// When they are more than [`MAX_WORKERS`], or the system refuses them.
pub(crate) fn start(count: Workers) -> Result<Runtime, RuntimeError> {
    let threads = count.count();
    if threads > MAX_WORKERS {
        return Err(RuntimeError { threads, reason: format!("at most {MAX_WORKERS} can be started") });
    }
    let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name("playfast").enable_all().build();
    runtime.map_err(|error| RuntimeError { threads, reason: error.to_string() })
}

/// Runs a future in the process's runtime, and waits for it on this thread.
///
/// Unlike [`Runtime::block_on`], which panics there, it waits in async code too: [`is_async`] says where it shouldn't be called.
pub(crate) fn wait<F: Future>(runtime: &Runtime, future: F) -> F::Output {
    let _entered = runtime.enter();
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    // The budget of a task that this thread may be polling is that task's.
    let mut future = pin!(coop::unconstrained(future));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Whether this thread is polling async code of a tokio runtime, which stalls if it waits.
///
/// Tokio knows, but says so by panicking alone. What shows it is the budget that a task has until it must yield: async code has one, and
/// code that may wait (in `spawn_blocking`, in `block_in_place`, beside a runtime) has none. In async code the rest of it is used up.
pub(crate) fn is_async() -> bool {
    /// Tokio counts a budget in a `u8`.
    const MORE_THAN_ANY: usize = 256;
    let mut context = Context::from_waker(Waker::noop());
    let spend = |_| pin!(coop::consume_budget()).poll(&mut context).is_pending();
    Handle::try_current().is_ok() && (0..MORE_THAN_ANY).any(spend)
}

/// Threads for the runtime.
///
/// The study that this project comes from took half the cores, between 2 and 8 ([`Workers::Half`]), since its Python process needed the rest.
/// The host runs alone and parses on all cores: [`Workers::All`] is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Workers {
    /// One for each core that the process may use.
    #[default]
    All,
    /// `(cores / 2).clamp(2, 8)`.
    Half,
    /// As many as this, [`MAX_WORKERS`] at most.
    Count(std::num::NonZeroUsize),
}

/// The most threads that a runtime is started with. Each takes an allocation up front and a stack: a mistyped number is refused instead of
/// ending the process.
pub const MAX_WORKERS: usize = 1024;

impl Workers {
    /// How many threads that is here: at most as many as CPU affinity and, on Linux, the quota of a cgroup allow.
    #[must_use]
    pub fn count(self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        match self {
            Self::All => cores,
            Self::Half => (cores / 2).clamp(2, 8),
            Self::Count(count) => count.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn async_code_is_told_from_code_that_may_wait() {
        assert!(!is_async(), "no runtime");
        let runtime = Runtime::new().unwrap();
        {
            let _entered = runtime.enter();
            assert!(!is_async(), "beside a runtime");
        }
        assert!(runtime.block_on(async { is_async() }));
        assert!(runtime.block_on(async { tokio::spawn(async { is_async() }).await.unwrap() }));
        assert!(!runtime.block_on(async { tokio::task::spawn_blocking(is_async).await.unwrap() }));
        assert!(!runtime.block_on(async { tokio::task::block_in_place(is_async) }));
        let current_thread = Builder::new_current_thread().build().unwrap();
        assert!(current_thread.block_on(async { is_async() }));
        assert!(!is_async(), "and none any more");
    }

    #[test]
    fn more_threads_than_can_be_started_are_an_error() {
        let refused = start(Workers::Count(std::num::NonZeroUsize::MAX)).unwrap_err().to_string();
        assert!(refused.contains("at most 1024 can be started"), "{refused}");
        start(Workers::Count(std::num::NonZeroUsize::MIN)).unwrap();
    }

    #[test]
    fn waiting_in_async_code_stalls_it_and_no_more() {
        let runtime = Runtime::new().unwrap();
        let slept = async {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            1
        };
        assert_eq!(runtime.block_on(async { wait(shared().unwrap(), slept) }), 1);
    }
}
