//! The parsers that answer now, and how another one takes the place of one.
//!
//! A swap is a transaction: the new parser is loaded, held against recent responses, published, and watched; whatever fails, the old one goes
//! on. Invariant: generations only grow, and a response is parsed by the generation that made its request.

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
