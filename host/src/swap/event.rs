//! Events and errors of swaps.

use std::fmt;
use std::sync::Arc;

use super::preflight::Preflight;
use crate::parser::{Digest, LoadError, Parser};

/// A parser, by what tells it from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ParserId {
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// The digest of its component.
    pub digest: Digest,
}

impl ParserId {
    pub(crate) fn new(parser: &Parser) -> Self {
        let description = parser.description();
        Self { name: description.name.clone(), version: description.version.clone(), digest: parser.digest() }
    }
}

impl fmt::Display for ParserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHORT: usize = 12;
        let digest: String = self.digest.hex().chars().take(SHORT).collect();
        write!(formatter, "{} {} ({digest})", self.name, self.version)
    }
}

/// Why a parser doesn't take the other's place, which goes on.
///
/// ```no_run
/// use playfast::swap::SwapError;
/// use playfast::Host;
///
/// # async fn renew(host: &Host) -> Result<(), Box<dyn std::error::Error>> {
/// match host.swap(std::fs::read("play.wasm")?).await {
///     Ok(swapped) => println!("{swapped}"),
///     Err(SwapError::Preflight(preflight)) => println!("kept the old one: {preflight}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwapError {
    /// It is no parser for this host.
    #[error("it is no parser for this host")]
    Load(#[from] LoadError),
    /// It wants to reach more than the one that the host started with.
    #[error("it wants to ask {wanted}, and no more than {allowed} may be asked; allow that first")]
    Hosts {
        /// The hosts that are new.
        wanted: String,
        /// Those that are allowed.
        allowed: String,
    },
    /// It can't be asked what the old one can, or does worse on recent responses.
    #[error("{}: {preflight}", .0.verdict(), preflight = .0)]
    Preflight(Preflight),
    /// There is no parser to go back to.
    #[error("there is no parser to go back to")]
    NoPrevious,
    /// The host has several parsers, and it isn't plain whose place is meant.
    #[error("the host has several parsers, {slots}, and it isn't plain whose place is meant: use `Host::slot`")]
    AmbiguousSlot {
        /// Their slots' names.
        slots: String,
    },
    /// A parser of that name is there.
    #[error("the host has a parser {0} already: swap that")]
    NameTaken(String),
}

/// A parser that answers from now on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Swapped {
    /// The name of the slot that it is in.
    pub slot: Arc<str>,
    /// Which one.
    pub parser: ParserId,
    /// Its generation: the slot's first parser is 1.
    pub generation: u64,
    /// How it did on recent responses; absent where that wasn't asked.
    pub preflight: Option<Preflight>,
    /// Whether it answered already: then nothing changed.
    pub unchanged: bool,
}

impl fmt::Display for Swapped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unchanged {
            return write!(formatter, "{} answers already, as generation {}", self.parser, self.generation);
        }
        write!(formatter, "{} answers from now on", self.parser)?;
        if *self.slot != *self.parser.name {
            write!(formatter, " in {}", self.slot)?;
        }
        write!(formatter, ", as generation {}", self.generation)?;
        match &self.preflight {
            Some(preflight) => write!(formatter, "; {preflight}"),
            None => formatter.write_str("; not held against recent responses"),
        }
    }
}

/// What happened to the host's parser: [`Host::events`](crate::Host::events).
///
/// ```no_run
/// use futures::StreamExt;
/// use playfast::swap::Event;
/// use playfast::Host;
///
/// # async fn tell(host: Host) {
/// let mut events = std::pin::pin!(host.events());
/// while let Some(event) = events.next().await {
///     if let Event::RolledBack { .. } = event {
///         eprintln!("somebody should look: {event}");
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Another answers from now on.
    Swapped(Swapped),
    /// Another was refused; the old one goes on.
    #[non_exhaustive]
    Refused {
        /// The name of the slot that it was for.
        slot: Arc<str>,
        /// The digest of what was refused.
        digest: Digest,
        /// The step at which it failed, and why.
        reason: String,
    },
    /// One more answers, beside the others.
    Added(Swapped),
    /// One more was refused; the others go on.
    #[non_exhaustive]
    AddRefused {
        /// The name that it would have had.
        slot: Arc<str>,
        /// The digest of what was refused.
        digest: Digest,
        /// The step at which it failed, and why.
        reason: String,
    },
    /// The new one failed where the old one hadn't, which answers again.
    #[non_exhaustive]
    RolledBack {
        /// The one that failed.
        failed: ParserId,
        /// How many of its responses it failed on.
        failures: usize,
        /// How many responses it had.
        responses: usize,
        /// The one that answers again.
        to: Swapped,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Swapped(swapped) => write!(formatter, "the parser {swapped}"),
            Self::Refused { slot, digest, reason } => {
                write!(formatter, "the new parser for {slot} ({digest}) is refused, and the old one goes on: {reason}")
            }
            Self::Added(swapped) => {
                write!(formatter, "the parser {} answers from now on as {}", swapped.parser, swapped.slot)
            }
            Self::AddRefused { slot, digest, reason } => {
                write!(formatter, "the parser {slot} ({digest}) is refused: {reason}")
            }
            Self::RolledBack { failed, failures, responses, to } => write!(
                formatter,
                "the parser {failed} failed on {failures} of {responses} responses, and is taken back: {to}"
            ),
        }
    }
}
