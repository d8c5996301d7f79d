//! Kind `reviews`: the reviews of apps, in pages that a token links.
//!
//! Invariant: a query ends with what the store calls the end, or fails. A page without reviews is no end by itself: the store refuses pages
//! at random, or because they are too large, and a refusal looks like the end (PLAY.md, section 6, measured 2026-06 to 2026-09).

mod cursor;
mod empty;
mod request;
mod since;

use std::ops::ControlFlow;

use playfast_guest::json::{ReadError, Reader, RecordSchema, Writer};
use playfast_guest::{Failure, Page, Query};

use super::{APP, Kind, LANGUAGE, Param, PerRequest, app};
use crate::request::QueryRequest;
use crate::{batchexecute, unreadable};
use cursor::Cursor;
use empty::{Absence, without_reviews};
use request::{listing_request, own_limit, reviews_request};
use since::{SINCE, SINCE_SCHEMA, since};

/// The languages of the store that split its reviews: one review is in one of them (kryuchenko/google-play-scraper, 2026-09, found 71). These are
/// the languages in which the store's pages can be translated (Play Console, 2026), each once, without `tg` and `tk`, which give the Russian ones.
const LANGUAGES_OF_REVIEWS: &str = include_str!("../../sets/store_languages.json");

/// The rpc that is asked for reviews. `UsvDTd` gives the same reviews, at most 150 at once.
const RPC: &str = "oCPfdb";

/// The state of a query without reviews, which asks whether there is such an app.
const LISTING: &str = "listing";

pub(super) const KIND: Kind = Kind {
    name: "reviews",
    summary: "Reviews of apps in a language, the same in all countries",
    params: &[
        APP,
        LANGUAGE.with_groups(LANGUAGES_OF_REVIEWS),
        Param::new(
            "order",
            r#"{"type":"string","enum":["newest","helpful","rating"],"default":"newest","description":"Which reviews come first: the newest, the most helpful, or those with most stars"}"#,
        ),
        Param::new(
            "stars",
            r#"{"type":"integer","enum":[1,2,3,4,5],"description":"Only reviews with this many stars"}"#,
        ),
        Param::new(
            "device",
            r#"{"type":"string","enum":["phone","tablet","chromebook","tv"],"description":"Only reviews written on this kind of device"}"#,
        ),
        Param::new(
            "num",
            r#"{"type":"integer","minimum":1,"x-limit":true,"x-bytes":830,"description":"Number of reviews, 1000 in a request [default: 100, or with since all]"}"#,
        ),
        Param::new(SINCE, SINCE_SCHEMA),
    ],
    required: &["app_id"],
    fields: FIELD_DOCS,
    required_fields: &["review_id"],
    compact: &[
        "app_id",
        "language",
        "created_at",
        "score",
        "content",
        "thumbs_up",
        "user_name",
        "app_version",
        "review_id",
    ],
    key: &["review_id"],
    noisy: &["thumbs_up"],
    feed: &[("order", "newest")],
    per_request: PerRequest::new(1, 10),
    ask: |query| match query.state.as_deref() {
        Some(LISTING) => Ok(QueryRequest::Call { rpc: app::RPC, argument: listing_request(query)? }),
        _ => Ok(QueryRequest::Call { rpc: RPC, argument: reviews_request(query)? }),
    },
    // Queries that share a request call the same rpc.
    read: |queries, body| match queries.first().and_then(|query| query.state.as_deref()) {
        Some(LISTING) => batchexecute::answers(queries, body, app::RPC, listing),
        _ => batchexecute::answers(queries, body, RPC, page),
    },
};

record! {
    /// A review of an app.
    Review {
        review_id: String = Text at [0], "Id of the review", expected 1;
        user_name: Option<String> = Text at [1, 0], "Name of who wrote it", expected 1;
        user_image: Option<String> = Text at [1, 1, 3, 2], "URL of that user's picture", expected 1;
        score: Option<u32> = Number at [2], "Stars, 1 to 5", expected 1;
        content: Option<String> = Text at [4], "Text; null for stars without text", expected 0.9;
        created_at: Option<i64> = Number at [5, 0], "When it was written or last changed, Unix seconds", expected 1;
        thumbs_up: Option<u64> = Number at [6], "Number of users who found it helpful", expected 1;
        reply_author: Option<String> = Text at [7, 0], "Name of the developer who replied";
        reply_content: Option<String> = Text at [7, 1], "Text of the developer's reply";
        reply_at: Option<i64> = Number at [7, 2, 0], "When the developer replied, Unix seconds";
        app_version: Option<String> = Text at [10], "Version of the app that was reviewed", expected 0.5;
        criteria: Option<Vec<Criterion>> = With(criteria) at [12, 0], "Ratings of single aspects of the app";
    }
}

