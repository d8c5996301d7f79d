//! Kind `list`: the apps of a chart.

use playfast_guest::json::{Kind as Json, Reader};
use playfast_guest::{Failure, Page, Query};

use super::item::{self, Items};
use super::{COUNTRY, Kind, LANGUAGE, Param, PerRequest, unknown_state};
use crate::batchexecute;
use crate::request::{OPTIONS, QueryRequest, string};
use crate::unreadable;

/// The rpc that is asked for charts.
const RPC: &str = "vyAe2";

pub(super) const KIND: Kind = Kind {
    name: "list",
    summary: "The apps of a chart",
    params: &[
        Param::new(
            "collection",
            r#"{"type":"string","enum":["topselling_free","topselling_paid","topgrossing","topselling_new_free","topselling_new_paid","movers_shakers"],"default":"topselling_free","x-many":true,"description":"Chart"}"#,
        ),
        Param::new("category", include_str!("../sets/category.json")),
        COUNTRY,
        LANGUAGE,
        Param::new(
            "num",
            r#"{"type":"integer","minimum":1,"maximum":660,"default":100,"x-limit":true,"x-bytes":8500,"description":"Number of apps; the store gives about 200"}"#,
        ),
    ],
    required: &[],
    fields: item::FIELD_DOCS,
    required_fields: item::REQUIRED_FIELDS,
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
    key: item::KEY,
    noisy: item::NOISY,
    feed: &[],
    per_request: PerRequest::new(1, 20),
    ask: |query| Ok(QueryRequest::Call { rpc: RPC, argument: chart_request(query)? }),
    read: |queries, body| batchexecute::answers(queries, body, RPC, page),
};

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

/// The chart in the payload of a batchexecute frame. An empty one is asked for once more, in the short form of the request.
pub(crate) fn page(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    let start = *payload;
    let mut items = Items::new();
    payload.at(ITEMS, &mut |chart| items.read_wrapped(chart)).map_err(|error| unreadable("the chart", error))?;
    items.check("the chart's apps")?;
    let is_short = query.is_some_and(|query| query.state.is_some());
    if items.records().is_empty() {
        return empty(start, is_short);
    }
    let few = few(items.records().len(), query);
    let form = is_short.then(|| "the store gave this chart in the short form of the request only".to_owned());
    let notes = few.into_iter().chain(items.notes()).chain(form).collect();
    Ok(Page { records: items.into_records(), notes, ..Page::default() })
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

/// Says that a chart is shorter than asked.
fn few(records: usize, query: Option<&Query>) -> Option<String> {
    let asked = query.and_then(|query| query.param("num")).and_then(|num| num.parse::<usize>().ok());
    asked
        .filter(|asked| records < *asked)
        .map(|asked| format!("the store gave {records} of the {asked} apps asked for"))
}
