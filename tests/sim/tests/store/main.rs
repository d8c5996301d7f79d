//! Asked over real TLS, as a client would.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it should do"
)]

mod answers;
mod calls;
mod clusters;
mod faults;
mod masks;
mod protocol;
mod read;
mod reviews;
mod safety;
mod saved;
mod search;
mod support;
