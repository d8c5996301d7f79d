//! Kind `availability`: whether an app can be had in a country.

use playfast_guest::json::{Nesting, ReadError, Reader, RecordSchema, Writer};
use playfast_guest::{Failure, Page, Query};

use super::app::{self, AVAILABILITY_SLOT, DETAILS, ECHOED_APP_ID};
use super::{APP, COUNTRY, Kind, PerRequest, app_id};
use crate::batchexecute;
use crate::request::QueryRequest;
use crate::unreadable;

pub(super) const KIND: Kind = Kind {
    name: "availability",
    summary: "Whether apps can be had in countries",
    params: &[APP, COUNTRY],
    required: &["app_id"],
    fields: FIELD_DOCS,
    required_fields: &["availability"],
    compact: &["app_id", "country", "availability"],
    key: &[],
    noisy: &[],
    feed: &[],
    per_request: PerRequest::by_bytes(1024),
    ask: |query| {
        let argument = app::masked_request(app_id(query)?, &[TITLE_SLOT + 1, AVAILABILITY_SLOT + 1]);
        Ok(QueryRequest::Call { rpc: app::RPC, argument })
    },
    read: |queries, body| batchexecute::answers_or_absent(queries, body, app::RPC, page, absent),
};

/// A message with a title is of an app that is listed, whatever its availability.
const TITLE_SLOT: u16 = 0;

// The bytes are of a whole answer (kryuchenko/google-play-scraper, 2026-09).
record! {
    /// Whether an app can be had in a country.
    Availability {
        availability: String = With(status) at [18] or [0, 0], "available, preregister (not out yet), not-in-country, or no-listing (removed, never there, or not listed in this country)", expected 1, bytes 300;
    }
}

/// What a message's availability means (kryuchenko/google-play-scraper, 2026-09): 2, 1, or an empty array. An answer without a message is for
/// an app without a listing.
fn status(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let [slot, title] = values else { return Ok(()) };
    let code = slot.map_or(Ok(None), code)?;
    writer.string(match code {
        Some(2) => "available",
        Some(1) => "preregister",
        _ if slot.is_some() || title.is_some() => "not-in-country",
        _ => "no-listing",
    });
    Ok(())
}

/// The number in the slot, if there is one.
fn code(slot: Reader<'_>) -> Result<Option<u32>, ReadError> {
    Ok(slot.get(&[0])?.and_then(Reader::number).map(|number| number.parse().unwrap_or(u32::MAX)))
}

/// The answer for an app that the store says it doesn't have.
fn absent(_query: &Query) -> Result<Page, Failure> {
    record(&mut no_message())
}

/// The availability in the payload of a batchexecute frame.
fn page(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    let failure = |error| unreadable("the answer for the app", error);
    let echo = payload.get(ECHOED_APP_ID).map_err(failure)?;
    app::check_id(echo.and_then(Reader::text).as_deref(), query)?;
    let details = payload.get(DETAILS).map_err(failure)?;
    let at = |slot| details.map(|details| details.get(&[slot])).transpose().map_err(failure).map(Option::flatten);
    let (slot, title) = (at(AVAILABILITY_SLOT)?, at(TITLE_SLOT)?);
    if slot.is_none() && title.is_none() && !app::is_empty(*payload).map_err(failure)? {
        return Err(Failure::layout_changed("the answer tells nothing of the app's availability"));
    }
    if let Some(slot) = slot {
        check_code(slot)?;
    }
    payload.skip().map_err(failure)?;
    match details {
        Some(mut details) => record(&mut details),
        None => record(&mut no_message()),
    }
}

/// A failure if the slot holds something else than is known.
fn check_code(slot: Reader<'_>) -> Result<(), Failure> {
    let failure = |error| unreadable("the answer for the app", error);
    match code(slot).map_err(failure)? {
        Some(1 | 2) => Ok(()),
        None if slot.slot_count().map_err(failure)? == 0 => Ok(()),
        _ => Err(Failure::layout_changed("the app's availability is neither 1 nor 2 nor an empty array")),
    }
}

/// What an answer for an app without a listing holds.
fn no_message() -> Reader<'static> {
    Reader::new(b"null", 0, Nesting::Plain)
}

fn record(details: &mut Reader<'_>) -> Result<Page, Failure> {
    let failure = |error| unreadable("the answer for the app", error);
    let record = RecordSchema::new(FIELDS).read(details).map_err(failure)?.record().map_err(failure)?;
    Ok(Page { records: vec![record], ..Page::default() })
}

#[cfg(test)]
mod tests {
    use playfast_guest::FailureKind;

    use super::*;

    /// What becomes of this frame, whose payload is JSON text or `null`.
    fn availability(payload: &str, status: &str) -> Result<String, FailureKind> {
        let payload = if payload == "null" { payload.to_owned() } else { crate::request::string(payload) };
        let body = format!(")]}}'\n\n[[\"wrb.fr\",\"Ws7gDc\",{payload},null,null,{status},\"0\"]]");
        let params = vec![("app_id".to_owned(), "a.b".to_owned())];
        let query = Query { kind: "availability".to_owned(), params, state: None };
        let page = (KIND.read)(&[query], body.as_bytes()).remove(0).map_err(|failure| failure.kind)?;
        Ok(page.records.concat())
    }

    #[test]
    fn an_availability_is_read_in_every_writing() {
        let echo = r#"{"12":[["a.b",7]]}"#;
        for (message, expected) in [
            (
                r#"[["A"],null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,[2]]"#,
                "available",
            ),
            (r#"[{"1":["A"],"19":[1]}]"#, "preregister"),
            (r#"[["A"],{"19":[]}]"#, "not-in-country"),
            (r#"[{"19":[]}]"#, "not-in-country"),
            (r#"[["A"]]"#, "not-in-country"),
            ("[]", "no-listing"),
        ] {
            let record = availability(&format!("[[[[]]],[null,null,{message},{echo}]]"), "null");
            assert_eq!(record, Ok(format!(r#"{{"availability":"{expected}"}}"#)), "{message}");
        }
        for empty in ["null", "[]", "[[[[]]],[]]"] {
            assert_eq!(availability(empty, "null"), Ok(r#"{"availability":"no-listing"}"#.to_owned()), "{empty}");
        }
    }

    #[test]
    fn an_error_is_no_availability() {
        assert_eq!(availability("null", "[5]"), Ok(r#"{"availability":"no-listing"}"#.to_owned()));
        assert_eq!(availability("null", "[8]"), Err(FailureKind::Blocked));
        assert_eq!(availability("null", "[13]"), Err(FailureKind::Unavailable));
        let odd = |message: &str| availability(&format!("[[[[]]],[null,null,{message}]]"), "null");
        assert_eq!(odd(r#"[{"19":[7]}]"#), Err(FailureKind::LayoutChanged));
        assert_eq!(odd(r#"[{"19":["2"]}]"#), Err(FailureKind::LayoutChanged));
        assert_eq!(odd(r#"[{"70":["b"]}]"#), Err(FailureKind::LayoutChanged));
        assert_eq!(odd(r#"[{"19":[2]}],{"12":[["c.d",7]]}"#), Err(FailureKind::Unavailable));
    }
}
