//! The parser against saved real pages, natively: every field against an oracle that reads the same bytes in another way, cuts at many
//! places, damage, and messages written sparsely.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test's helpers may fail"
)]

mod damage;
mod fields;
mod oracle;
mod saved;
mod sparse;
