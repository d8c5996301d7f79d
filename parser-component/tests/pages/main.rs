//! The parser against saved real pages, natively: every field against an oracle that reads the same bytes in another way, cuts at many
//! places, damage, and messages written sparsely.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test's helpers may fail")]

mod answers;
mod block_pages;
mod built;
mod calls;
mod clusters;
mod damage;
mod data_safety;
mod empty;
mod fields;
mod harm;
mod oracle;
mod own_calls;
#[path = "../../../tests/e2e/saved_pages.rs"]
mod pages;
mod permissions;
mod posts;
mod requests;
mod reviews;
mod saved;
mod search;
mod sparse;
mod suggest;
