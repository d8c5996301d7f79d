//! Kind `suggest`: the searches that the store suggests while a term is typed.

use std::ops::ControlFlow;

use playfast_guest::json::{Kind as Json, ReadError, Reader, RecordSchema};
use playfast_guest::{Failure, Page, Query};

use super::{COUNTRY, Kind, LANGUAGE, Param, PerRequest, app, unknown_state};
use crate::request::{QueryRequest, string};
use crate::{batchexecute, unreadable};

/// The rpc that is asked for suggestions.
const RPC: &str = "IJ4APc";

pub(super) const KIND: Kind = Kind {
    name: "suggest",
    summary: "Searches that the store suggests for the beginning of a term",
    params: &[
        // Not many: a term may have commas.
        Param::new(
            "term",
            r#"{"type":"string","minLength":1,"maxLength":500,"x-positional":true,"x-url":"q","title":"search term","description":"What a user has typed so far, such as pand","examples":["pand"]}"#,
        ),
        COUNTRY,
        LANGUAGE,
    ],
    required: &["term"],
    fields: FIELD_DOCS,
    required_fields: &["suggestion"],
    compact: &["country", "language", "term", "position", "suggestion"],
    key: &["suggestion"],
    noisy: &[],
    feed: &[],
    per_request: PerRequest::new(20, 100),
    ask: |query| Ok(QueryRequest::Call { rpc: RPC, argument: suggestions_request(query)? }),
    read: |queries, body| batchexecute::answers(queries, body, RPC, page),
};

record! {
    /// A suggested search.
    Suggestion {
        suggestion: String = Text at [0], "Search term that the store suggests", expected 1;
    }
}

/// The suggestions in the answer to `IJ4APc`.
const SUGGESTIONS: &[u16] = &[0, 0];

/// The longest answer without suggestions, in bytes. One suggestion takes 180.
const MAX_EMPTY_BYTES: usize = 400;

/// The argument of `IJ4APc`: `[[null, [TERM], [10], [2], 4]]`, 10 of them for apps.
fn suggestions_request(query: &Query) -> Result<String, Failure> {
    if query.state.is_some() {
        return Err(unknown_state(query));
    }
    let term = query.param("term").filter(|term| !term.is_empty());
    let term = term.ok_or_else(|| Failure::invalid_query("suggestions for what? give a term"))?;
    Ok(format!("[[null,[{}],[10],[2],4]]", string(term)))
}

/// The suggestions in the payload of a batchexecute frame.
fn page(payload: &mut Reader<'_>, _: Option<&Query>) -> Result<Page, Failure> {
    let start = *payload;
    let Suggestions { records, textless } = suggestions(payload).map_err(|error| unreadable(ANSWER, error))?;
    if !records.is_empty() {
        return Ok(Page { records, ..Page::default() });
    }
    let list = start.get(SUGGESTIONS).map_err(|error| unreadable(ANSWER, error))?;
    let is_other = |mut list: Reader<'_>| list.kind() != Ok(Json::Array);
    let is_blank = app::is_blank(start, 0).map_err(|error| unreadable(ANSWER, error))?;
    if textless > 0 && !is_blank
        || list.is_some_and(is_other)
        || payload.position() - start.position() > MAX_EMPTY_BYTES
    {
        return Err(Failure::layout_changed("the suggestions are not where they were"));
    }
    Ok(Page { notes: vec!["the store suggests nothing for this term".to_owned()], ..Page::default() })
}

/// What messages call an answer.
const ANSWER: &str = "the answer for suggestions";

/// What an answer suggests.
struct Suggestions {
    records: Vec<String>,
    /// How many have no text.
    textless: usize,
}

/// Reads the suggestions and moves past the whole payload.
fn suggestions(payload: &mut Reader<'_>) -> Result<Suggestions, ReadError> {
    let schema = RecordSchema::new(FIELDS);
    let mut suggestions = Suggestions { records: Vec::new(), textless: 0 };
    payload.at(SUGGESTIONS, &mut |list| {
        list.elements(|_, suggestion| {
            let suggestion = schema.read(suggestion)?;
            if suggestion.value("suggestion").is_some_and(Reader::is_text) {
                suggestions.records.push(suggestion.record()?);
            } else {
                suggestions.textless += 1;
            }
            Ok(ControlFlow::Continue(()))
        })
    })?;
    Ok(suggestions)
}
