//! Exit codes, and lines on stderr and stdout.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use crate::cli::report::progress;
#[cfg(feature = "parquet")]
use crate::output::ParquetError;
#[cfg(feature = "db")]
use crate::output::database::DatabaseError;
use crate::output::{FileCheckpointError, JournalError};
use crate::types::chain;

/// How the program ends: a code, and a line for stderr where there is something to say.
#[derive(Debug)]
pub(in crate::cli) struct ExitStatus {
    code: u8,
    message: Option<String>,
}

impl ExitStatus {
    /// Some queries answered, some not or in part; all; or none.
    pub(in crate::cli) const fn from_counts(answered: usize, failed: usize) -> Self {
        let code = match (answered, failed) {
            (_, 0) => 0,
            (0, _) => 3,
            _ => 1,
        };
        Self { code, message: None }
    }

    /// There is something that a script wants to know by the exit code, as `diff` tells it.
    #[cfg(feature = "db")]
    pub(in crate::cli) const fn differs() -> Self {
        Self { code: 1, message: None }
    }

    /// Everything is well.
    pub(in crate::cli) const fn done() -> Self {
        Self { code: 0, message: None }
    }

    /// A signal ended it.
    pub(in crate::cli) const fn stopped(code: u8, message: String) -> Self {
        Self { code, message: Some(message) }
    }

    /// Something that was typed, or the machine, is not right.
    pub(in crate::cli) const fn config(message: String) -> Self {
        Self { code: 2, message: Some(message) }
    }

    /// A fault of this program ended it (`EX_SOFTWARE` of sysexits.h).
    pub(in crate::cli) const fn internal(message: String) -> Self {
        Self { code: 70, message: Some(message) }
    }

    /// Another run writes the same file: it may be tried again later (`EX_TEMPFAIL` of sysexits.h).
    pub(in crate::cli) const fn locked(message: String) -> Self {
        Self { code: 75, message: Some(message) }
    }

    /// The parser is refused.
    pub(in crate::cli) const fn refused(message: String) -> Self {
        Self { code: 4, message: Some(message) }
    }

    /// The output can't be written. A closed pipe is no error.
    pub(in crate::cli) fn unwritten(what: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::done(),
            _ => Self::config(format!("failed to write {what}: {error}")),
        }
    }

    /// Whether a signal ended it.
    #[cfg(feature = "db")]
    pub(in crate::cli) const fn is_stopped(&self) -> bool {
        self.code > 128
    }

    /// Prints the message, and continues.
    pub(in crate::cli) fn warn(&self) {
        if let Some(message) = &self.message {
            print_error(message);
        }
    }

    /// Says the message; the code is left.
    pub(in crate::cli) fn report(&self) -> ExitCode {
        self.warn();
        ExitCode::from(self.code)
    }
}

#[cfg(feature = "db")]
impl From<DatabaseError> for ExitStatus {
    fn from(error: DatabaseError) -> Self {
        let message = chain(&error);
        match error {
            DatabaseError::InUse { .. } => Self::locked(message),
            _ => Self::config(message),
        }
    }
}

#[cfg(feature = "parquet")]
impl From<ParquetError> for ExitStatus {
    fn from(error: ParquetError) -> Self {
        Self::config(chain(&error))
    }
}

impl From<FileCheckpointError> for ExitStatus {
    fn from(error: FileCheckpointError) -> Self {
        match error {
            FileCheckpointError::Rows(error) => Self::unwritten("rows", &error),
            FileCheckpointError::Journal(error) => error.into(),
            FileCheckpointError::Format(error) => Self::config(error.to_string()),
        }
    }
}

impl From<JournalError> for ExitStatus {
    fn from(error: JournalError) -> Self {
        let message = chain(&error);
        match error {
            JournalError::InUse(_) => Self::locked(message),
            JournalError::Unfinished { .. } => {
                Self::config(format!("{message}: --resume goes on with it, --overwrite starts again"))
            }
            JournalError::Unjournaled(_) => Self::config(format!("{message}: --overwrite starts again")),
            _ => Self::config(message),
        }
    }
}

/// Whether only errors are printed.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Whether queries are being asked: lines of a log have times then.
static IS_RUNNING: AtomicBool = AtomicBool::new(false);

/// Prints errors only, from now on.
pub(in crate::cli) fn be_quiet() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

/// Whether only errors are printed.
pub(in crate::cli) fn is_quiet() -> bool {
    IS_QUIET.load(Ordering::Relaxed)
}

/// Lines have a time from now on, unless a person reads them on a terminal.
pub(in crate::cli) fn start_log() {
    IS_RUNNING.store(true, Ordering::Relaxed);
}

/// Prints a line on stderr, unless only errors are wanted.
pub(in crate::cli) fn print_message(line: &str) {
    if !is_quiet() {
        print_error(line);
    }
}

/// Prints an error on stderr: one line in one `write`, since several processes may write to one log.
pub(in crate::cli) fn print_error(line: &str) {
    let has_time = IS_RUNNING.load(Ordering::Relaxed) && !io::stderr().is_terminal();
    let time =
        if has_time { format!("{} ", humantime::format_rfc3339_seconds(SystemTime::now())) } else { String::new() };
    let line = format!("{time}playfast: {line}\n");
    // Nothing can be done if stderr is closed.
    progress::suspended(|| drop(io::stderr().write_all(line.as_bytes())));
}

/// Writes text to stdout.
///
/// # Errors
/// How the program ends if it can't be written.
pub(in crate::cli) fn print(text: &str) -> Result<(), ExitStatus> {
    let mut out = io::stdout();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| ExitStatus::unwritten("to stdout", &error))
}
