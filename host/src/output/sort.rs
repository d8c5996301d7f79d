//! Order of rows by one of their fields.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::shown_count::parse_shown_count;
use crate::types::Row;

/// Sorts rows by a field: numbers by value, then `false` and `true`, then texts without regard to case, then lists and objects by their JSON;
/// rows whose field is null or missing come last in both directions. If each text of the field shows a count, such as `1,000+`, texts are
/// numbers too. Rows that are equal keep their order.
///
/// ```
/// let mut rows = [r#"{"installs": "500+"}"#, r#"{"installs": null}"#, r#"{"installs": "1,000+"}"#]
///     .map(|text| serde_json::from_str(text).unwrap());
/// playfast::output::sort(&mut rows, "installs", true);
/// assert_eq!(rows[0]["installs"], "1,000+");
/// assert!(rows[2]["installs"].is_null());
/// ```
pub fn sort(rows: &mut [Row], field: &str, is_descending: bool) {
    let texts = rows.iter().filter_map(|row| row.get(field)?.as_str());
    let is_count = texts.map(parse_shown_count).all(|count| count.is_some());
    rows.sort_by_cached_key(|row| match row.get(field) {
        None | Some(Value::Null) => Key { value: None, is_descending },
        Some(value) => Key { value: Some(Comparable::new(value, is_count)), is_descending },
    });
}

/// Position of a row in the order.
struct Key {
    value: Option<Comparable>,
    is_descending: bool,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.value, &other.value) {
            (Some(own), Some(other)) if self.is_descending => other.compare(own),
            (Some(own), Some(other)) => own.compare(other),
            (own, other) => own.is_none().cmp(&other.is_none()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}

/// A value in a form that compares quickly.
enum Comparable {
    Integer(i128),
    Float(f64),
    Bool(bool),
    Text(String),
    Json(String),
}

impl Comparable {
    fn new(value: &Value, is_count: bool) -> Self {
        match value {
            Value::Number(number) => Self::from_number(number),
            Value::Bool(value) => Self::Bool(*value),
            Value::String(text) => match parse_shown_count(text) {
                Some(count) if is_count => Self::Integer(count.into()),
                _ => Self::Text(text.to_lowercase()),
            },
            other => Self::Json(other.to_string()),
        }
    }

    /// Integers stay exact: a float can't tell 2^53 from its successor.
    fn from_number(number: &Number) -> Self {
        match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(integer), ..) => Self::Integer(integer.into()),
            (_, Some(integer), _) => Self::Integer(integer.into()),
            (.., float) => Self::Float(float.unwrap_or(f64::NAN)),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(own), Self::Integer(other)) => own.cmp(other),
            (Self::Bool(own), Self::Bool(other)) => own.cmp(other),
            (Self::Text(own), Self::Text(other)) | (Self::Json(own), Self::Json(other)) => own.cmp(other),
            _ => match (self.as_float(), other.as_float()) {
                (Some(own), Some(other)) => own.total_cmp(&other),
                _ => self.rank().cmp(&other.rank()),
            },
        }
    }

    fn as_float(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "compared with a float, which is no more precise")]
            Self::Integer(integer) => Some(*integer as f64),
            Self::Float(float) => Some(*float),
            _ => None,
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Integer(_) | Self::Float(_) => 0,
            Self::Bool(_) => 1,
            Self::Text(_) => 2,
            Self::Json(_) => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(values: &Value, is_descending: bool) -> Value {
        let mut rows: Vec<Row> = Vec::new();
        for (index, value) in values.as_array().unwrap().iter().enumerate() {
            rows.push(json!({"index": index, "field": value}).as_object().unwrap().clone().into());
        }
        rows.push(Row::new());
        sort(&mut rows, "field", is_descending);
        assert!(!rows.last().unwrap().contains_key("field"), "what is missing comes last");
        rows.iter().filter_map(|row| row.get("field")).cloned().collect()
    }

    #[test]
    fn numbers_are_sorted_by_value_and_null_comes_last() {
        let values = json!([10, 9.5, null, -1, 9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64]);
        let expected = json!([-1, 9.5, 10, 9_007_199_254_740_992_u64, 9_007_199_254_740_993_u64, null]);
        assert_eq!(sorted(&values, false), expected);
        let expected = json!([9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64, 10, 9.5, -1, null]);
        assert_eq!(sorted(&values, true), expected);
    }

    #[test]
    fn texts_are_sorted_without_regard_to_case() {
        assert_eq!(sorted(&json!(["b", "A", "a", "C"]), false), json!(["A", "a", "b", "C"]));
        assert_eq!(sorted(&json!(["b", "A", "a", "C"]), true), json!(["C", "b", "A", "a"]));
    }

    #[test]
    fn texts_that_all_show_counts_are_numbers() {
        assert_eq!(sorted(&json!(["500+", "1,000+", "50+"]), false), json!(["50+", "500+", "1,000+"]));
        assert_eq!(sorted(&json!(["500+", "1,000+", "none"]), false), json!(["1,000+", "500+", "none"]));
    }

    #[test]
    fn types_come_one_after_another() {
        let values = json!([[2], "x", true, {"a": 1}, 3, null, false]);
        assert_eq!(sorted(&values, false), json!([3, false, true, "x", [2], {"a": 1}, null]));
    }

    #[test]
    fn equal_rows_keep_their_order_in_both_directions() {
        for is_descending in [false, true] {
            let mut rows: Vec<Row> =
                (0..9).map(|index| json!({"i": index, "f": index % 2}).as_object().unwrap().clone().into()).collect();
            sort(&mut rows, "f", is_descending);
            let order = |rest: u64| {
                let of_rest = rows.iter().filter(move |row| row["f"] == rest);
                of_rest.map(|row| row["i"].as_u64().unwrap()).collect::<Vec<_>>()
            };
            assert!(order(0).is_sorted() && order(1).is_sorted());
        }
    }
}
