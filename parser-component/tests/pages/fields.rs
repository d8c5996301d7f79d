//! Every field equals what the page holds.

use serde_json::{Value, json};

use crate::oracle::{app_block, at, payload};
use crate::saved::{APPS, CHART, DETAILS, page, parse};

/// Fields that are what lies at a path, as text or number.
const AS_IT_IS: &[(&str, &[usize])] = &[
    ("title", &[0, 0]),
    ("summary", &[73, 0, 1]),
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
    ("summary", &[13, 1]),
    ("installs", &[15]),
    ("video", &[12, 0, 0, 3, 2]),
    ("header_image", &[22, 3, 2]),
    ("content_rating", &[24, 0]),
    ("iap_range", &[29, 0]),
    ("url", &[10, 4, 2]),
];

/// What `details` (and the message it stands in) says, by the rules of the table of fields, without what is prose.
pub(crate) fn app(message: &Value) -> Value {
    let details = at(message, &[1, 2]);
    let mut app = json!({});
    for (name, path) in AS_IT_IS {
        app[*name] = at(&details, path);
    }
    let or = |value: Value, other: Value| if value.is_null() { other } else { value };
    app["app_id"] = or(at(&details, &[77, 0]), at(message, &[1, 11, 0, 0]));
    app["description_html"] = or(at(&details, &[12, 0, 0, 1]), at(&details, &[72, 0, 1]));
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
    app["histogram"] = if stars.is_null() { Value::Null } else { (1..=5).map(count).collect() };
    app["screenshots"] = texts(&at(&details, &[78, 0]), &[3, 2]);
    let link = at(&details, &[68, 1, 4, 2]);
    app["developer_id"] = link
        .as_str()
        .and_then(|link| link.split_once("id="))
        .map_or(Value::Null, |(_, id)| json!(id.replace('+', " ")));
    let permissions = at(&details, &[74, 2]);
    app["permissions"] = if permissions.is_null() { Value::Null } else { groups(&permissions) };
    let mut categories = Vec::new();
    tuples(&at(&details, &[118]), &mut categories);
    if categories.is_empty() {
        categories.push(json!({"name": app["genre"], "id": app["genre_id"]}));
    }
    app["categories"] = categories.into();
    app
}

/// Permissions by group, then further groups, then those without one.
fn groups(permissions: &Value) -> Value {
    let list = |value: Value| value.as_array().cloned().unwrap_or_default();
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

fn texts(list: &Value, path: &[usize]) -> Value {
    let Some(list) = list.as_array() else { return Value::Null };
    list.iter().map(|element| at(element, path)).filter(Value::is_string).collect()
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
        same(name, &records[0], &app(&message));
        let description = records[0]["description"].as_str().unwrap();
        assert!(!description.contains("<br>") && !description.contains("&amp;") && !description.is_empty());
        assert!(!records[0]["screenshots"].as_array().unwrap().is_empty());
    }
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
    for (record, item) in records.iter().zip(items) {
        let message = &item[0];
        let mut oracle =
            json!({"price": micros(&at(message, &[8, 1, 0, 0])), "screenshots": texts(&at(message, &[2]), &[3, 2])});
        ITEM.iter().for_each(|(name, path)| oracle[*name] = at(message, path));
        same(CHART, record, &oracle);
        assert_eq!(record.as_object().unwrap().len(), oracle.as_object().unwrap().len(), "no field is missing or more");
    }
}

#[test]
fn records_have_the_fields_that_the_description_says_in_its_order() {
    let description: Value =
        serde_json::from_str(&<playfast_play::Play as playfast_guest::Parser>::describe()).unwrap();
    for (index, (kind, name)) in [("list", CHART), ("app", APPS[3])].into_iter().enumerate() {
        let Some(body) = page(name) else { return };
        let described = description["kinds"][index]["record"]["properties"].as_object().unwrap();
        for record in parse(kind, &body).unwrap() {
            let record = record.as_object().unwrap();
            assert!(record.keys().eq(described.keys()), "{kind}");
            for (field, value) in record {
                let wanted = &described[field]["type"];
                let is = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(number) if number.is_f64() || wanted.to_string().contains("\"number\"") => "number",
                    Value::Number(_) => "integer",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                assert!(wanted.to_string().contains(&format!("\"{is}\"")), "{kind}: {field} is {value}, not {wanted}");
            }
        }
    }
}
