//! Ctrl-C and SIGTERM. The first one waits for what is under way and sends nothing more; the second one ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::task::JoinSet;

use super::exit::say;
use super::number::counted;
use crate::Control;

/// Codes of a program that a signal ended.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// Heeds signals as long as it lives.
pub(super) struct Interrupt {
    code: Arc<AtomicU8>,
    _task: JoinSet<()>,
}

impl Interrupt {
    pub(super) fn heed(control: &Control) -> Self {
        let (code, control) = (Arc::new(AtomicU8::new(0)), control.clone());
        let told = Arc::clone(&code);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let Some(signal) = signal().await else { return };
            told.store(signal, Ordering::Relaxed);
            control.stop();
            say(&match control.stats().under_way {
                0 => "stopping".to_owned(),
                in_flight => {
                    let requests = counted(in_flight, "request", "requests");
                    format!("stopping: waiting for {requests} in flight; once more stops at once")
                }
            });
            if let Some(again) = self::signal().await {
                exit(again);
            }
        });
        Self { code, _task: task }
    }

    /// The code to end with, where a signal came.
    pub(super) fn code(&self) -> Option<u8> {
        Some(self.code.load(Ordering::Relaxed)).filter(|code| *code > 0)
    }
}

#[expect(clippy::exit, reason = "whoever asks twice doesn't wait; what the journal says is in the file")]
fn exit(code: u8) {
    std::process::exit(code.into());
}

/// The next signal's code.
pub(super) async fn signal() -> Option<u8> {
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.ok().map(|()| INTERRUPTED),
        () = terminated() => Some(TERMINATED),
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
