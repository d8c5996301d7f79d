//! Slots of parsers, and swaps of the parser in a slot.
//!
//! A swap is a transaction: the new parser is loaded, compared with the old one on recent responses, published, and observed. If a step fails,
//! the old one continues. Invariant: generations only grow, and a response is parsed by the generation that built its request.

mod candidate;
mod event;
mod failure_window;
mod preflight;
mod registry;
mod response_history;
mod slot;

pub use event::{Event, ParserId, SwapError, Swapped};
pub use preflight::{FieldChange, InterfaceChange, KindChange, Preflight};

pub use slot::ParserSlot;

#[cfg(feature = "cli")]
pub(crate) use slot::check_hosts;

pub(crate) use candidate::Candidate;
pub(crate) use registry::{ParserRegistry, Unresolved};
pub(crate) use slot::{Check, Generation};
