//! The records of a chart: where its items have their fields, and what an answer without items means.

use playfast_guest::json::{EVERY, Field, Flow, Kind, ReadError, Reader, Shape, Table, Writer};
use playfast_guest::{Failure, Page, Query};

use crate::request::STORE;
use crate::unreadable;

/// The chart in the answer to `vyAe2`: `null` where there is no such chart.
const CHART: &[u16] = &[0, 1];

/// The cluster of its items, and their place in it: `null` or empty where it has none.
const CLUSTER: &[u16] = &[0, 1, 0];
const CLUSTER_ITEMS: &[u16] = &[28];

/// Its items; each is an array of one message.
const ITEMS: &[u16] = &[0, 1, 0, 28, 0];

/// The state of a query whose chart was empty in the long form of the request, and is asked for in the short one.
pub(crate) const SHORT_FORM: &str = "short-form";

/// An item's record.
pub(crate) const FIELDS: &[Field] = &[
    Field::new("app_id", &[&[0, 0, 0]], Shape::Text),
    Field::new("title", &[&[0, 3]], Shape::DecodedText),
    Field::new("developer", &[&[0, 14]], Shape::DecodedText),
    Field::new("icon", &[&[0, 1, 3, 2]], Shape::Text),
    Field::new("score", &[&[0, 4, 1]], Shape::Number),
    Field::new("score_text", &[&[0, 4, 0]], Shape::Text),
    Field::new("price", &[&[0, 8, 1, 0, 0]], Shape::Micros),
    Field::new("currency", &[&[0, 8, 1, 0, 1]], Shape::Text),
    Field::new("price_text", &[&[0, 8, 1, 0, 2]], Shape::Text),
    Field::new("genre", &[&[0, 5]], Shape::DecodedText),
    Field::new("description", &[&[0, 13, 1]], Shape::HtmlAsText),
    Field::new("installs", &[&[0, 15]], Shape::Text),
    Field::new("screenshots", &[&[0, 2, EVERY, 3, 2]], Shape::DistinctTexts),
    Field::new("video", &[&[0, 12, 0, 0, 3, 2]], Shape::Text),
    Field::new("header_image", &[&[0, 22, 3, 2]], Shape::Text),
    Field::new("content_rating", &[&[0, 24, 0]], Shape::DecodedText),
    Field::new("iap_range", &[&[0, 29, 0]], Shape::Text),
    Field::new("url", &[&[0, 10, 4, 2]], Shape::With(address)),
];

/// The address of an app's page: items have its path.
pub fn address(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let link = values.iter().find_map(|value| *value).and_then(Reader::text);
    match link {
        Some(path) if path.starts_with('/') => writer.string(&[STORE, &path].concat()),
        Some(address) => writer.string(&address),
        None => writer.null(),
    }
    Ok(())
}

/// The chart in the payload of a batchexecute frame. An empty one is asked for once more, in the short form of the request.
pub(crate) fn page(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    let start = *payload;
    let Chart { records, nameless } = chart(payload).map_err(|error| unreadable("the chart", error))?;
    if records.is_empty() && nameless > 0 {
        return Err(Failure::layout_changed("the chart's apps have no ids or titles where they were"));
    }
    let is_short = query.is_some_and(|query| query.state.is_some());
    if records.is_empty() {
        return empty(start, is_short);
    }
    let notes = notes(records.len(), nameless, is_short, query);
    Ok(Page { records, notes, ..Page::default() })
}

/// What an answer says of a chart's apps.
struct Chart {
    records: Vec<String>,
    /// How many have no id or no title.
    nameless: usize,
}

fn chart(payload: &mut Reader<'_>) -> Result<Chart, ReadError> {
    let table = Table::new(FIELDS);
    let mut chart = Chart { records: Vec::new(), nameless: 0 };
    payload.at(ITEMS, &mut |items| {
        items.elements(|_, item| {
            let item = table.read(item)?;
            let named = |field| item.value(field).is_some_and(Reader::is_text);
            if named("app_id") && named("title") {
                chart.records.push(item.record()?);
            } else {
                chart.nameless += 1;
            }
            Ok(Flow::Continue)
        })
    })?;
    Ok(chart)
}

/// What an answer without apps means: no chart, a chart without apps, or apps that are elsewhere.
fn empty(payload: Reader<'_>, is_short: bool) -> Result<Page, Failure> {
    let found = |path| payload.get(path).map_err(|error| unreadable("the chart", error));
    let cluster = found(CLUSTER)?.filter(|cluster| !has_no_elements(*cluster) && !holds_no_items(*cluster));
    let is_elsewhere = cluster.is_some() || length(payload)? > MAX_EMPTY_BYTES;
    match (is_elsewhere, is_short, found(CHART)?) {
        (true, _, _) => Err(Failure::layout_changed("the chart's apps are not where they were")),
        (false, false, _) => {
            let notes = vec!["no apps came for the long form of the request: the short form is next".to_owned()];
            Ok(Page { next: Some(SHORT_FORM.to_owned()), notes, ..Page::default() })
        }
        (false, true, None) => Err(Failure::not_found("the store has no such chart, in either form of the request")),
        (false, true, Some(_)) => {
            let notes = vec!["the store lists no apps in this chart".to_owned()];
            Ok(Page { notes, ..Page::default() })
        }
    }
}

/// The longest answer without apps, in bytes. One with a single app has 8,000.
const MAX_EMPTY_BYTES: usize = 2000;

/// The bytes of the value that comes next.
fn length(mut value: Reader<'_>) -> Result<usize, Failure> {
    let start = value.position();
    value.skip().map_err(|error| unreadable("the chart", error))?;
    Ok(value.position() - start)
}

/// Whether a cluster has a place for items, and none there.
fn holds_no_items(cluster: Reader<'_>) -> bool {
    let place = cluster.get(CLUSTER_ITEMS).ok().flatten();
    place.is_some_and(|place| place.get(&[0]).is_ok_and(|items| items.is_none_or(has_no_elements)))
}

/// Whether an array comes next that has nothing in it.
fn has_no_elements(mut value: Reader<'_>) -> bool {
    value.kind() == Ok(Kind::Array) && value.slot_count() == Ok(0)
}

/// What a person would want to know about a chart: that it is shorter than asked, and that the usual request did not get it.
fn notes(records: usize, nameless: usize, is_short: bool, query: Option<&Query>) -> Vec<String> {
    let asked = query.and_then(|query| query.param("num")).and_then(|num| num.parse::<usize>().ok());
    let few = asked
        .filter(|asked| records < *asked)
        .map(|asked| format!("the store gave {records} of the {asked} apps asked for"));
    let left = (nameless > 0).then(|| format!("{nameless} entries without id or title were left out"));
    let form = is_short.then(|| "the store gave this chart in the short form of the request only".to_owned());
    few.into_iter().chain(left).chain(form).collect()
}