object! {
    /// A rating of one aspect of an app.
    Criterion {
        name: Option<String>, "What is rated, as the store calls it";
        rating: Option<u32>, "The rating, as a number of the store's";
    }
}

/// The reviews in the answer to `oCPfdb`, and the token of the next page.
const REVIEWS: &[u16] = &[0];
const TOKEN: &[u16] = &[1, 1];

/// What messages call an answer.
const ANSWER: &str = "the answer for reviews";

/// The reviews in the payload of a batchexecute frame.
fn page(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    let answer = *payload;
    let cursor = query.map_or_else(|| Ok(Cursor::default()), Cursor::of_query)?;
    let since = query.map_or(Ok(None), since)?;
    let Reviews { records, nameless, older } = reviews(payload, since).map_err(|error| unreadable(ANSWER, error))?;
    let token = answer.get(TOKEN).map_err(|error| unreadable(ANSWER, error))?;
    let token = token.and_then(Reader::text).filter(|token| !token.is_empty());
    if records.is_empty() && older == 0 {
        let absence = Absence::read(answer, payload.position() - answer.position());
        let absence = absence.map_err(|error| unreadable(ANSWER, error))?;
        return without_reviews(&cursor, absence, token.is_some());
    }
    if token.is_some() && token.as_deref() == cursor.token.as_deref() {
        // The page after this one would be this one, for ever. Asked again, the store mostly gives the right token.
        return Err(Failure::unavailable("the token of the next reviews repeats the one that these were asked with"));
    }
    let note = (nameless > 0).then(|| format!("{nameless} reviews without id were left out"));
    let token = token.filter(|_| older == 0 && !cursor.reaches(query.and_then(own_limit), records.len()));
    let next = token.map(|token| cursor.after(records.len(), token.into_owned()).to_string());
    Ok(Page { records, next, notes: note.into_iter().collect(), ..Page::default() })
}

/// What an answer says of reviews.
struct Reviews {
    records: Vec<String>,
    /// How many have no id.
    nameless: usize,
    /// How many are older than the query wants.
    older: usize,
}

/// Reads the reviews and moves past the whole payload.
fn reviews(payload: &mut Reader<'_>, since: Option<i64>) -> Result<Reviews, ReadError> {
    let schema = RecordSchema::new(FIELDS);
    let mut reviews = Reviews { records: Vec::new(), nameless: 0, older: 0 };
    payload.at(REVIEWS, &mut |list| {
        list.elements(|_, review| {
            let review = schema.read(review)?;
            let created_at = review.value("created_at").and_then(Reader::number).and_then(|number| number.parse().ok());
            if created_at.zip(since).is_some_and(|(created_at, since): (i64, i64)| created_at < since) {
                reviews.older += 1;
            } else if review.value("review_id").is_some_and(Reader::is_text) {
                reviews.records.push(review.record()?);
            } else {
                reviews.nameless += 1;
            }
            Ok(ControlFlow::Continue(()))
        })
    })?;
    Ok(reviews)
}

/// Whether there is an app without reviews: the end of the query, or its failure.
fn listing(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    app::page(payload, query)?;
    let note = "the store has no reviews of this app that fit the query";
    Ok(Page { notes: vec![note.to_owned()], ..Page::default() })
}

/// The ratings of aspects: name and number of each.
fn criteria(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let Some(mut list) = values.iter().find_map(|value| *value) else {
        writer.null();
        return Ok(());
    };
    writer.array(|writer| {
        list.elements(|_, criterion| {
            let (name, rating) = (criterion.get(&[0])?, criterion.get(&[1, 0])?.and_then(Reader::number));
            writer.object(|writer| {
                writer.key("name").copy_text(name);
                match rating {
                    Some(rating) => writer.key("rating").number(rating),
                    None => writer.key("rating").null(),
                }
            });
            Ok(ControlFlow::Continue(()))
        })
    })
}
