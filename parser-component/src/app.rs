//! The record of an app: where the details message has its fields, and what an answer without them means.

use std::cell::LazyCell;

use playfast_guest::json::{EVERY, Field, Flow, Kind, ReadError, Reader, Shape, Table, Writer};
use playfast_guest::{Failure, FailureKind, Page, Query, url};

use crate::page::Blocks;
use crate::unreadable;

/// The details message in the answer to `Ws7gDc`.
const DETAILS: &[u16] = &[1, 2];

/// The app that the answer is for, beside the message.
const APP_ID: &[u16] = &[1, 11, 0, 0];

/// The slots of an answer that repeat what was asked: app and fields.
const ECHOES: [usize; 2] = [11, 39];

const PRICE: &[u16] = &[57, 0, 0, 0, 0, 1, 0, 0];

/// The translated description, else the original.
const DESCRIPTION: &[&[u16]] = &[&[12, 0, 0, 1], &[72, 0, 1]];

/// An app's record.
pub(crate) const FIELDS: &[Field] = &[
    Field::new("app_id", &[&[77, 0]], Shape::Text),
    Field::new("title", &[&[0, 0]], Shape::DecodedText),
    Field::new("summary", &[&[73, 0, 1]], Shape::HtmlAsText),
    Field::new("description", DESCRIPTION, Shape::HtmlAsText),
    Field::new("description_html", DESCRIPTION, Shape::Text),
    Field::new("installs", &[&[13, 0]], Shape::Text),
    Field::new("min_installs", &[&[13, 1]], Shape::Number),
    Field::new("real_installs", &[&[13, 2]], Shape::Number),
    Field::new("score", &[&[51, 0, 1]], Shape::Number),
    Field::new("score_text", &[&[51, 0, 0]], Shape::Text),
    Field::new("ratings", &[&[51, 2, 1]], Shape::Number),
    Field::new("reviews", &[&[51, 3, 1]], Shape::Number),
    Field::new("histogram", &[&[51, 1]], Shape::With(histogram)),
    Field::new("price", &[PRICE], Shape::Micros),
    Field::new("currency", &[&[57, 0, 0, 0, 0, 1, 0, 1]], Shape::Text),
    Field::new("price_text", &[&[57, 0, 0, 0, 0, 1, 0, 2]], Shape::Text),
    Field::new("free", &[PRICE], Shape::With(free)),
    Field::new("original_price", &[&[57, 0, 0, 0, 0, 1, 1, 0]], Shape::Micros),
    Field::new("discount_ends_at", &[&[57, 0, 0, 0, 0, 14, 1]], Shape::Number),
    Field::new("available", &[&[18, 0]], Shape::Truthy),
    Field::new("preregister", &[&[18, 0]], Shape::Equals(1)),
    Field::new("early_access", &[&[18, 2]], Shape::IsText),
    Field::new("offers_iap", &[&[19, 0]], Shape::Present),
    Field::new("iap_range", &[&[19, 0]], Shape::Text),
    Field::new("min_android", &[&[140, 1, 1, 0, 0, 1]], Shape::Text),
    Field::new("min_android_api", &[&[140, 1, 1, 0, 0, 0]], Shape::Number),
    Field::new("max_android", &[&[140, 1, 1, 0, 1, 1]], Shape::Text),
    Field::new("target_sdk", &[&[140, 1, 0, 0, 0]], Shape::Number),
    Field::new("version", &[&[140, 0, 0, 0]], Shape::Text),
    Field::new("developer", &[&[68, 0]], Shape::DecodedText),
    Field::new("developer_id", &[&[68, 1, 4, 2]], Shape::With(developer_id)),
    Field::new("developer_email", &[&[69, 1, 0]], Shape::Text),
    Field::new("developer_website", &[&[69, 0, 5, 2]], Shape::Text),
    Field::new("developer_address", &[&[69, 2, 0]], Shape::Text),
    Field::new("developer_legal_name", &[&[69, 4, 0]], Shape::DecodedText),
    Field::new("developer_legal_email", &[&[69, 4, 1, 0]], Shape::Text),
    Field::new("developer_legal_address", &[&[69, 4, 2, 0]], Shape::Text),
    Field::new("developer_legal_phone", &[&[69, 4, 3]], Shape::Text),
    Field::new("seller", &[&[37, 0]], Shape::DecodedText),
    Field::new("privacy_policy", &[&[99, 0, 5, 2]], Shape::Text),
    Field::new("genre", &[&[79, 0, 0, 0]], Shape::DecodedText),
    Field::new("genre_id", &[&[79, 0, 0, 2]], Shape::Text),
    Field::new("categories", &[&[118], &[79, 0, 0]], Shape::With(categories)),
    Field::new("icon", &[&[95, 0, 3, 2]], Shape::Text),
    Field::new("header_image", &[&[96, 0, 3, 2]], Shape::Text),
    Field::new("screenshots", &[&[78, 0, EVERY, 3, 2]], Shape::DistinctTexts),
    Field::new("video", &[&[100, 0, 0, 3, 2]], Shape::Text),
    Field::new("video_image", &[&[100, 1, 0, 3, 2]], Shape::Text),
    Field::new("content_rating", &[&[9, 0]], Shape::DecodedText),
    Field::new("content_rating_description", &[&[9, 2, 1]], Shape::DecodedText),
    Field::new("content_rating_icon", &[&[9, 1, 3, 2]], Shape::Text),
    Field::new("contains_ads", &[&[48]], Shape::Truthy),
    Field::new("released", &[&[10, 0]], Shape::Text),
    Field::new("released_at", &[&[10, 1, 0]], Shape::Number),
    Field::new("updated", &[&[145, 0, 0]], Shape::Text),
    Field::new("updated_at", &[&[145, 0, 1, 0]], Shape::Number),
    Field::new("changelog", &[&[144, 1, 1]], Shape::Text),
    Field::new("play_pass", &[&[62]], Shape::Truthy),
    Field::new("chart_label", &[&[58, 0]], Shape::DecodedText),
    Field::new("chart_rank", &[&[58, 2]], Shape::Text),
    Field::new("permissions", &[&[74, 2]], Shape::With(permissions)),
    Field::new("data_safety", &[&[137, 4, 0, 0], &[137, 4, 1, 0], &[137, 9, 2]], Shape::With(data_safety)),
];

