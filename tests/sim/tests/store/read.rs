//! By the rule for sparse arrays, on plain trees, independent of how the store writes them.

use serde_json::Value;

/// The frames of an answer in lines, checked for their lengths and total.
pub(crate) fn line_frames(body: &str) -> Vec<Value> {
    let mut lines = body.strip_prefix(")]}'\n\n").unwrap().split('\n');
    let mut frames = Vec::new();
    while let (Some(length), Some(line)) = (lines.next().filter(|length| !length.is_empty()), lines.next()) {
        assert_eq!(length.parse::<usize>().unwrap(), line.encode_utf16().count() + 2);
        frames.extend(serde_json::from_str::<Vec<Value>>(line).unwrap());
    }
    assert_eq!(frames.last().unwrap()[4], body.len());
    frames
}

/// The frames of an answer in one array.
pub(crate) fn array_frames(body: &str) -> Vec<Value> {
    serde_json::from_str(body.strip_prefix(")]}'\n\n").unwrap()).unwrap()
}

/// The payload of a frame.
pub(crate) fn payload(frame: &Value) -> Value {
    serde_json::from_str(frame[2].as_str().unwrap()).unwrap()
}

/// The data of the blocks that answer an rpc, in the page's order.
pub(crate) fn blocks(page: &str, rpc: &str) -> Vec<Value> {
    let numbers: Vec<_> = page
        .match_indices(&format!(" : {{id:'{rpc}'"))
        .map(|(at, _)| page[..at].rsplit('\'').nth(1).unwrap())
        .collect();
    let mut found: Vec<_> = numbers.iter().map(|key| page.find(&format!("key: '{key}'")).unwrap()).collect();
    found.sort_unstable();
    found.into_iter().map(|at| first_json(page[at..].split_once("data:").unwrap().1)).collect()
}

fn first_json(text: &str) -> Value {
    serde_json::Deserializer::from_str(text).into_iter().next().unwrap().unwrap()
}

/// What stands at a path: index *i*, else key *i + 1* of a trailing object.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split(',').fold(value, |value, step| slot(value, step.parse().unwrap()))
}

fn slot(value: &Value, index: usize) -> &Value {
    let Some(items) = value.as_array() else { return &Value::Null };
    let trailing = items.last().and_then(Value::as_object);
    let direct = items.get(index).filter(|item| !item.is_object());
    direct.or_else(|| trailing?.get(&(index + 1).to_string())).unwrap_or(&Value::Null)
}

/// The strings at the end of a path under each entry of a list.
pub(crate) fn each(value: &Value, list: &str, path: &str) -> Value {
    at(value, list).as_array().into_iter().flatten().map(|entry| at(entry, path).clone()).collect()
}

/// As [`each`], without those that were there before.
pub(crate) fn distinct(value: &Value, list: &str, path: &str) -> Value {
    let Value::Array(all) = each(value, list, path) else { return Value::Null };
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct.into()
}

/// Markup as text.
pub(crate) fn text(html: &Value) -> Value {
    let Some(html) = html.as_str() else { return Value::Null };
    let mut text = html.replace("<br>", "\n").replace("<b>", "").replace("</b>", "");
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        text = text.replace(entity, character);
    }
    text.into()
}

/// Compares two records field by field, numbers as numbers.
pub(crate) fn assert_same(read: &Value, truth: &Value) {
    for (name, expected) in truth.as_object().unwrap() {
        let found = &read[name];
        let same = found == expected || found.as_f64().is_some() && found.as_f64() == expected.as_f64();
        assert!(same, "{name} of {}: read {found}, expected {expected}", truth["app_id"]);
    }
}
