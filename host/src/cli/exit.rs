//! Exit codes, and lines for stderr.

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

    /// What clap says of what was typed.
    pub(super) fn usage(error: &clap::Error) -> Self {
        // Nothing can be done where stderr is closed.
        drop(error.print());
        Self { code: 2, message: None }
    }

    /// Help or the version, as asked.
    pub(super) fn help(help: &clap::Error) -> Self {
        drop(help.print());
        Self::done()
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

/// A line on stderr.
#[expect(clippy::print_stderr, reason = "talk goes to stderr, through here alone")]
pub(super) fn say(line: &str) {
    progress::aside(|| eprintln!("playfast: {line}"));
}
