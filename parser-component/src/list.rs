//! What does a chart's answer say of its apps?

use playfast_guest::json::{EVERY, Field, Flow, Reader, Shape, Table};
use playfast_guest::{Failure, Page, Query};

use crate::unreadable;

/// The chart in the answer to `vyAe2`: `null` where there is no such chart.
const CHART: &[u16] = &[0, 1];

/// Its items; each is an array of one message.
const ITEMS: &[u16] = &[0, 1, 0, 28, 0];

/// An item's record. `url` is a path on play.google.com.
pub(crate) const FIELDS: &[Field] = &[
    Field::new("app_id", &[&[0, 0, 0]], Shape::Text),
    Field::new("title", &[&[0, 3]], Shape::Text),
    Field::new("developer", &[&[0, 14]], Shape::Text),
    Field::new("icon", &[&[0, 1, 3, 2]], Shape::Text),
    Field::new("score", &[&[0, 4, 1]], Shape::Number),
    Field::new("score_text", &[&[0, 4, 0]], Shape::Text),
    Field::new("price", &[&[0, 8, 1, 0, 0]], Shape::Micros),
    Field::new("currency", &[&[0, 8, 1, 0, 1]], Shape::Text),
    Field::new("price_text", &[&[0, 8, 1, 0, 2]], Shape::Text),
    Field::new("genre", &[&[0, 5]], Shape::Text),
    Field::new("summary", &[&[0, 13, 1]], Shape::Text),
    Field::new("installs", &[&[0, 15]], Shape::Text),
    Field::new("screenshots", &[&[0, 2, EVERY, 3, 2]], Shape::Texts),
    Field::new("video", &[&[0, 12, 0, 0, 3, 2]], Shape::Text),
    Field::new("header_image", &[&[0, 22, 3, 2]], Shape::Text),
    Field::new("content_rating", &[&[0, 24, 0]], Shape::Text),
    Field::new("iap_range", &[&[0, 29, 0]], Shape::Text),
    Field::new("url", &[&[0, 10, 4, 2]], Shape::Text),
];

/// The chart in the payload of a batchexecute frame. `query` is known where it was the only one of its exchange.
pub(crate) fn page(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    let table = Table::new(FIELDS);
    let (mut records, mut nameless, mut found, start) = (Vec::new(), 0_usize, false, *payload);
    let read = payload.at(ITEMS, &mut |items| {
        found = true;
        items.elements(|_, item| {
            let item = table.read(item)?;
            let named = |field| item.value(field).is_some_and(Reader::is_text);
            if named("app_id") && named("title") {
                records.push(item.record()?);
            } else {
                nameless += 1;
            }
            Ok(Flow::Continue)
        })
    });
    read.map_err(|error| unreadable("the chart", error))?;
    if !found {
        return Err(match start.get(CHART) {
            Ok(None) => Failure::not_found("the store has no such chart"),
            _ => Failure::layout_changed("the chart's apps are not where they were"),
        });
    }
    if records.is_empty() && nameless > 0 {
        return Err(Failure::layout_changed("the chart's apps have no ids or titles where they were"));
    }
    let notes = notes(records.len(), nameless, query);
    Ok(Page { records, notes, ..Page::default() })
}

/// What a person would want to know about a chart that is shorter than asked.
fn notes(records: usize, nameless: usize, query: Option<&Query>) -> Vec<String> {
    let asked = query.and_then(|query| query.param("num")).and_then(|num| num.parse::<usize>().ok());
    let short = asked
        .filter(|asked| records < *asked)
        .map(|asked| format!("the store gave {records} of the {asked} apps asked for"));
    let left = (nameless > 0).then(|| format!("{nameless} entries without id or title were left out"));
    short.into_iter().chain(left).collect()
}
