//! The Google Play parser.
//!
//! `kinds` has a file for each kind of query: its parameters, its request, and the table of its record's fields. `request` makes exchanges of
//! queries; `batchexecute` and `page` find the messages in a body, unless it is a `block_page`. `fall_back` asks again in another way.

mod batchexecute;
mod block_page;
mod fall_back;
mod kinds;
mod page;
pub mod record;
mod request;

use playfast_guest::json::ReadError;
use playfast_guest::{Failure, HttpResponse, Page, Parser, Query, Requests};

pub use batchexecute::{ReadPayload, answers};
pub use kinds::address;

/// The result of each query of a response, in their order.
pub type PageResults = Vec<Result<Page, Failure>>;

/// The parser of `play.google.com`.
#[derive(Debug)]
pub struct Play;

#[cfg(feature = "component")]
playfast_guest::export!(Play);

#[cfg(all(feature = "component", target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: playfast_guest::BumpAllocator = playfast_guest::BumpAllocator::new();

/// The description of the parser, as its component gives it: kinds with their parameters and fields.
#[must_use]
pub fn description() -> String {
    kinds::document()
}

impl Parser for Play {
    fn describe() -> String {
        description()
    }

    fn request(queries: &[Query], per_request: u32) -> Requests {
        request::requests(queries, per_request)
    }

    fn parse(queries: &[Query], response: &HttpResponse) -> Result<Vec<Result<Page, Failure>>, Failure> {
        fall_back::to_pages(queries, read(queries, response))
    }
}

/// Parses a response for each of its queries.
fn read(queries: &[Query], response: &HttpResponse) -> Result<PageResults, Failure> {
    block_page::check(response, queries.len())?;
    if response.body.trim_ascii().is_empty() {
        return Err(Failure::unavailable("the store sent an empty answer"));
    }
    let Some(query) = queries.first() else {
        return Ok(Vec::new());
    };
    let pages = (kinds::find(&query.kind)?.read)(queries, &response.body);
    // A block page isn't batchexecute: there a mark is text of an app.
    if batchexecute::is_answer(&response.body) {
        return Ok(pages);
    }
    Ok(pages.into_iter().map(|page| page.map_err(|failure| block_page::or_blocked(failure, &response.body))).collect())
}

/// The failure of a query whose text can't be read.
fn unreadable(what: &str, error: ReadError) -> Failure {
    match error {
        ReadError::Truncated => Failure::unavailable(format!("the body is cut short in {what}")),
        ReadError::Malformed { at } => Failure::layout_changed(format!("{what} is not JSON at byte {at}")),
    }
}
