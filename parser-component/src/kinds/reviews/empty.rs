//! Answers without reviews: the end of a query, a refusal, or a fault of the store's.

use playfast_guest::json::{Kind as Json, ReadError, Reader};
use playfast_guest::{Failure, Page};

use super::cursor::Cursor;
use super::{LISTING, REVIEWS};
use crate::kinds::app::is_blank;

/// The longest answer without reviews, in bytes: a token of some hundred bytes and a few numbers.
const MAX_EMPTY_BYTES: usize = 2000;

/// What an answer has in the place of reviews.
pub(super) enum Absence {
    /// A list without reviews.
    EmptyList,
    /// A message of empty arrays: the answer for apps that the store doesn't have.
    EmptyMessage,
    /// No payload, or a message without a list.
    Nothing,
    /// Something that isn't known.
    Elsewhere,
}

impl Absence {
    /// Reads what an answer of this many bytes has, in which no review was found.
    pub(super) fn read(mut answer: Reader<'_>, bytes: usize) -> Result<Self, ReadError> {
        let list = answer.get(REVIEWS)?;
        let list_kind = list.map(|mut list| list.kind()).transpose()?;
        Ok(match (answer.kind()?, list, list_kind) {
            _ if bytes > MAX_EMPTY_BYTES => Self::Elsewhere,
            (Json::Array, None, _) if answer.slot_count()? == 0 => Self::EmptyMessage,
            (Json::Array | Json::Null, None, _) => Self::Nothing,
            (Json::Array, Some(list), Some(Json::Array)) if list.slot_count()? == 0 => Self::EmptyList,
            (Json::Array, ..) if is_blank(answer, 0)? => Self::EmptyMessage,
            _ => Self::Elsewhere,
        })
    }
}

/// What an answer without reviews means.
///
/// | answer | first page | page of a token |
/// |---|---|---|
/// | with a token | empty at random, and full a moment later: try again | the same |
/// | empty list | no reviews: ask for the app | the end |
/// | empty message | no such app, or no reviews: ask for the app | refused |
/// | nothing | refused: ask for fewer, in the end for the app | refused: ask for fewer, in the end try again |
///
/// No source says what the store answers for an app without reviews in a language, so whether there is such an app is asked for; that takes
/// one small request, and only for queries without rows.
pub(super) fn without_reviews(cursor: &Cursor, absence: Absence, has_token: bool) -> Result<Page, Failure> {
    match (absence, &cursor.token) {
        (Absence::Elsewhere, _) => Err(Failure::layout_changed("the reviews are not where they were")),
        _ if has_token => Err(Failure::unavailable("the store gave an empty page of reviews, with a token of more")),
        (Absence::EmptyList | Absence::EmptyMessage, None) => Ok(app_is_next()),
        (Absence::EmptyList, Some(_)) => Ok(Page::default()),
        (Absence::EmptyMessage | Absence::Nothing, token) => match cursor.with_fewer() {
            Some(fewer) => Ok(fewer_are_next(&fewer)),
            None if token.is_none() => Ok(app_is_next()),
            None => Err(Failure::unavailable("the store gave nothing for a continuation of the reviews")),
        },
    }
}

fn app_is_next() -> Page {
    Page { next: Some(LISTING.to_owned()), ..Page::default() }
}

fn fewer_are_next(fewer: &Cursor) -> Page {
    let note = format!("the store gave nothing for a page of reviews: it is asked for up to {} next", fewer.size);
    Page { next: Some(fewer.to_string()), notes: vec![note], ..Page::default() }
}
