//! How the program ends, and its lines on stderr and stdout.

use std::io::{self, Write};
use std::process::ExitCode;

use super::progress;

/// How the program ends: a code, and a line for stderr where there is something to say.
#[derive(Debug)]
pub(super) struct Exit {
    code: u8,
    message: Option<String>,
}

impl Exit {
    /// Some queries answered, some not; all; or none.
    pub(super) const fn of(answered: usize, failed: usize) -> Self {
        let code = match (answered, failed) {
            (_, 0) => 0,
            (0, _) => 3,
            _ => 1,
        };
        Self { code, message: None }
    }

    /// Everything is well.
    pub(super) const fn done() -> Self {
        Self { code: 0, message: None }
    }

    /// A signal ended it.
    pub(super) const fn stopped(code: u8, message: String) -> Self {
        Self { code, message: Some(message) }
    }

    /// Something that was typed, or the machine, is not right.
    pub(super) const fn config(message: String) -> Self {
        Self { code: 2, message: Some(message) }
    }

    /// A fault of this program ended it (`EX_SOFTWARE` of sysexits.h).
    pub(super) const fn internal(message: String) -> Self {
        Self { code: 70, message: Some(message) }
    }

    /// The parser is refused.
    pub(super) const fn refused(message: String) -> Self {
        Self { code: 4, message: Some(message) }
    }

    /// Output can't be written. Whoever closed the pipe has enough: that is no error.
    pub(super) fn unwritten(what: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::done(),
            _ => Self::config(format!("failed to write {what}: {error}")),
        }
    }

    /// Says the message and goes on.
    pub(super) fn warn(&self) {
        if let Some(message) = &self.message {
            say(message);
        }
    }

    /// Says the message; the code is left.
    pub(super) fn report(&self) -> ExitCode {
        self.warn();
        ExitCode::from(self.code)
    }
}

/// A line on stderr, in one piece: several processes may write to one log.
pub(super) fn say(line: &str) {
    let line = format!("playfast: {line}\n");
    // Nothing can be done where stderr is closed.
    progress::aside(|| drop(io::stderr().write_all(line.as_bytes())));
}

/// Writes text to stdout.
///
/// # Errors
/// How the program ends if it can't be written.
pub(super) fn print(text: &str) -> Result<(), Exit> {
    let mut out = io::stdout();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Exit::unwritten("to stdout", &error))
}
