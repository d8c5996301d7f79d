//! Kind `app`: details of apps.

pub(super) mod nested;
mod own_call;
mod selection;

use std::cell::OnceCell;
use std::ops::ControlFlow;

use playfast_guest::json::{ANY_ELEMENT, Kind as Json, ReadError, Reader, RecordSchema};
use playfast_guest::{Failure, FailureKind, Page, Query};

use super::{APP, COUNTRY, Kind, LANGUAGE, Param, PerRequest, app_id, unknown_state};
use crate::batchexecute;
use crate::page::Blocks;
use crate::request::{OPTIONS, QueryRequest, STORE, string};
use crate::unreadable;
use nested::{categories, data_safety, developer_id, free, histogram, permissions};
pub(super) use selection::AVAILABILITY_SLOT;
use selection::{SELECTED_FIELDS, Selection};

pub use nested::{Category, DataSafety, PermissionGroup, Practice, UsedData};

/// The rpc that is asked for apps; their pages hold answers to it.
pub(super) const RPC: &str = "Ws7gDc";

/// The state of a query that continues with its app's page.
pub(crate) const BY_PAGE: &str = "page";

pub(super) const KIND: Kind = Kind {
    name: "app",
    summary: "Details of apps",
    params: &[
        APP,
        COUNTRY,
        LANGUAGE,
        Param::new(
            "via",
            r#"{"type":"string","enum":["auto","rpc","page"],"default":"auto","x-per-request":"same","x-bytes":{"page":1200000},"description":"rpc asks for 50 apps a request (16 KB an app), page for an app's page (1.2 MB), auto for the page only if the rpc fails to answer"}"#,
        ),
        Param::new(
            SELECTED_FIELDS,
            r#"{"type":"string","x-selects-fields":true,"description":"Fields of the record that are wanted, with commas between them"}"#,
        ),
    ],
    required: &["app_id"],
    fields: FIELD_DOCS,
    required_fields: &["app_id", "title"],
    compact: &[
        "country",
        "title",
        "app_id",
        "developer",
        "score",
        "ratings",
        "real_installs",
        "price",
        "currency",
        "genre",
        "version",
        "released_at",
        "updated_at",
    ],
    key: &["app_id"],
    noisy: &["score", "score_text", "ratings", "reviews", "histogram", "installs", "min_installs", "real_installs"],
    feed: &[],
    per_request: PerRequest::by_bytes(50),
    ask: |query| match (query.state.as_deref(), query.param("via")) {
        (Some(BY_PAGE), _) | (None, Some("page")) => Ok(QueryRequest::Page {
            address: format!("{STORE}/store/apps/details"),
            params: vec![("id", app_id(query)?.to_owned())],
        }),
        (Some(_), _) => Err(unknown_state(query)),
        (None, _) => Ok(QueryRequest::Call {
            rpc: RPC,
            argument: match Selection::new(query)? {
                Selection::All => details_request(app_id(query)?),
                selection => masked_request(app_id(query)?, &selection.mask()),
            },
        }),
    },
    read: |queries, body| match batchexecute::is_answer(body) {
        true => batchexecute::answers(queries, body, RPC, page),
        false => queries.iter().map(|query| page_of(body, query)).collect(),
    },
};

