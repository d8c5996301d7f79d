//! A fix for a layout that changed: the Play parser, which also knows where the demo's store puts the apps of a chart after the change.
//!
//! `playfast demo --swap` drops it in beside a running host. `cargo xtask component` builds it.

use std::ops::ControlFlow;

use playfast_guest::json::{ANY_ELEMENT, Field, FieldType, ReadError, Reader, RecordSchema};
use playfast_guest::{Failure, FailureKind, HttpResponse, Page, Parser, Query, Requests};
use playfast_play::{Play, address, answers};

/// The Play parser, fixed.
#[derive(Debug)]
pub struct Fixed;

playfast_guest::export!(Fixed);

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: playfast_guest::BumpAllocator = playfast_guest::BumpAllocator::new();

/// Where the items are now.
const ITEMS: &[u16] = &[0, 1, 0, 33, 0];

/// An item's record: every slot of its message is two further on.
const FIELDS: &[Field] = &[
    Field::new("app_id", &[&[0, 2, 0]], FieldType::Text),
    Field::new("title", &[&[0, 5]], FieldType::DecodedText),
    Field::new("developer", &[&[0, 16]], FieldType::DecodedText),
    Field::new("icon", &[&[0, 3, 3, 2]], FieldType::Text),
    Field::new("score", &[&[0, 6, 1]], FieldType::Number),
    Field::new("score_text", &[&[0, 6, 0]], FieldType::Text),
    Field::new("price", &[&[0, 10, 1, 0, 0]], FieldType::Micros),
    Field::new("currency", &[&[0, 10, 1, 0, 1]], FieldType::Text),
    Field::new("price_text", &[&[0, 10, 1, 0, 2]], FieldType::Text),
    Field::new("genre", &[&[0, 7]], FieldType::DecodedText),
    Field::new("description", &[&[0, 15, 1]], FieldType::HtmlAsText),
    Field::new("installs", &[&[0, 17]], FieldType::Text),
    Field::new("screenshots", &[&[0, 4, ANY_ELEMENT, 3, 2]], FieldType::DistinctTexts),
    Field::new("video", &[&[0, 14, 0, 0, 3, 2]], FieldType::Text),
    Field::new("header_image", &[&[0, 24, 3, 2]], FieldType::Text),
    Field::new("content_rating", &[&[0, 26, 0]], FieldType::DecodedText),
    Field::new("iap_range", &[&[0, 31, 0]], FieldType::Text),
    Field::new("url", &[&[0, 12, 4, 2]], FieldType::With(address)),
];

impl Parser for Fixed {
    fn describe() -> String {
        Play::describe().replacen("\"version\":\"0.1.0\"", "\"version\":\"0.1.1\"", 1)
    }

    fn request(queries: &[Query], per_request: u32) -> Requests {
        Play::request(queries, per_request)
    }

    fn parse(queries: &[Query], response: &HttpResponse) -> Result<Vec<Result<Page, Failure>>, Failure> {
        let mut pages = Play::parse(queries, response)?;
        if pages.iter().any(is_unknown) && queries.iter().all(|query| query.kind == "list") {
            let moved = answers(queries, &response.body, "vyAe2", chart);
            for (page, moved) in pages.iter_mut().zip(moved).filter(|(page, _)| is_unknown(page)) {
                *page = moved;
            }
        }
        Ok(pages)
    }
}

fn is_unknown(page: &Result<Page, Failure>) -> bool {
    page.as_ref().is_err_and(|failure| failure.kind == FailureKind::LayoutChanged)
}

/// The chart in the payload of a frame.
fn chart(payload: &mut Reader<'_>, _query: Option<&Query>) -> Result<Page, Failure> {
    let schema = RecordSchema::new(FIELDS);
    let mut records = Vec::new();
    let read: Result<_, ReadError> = payload.at(ITEMS, &mut |items| {
        items.elements(|_, item| {
            records.push(schema.read(item)?.record()?);
            Ok(ControlFlow::Continue(()))
        })
    });
    match read {
        Ok(_) if !records.is_empty() => Ok(Page { records, ..Page::default() }),
        _ => Err(Failure::layout_changed("the chart's apps are not where they were")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_newer_version_of_the_play_parser() {
        let (old, new) = (Play::describe(), Fixed::describe());
        assert_eq!(old.len(), new.len());
        assert!(old.contains("\"0.1.0\"") && new.contains("\"0.1.1\""), "{new}");
    }
}
