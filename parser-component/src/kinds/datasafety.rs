//! Kind `datasafety`: what an app's developer declares about users' data.
//!
//! An empty list declares that nothing is shared or collected; `null` declares nothing.

use playfast_guest::json::{ReadError, Reader, RecordSchema, Writer};
use playfast_guest::{Failure, Page, Query};

use super::app::nested::{Practice, UsedData, kept_how, used_data};
use super::app::{check_id, is_empty};
use super::find_block::{Found, Said, find_block};
use super::{APP, Kind, LANGUAGE, PerRequest, app_id};
use crate::request::{QueryRequest, STORE};
use crate::unreadable;

/// The rpc that the page's block answers: that for an app's details.
const RPC: &str = "Ws7gDc";

pub(super) const KIND: Kind = Kind {
    name: "datasafety",
    summary: "What apps declare to collect and share about their users",
    params: &[APP, LANGUAGE],
    required: &["app_id"],
    fields: FIELD_DOCS,
    required_fields: &["declared"],
    compact: &["app_id", "declared", "collected", "shared", "privacy_policy"],
    key: &[],
    noisy: &[],
    feed: &[],
    per_request: PerRequest::new(1, 1),
    ask: |query| {
        Ok(QueryRequest::PageInLanguage {
            address: format!("{STORE}/store/apps/datasafety"),
            params: vec![("id", app_id(query)?.to_owned())],
        })
    },
    read: |queries, body| queries.iter().map(|query| page(body, query)).collect(),
};

record! {
    /// What an app's developer declares about users' data.
    DataSafetyPage {
        app_id: Option<String> = Text at [1, 11, 0, 0] or [1, 2, 77, 0], "Package name", expected 1;
        declared: bool = Present at [1, 2, 137, 4, 0] or [1, 2, 137, 4, 1] or [1, 2, 137, 9, 2], "Whether the developer declares anything", expected 1;
        shared: Option<Vec<UsedData>> = With(data) at [1, 2, 137, 4, 0], "Data shared with others: empty if declared to be none, null if not declared", expected 0.9;
        collected: Option<Vec<UsedData>> = With(data) at [1, 2, 137, 4, 1], "Data collected: empty if declared to be none, null if not declared", expected 0.9;
        practices: Option<Vec<Practice>> = With(practices) at [1, 2, 137, 9, 2] or [1, 2, 137, 4, 0] or [1, 2, 137, 4, 1], "How data is kept: null if nothing is declared", expected 0.9;
        privacy_policy: Option<String> = Text at [1, 2, 99, 0, 5, 2], "URL", expected 0.9;
    }
}

/// The kinds of data in a section; a section without a list says in a sentence that there are none.
fn data(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let Some(section) = values.iter().find_map(|value| *value) else {
        writer.null();
        return Ok(());
    };
    used_data(section.get(&[0])?, writer)
}

/// The practices, the first of the values; the others tell whether anything is declared.
fn practices(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    if values.iter().all(Option::is_none) {
        writer.null();
        return Ok(());
    }
    kept_how(values.first().copied().flatten(), writer)
}

/// The details message, and the app's title in it.
const DETAILS: &[u16] = &[1, 2];
const TITLE: &[u16] = &[1, 2, 0, 0];

/// What messages call the block.
const BLOCK: &str = "the data safety of the app";

fn page(body: &[u8], query: &Query) -> Result<Page, Failure> {
    let record = find_block(body, RPC, BLOCK, |block, said| {
        let unreadable = |error| unreadable(BLOCK, error);
        if said == Said::ByPage && is_empty(block).map_err(unreadable)? {
            return Err(Failure::not_found("the store has no such app"));
        }
        match block.get(DETAILS).map_err(unreadable)? {
            Some(_) => record(block, query).map(Found::Answer),
            None => Ok(Found::Nothing),
        }
    })?;
    Ok(Page { records: vec![record], ..Page::default() })
}

/// The record of what the message says, which must be of the app that was asked for.
fn record(mut block: Reader<'_>, query: &Query) -> Result<String, Failure> {
    let unreadable = |error| unreadable(BLOCK, error);
    let title = block.get(TITLE).map_err(unreadable)?;
    let schema = RecordSchema::new(FIELDS);
    let page = schema.read(&mut block).map_err(unreadable)?;
    let id = page.value("app_id").and_then(Reader::text);
    check_id(id.as_deref(), Some(query))?;
    if !title.is_some_and(Reader::is_text) {
        return Err(Failure::layout_changed("the page on data safety holds no title of an app"));
    }
    page.record().map_err(unreadable)
}