// Bytes are of answers to the rpc, with their escapes: means of eight saved pages of 2022 to 2026, times 1.5, since a whole app was measured at
// 15.9 to 20 KB there (kryuchenko/google-play-scraper, 2026-09); fields that share a slot share its bytes. Those of `app_id` are the frame's.
record! {
    /// An app in detail.
    App {
        app_id: String = Text at [77, 0], "Package name", expected 1, bytes 150;
        title: String = DecodedText at [0, 0], "Title", expected 1, bytes 60;
        summary: Option<String> = HtmlAsText at [73, 0, 1], "Short description", expected 1, bytes 110;
        description: Option<String> = HtmlAsText at [12, 0, 0, 1] or [72, 0, 1], "Description as text, translated where the store did", expected 1, bytes 2900;
        description_html: Option<String> = Text at [12, 0, 0, 1] or [72, 0, 1], "Description, HTML", expected 1, bytes 2900;
        installs: Option<String> = Text at [13, 0], "Number of installs as the store shows it", expected 1, bytes 20;
        min_installs: Option<u64> = Number at [13, 1], "Lower bound of the number of installs", expected 1, bytes 20;
        real_installs: Option<u64> = Number at [13, 2], "Number of installs", expected 1, bytes 20;
        score: Option<f64> = Number at [51, 0, 1], "Mean rating, 1 to 5; 0 without ratings", expected 0.9, bytes 40;
        score_text: Option<String> = Text at [51, 0, 0], "Mean rating as the store shows it", expected 0.9, bytes 40;
        ratings: Option<u64> = Number at [51, 2, 1], "Number of ratings", expected 0.9, bytes 40;
        reviews: Option<u64> = Number at [51, 3, 1], "Number of reviews with text", expected 0.9, bytes 40;
        histogram: Option<[u64; 5]> = With(histogram) at [51, 1], "Number of ratings with one to five stars", expected 0.9, bytes 120;
        price: Option<f64> = Micros at [57, 0, 0, 0, 0, 1, 0, 0], "Price in units of currency", expected 0.9, bytes 80;
        currency: Option<String> = Text at [57, 0, 0, 0, 0, 1, 0, 1], "ISO 4217", expected 0.9, bytes 60;
        price_text: Option<String> = Text at [57, 0, 0, 0, 0, 1, 0, 2], "Price as the store shows it; empty where free", expected 0.9, bytes 60;
        free: Option<bool> = With(free) at [57, 0, 0, 0, 0, 1, 0, 0], "Whether the price is 0", expected 0.9, bytes 60;
        original_price: Option<f64> = Micros at [57, 0, 0, 0, 0, 1, 1, 0], "Price before a discount", bytes 70;
        discount_ends_at: Option<i64> = Number at [57, 0, 0, 0, 0, 14, 1], "End of a discount, Unix seconds", bytes 70;
        available: bool = Truthy at [18, 0], "Whether it can be had in this country", expected 1, bytes 20;
        preregister: bool = Equals(1) at [18, 0], "Whether it can only be preregistered for", expected 1, bytes 20;
        early_access: bool = IsText at [18, 2], "Whether it is in early access", expected 1, bytes 20;
        offers_iap: bool = Present at [19, 0], "Whether it has in-app purchases", expected 1, bytes 20;
        iap_range: Option<String> = Text at [19, 0], "Prices of in-app purchases", bytes 20;
        min_android: Option<String> = Text at [140, 1, 1, 0, 0, 1], "Least version of Android; null varies with the device", bytes 20;
        min_android_api: Option<u32> = Number at [140, 1, 1, 0, 0, 0], "The same as API level", bytes 20;
        max_android: Option<String> = Text at [140, 1, 1, 0, 1, 1], "Last version of Android", bytes 20;
        target_sdk: Option<u32> = Number at [140, 1, 0, 0, 0], "API level that it is built for", bytes 20;
        version: Option<String> = Text at [140, 0, 0, 0], "Version; null varies with the device", bytes 30;
        developer: Option<String> = DecodedText at [68, 0], "Developer's name", expected 1, bytes 80;
        developer_id: Option<String> = With(developer_id) at [68, 1, 4, 2], "Number or name of the developer's page", expected 1, bytes 80;
        developer_email: Option<String> = Text at [69, 1, 0], "Contact", expected 1, bytes 60;
        developer_website: Option<String> = Text at [69, 0, 5, 2], "URL", bytes 80;
        developer_address: Option<String> = Text at [69, 2, 0], "Postal address", bytes 60;
        developer_legal_name: Option<String> = DecodedText at [69, 4, 0], "Name of the trader", bytes 50;
        developer_legal_email: Option<String> = Text at [69, 4, 1, 0], "Contact of the trader", bytes 50;
        developer_legal_address: Option<String> = Text at [69, 4, 2, 0], "Postal address of the trader", bytes 60;
        developer_legal_phone: Option<String> = Text at [69, 4, 3], "Phone number of the trader", bytes 30;
        seller: Option<String> = DecodedText at [37, 0], "Seller of record, not the developer", bytes 30;
        privacy_policy: Option<String> = Text at [99, 0, 5, 2], "URL", expected 0.9, bytes 120;
        genre: Option<String> = DecodedText at [79, 0, 0, 0], "Category's name", expected 1, bytes 60;
        genre_id: Option<String> = Text at [79, 0, 0, 2], "Category", expected 1, bytes 60;
        categories: Option<Vec<Category>> = With(categories) at [118] or [79, 0, 0], "Categories and tags", expected 1, bytes 320;
        icon: Option<String> = Text at [95, 0, 3, 2], "URL of the icon", expected 1, bytes 250;
        header_image: Option<String> = Text at [96, 0, 3, 2], "URL", expected 0.9, bytes 230;
        screenshots: Option<Vec<String>> = DistinctTexts at [78, 0, ANY_ELEMENT, 3, 2], "URLs, each once", expected 1, bytes 3300;
        video: Option<String> = Text at [100, 0, 0, 3, 2], "URL of a video", bytes 150;
        video_image: Option<String> = Text at [100, 1, 0, 3, 2], "URL of the video's picture", bytes 100;
        content_rating: Option<String> = DecodedText at [9, 0], "Content rating's name", expected 1, bytes 270;
        content_rating_description: Option<String> = DecodedText at [9, 2, 1], "What it is rated for", bytes 270;
        content_rating_icon: Option<String> = Text at [9, 1, 3, 2], "URL of the rating's badge", bytes 270;
        contains_ads: bool = Truthy at [48], "Whether it shows advertisements", expected 1, bytes 20;
        released: Option<String> = Text at [10, 0], "Day of release as the store shows it", bytes 30;
        released_at: Option<i64> = Number at [10, 1, 0], "Release, Unix seconds", bytes 30;
        updated: Option<String> = Text at [145, 0, 0], "Day of the last update as the store shows it", expected 1, bytes 40;
        updated_at: Option<i64> = Number at [145, 0, 1, 0], "Last update, Unix seconds", expected 1, bytes 40;
        changelog: Option<String> = Text at [144, 1, 1], "What is new, HTML", bytes 270;
        play_pass: bool = Truthy at [62], "Whether it is part of Play Pass", expected 1, bytes 20;
        chart_label: Option<String> = DecodedText at [58, 0], "The chart that it is in, such as top paid arcade", bytes 30;
        chart_rank: Option<String> = Text at [58, 2], "Its place there, such as #1", bytes 30;
        permissions: Option<Vec<PermissionGroup>> = With(permissions) at [74, 2], "Permissions by group", bytes 3300;
        data_safety: Option<DataSafety> = With(data_safety) at [137, 4, 0, 0] or [137, 4, 1, 0] or [137, 9, 2], "Data shared and collected, and practices; pages lack it", bytes 3000;
    }
}

