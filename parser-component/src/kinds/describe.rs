//! The description of the parser, assembled from the kinds.

use super::record::FieldDoc;
use super::{KINDS, Kind, PerRequest};

/// What stands before the kinds.
const HEAD: &str = concat!(
    "{\"name\":\"play\",\"version\":\"",
    env!("CARGO_PKG_VERSION"),
    "\",\"summary\":\"Google Play: charts, app details, reviews, search and the rest\",\"hosts\":[\"play.google.com\"],",
    "\"pace\":{\"burst\":60,\"per_minute\":60},\"kinds\":["
);

/// The whole document, as `describe` of the contract gives it.
pub(crate) fn document() -> String {
    let mut text = HEAD.to_owned();
    separated(&mut text, KINDS, write_kind);
    text.push_str("]}");
    text
}

fn write_kind(text: &mut String, kind: &Kind) {
    let Kind {
        name, summary, params, required, fields, required_fields, compact, key, noisy, feed, per_request, ..
    } = kind;
    text.push_str(&format!(
        "{{\"name\":\"{name}\",\"summary\":\"{summary}\",\"params\":{{\"type\":\"object\",\"properties\":{{"
    ));
    separated(text, params, |text, param| {
        text.push_str(&format!("\"{}\":{}", param.name, param.schema.trim_ascii_end()));
        if !param.groups.is_empty() {
            text.pop();
            text.push_str(&format!(",\"x-groups\":{}}}", param.groups));
        }
    });
    text.push_str("},\"required\":[");
    separated(text, required, write_name);
    text.push_str("],\"additionalProperties\":false},\"record\":{\"type\":\"object\"");
    write_properties(text, fields);
    text.push_str(",\"required\":[");
    separated(text, required_fields, write_name);
    text.push_str("]}");
    for (member, names) in [("x-compact", compact), ("x-key", key), ("x-noisy", noisy)] {
        write_names(text, member, names);
    }
    if !feed.is_empty() {
        text.push_str(",\"x-feed\":{");
        separated(text, feed, |text, (name, value)| text.push_str(&format!("\"{name}\":\"{value}\"")));
        text.push('}');
    }
    let PerRequest { default, max, bytes } = per_request;
    let bytes = bytes.map(|bytes| format!(",\"bytes\":{bytes}")).unwrap_or_default();
    text.push_str(&format!(",\"per_request\":{{\"default\":{default},\"max\":{max}{bytes}}}}}"));
}

/// Adds the member `properties` after a comma.
pub(super) fn write_properties(text: &mut String, fields: &[FieldDoc]) {
    text.push_str(",\"properties\":{");
    separated(text, fields, write_field);
    text.push('}');
}

fn write_field(text: &mut String, field: &FieldDoc) {
    let FieldDoc { name, about, expected, bytes, write_type } = field;
    // A field may have the name of a keyword.
    text.push_str(&format!("\"{}\":{{", name.trim_start_matches("r#")));
    write_type(text);
    text.push_str(&format!(",\"description\":\"{about}\""));
    if let Some(expected) = expected {
        text.push_str(&format!(",\"x-expected\":{expected}"));
    }
    if let Some(bytes) = bytes {
        text.push_str(&format!(",\"x-bytes\":{bytes}"));
    }
    text.push('}');
}

/// Adds a member that lists names after a comma, unless there are none.
fn write_names(text: &mut String, member: &str, names: &[&'static str]) {
    if !names.is_empty() {
        text.push_str(&format!(",\"{member}\":["));
        separated(text, names, write_name);
        text.push(']');
    }
}

fn write_name(text: &mut String, name: &&str) {
    text.push_str(&format!("\"{name}\""));
}

/// Adds items with commas between them.
fn separated<T>(text: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(text, item);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The document in short: of each parameter and field its schema, with values that are many counted.
    fn outline() -> String {
        let document: Value = serde_json::from_str(&document()).unwrap();
        let mut lines = Vec::new();
        for kind in document["kinds"].as_array().unwrap() {
            lines.push(format!("{}: {} {}", kind["name"], kind["summary"], kind["per_request"]));
            for (what, member) in [("compact", "x-compact"), ("key", "x-key"), ("noisy", "x-noisy"), ("feed", "x-feed")]
            {
                lines.extend(kind.get(member).map(|names| format!("  {what} {names}")));
            }
            for (what, schema) in [("param", &kind["params"]), ("field", &kind["record"])] {
                lines.push(format!("  {what}s required {}", schema["required"]));
                let properties = schema["properties"].as_object().unwrap();
                lines.extend(properties.iter().map(|(name, schema)| format!("  {what} {name} {}", counted(schema))));
            }
        }
        lines.join("\n")
    }

    fn counted(value: &Value) -> Value {
        match value {
            Value::Array(values) if values.len() > 8 => format!("{} values", values.len()).into(),
            Value::Object(members) if members.len() > 15 => format!("{} members", members.len()).into(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), counted(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::String(text) if text.len() > 160 => format!("{} bytes", text.len()).into(),
            value => value.clone(),
        }
    }

    #[test]
    fn the_document_is_assembled_of_the_kinds() {
        insta::assert_snapshot!(outline());
    }
}
