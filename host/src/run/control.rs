//! Control of a run while it goes: stop it, and read its statistics.

use std::sync::Arc;

use tokio::sync::watch;

use crate::jobs::permit::SharedScheduler;
use crate::result::run_stats::{RunStats, StatsRecorder};

/// Stops a run, and tells how it goes. Cloning it is cheap.
///
/// ```no_run
/// # async fn stopped(host: playfast::Host, plan: playfast::Plan) {
/// let outcomes = host.run(plan.queries());
/// let control = outcomes.control();
/// tokio::spawn(async move {
///     tokio::signal::ctrl_c().await.ok();
///     control.stop();
/// });
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RunControl {
    pub(super) stop: Arc<watch::Sender<bool>>,
    pub(super) stats: Arc<StatsRecorder>,
    pub(super) scheduler: SharedScheduler,
}

impl RunControl {
    /// Has what is under way finish, and sends nothing more: what isn't answered by then is [`crate::types::FailureKind::Cancelled`].
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// How it went so far.
    #[must_use]
    pub fn stats(&self) -> RunStats {
        self.stats.stats(self.scheduler.held_by())
    }
}
