//! The Google Play parser.
//!
//! `kinds` has a file for each kind of query: its parameters, its request, and the table of its record's fields. `request` makes exchanges of
//! queries; `batchexecute` and `page` find the messages in a body, unless it is a `wall`. `fall_back` asks again in another way.

mod batchexecute;
mod fall_back;
mod kinds;
mod page;
pub mod record;
mod request;
mod wall;

use playfast_guest::json::ReadError;
use playfast_guest::{Failure, HttpResponse, Page, Parser, Query, Requests};

pub use batchexecute::{ReadPayload, answers};
pub use kinds::address;

/// What a response says to each of the queries that it was to answer, in their order.
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

/// What a response says to each of the queries that it was to answer.
fn read(queries: &[Query], response: &HttpResponse) -> Result<PageResults, Failure> {
    wall::check(response, queries.len())?;
    if response.body.trim_ascii().is_empty() {
        return Err(Failure::unavailable("the store sent an empty answer"));
    }
    let Some(query) = queries.first() else {
        return Ok(Vec::new());
    };
    let pages = (kinds::find(&query.kind)?.read)(queries, &response.body);
    // No wall speaks batchexecute: what looks like a mark there is what an app says.
    if batchexecute::is_answer(&response.body) {
        return Ok(pages);
    }
    Ok(pages.into_iter().map(|page| page.map_err(|failure| wall::or(failure, &response.body))).collect())
}

/// What a text that can't be read on means for its query.
fn unreadable(what: &str, error: ReadError) -> Failure {
    match error {
        ReadError::Truncated => Failure::unavailable(format!("the body is cut short in {what}")),
        ReadError::Malformed { at } => Failure::layout_changed(format!("{what} is not JSON at byte {at}")),
    }
}
