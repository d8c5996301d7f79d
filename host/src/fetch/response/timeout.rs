//! Timeout of an exchange, without the time that it waits for its share of memory.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Interval at which the timeout is checked while an exchange waits for memory.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Time that an exchange has waited for memory.
#[derive(Clone, Debug, Default)]
pub(in crate::fetch) struct PausedTime(Arc<Mutex<(Duration, Option<Instant>)>>);

impl PausedTime {
    /// Waits for memory.
    pub(in crate::fetch) async fn during<F: Future>(&self, share: F) -> F::Output {
        self.change(|waited| waited.1 = Some(Instant::now()));
        let output = share.await;
        self.change(|(total, since)| *total += since.take().map_or(Duration::ZERO, |since| since.elapsed()));
        output
    }

    fn total(&self) -> Duration {
        let mut total = Duration::ZERO;
        self.change(|waited| total = waited.0 + waited.1.map_or(Duration::ZERO, |since| since.elapsed()));
        total
    }

    fn change(&self, change: impl FnOnce(&mut (Duration, Option<Instant>))) {
        change(&mut self.0.lock());
    }
}

/// Runs an exchange for at most this time, without its waits; `None` if it takes longer.
pub(in crate::fetch) async fn with_timeout<F: Future>(
    time: Duration,
    waited: &PausedTime,
    exchange: F,
) -> Option<F::Output> {
    let mut exchange = std::pin::pin!(exchange);
    let start = Instant::now();
    loop {
        let left = (time + waited.total()).saturating_sub(start.elapsed());
        if left.is_zero() {
            return None;
        }
        if let Ok(output) = tokio::time::timeout(left.max(POLL_INTERVAL.min(time)), &mut exchange).await {
            return Some(output);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_for_memory_is_not_held_against_it() {
        let (waited, time) = (PausedTime::default(), Duration::from_millis(50));
        let slow = tokio::time::sleep(time * 4);
        assert!(with_timeout(time, &waited, slow).await.is_none());
        let waits = async { waited.during(tokio::time::sleep(time * 4)).await };
        assert!(with_timeout(time, &waited, waits).await.is_some());
    }
}
