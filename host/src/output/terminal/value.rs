//! Values as a person reads them: digits in groups, dates instead of seconds, short lists.

use serde_json::{Number, Value};
use time::OffsetDateTime;

use super::style::Style;
use super::text::{one_line, width};
use crate::output::shown_count::parse_shown_count;

/// Columns of a list or an object that is shown as it is; longer ones are counted.
pub(super) const SHORT_LIST_COLUMNS: usize = 48;

/// Numbers from here on are shown by their exponent.
const MOST_GROUPED: f64 = 1e21;

/// A value as text.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) style: Style,
    /// Whether it is a number, or shows one: those are aligned at their last digit.
    pub(super) is_number: bool,
    pub(super) is_missing: bool,
}

impl Cell {
    /// The value of the field `name`, which tells what a number means.
    pub(super) fn new(name: &str, value: Option<&Value>) -> Self {
        Self::with_list_limit(name, value, SHORT_LIST_COLUMNS)
    }

    /// The value of the field `name`, with lists in full if they take at most `limit` columns.
    pub(super) fn with_list_limit(name: &str, value: Option<&Value>, limit: usize) -> Self {
        match value {
            None | Some(Value::Null) => Self::missing(),
            Some(Value::Bool(value)) => Self::plain(if *value { "yes" } else { "no" }),
            Some(Value::Number(number)) => Self::from_number(name, number),
            Some(Value::String(text)) => {
                let is_number = !is_code(name) && parse_shown_count(text).is_some();
                Self { is_number, ..Self::plain(&one_line(text)) }
            }
            Some(Value::Array(values)) => {
                Self::plain(&short_list(values, limit).unwrap_or_else(|| counted(values.len(), "item")))
            }
            Some(value @ Value::Object(fields)) => {
                let json = one_line(&value.to_string());
                let is_short = width(&json) <= limit;
                Self::plain(&if is_short { json } else { counted(fields.len(), "field") })
            }
        }
    }

    pub(super) fn missing() -> Self {
        Self { text: "–".to_owned(), style: Style::Dim, is_number: false, is_missing: true }
    }

    /// A cell of a row that isn't there.
    pub(super) fn absent() -> Self {
        Self { is_missing: true, ..Self::default() }
    }

    fn plain(text: &str) -> Self {
        if text.is_empty() { Self::missing() } else { Self { text: text.to_owned(), ..Self::default() } }
    }

    fn from_number(name: &str, number: &Number) -> Self {
        let float = number.as_f64().unwrap_or_default();
        let text = match name {
            // Scores are 1 to 5: the store says 0 of an app that nobody rated.
            "score" if float == 0.0 => return Self::missing(),
            _ if float.abs() >= MOST_GROUPED => format!("{float:e}"),
            "score" => format!("{float:.1}"),
            _ if is_price(name) => price(float),
            _ if is_code(name) => number.to_string(),
            _ => moment(name, number).unwrap_or_else(|| plain_number(number)),
        };
        let style = if name == "score" { Style::from_score(float) } else { Style::Plain };
        Self { text, style, is_number: !is_code(name), is_missing: false }
    }
}

fn is_price(name: &str) -> bool {
    name == "price" || name.ends_with("_price")
}

/// Whether a number is a name: grouped digits would mislead.
fn is_code(name: &str) -> bool {
    ["id", "code", "year", "phone"]
        .iter()
        .any(|end| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
}

fn price(price: f64) -> String {
    if price == 0.0 { "Free".to_owned() } else { group_digits(&format!("{price:.2}")) }
}

/// The day of a moment in Unix seconds, in UTC.
fn moment(name: &str, number: &Number) -> Option<String> {
    let seconds = number.as_i64().filter(|seconds| *seconds > 0 && (name == "at" || name.ends_with("_at")))?;
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok()?.date();
    Some(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()))
}

fn plain_number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.abs() >= 0.01 => {
            let text = format!("{float:.2}");
            group_digits(text.trim_end_matches('0').trim_end_matches('.'))
        }
        Some(_) if number.is_f64() => number.to_string(),
        _ => group_digits(&number.to_string()),
    }
}

/// A number with a comma between groups of three digits of its whole part.
pub(super) fn group_digits(number: &str) -> String {
    let (sign, unsigned) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut grouped = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.extend([".", fraction]);
    }
    grouped
}

/// A list in full, with the names of its objects, if it takes at most `limit` columns and has no addresses.
pub(super) fn short_list(values: &[Value], limit: usize) -> Option<String> {
    let names: Option<Vec<String>> = values.iter().map(item).collect();
    names.map(|names| one_line(&names.join(", "))).filter(|text| width(text) <= limit)
}

fn item(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(one_line(text)).filter(|text| !text.contains("://")),
        Value::Number(number) => Some(plain_number(number)),
        Value::Bool(value) => Some(value.to_string()),
        Value::Object(fields) => fields.get("name")?.as_str().map(one_line),
        Value::Null | Value::Array(_) => None,
    }
}

/// A count with its noun, in the plural if need be.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", group_digits(&count.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(name: &str, value: &Value) -> String {
        Cell::new(name, Some(value)).text
    }

    #[test]
    fn numbers_have_sensible_digits() {
        for (name, value, expected) in [
            ("score", json!(4.615_246_3), "4.6"),
            ("score", json!(5), "5.0"),
            ("score", json!(0), "–"),
            ("price", json!(0), "Free"),
            ("price", json!(3.5), "3.50"),
            ("original_price", json!(12000), "12,000.00"),
            ("real_installs", json!(12_345_678), "12,345,678"),
            ("ratings", json!(999), "999"),
            ("change", json!(-1234), "-1,234"),
            ("ratio", json!(0.004_567), "0.004567"),
            ("mean", json!(1234.5678), "1,234.57"),
            ("updated_at", json!(1_790_000_000), "2026-09-21"),
            ("updated_at", json!(i64::MAX), "9,223,372,036,854,775,807"),
            ("developer_id", json!(5_700_313_618_786_177_705_u64), "5700313618786177705"),
            ("huge", json!(u64::MAX), "18,446,744,073,709,551,615"),
            ("android", json!(34), "34"),
        ] {
            assert_eq!(text(name, &value), expected, "{name}");
        }
    }

    #[test]
    fn lists_are_short_or_counted() {
        assert_eq!(text("x", &json!([])), "–");
        assert_eq!(text("x", &json!(["a", 1, true])), "a, 1, true");
        assert_eq!(text("x", &json!([{"name": "Board", "id": 1}, {"name": "Chess"}])), "Board, Chess");
        assert_eq!(text("x", &json!(["https://a", "https://b"])), "2 items");
        assert_eq!(text("x", &json!([[1]])), "1 item");
        assert_eq!(text("x", &json!({"a": 1})), "{\"a\":1}");
        assert_eq!(text("x", &json!({"a": "long ".repeat(20)})), "1 field");
    }
}
