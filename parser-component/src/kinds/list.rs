//! Kind `list`: the apps of a chart.

use std::ops::ControlFlow;

use playfast_guest::json::{ANY_ELEMENT, Kind as Json, ReadError, Reader, RecordSchema, Writer};
use playfast_guest::{Failure, Page, Query};

use super::{COUNTRY, Kind, LANGUAGE, Param, PerRequest, unknown_state};
use crate::batchexecute;
use crate::request::{OPTIONS, QueryRequest, STORE, string};
use crate::unreadable;

/// The rpc that is asked for charts.
const RPC: &str = "vyAe2";

pub(super) const KIND: Kind = Kind {
    name: "list",
    summary: "The apps of a chart",
    params: &[
        Param::new(
            "collection",
            r#"{"type":"string","enum":["topselling_free","topselling_paid","topgrossing"],"default":"topselling_free","x-many":true,"description":"Chart"}"#,
        ),
        Param::new("category", include_str!("../sets/category.json")),
        COUNTRY,
        LANGUAGE,
        Param::new(
            "num",
            r#"{"type":"integer","minimum":1,"maximum":660,"default":100,"x-limit":true,"x-bytes":8500,"description":"Number of apps"}"#,
        ),
    ],
    required: &[],
    fields: FIELD_DOCS,
    required_fields: &["app_id", "title"],
    compact: &[
        "country",
        "category",
        "position",
        "title",
        "app_id",
        "developer",
        "score",
        "installs",
        "price",
        "currency",
    ],
    key: &["app_id"],
    noisy: &["score", "score_text", "installs"],
    per_request: PerRequest::new(1, 20),
    ask: |query| Ok(QueryRequest::Call { rpc: RPC, argument: chart_request(query)? }),
    read: |queries, body| batchexecute::answers(queries, body, RPC, page),
};

record! {
    /// An app in a chart.
    ChartApp {
        app_id: String = Text at [0, 0, 0], "Package name", expected 1;
        title: String = DecodedText at [0, 3], "Title", expected 1;
        developer: Option<String> = DecodedText at [0, 14], "Developer's name", expected 1;
        icon: Option<String> = Text at [0, 1, 3, 2], "URL of the icon", expected 1;
        score: Option<f64> = Number at [0, 4, 1], "Mean rating, 1 to 5", expected 0.9;
        score_text: Option<String> = Text at [0, 4, 0], "Mean rating as the store shows it", expected 0.9;
        price: Option<f64> = Micros at [0, 8, 1, 0, 0], "Price in units of currency", expected 1;
        currency: Option<String> = Text at [0, 8, 1, 0, 1], "ISO 4217", expected 1;
        price_text: Option<String> = Text at [0, 8, 1, 0, 2], "Price as the store shows it; empty where free", expected 1;
        genre: Option<String> = DecodedText at [0, 5], "Category's name", expected 1;
        description: Option<String> = HtmlAsText at [0, 13, 1], "Description as text", expected 1;
        installs: Option<String> = Text at [0, 15], "Number of installs as the store shows it", expected 1;
        screenshots: Option<Vec<String>> = DistinctTexts at [0, 2, ANY_ELEMENT, 3, 2], "URLs, each once", expected 1;
        video: Option<String> = Text at [0, 12, 0, 0, 3, 2], "URL of a video", expected 0.6;
        header_image: Option<String> = Text at [0, 22, 3, 2], "URL", expected 0.9;
        content_rating: Option<String> = DecodedText at [0, 24, 0], "Content rating's name", expected 1;
        iap_range: Option<String> = Text at [0, 29, 0], "Prices of in-app purchases";
        url: Option<String> = With(address) at [0, 10, 4, 2], "Address of the app's page", expected 1;
    }
}

/// The chart in the answer to `vyAe2`: `null` where there is no such chart.
const CHART: &[u16] = &[0, 1];

/// The cluster of its items, and their place in it: `null` or empty where it has none.
const CLUSTER: &[u16] = &[0, 1, 0];
const CLUSTER_ITEMS: &[u16] = &[28];

/// Its items; each is an array of one message.
const ITEMS: &[u16] = &[0, 1, 0, 28, 0];

/// The state of a query whose chart was empty in the long form of the request, and is asked for in the short one.
pub(crate) const SHORT_FORM: &str = "short-form";

/// The largest chart that the store gives.
const LARGEST_CHART: u32 = 660;

/// Kinds of clusters that the page's own call names (other scrapers' newest sources, 2026-11).
const CLUSTERS: &str = "64,1,195,71,8,72,9,10,11,139,12,16,145,148,150,151,152,27,30,31,96,32,34,163,100,165,104,169,108,110,113,55,56,57,122";

/// Which fields of an app an item of a chart has.
const ITEM_FIELDS: &str = "1,73,96,103,97,58,50,92,52,112,69,19,31,101,123,74,49,80,38,20,10,14,79,43,42,139";

/// The argument of `vyAe2`: `[[null, LAYOUT, [2, CHART, CATEGORY]]]`.
fn chart_request(query: &Query) -> Result<String, Failure> {
    let chart = string(query.param("collection").unwrap_or("topselling_free"));
    let category = string(query.param("category").unwrap_or("APPLICATION"));
    let num = query.param("num").unwrap_or("100");
    let num: u32 = num
        .parse()
        .ok()
        .filter(|num| (1..=LARGEST_CHART).contains(num))
        .ok_or_else(|| Failure::invalid_query(format!("num is {num}; it is a number from 1 to {LARGEST_CHART}")))?;
    let layout = match query.state.as_deref() {
        None => long_form(num),
        Some(SHORT_FORM) => short_form(num),
        Some(_) => return Err(unknown_state(query)),
    };
    Ok(format!("[[null,{layout},[2,{chart},{category}]]]"))
}

/// The layout that the page's own calls ask for.
fn long_form(num: u32) -> String {
    let masks = format!("[null,null,[{OPTIONS}],[[[[7,1],[[{ITEM_FIELDS}]]]]]]");
    format!("[[8,[20,{num}]],true,null,[{CLUSTERS}],{masks},null,null,[[[1,2],[10,8,9],[],[]]]]")
}

/// The layout that other scrapers ask for, for charts that are empty in the long form.
fn short_form(num: u32) -> String {
    format!("[[null,[null,{num}]],null,null,[113]]")
}

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
    let schema = RecordSchema::new(FIELDS);
    let mut chart = Chart { records: Vec::new(), nameless: 0 };
    payload.at(ITEMS, &mut |items| {
        items.elements(|_, item| {
            let item = schema.read(item)?;
            let named = |field| item.value(field).is_some_and(Reader::is_text);
            if named("app_id") && named("title") {
                chart.records.push(item.record()?);
            } else {
                chart.nameless += 1;
            }
            Ok(ControlFlow::Continue(()))
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
    value.kind() == Ok(Json::Array) && value.slot_count() == Ok(0)
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
