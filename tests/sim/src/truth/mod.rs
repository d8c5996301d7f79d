//! Records under the field names of the project's own, made from the catalogue and not from the wire.
//!
//! Invariant: a value is what is at its path, so that a free app's `price_text` is the empty string. Markup
//! is given as text, addresses are absolute; absent is `null`; money and scores are JSON numbers with a fraction, to be compared as numbers.

mod app;
mod review;

pub(crate) use app::{availability_status, card, data_safety, data_safety_page, details, item, permissions};
pub(crate) use review::review;
