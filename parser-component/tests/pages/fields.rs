//! Every field equals what the page holds.

use serde_json::{Map, Value, json};

use crate::oracle::{app_block, at, blocks, in_a_frame, in_a_page, payload};
use crate::saved::{APPS, CHART, DATA_SAFETY, DETAILS, page, parse};

/// Fields that are what lies at a path, as text or number.
const AS_IT_IS: &[(&str, &[usize])] = &[
    ("title", &[0, 0]),
    ("installs", &[13, 0]),
    ("min_installs", &[13, 1]),
    ("real_installs", &[13, 2]),
    ("score", &[51, 0, 1]),
    ("score_text", &[51, 0, 0]),
    ("ratings", &[51, 2, 1]),
    ("reviews", &[51, 3, 1]),
    ("currency", &[57, 0, 0, 0, 0, 1, 0, 1]),
    ("price_text", &[57, 0, 0, 0, 0, 1, 0, 2]),
    ("discount_ends_at", &[57, 0, 0, 0, 0, 14, 1]),
    ("iap_range", &[19, 0]),
    ("min_android", &[140, 1, 1, 0, 0, 1]),
    ("min_android_api", &[140, 1, 1, 0, 0, 0]),
    ("max_android", &[140, 1, 1, 0, 1, 1]),
    ("target_sdk", &[140, 1, 0, 0, 0]),
    ("version", &[140, 0, 0, 0]),
    ("developer", &[68, 0]),
    ("developer_email", &[69, 1, 0]),
    ("developer_website", &[69, 0, 5, 2]),
    ("developer_address", &[69, 2, 0]),
    ("developer_legal_name", &[69, 4, 0]),
    ("developer_legal_email", &[69, 4, 1, 0]),
    ("developer_legal_address", &[69, 4, 2, 0]),
    ("developer_legal_phone", &[69, 4, 3]),
    ("seller", &[37, 0]),
    ("privacy_policy", &[99, 0, 5, 2]),
    ("genre", &[79, 0, 0, 0]),
    ("genre_id", &[79, 0, 0, 2]),
    ("icon", &[95, 0, 3, 2]),
    ("header_image", &[96, 0, 3, 2]),
    ("video", &[100, 0, 0, 3, 2]),
    ("video_image", &[100, 1, 0, 3, 2]),
    ("content_rating", &[9, 0]),
    ("content_rating_description", &[9, 2, 1]),
    ("content_rating_icon", &[9, 1, 3, 2]),
    ("released", &[10, 0]),
    ("released_at", &[10, 1, 0]),
    ("updated", &[145, 0, 0]),
    ("updated_at", &[145, 0, 1, 0]),
    ("changelog", &[144, 1, 1]),
    ("chart_label", &[58, 0]),
    ("chart_rank", &[58, 2]),
];

const ITEM: &[(&str, &[usize])] = &[
    ("app_id", &[0, 0]),
    ("title", &[3]),
    ("developer", &[14]),
    ("icon", &[1, 3, 2]),
    ("score", &[4, 1]),
    ("score_text", &[4, 0]),
    ("currency", &[8, 1, 0, 1]),
    ("price_text", &[8, 1, 0, 2]),
    ("genre", &[5]),
    ("installs", &[15]),
    ("video", &[12, 0, 0, 3, 2]),
    ("header_image", &[22, 3, 2]),
    ("content_rating", &[24, 0]),
    ("iap_range", &[29, 0]),
];

