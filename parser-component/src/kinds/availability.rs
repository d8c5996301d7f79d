//! Kind `availability`: whether an app can be had in a country.

use playfast_guest::json::{Nesting, ReadError, Reader, RecordSchema, Writer};
use playfast_guest::{Failure, FailureKind, Page, Query};

use super::app::{self, AVAILABILITY_SLOT, DETAILS, ECHOED_APP_ID};
use super::{APP, COUNTRY, Kind, PerRequest, app_id};
use crate::PageResults;
use crate::batchexecute;
use crate::request::QueryRequest;
use crate::unreadable;

pub(super) const KIND: Kind = Kind {
    name: "availability",
    summary: "Whether apps can be had in countries: available, preregister, not-in-country, no-listing",
    params: &[APP, COUNTRY],
    required: &["app_id"],
    fields: FIELD_DOCS,
    required_fields: &["availability"],
    compact: &["app_id", "country", "availability"],
    key: &[],
    noisy: &[],
    per_request: PerRequest::by_bytes(1024),
    ask: |query| {
        let argument = app::masked_request(app_id(query)?, &[AVAILABILITY_SLOT + 1]);
        Ok(QueryRequest::Call { rpc: app::RPC, argument })
    },
    read: answers,
};

// The bytes are of a whole answer (kryuchenko/google-play-scraper, 2026-09).
record! {
    /// Whether an app can be had in a country.
    Availability {
        availability: String = With(status) at [18], "available, preregister (not out yet), not-in-country, or no-listing (removed, never there, or not listed in this country)", expected 1, bytes 268;
    }
}

/// What a message's availability means (kryuchenko/google-play-scraper, 2026-09): 2, 1, or an empty array. An answer without a message is for
/// an app without a listing.
fn status(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let listed = match values.first().copied().flatten() {
        Some(slot) => Some(code(slot)?),
        None => None,
    };
    writer.string(match listed {
        None => "no-listing",
        Some(Some(2)) => "available",
        Some(Some(1)) => "preregister",
        Some(_) => "not-in-country",
    });
    Ok(())
}

/// The number in the slot, if there is one.
fn code(slot: Reader<'_>) -> Result<Option<u32>, ReadError> {
    Ok(slot.get(&[0])?.and_then(Reader::number).map(|number| number.parse().unwrap_or(u32::MAX)))
}

/// The answers in a body. A call that the store answers with "not found" is answered: there is no listing.
fn answers(queries: &[Query], body: &[u8]) -> PageResults {
    let answer = |page: Result<Page, Failure>| match page {
        Err(failure) if failure.kind == FailureKind::NotFound => record(&mut no_message()),
        page => page,
    };
    batchexecute::answers(queries, body, app::RPC, page).into_iter().map(answer).collect()
}

/// The availability in the payload of a batchexecute frame.
fn page(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    let failure = |error| unreadable("the answer for the app", error);
    let echo = payload.get(ECHOED_APP_ID).map_err(failure)?;
    app::check_id(echo.and_then(Reader::text).as_deref(), query)?;
    let details = payload.get(DETAILS).map_err(failure)?;
    let slot = details.map(|details| details.get(&[AVAILABILITY_SLOT])).transpose().map_err(failure)?.flatten();
    let Some((details, slot)) = details.zip(slot) else {
        if app::is_empty(*payload).map_err(failure)? {
            payload.skip().map_err(failure)?;
            return record(&mut no_message());
        }
        return Err(Failure::layout_changed("the answer tells nothing of the app's availability"));
    };
    match code(slot).map_err(failure)? {
        None if slot.slot_count().map_err(failure)? == 0 => {}
        Some(1 | 2) => {}
        None => return Err(Failure::layout_changed("the app's availability is no number")),
        Some(other) => {
            return Err(Failure::layout_changed(format!("the app's availability is {other}, neither 1 nor 2")));
        }
    }
    payload.skip().map_err(failure)?;
    record(&mut { details })
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