/// The table of the fields, made when there is a message to read.
fn lazy_table() -> LazyCell<Table> {
    LazyCell::new(|| Table::new(FIELDS))
}

/// The app in the page's blocks.
pub(crate) fn page_of(body: &[u8], query: &Query) -> Result<Page, Failure> {
    let table = lazy_table();
    let mut seen = None;
    for block in Blocks::new(body, "Ws7gDc") {
        let found = match block {
            Ok(block) => record(&table, block, Some(query)),
            Err(ReadError::Truncated) => return Err(unreadable(BLOCK, ReadError::Truncated)),
            Err(error) => Err(unreadable(BLOCK, error)),
        };
        match found {
            Ok(record) => return Ok(Page { records: vec![record], ..Page::default() }),
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
fn is_cut(body: &[u8]) -> bool {
    let starts = body.trim_ascii_start().get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"<!doctype"));
    starts && !body.trim_ascii_end().ends_with(b"</html>")
}

/// The app in the payload of a batchexecute frame. A payload without content is the answer for an app that does not exist.
pub(crate) fn page(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    let record = match record(&lazy_table(), *payload, query) {
        Err(failure) if failure.kind == FailureKind::LayoutChanged && is_empty(*payload).unwrap_or(false) => {
            return Err(Failure::not_found("the store has no such app, at least in this country"));
        }
        record => record?,
    };
    payload.skip().map_err(|error| unreadable("the answer for the app", error))?;
    Ok(Page { records: vec![record], ..Page::default() })
}

/// Whether an answer says nothing but what was asked. What stands after the message tells of the request alone.
fn is_empty(mut payload: Reader<'_>) -> Result<bool, ReadError> {
    let mut empty = matches!(payload.kind()?, Kind::Array | Kind::Null);
    payload.elements(|slot, value| {
        empty &= match slot {
            0 => is_blank(*value, 0)?,
            1 => holds_echoes_alone(*value)?,
            _ => true,
        };
        Ok(Flow::Continue)
    })?;
    Ok(empty)
}

fn holds_echoes_alone(mut answer: Reader<'_>) -> Result<bool, ReadError> {
    let mut alone = answer.kind()? == Kind::Array;
    answer.elements(|slot, value| {
        alone &= ECHOES.contains(&slot) || is_blank(*value, 0)?;
        Ok(Flow::Continue)
    })?;
    Ok(alone)
}

/// How deep a blank message may nest.
const BLANK_DEPTH: u8 = 4;

/// Whether there is nothing but empty arrays.
fn is_blank(mut value: Reader<'_>, depth: u8) -> Result<bool, ReadError> {
    let mut blank = value.kind()? == Kind::Array && depth < BLANK_DEPTH;
    if blank {
        value.elements(|_, inner| {
            blank = is_blank(*inner, depth + 1)?;
            Ok(if blank { Flow::Continue } else { Flow::Done })
        })?;
    }
    Ok(blank)
}

/// The record of the app that the message tells of, which must be the one that was asked for.
fn record(table: &LazyCell<Table>, message: Reader<'_>, query: Option<&Query>) -> Result<String, Failure> {
    let unreadable = |error| unreadable("the details of the app", error);
    let echo = message.get(APP_ID).map_err(unreadable)?;
    check_id(echo.and_then(Reader::text).as_deref(), query)?;
    let details = message.get(DETAILS).map_err(unreadable)?;
    let mut details = details.ok_or_else(|| Failure::layout_changed("the data holds no details of an app"))?;
    let app = table.read(&mut details).map_err(unreadable)?.or_value("app_id", echo);
    if !app.value("title").is_some_and(Reader::is_text) {
        return Err(Failure::layout_changed("the details hold no title of an app"));
    }
    let Some(id) = app.value("app_id").and_then(Reader::text) else {
        return Err(Failure::layout_changed("the details hold no id of an app"));
    };
    check_id(Some(&id), query)?;
    app.record().map_err(unreadable)
}

/// A failure if the answer is for another app than was asked for.
fn check_id(id: Option<&str>, query: Option<&Query>) -> Result<(), Failure> {
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

/// How many stars were given how often, from one star to five.
fn histogram(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let Some(stars) = first(values).filter(|stars| { *stars }.kind() == Ok(Kind::Array)) else {
        writer.null();
        return Ok(());
    };
    writer.array(|writer| {
        for star in 1..=5 {
            let count = stars.get(&[star, 1])?.and_then(Reader::number);
            writer.number(count.unwrap_or("0"));
        }
        Ok(())
    })
}

/// Whether the price is nothing; unknown where there is no price.
fn free(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    match first(values).and_then(Reader::number) {
        Some(price) => writer.bool(price.parse() == Ok(0.0)),
        None => writer.null(),
    }
    Ok(())
}

/// The id in the link to the developer's page: a number, or a name.
fn developer_id(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    match first(values).and_then(Reader::text).and_then(|link| url::param(&link, "id")) {
        Some(id) => writer.string(&id),
        None => writer.null(),
    }
    Ok(())
}

/// The tuples below the first value, else the genre, the second.
fn categories(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let [all, genre] = values else {
        return Ok(());
    };
    writer.array(|writer| {
        let found = match all {
            Some(all) => category(&mut { *all }, writer, 0)?,
            None => false,
        };
        match genre {
            Some(genre) if !found => write_category(*genre, writer),
            _ => Ok(()),
        }
    })
}

/// Categories stand up to five arrays deep; a hostile page may nest further.
const CATEGORY_DEPTH: u8 = 8;

/// Writes every tuple of four or more with a string head: a category. Says whether there was one.
fn category(value: &mut Reader<'_>, writer: &mut Writer, depth: u8) -> Result<bool, ReadError> {
    if value.kind()? != Kind::Array || depth > CATEGORY_DEPTH {
        return Ok(false);
    }
    let tuple = *value;
    if tuple.get(&[0])?.is_some_and(Reader::is_text) && tuple.slot_count()? >= 4 {
        write_category(tuple, writer)?;
        return Ok(true);
    }
    let mut found = false;
    tuple.clone().elements(|_, inner| {
        found |= category(&mut { *inner }, writer, depth + 1)?;
        Ok(Flow::Continue)
    })?;
    Ok(found)
}

fn write_category(tuple: Reader<'_>, writer: &mut Writer) -> Result<(), ReadError> {
    let (name, id) = (tuple.get(&[0])?, tuple.get(&[2])?);
    writer.object(|writer| {
        writer.key("name").decoded_text(name);
        writer.key("id").copy_text(id);
    });
    Ok(())
}

/// Groups of permissions, further groups, and permissions without a group.
fn permissions(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let Some(all) = first(values) else {
        writer.null();
        return Ok(());
    };
    writer.array(|writer| {
        for slot in [0, 1] {
            each(all.get(&[slot])?, |group| permission_group(group.get(&[0])?, group.get(&[2])?, writer))?;
        }
        match all.get(&[2])? {
            Some(ungrouped) => permission_group(None, Some(ungrouped), writer),
            None => Ok(()),
        }
    })
}

fn permission_group(
    name: Option<Reader<'_>>,
    permissions: Option<Reader<'_>>,
    writer: &mut Writer,
) -> Result<(), ReadError> {
    writer.object(|writer| {
        writer.key("group").copy_text(name);
        writer.key("permissions").array(|writer| {
            each(permissions, |permission| {
                if let Some(text) = permission.get(&[1])?.and_then(Reader::text) {
                    writer.string(&text);
                }
                Ok(())
            })
        })
    })
}

/// What is shared, what is collected, and how it is kept.
fn data_safety(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let [shared, collected, practices] = values else {
        return Ok(());
    };
    if values.iter().all(Option::is_none) {
        writer.null();
        return Ok(());
    }
    writer.object(|writer| {
        for (name, categories) in [("shared", shared), ("collected", collected)] {
            writer.key(name).array(|writer| each(*categories, |category| data_category(category, writer)))?;
        }
        writer.key("practices").array(|writer| {
            each(*practices, |practice| {
                let (name, description) = (practice.get(&[1])?, practice.get(&[2, 1])?);
                writer.object(|writer| {
                    writer.key("practice").copy_text(name);
                    writer.key("description").copy_text(description);
                });
                Ok(())
            })
        })
    })
}

/// The kinds of data of one category: name, whether giving it is optional, and purposes.
fn data_category(category: Reader<'_>, writer: &mut Writer) -> Result<(), ReadError> {
    let title = category.get(&[0, 1])?;
    each(category.get(&[4])?, |data| {
        let (name, optional, purpose) = (data.get(&[0])?, data.get(&[1])?, data.get(&[2])?);
        writer.object(|writer| {
            writer.key("type").copy_text(title);
            writer.key("data").copy_text(name);
            writer.key("optional").bool(optional.is_some_and(Reader::truthy));
            writer.key("purpose").copy_text(purpose);
        });
        Ok(())
    })
}

fn first<'a>(values: &[Option<Reader<'a>>]) -> Option<Reader<'a>> {
    values.iter().find_map(|value| *value)
}

/// Visits copies of an array's elements.
fn each<'a>(
    array: Option<Reader<'a>>,
    mut visit: impl FnMut(Reader<'a>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let Some(mut array) = array else {
        return Ok(());
    };
    array.elements(|_, element| {
        visit(*element)?;
        Ok(Flow::Continue)
    })
}
