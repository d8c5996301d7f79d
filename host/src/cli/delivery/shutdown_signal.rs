//! Ctrl-C and SIGTERM. The first lets requests in flight finish and sends no more; the second ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::task::JoinSet;

use crate::cli::exit::print_message;
use crate::cli::report::number::counted;
use crate::run::RunControl;

/// Codes of a program that a signal ended.
const INTERRUPTED: u8 = 130;
#[cfg(unix)]
const TERMINATED: u8 = 143;

/// Heeds signals as long as it lives.
pub(in crate::cli) struct ShutdownSignal {
    code: Arc<AtomicU8>,
    _task: JoinSet<()>,
}

impl ShutdownSignal {
    pub(in crate::cli) fn listen(control: &RunControl) -> Self {
        let (code, control) = (Arc::new(AtomicU8::new(0)), control.clone());
        let told = Arc::clone(&code);
        let mut task = JoinSet::new();
        // Listening begins here, not when the task first runs.
        let signals = Signals::listen();
        task.spawn(async move {
            let Ok(mut signals) = signals else { return };
            let signal = signals.next().await;
            told.store(signal, Ordering::Relaxed);
            control.stop();
            print_message(&match control.stats().in_flight {
                0 => "stopping".to_owned(),
                in_flight => {
                    let requests = counted(in_flight, "request", "requests");
                    format!("stopping: waiting for {requests} in flight; once more stops at once")
                }
            });
            exit(signals.next().await);
        });
        Self { code, _task: task }
    }

    /// The code to end with, where a signal came.
    pub(in crate::cli) fn code(&self) -> Option<u8> {
        Some(self.code.load(Ordering::Relaxed)).filter(|code| *code > 0)
    }
}

#[expect(clippy::exit, reason = "whoever asks twice doesn't wait; what the journal says is in the file")]
fn exit(code: u8) {
    std::process::exit(code.into());
}

/// Ctrl-C and SIGTERM, which no longer end the program.
pub(in crate::cli) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    ctrl_c: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses.
    #[cfg(unix)]
    pub(in crate::cli) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses.
    #[cfg(windows)]
    pub(in crate::cli) fn listen() -> std::io::Result<Self> {
        Ok(Self { ctrl_c: tokio::signal::windows::ctrl_c()? })
    }

    /// The exit code of the next signal.
    pub(in crate::cli) async fn next(&mut self) -> u8 {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.terminate.recv() => TERMINATED,
        }
        #[cfg(windows)]
        {
            self.ctrl_c.recv().await;
            INTERRUPTED
        }
    }
}
