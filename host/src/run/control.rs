//! Control of a run: stopping it, and its statistics.

use std::sync::Arc;

use tokio::sync::watch;

use crate::jobs::permit::SharedScheduler;
use crate::result::run_stats::{RunStats, StatsRecorder};

/// Handle that stops a run and reads its statistics. Cloning it is cheap.
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
    /// Stops the run: requests in flight finish, and other queries fail as [`crate::types::FailureKind::Cancelled`].
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Statistics so far.
    #[must_use]
    pub fn stats(&self) -> RunStats {
        self.stats.stats(self.scheduler.held_by())
    }
}
