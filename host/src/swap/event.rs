//! Events and errors of swaps.

use std::fmt;
use std::sync::Arc;

use super::preflight::Preflight;
use crate::parser::{Digest, LoadError, Parser};

/// Identity of a parser.
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

/// Why a parser isn't swapped in. The old parser continues to answer.
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
    /// It can't be loaded.
    #[error("it cannot be loaded")]
    Load(#[from] LoadError),
    /// It declares hosts that the slot's parsers may not ask.
    #[error("it declares the host {wanted}, but only {allowed} may be asked: allow it first")]
    Hosts {
        /// The hosts that aren't allowed.
        wanted: String,
        /// The allowed hosts.
        allowed: String,
    },
    /// It refuses queries that the old parser accepts, or is worse on recent responses.
    #[error("{}: {preflight}", .0.verdict(), preflight = .0)]
    Preflight(Preflight),
    /// There was no swap since the last rollback.
    #[error("there is no previous parser to roll back to")]
    NoPrevious,
    /// The host has several parsers, and no single one has the new parser's name.
    #[error(
        "the host has several slots, {slots}, and none or several have a parser of this name: swap in one of them (`Host::slot`)"
    )]
    AmbiguousSlot {
        /// Their slots' names.
        slots: String,
    },
    /// The host has a slot of that name.
    #[error("the host already has a parser {0}: swap that")]
    NameTaken(String),
}

/// A parser that was swapped in or added.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Swapped {
    /// The slot's name.
    pub slot: Arc<str>,
    /// The parser.
    pub parser: ParserId,
    /// Its generation: the slot's first parser is 1.
    pub generation: u64,
    /// The comparison with the old parser; None if it was skipped.
    pub preflight: Option<Preflight>,
    /// Whether the same parser answered before, so that nothing changed.
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
            None => formatter.write_str("; not compared on recent responses"),
        }
    }
}

/// A change of the host's parsers: [`Host::events`](crate::Host::events).
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
    /// A parser was swapped in.
    Swapped(Swapped),
    /// A parser was refused, and the old one continues.
    #[non_exhaustive]
    Refused {
        /// The slot's name.
        slot: Arc<str>,
        /// The digest of the refused component.
        digest: Digest,
        /// The step that failed, and why.
        reason: String,
    },
    /// A parser was added.
    Added(Swapped),
    /// A parser to be added was refused.
    #[non_exhaustive]
    AddRefused {
        /// The name that was asked for.
        slot: Arc<str>,
        /// The digest of the refused component.
        digest: Digest,
        /// The step that failed, and why.
        reason: String,
    },
    /// A parser failed far more often than the one before, which answers again.
    #[non_exhaustive]
    RolledBack {
        /// The parser that failed.
        failed: ParserId,
        /// Number of its latest responses that it failed on.
        failures: usize,
        /// Number of its latest responses.
        responses: usize,
        /// The parser that answers again.
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
                "the parser {failed} failed on {failures} of {responses} responses, and is rolled back: {to}"
            ),
        }
    }
}