/// The fields of an app that its page of 2026-07 asks for, and 138: data safety.
const DETAILS_FIELDS: &str = "1,9,10,11,13,14,19,20,38,43,47,49,52,58,59,63,69,70,73,74,75,78,79,80,91,92,95,96,97,100,101,103,106,112,119,129,137,\
    138,140,139,141,145,146,149,151,155,169,183,187,193";

/// The argument of `Ws7gDc` for some fields. Nothing but what the mask names comes back without the options.
pub(super) fn masked_request(app_id: &str, mask: &[u16]) -> String {
    let mask: Vec<_> = mask.iter().map(u16::to_string).collect();
    argument(&mask.join(","), "null", app_id)
}

/// The argument of `Ws7gDc`: `[null, null, [[FIELDS]], OPTIONS, null, [[APP, 7]]]`; 7 is the document type of an app.
pub(super) fn argument(fields: &str, options: &str, app_id: &str) -> String {
    format!("[null,null,[[{fields}]],{options},null,[[{},7]]]", string(app_id))
}

/// The argument of `Ws7gDc` for all fields.
fn details_request(app_id: &str) -> String {
    argument(DETAILS_FIELDS, &format!("[{OPTIONS}]"), app_id)
}

/// The details message in the answer to `Ws7gDc`.
pub(super) const DETAILS: &[u16] = &[1, 2];

/// The app that the answer is for, beside the message.
pub(super) const ECHOED_APP_ID: &[u16] = &[1, 11, 0, 0];

/// The slots of an answer that repeat what was asked: app and fields.
const ECHOES: [usize; 2] = [11, 39];

/// How apps are read that were asked for some fields or all.
struct AppReader {
    selection: Selection,
    /// The schema of the fields, made when there is a message to read.
    schema: OnceCell<RecordSchema>,
}

impl AppReader {
    fn new(query: Option<&Query>) -> Result<Self, Failure> {
        let selection = query.map_or(Ok(Selection::All), Selection::new)?;
        Ok(Self { selection, schema: OnceCell::new() })
    }

    fn schema(&self) -> &RecordSchema {
        self.schema.get_or_init(|| RecordSchema::new(self.selection.fields()))
    }
}

