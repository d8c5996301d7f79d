//! Facts about a field over many rows: whether it varies, and how wide it is.

use std::collections::HashSet;

use serde_json::Value;

use crate::types::Row;

/// Characters of a text that a table shows without being asked.
const SHORT_TEXT_CHARS: usize = 64;

/// What the values of a field have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Null or empty in each row.
    Missing,
    /// Equal in each row.
    Constant,
    /// Single values that are short enough for a column.
    Short,
    /// Texts of a sentence and more.
    Long,
    /// Lists, objects or addresses.
    Bulky,
}

/// A field of rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) name: &'a str,
    pub(super) content: Content,
    /// The value of the first row.
    pub(super) first: &'a Value,
}

impl<'a> Facts<'a> {
    /// Facts about each field, in the order in which the rows have them.
    pub(super) fn collect(rows: &[&'a Row]) -> Vec<Self> {
        let mut seen = HashSet::new();
        let names = rows.iter().flat_map(|row| row.keys()).filter(|name| seen.insert(name.as_str()));
        names.map(|name| Self::new(rows, name)).collect()
    }

    pub(super) fn new(rows: &[&'a Row], name: &'a str) -> Self {
        let values = || rows.iter().map(|row| row.get(name).unwrap_or(&Value::Null));
        let first = values().next().unwrap_or(&Value::Null);
        let content = if values().all(is_missing) {
            Content::Missing
        } else if values().any(is_bulky) {
            Content::Bulky
        } else if values().any(is_long) {
            Content::Long
        } else if values().all(|value| value == first) {
            Content::Constant
        } else {
            Content::Short
        };
        Self { name, content, first }
    }
}

pub(super) fn is_missing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

pub(super) fn is_bulky(value: &Value) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) => true,
        Value::String(text) => text.contains("://") || text.starts_with('/'),
        _ => false,
    }
}

pub(super) fn is_long(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.chars().nth(SHORT_TEXT_CHARS).is_some() || text.contains('\n'))
}

/// Whether the field holds ids, which are of use only in full.
pub(super) fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id")
}

/// Whether another field says the same in a better form, such as `score` next to `score_text`.
pub(super) fn is_redundant(name: &str, has: impl Fn(&str) -> bool) -> bool {
    let with_end = |end: &str| has(&format!("{name}{end}"));
    let without = |end: &str| name.strip_suffix(end).is_some_and(&has);
    match name {
        "free" => has("price"),
        "installs" | "min_installs" if has("real_installs") => true,
        "min_installs" => has("installs"),
        "title" | "app_id" => false,
        _ => with_end("_at") || without("_text") || without("_html") || without("_id") || without("_api"),
    }
}
