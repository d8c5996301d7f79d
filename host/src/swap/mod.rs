//! Which parser answers now, and how does another take its place?
//!
//! A swap is a transaction: the new parser is loaded, held against recent responses, published, and watched; whatever fails, the old one goes
//! on. Invariant: generations only grow, and a response is parsed by the generation that made its request.

mod current;
mod event;
mod preflight;
mod recent;
mod tally;

pub use event::{Event, ParserId, SwapError, Swapped};
pub use preflight::{FieldChange, KindChange, Preflight};

pub(crate) use current::{Check, Current, Generation};