/// What the details (and the message they stand in) say, by the rules of the table of fields.
pub(crate) fn app(message: &Value) -> Value {
    let details = at(message, &[1, 2]);
    let mut app = json!({});
    for (name, path) in AS_IT_IS {
        app[*name] = at(&details, path);
    }
    let or = |value: Value, other: Value| if value.is_null() { other } else { value };
    app["app_id"] = or(at(&details, &[77, 0]), at(message, &[1, 11, 0, 0]));
    app["description_html"] = or(at(&details, &[12, 0, 0, 1]), at(&details, &[72, 0, 1]));
    app["description"] = prose(&app["description_html"]);
    app["summary"] = prose(&at(&details, &[73, 0, 1]));
    app["data_safety"] = safety(&details);
    let price = at(&details, &[57, 0, 0, 0, 0, 1, 0, 0]);
    app["price"] = micros(&price);
    app["free"] = price.as_f64().map_or(Value::Null, |price| json!(price == 0.0));
    app["original_price"] = micros(&at(&details, &[57, 0, 0, 0, 0, 1, 1, 0]));
    app["available"] = truthy(&at(&details, &[18, 0]));
    app["preregister"] = json!(at(&details, &[18, 0]) == 1);
    app["early_access"] = json!(at(&details, &[18, 2]).is_string());
    app["offers_iap"] = json!(!at(&details, &[19, 0]).is_null());
    app["contains_ads"] = truthy(&at(&details, &[48]));
    app["play_pass"] = truthy(&at(&details, &[62]));
    let stars = at(&details, &[51, 1]);
    let count = |star| or(at(&stars, &[star, 1]), json!(0));
    app["histogram"] = if stars.is_array() { (1..=5).map(count).collect() } else { Value::Null };
    app["screenshots"] = distinct_texts(&at(&details, &[78, 0]), &[3, 2]);
    let link = at(&details, &[68, 1, 4, 2]);
    app["developer_id"] = link
        .as_str()
        .and_then(|link| link.split_once("id="))
        .map_or(Value::Null, |(_, id)| json!(id.replace('+', " ")));
    let permissions = at(&details, &[74, 2]);
    app["permissions"] = if permissions.is_null() { Value::Null } else { groups(&permissions) };
    let mut categories = Vec::new();
    tuples(&at(&details, &[118]), &mut categories);
    if categories.is_empty() && !at(&details, &[79, 0, 0]).is_null() {
        categories.push(json!({"name": app["genre"], "id": app["genre_id"]}));
    }
    app["categories"] = categories.into();
    app
}

/// HTML as text, as far as the saved pages go.
fn prose(html: &Value) -> Value {
    let Some(html) = html.as_str() else { return Value::Null };
    let lines = html.replace("<br>", "\n");
    let mut pieces = lines.split('<');
    let start = pieces.next().unwrap().to_owned();
    let text: String =
        std::iter::once(start).chain(pieces.map(|piece| piece.split_once('>').unwrap().1.to_owned())).collect();
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.into_iter().fold(text, |text, (entity, character)| text.replace(entity, character)).into()
}

/// What is shared and collected, one entry for each kind of data, and practices; `null` where the details say nothing of them.
pub(crate) fn safety(details: &Value) -> Value {
    let [shared, collected, practices] =
        [&[137, 4, 0, 0][..], &[137, 4, 1, 0], &[137, 9, 2]].map(|path| at(details, path));
    if shared.is_null() && collected.is_null() && practices.is_null() {
        return Value::Null;
    }
    let entry = |title: &Value, data: &Value| json!({"type": title, "data": at(data, &[0]), "optional": truthy(&at(data, &[1])), "purpose": at(data, &[2])});
    let entries = |categories: Value| -> Vec<Value> {
        let categories = list(categories).into_iter();
        categories
            .flat_map(|category| {
                let title = at(&category, &[0, 1]);
                list(at(&category, &[4])).into_iter().map(move |data| entry(&title, &data))
            })
            .collect()
    };
    let practice = |practice: Value| json!({"practice": at(&practice, &[1]), "description": at(&practice, &[2, 1])});
    let practices: Vec<_> = list(practices).into_iter().map(practice).collect();
    json!({"shared": entries(shared), "collected": entries(collected), "practices": practices})
}