/// The app in the page's blocks.
fn page_of(body: &[u8], query: &Query) -> Result<Page, Failure> {
    let reader = AppReader::new(Some(query))?;
    let mut seen = None;
    let mut blocks = Blocks::new(body, RPC);
    while let Some(block) = blocks.next() {
        let found = match block {
            Ok(block) => record(&reader, block, Some(query)),
            Err(ReadError::Truncated) => return Err(unreadable(BLOCK, ReadError::Truncated)),
            Err(error) => Err(unreadable(BLOCK, error)),
        };
        match found {
            Ok(record) => {
                let notes = own_call::difference(blocks.own_calls()).into_iter().collect();
                return Ok(Page { records: vec![record], notes, ..Page::default() });
            }
            // Small answers to the same rpc hold no app and may come first; what an app's own block says counts for more.
            Err(failure) if failure.kind != FailureKind::LayoutChanged => seen = Some(failure),
            Err(failure) => seen = seen.or(Some(failure)),
        }
    }
    Err(if is_cut(body) {
        Failure::unavailable("the page is cut short before the data of the app")
    } else {
        seen.unwrap_or_else(|| Failure::layout_changed("no data block of the page holds an app"))
    })
}

/// What messages call a block.
const BLOCK: &str = "the data block of the app";

/// A document without its end. Pages that somebody trimmed to their blocks have neither start nor end.
pub(super) fn is_cut(body: &[u8]) -> bool {
    let starts = body.trim_ascii_start().get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"<!doctype"));
    starts && !body.trim_ascii_end().ends_with(b"</html>")
}

/// The app in the payload of a batchexecute frame. A payload without content is the answer for an app that does not exist.
pub(super) fn page(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    let record = match record(&AppReader::new(query)?, *payload, query) {
        Err(failure) if failure.kind == FailureKind::LayoutChanged && is_empty(*payload).unwrap_or(false) => {
            return Err(Failure::not_found("the store has no such app, at least in this country"));
        }
        record => record?,
    };
    payload.skip().map_err(|error| unreadable("the answer for the app", error))?;
    Ok(Page { records: vec![record], ..Page::default() })
}

/// Whether an answer says nothing but what was asked. What stands after the message tells of the request alone.
pub(super) fn is_empty(mut payload: Reader<'_>) -> Result<bool, ReadError> {
    let mut empty = matches!(payload.kind()?, Json::Array | Json::Null);
    payload.elements(|slot, value| {
        empty &= match slot {
            0 => is_blank(*value, 0)?,
            1 => holds_echoes_alone(*value)?,
            _ => true,
        };
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(empty)
}

fn holds_echoes_alone(mut answer: Reader<'_>) -> Result<bool, ReadError> {
    let mut alone = answer.kind()? == Json::Array;
    answer.elements(|slot, value| {
        alone &= ECHOES.contains(&slot) || is_blank(*value, 0)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(alone)
}

/// How deep a blank message may nest.
const BLANK_DEPTH: u8 = 4;

/// Whether there is nothing but empty arrays.
pub(super) fn is_blank(mut value: Reader<'_>, depth: u8) -> Result<bool, ReadError> {
    let mut blank = value.kind()? == Json::Array && depth < BLANK_DEPTH;
    if blank {
        value.elements(|_, inner| {
            blank = is_blank(*inner, depth + 1)?;
            Ok(if blank { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
    }
    Ok(blank)
}

/// The record of the app that the message tells of, which must be the one that was asked for.
fn record(reader: &AppReader, message: Reader<'_>, query: Option<&Query>) -> Result<String, Failure> {
    let unreadable = |error| unreadable("the details of the app", error);
    let echo = message.get(ECHOED_APP_ID).map_err(unreadable)?;
    check_id(echo.and_then(Reader::text).as_deref(), query)?;
    let details = message.get(DETAILS).map_err(unreadable)?;
    let mut details = details.ok_or_else(|| Failure::layout_changed("the data holds no details of an app"))?;
    if !reader.selection.is_answered_by(details).map_err(unreadable)? {
        return Err(Failure::layout_changed("the details hold none of the fields that every app has"));
    }
    let app = reader.schema().read(&mut details).map_err(unreadable)?.or_value("app_id", echo);
    if reader.selection.has("title") && !app.value("title").is_some_and(Reader::is_text) {
        return Err(Failure::layout_changed("the details hold no title of an app"));
    }
    let Some(id) = app.value("app_id").and_then(Reader::text) else {
        return Err(Failure::layout_changed("the details hold no id of an app"));
    };
    check_id(Some(&id), query)?;
    app.record().map_err(unreadable)
}

/// A failure if the answer is for another app than was asked for.
pub(super) fn check_id(id: Option<&str>, query: Option<&Query>) -> Result<(), Failure> {
    match (id, query.and_then(|query| query.param("app_id"))) {
        (Some(id), Some(asked)) if id != asked => {
            let id: String = id.chars().take(LONGEST_ID).collect();
            Err(Failure::unavailable(format!("the answer is for {id}, not for {asked}")))
        }
        _ => Ok(()),
    }
}

/// The most of another app's id that a message shows, in characters.
const LONGEST_ID: usize = 100;
