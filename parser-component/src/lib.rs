//! The Google Play parser.
//!
//! What is asked: `request`. What comes back: `batchexecute` frames or a `page` with data blocks, or a `wall`. What is read out of
//! either: a table of names and paths for each kind, `app` and `list`. What is asked again in another way: `fall_back`. What a program makes of
//! it: `record`.

mod app;
mod batchexecute;
mod fall_back;
mod list;
mod page;
#[cfg(all(feature = "records", not(target_arch = "wasm32")))]
pub mod record;
mod request;
mod wall;

use playfast_guest::json::ReadError;
use playfast_guest::{Failure, HttpResponse, Page, Parser, Query, Requests};

pub use batchexecute::{ReadPayload, answers};
pub use list::address;

/// The parser of `play.google.com`.
#[derive(Debug)]
pub struct Play;

#[cfg(feature = "component")]
playfast_guest::export!(Play);

#[cfg(all(feature = "component", target_arch = "wasm32"))]
#[global_allocator]
static ARENA: playfast_guest::Arena = playfast_guest::Arena::new();

impl Parser for Play {
    fn describe() -> String {
        include_str!("description.json").to_owned()
    }

    fn request(queries: &[Query], per_request: u32) -> Requests {
        request::requests(queries, per_request)
    }

    fn parse(queries: &[Query], response: &HttpResponse) -> Result<Vec<Result<Page, Failure>>, Failure> {
        fall_back::to_pages(queries, read(queries, response))
    }
}

/// What a response says to each of the queries that it was to answer.
fn read(queries: &[Query], response: &HttpResponse) -> Result<Vec<Result<Page, Failure>>, Failure> {
    wall::check(response, queries.len())?;
    if response.body.trim_ascii().is_empty() {
        return Err(Failure::unavailable("the store sent an empty answer"));
    }
    let Some(query) = queries.first() else {
        return Ok(Vec::new());
    };
    let is_batch = batchexecute::is_answer(&response.body);
    let pages = match query.kind.as_str() {
        "list" => batchexecute::answers(queries, &response.body, "vyAe2", list::page),
        "app" if is_batch => batchexecute::answers(queries, &response.body, "Ws7gDc", app::page),
        "app" => queries.iter().map(|query| app::page_of(&response.body, query)).collect(),
        kind => return Err(Failure::invalid_query(format!("this parser has no kind {kind}"))),
    };
    // No wall speaks batchexecute: what looks like a mark there is what an app says.
    if is_batch {
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