fn list(value: Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// Permissions by group, then further groups, then those without one.
fn groups(permissions: &Value) -> Value {
    let groups = [0, 1].into_iter().flat_map(|slot| list(at(permissions, &[slot])));
    let grouped = groups.map(|group| json!({"group": at(&group, &[0]), "permissions": texts(&at(&group, &[2]), &[1])}));
    let rest = Some(at(permissions, &[2])).filter(Value::is_array);
    grouped.chain(rest.map(|rest| json!({"group": null, "permissions": texts(&rest, &[1])}))).collect()
}

fn micros(value: &Value) -> Value {
    value.as_f64().map_or(Value::Null, |micros| json!(micros / 1e6))
}

fn truthy(value: &Value) -> Value {
    json!(!(value.is_null() || *value == false || *value == 0 || *value == ""))
}

pub(crate) fn texts(list: &Value, path: &[usize]) -> Value {
    let Some(list) = list.as_array() else { return Value::Null };
    list.iter().map(|element| at(element, path)).filter(Value::is_string).collect()
}

/// As [`texts`], each once.
fn distinct_texts(list: &Value, path: &[usize]) -> Value {
    let Value::Array(all) = texts(list, path) else { return Value::Null };
    let mut distinct = Vec::new();
    for text in all {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct.into()
}

fn tuples(value: &Value, found: &mut Vec<Value>) {
    let Some(array) = value.as_array() else { return };
    if array.len() >= 4 && array[0].is_string() {
        found.push(json!({"name": array[0], "id": at(value, &[2])}));
        return;
    }
    for element in array {
        match element.as_object() {
            Some(tail) => tail.values().for_each(|member| tuples(member, found)),
            None => tuples(element, found),
        }
    }
}

/// Fails where the record says otherwise than the oracle.
pub(crate) fn same(page: &str, record: &Value, oracle: &Value) {
    for (name, value) in oracle.as_object().unwrap() {
        let equal = match (value.as_f64(), record[name].as_f64()) {
            (Some(left), Some(right)) => left == right,
            _ => *value == record[name],
        };
        assert!(equal, "{page}: {name} is {} and not {value}", record[name]);
    }
}

#[test]
fn apps_are_what_their_pages_hold() {
    for name in APPS {
        let Some(body) = page(name) else { return };
        let records = parse("app", &body).unwrap();
        let (_, _, message) = app_block(std::str::from_utf8(&body).unwrap());
        assert_eq!(records.len(), 1);
        let oracle = app(&message);
        same(name, &records[0], &oracle);
        assert_eq!(
            records[0].as_object().unwrap().len(),
            oracle.as_object().unwrap().len(),
            "no field is missing or more"
        );
        let description = records[0]["description"].as_str().unwrap();
        assert!(!description.contains("<br>") && !description.contains("&amp;") && !description.is_empty());
        assert!(!records[0]["screenshots"].as_array().unwrap().is_empty());
    }
}

/// The page of data safety holds a details message too: with an app's title, and with all that the app's page lacks.
#[test]
fn data_safety_is_what_its_page_holds() {
    let Some(body) = page(DATA_SAFETY) else { return };
    let text = std::str::from_utf8(&body).unwrap();
    let holds = |(_, _, message): &(usize, usize, Value)| at(message, &[1, 2, 137]).is_array();
    let (_, _, message) = blocks(text).into_iter().find(holds).unwrap();
    let record = parse("app", &body).unwrap().remove(0);
    same(DATA_SAFETY, &record, &app(&message));
    let count = |name: &str| record["data_safety"][name].as_array().unwrap().len();
    assert_eq!((count("shared"), count("collected")), (0, 16), "as the index of pages says");
    assert!(count("practices") > 0 && record["data_safety"]["collected"][0]["purpose"].is_string());
}

#[test]
fn an_app_is_what_its_call_holds() {
    let Some(body) = page(DETAILS) else { return };
    let records = parse("app", &body).unwrap();
    same(DETAILS, &records[0], &app(&payload(std::str::from_utf8(&body).unwrap(), "Ws7gDc")));
}

#[test]
fn a_chart_is_what_its_answer_holds() {
    let Some(body) = page(CHART) else { return };
    let records = parse("list", &body).unwrap();
    let items = at(&payload(std::str::from_utf8(&body).unwrap(), "vyAe2"), &[0, 1, 0, 28, 0]);
    let items = items.as_array().unwrap();
    assert_eq!((records.len(), items.len()), (100, 100));
    for (record, entry) in records.iter().zip(items) {
        same_and_no_more(CHART, record, &item(&entry[0]));
    }
}

/// What an item's message says.
pub(crate) fn item(message: &Value) -> Value {
    let address = format!("https://play.google.com{}", at(message, &[10, 4, 2]).as_str().unwrap());
    let mut oracle = json!({"price": micros(&at(message, &[8, 1, 0, 0])), "url": address, "description": prose(&at(message, &[13, 1])),
        "screenshots": distinct_texts(&at(message, &[2]), &[3, 2])});
    ITEM.iter().for_each(|(name, path)| oracle[*name] = at(message, path));
    oracle
}

/// As [`same`], and fails where the record has other fields.
pub(crate) fn same_and_no_more(page: &str, record: &Value, oracle: &Value) {
    same(page, record, oracle);
    assert_eq!(
        record.as_object().unwrap().len(),
        oracle.as_object().unwrap().len(),
        "{page}: no field is missing or more"
    );
}

/// A message of an app with so much in it, in a page of one block.
fn small_page(fill: impl FnOnce(&mut Map<String, Value>)) -> Vec<u8> {
    let mut details = json!({"1": ["A title"], "78": ["an.app"]});
    fill(details.as_object_mut().unwrap());
    in_a_page(&json!([null, [null, null, [details]]]))
}

fn described(kind: usize) -> Map<String, Value> {
    let description: Value =
        serde_json::from_str(&<playfast_play::Play as playfast_guest::Parser>::describe()).unwrap();
    description["kinds"][kind]["record"]["properties"].as_object().unwrap().clone()
}

/// Whether a JSON Schema's `type` allows the value; its items and properties too.
pub(crate) fn fits(value: &Value, schema: &Value) -> bool {
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    let is = |name: &str| match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Number(number) => name == "number" || name == "integer" && !number.is_f64(),
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
    };
    let items = value.as_array().into_iter().flatten();
    let mut members = value.as_object().into_iter().flatten();
    types.iter().any(|name| is(name.as_str().unwrap()))
        && items.into_iter().all(|item| schema.get("items").is_none_or(|schema| fits(item, schema)))
        && members.all(|(name, member)| schema["properties"].get(name).is_none_or(|schema| fits(member, schema)))
}

#[test]
fn records_have_the_fields_and_types_that_the_description_says_in_its_order() {
    let saved = APPS.map(|name| (1, "app", name)).into_iter().chain([(1, "app", DETAILS), (0, "list", CHART)]);
    let saved = saved.filter_map(|(index, kind, name)| Some((index, kind, name, page(name)?)));
    let small = [(1, "app", "a small page", small_page(|_| ()))];
    for (index, kind, name, body) in saved.chain(small) {
        let described = described(index);
        for record in parse(kind, &body).unwrap() {
            let record = record.as_object().unwrap();
            assert!(record.keys().eq(described.keys()), "{name}");
            for (field, value) in record {
                assert!(fits(value, &described[field]), "{name}: {field} is {value}");
            }
        }
    }
}

#[test]
fn categories_are_tuples_of_four_wherever_they_lie() {
    let body = small_page(|details| {
        let inner = json!([
            "Tags",
            [["Puzzle", null, "GAME_PUZZLE", "/g/1"], ["Short", null, "NOT_ONE"], ["Board", null, "GAME_BOARD", null]]
        ]);
        details.insert("119".to_owned(), json!([[[["Casual", null, null, {"4": "/g/2"}]]], inner]));
    });
    let record = parse("app", &body).unwrap().remove(0);
    let expected = [("Casual", None), ("Puzzle", Some("GAME_PUZZLE")), ("Board", Some("GAME_BOARD"))];
    assert_eq!(record["categories"], json!(expected.map(|(name, id)| json!({"name": name, "id": id}))));
}

#[test]
fn what_is_of_another_type_is_absent() {
    let body = small_page(|details| {
        details.insert("52".to_owned(), json!([[5, "4.5"], "stars", ["many", "7"], null]));
        details.insert("58".to_owned(), json!([[[[[null, [["free", 5]]]]]]]));
        details.insert("79".to_owned(), json!("screens"));
    });
    let record = parse("app", &body).unwrap().remove(0);
    for field in ["score", "score_text", "ratings", "histogram", "price", "currency", "free", "screenshots"] {
        assert_eq!(record[field], Value::Null, "{field}");
    }
}

#[test]
fn names_that_are_escaped_twice_are_decoded_once() {
    let escaped = "Tom &amp; Jerry&#39;s &amp;amp; <b>";
    let decoded = "Tom & Jerry's &amp; <b>";
    let app = json!([[[[]]], [null, null, [[escaped], {"78": ["an.app"], "69": [escaped], "80": [[[escaped, null, "GAME"]]]}]]]);
    let app = parse("app", &in_a_frame("Ws7gDc", &app)).unwrap().remove(0);
    for name in ["title", "developer", "genre"] {
        assert_eq!(app[name], decoded, "{name}");
    }
    let mut item = vec![Value::Null; 15];
    (item[0], item[3], item[14]) = (json!(["an.app"]), json!(escaped), json!(escaped));
    let chart = json!([[null, [[{"29": [[[item]]]}]]]]);
    let row = parse("list", &in_a_frame("vyAe2", &chart)).unwrap().remove(0);
    assert_eq!((&row["title"], &row["developer"]), (&json!(decoded), &json!(decoded)));
}
