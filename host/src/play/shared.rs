//! Host that the process shares, for programs without their own.
//!
//! It runs in the process's own runtime, whichever runtime calls it, since the connections of a pool end with the runtime that opened them.

use std::panic::resume_unwind;

use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use super::PlayError;
use crate::host::Host;
use crate::runtime::{RuntimeError, shared};

/// The process's host, which is built when it is first needed, with the environment's variables ([`crate::HostBuilder::environment`]).
pub(super) async fn host() -> Result<&'static Host, PlayError> {
    static HOST: OnceCell<Host> = OnceCell::const_new();
    HOST.get_or_try_init(|| async { run_on_own_runtime(make()).await? }).await
}

async fn make() -> Result<Host, PlayError> {
    Ok(Host::builder().environment()?.build().await?)
}

/// Runs a future in the process's runtime, whichever runtime polls this one. Dropping it aborts the future.
pub(super) async fn run_on_own_runtime<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, RuntimeError> {
    let mut tasks = JoinSet::new();
    tasks.spawn_on(future, shared()?.handle());
    match tasks.join_next().await {
        Some(Ok(output)) => Ok(output),
        Some(Err(error)) if error.is_panic() => resume_unwind(error.into_panic()),
        // Nobody else aborts the task, and its runtime never ends.
        _ => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;
    use crate::runtime::wait;

    #[test]
    fn what_runs_aside_needs_no_runtime_and_ends_with_its_future() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let endless = async move {
            let _alive = sender;
            std::future::pending::<()>().await;
        };
        let mut context = Context::from_waker(Waker::noop());
        {
            let running = pin!(run_on_own_runtime(endless));
            assert!(running.poll(&mut context).is_pending());
        }
        assert!(wait(shared().unwrap(), receiver).is_err(), "its sender was dropped");
        assert_eq!(wait(shared().unwrap(), run_on_own_runtime(async { 1 })).unwrap(), 1);
    }
}
