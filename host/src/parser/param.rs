//! Parameters of a kind: their schema, and the values that texts stand for.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::validator::{Compiled, InvalidValue, Validator};
use crate::types::value_text;

/// Whether queries that share a request may differ in a parameter's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PerRequestValue {
    /// Any.
    #[default]
    Any,
    /// All of them the same.
    Same,
}

impl PerRequestValue {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_any(&self) -> bool {
        *self == Self::Any
    }
}

/// Approximate bytes of an answer's body, as a parameter states them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum AnswerSize {
    /// Bytes per row, of a parameter marked `x-limit`.
    PerRow(u64),
    /// Bytes per query, by the parameter's value.
    ByValue(BTreeMap<String, u64>),
}

/// The text that stands for the value which another parameter's value has: the language of the country.
pub(crate) const AUTO: &str = "auto";

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Param {
    /// Whether it is given without its name.
    #[serde(rename = "x-positional", default)]
    pub positional: bool,
    /// Whether it takes several values, separated by commas.
    #[serde(rename = "x-many", default)]
    pub many: bool,
    /// Names that stand for several values.
    #[serde(rename = "x-groups", default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// What else is known of values: by the name of an attribute, such as `currency`, the values that have it, with what they have.
    #[serde(rename = "x-attributes", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, BTreeMap<String, String>>,
    /// The parameter whose values have an attribute of this parameter's name, for which `auto` stands.
    #[serde(rename = "x-default-by", default, skip_serializing_if = "Option::is_none")]
    pub default_by: Option<String>,
    /// Other names of values, and the values, in the document's order: the first name of a value is the one to show. They are not values
    /// themselves; an error that refuses one says which value is meant.
    #[serde(
        rename = "x-aliases",
        default,
        deserialize_with = "pairs_in_order",
        serialize_with = "pairs_as_object",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub aliases: Vec<(String, String)>,
    /// Queries that share a request must agree in its value, as in a country that the request's address names.
    #[serde(rename = "x-per-request", default, skip_serializing_if = "PerRequestValue::is_any")]
    pub per_request: PerRequestValue,
    /// The number of rows that is wanted: the host cuts a query's rows at it, and asks for no further page.
    #[serde(rename = "x-limit", default, skip_serializing_if = "std::ops::Not::not")]
    pub limit: bool,
    /// The field of records, a time in Unix seconds, that it bounds from below: its values are days such as 2026-01-31.
    #[serde(rename = "x-since", default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Whether it selects the fields of records: the host fills it in, and it is no part of queries' keys and rows.
    #[serde(rename = "x-selects-fields", default, skip_serializing_if = "std::ops::Not::not")]
    pub selects_fields: bool,
    /// The name under which the query string of a request's address carries the value.
    #[serde(rename = "x-url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// About how many bytes an answer's body has.
    #[serde(rename = "x-bytes", default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<AnswerSize>,
    /// The other words of its schema.
    #[serde(flatten)]
    pub schema: Map<String, Value>,
    #[serde(skip)]
    compiled: Compiled,
}

fn pairs_in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    let object = Map::deserialize(deserializer)?;
    let text = |value| serde_json::from_value(value).map_err(serde::de::Error::custom);
    object.into_iter().map(|(name, value)| Ok((name, text(value)?))).collect()
}

fn pairs_as_object<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

impl Param {
    /// Its default, as text.
    #[must_use]
    pub fn default(&self) -> Option<String> {
        let text = self.schema.get("default").map(value_text)?;
        Some(self.typed(&text).map_or(text, |value| canonical(&value)))
    }

    /// A value that it may have, as text: the first of its examples.
    #[must_use]
    pub fn example(&self) -> Option<String> {
        self.examples().next()
    }

    /// Values that it may have, as text.
    pub fn examples(&self) -> impl Iterator<Item = String> {
        self.schema.get("examples").and_then(Value::as_array).into_iter().flatten().map(value_text)
    }

    /// Its enumerated values, as text.
    pub fn choices(&self) -> impl Iterator<Item = String> {
        self.schema.get("enum").and_then(Value::as_array).into_iter().flatten().map(value_text)
    }

    /// Summary, in one line.
    #[must_use]
    pub fn summary(&self) -> &str {
        self.schema.get("description").and_then(Value::as_str).unwrap_or_default()
    }

    /// The value that an alias stands for, whatever its case and punctuation.
    #[must_use]
    pub fn aliased(&self, alias: &str) -> Option<&str> {
        let wanted = folded(alias);
        self.aliases.iter().find(|(name, _)| folded(name) == wanted).map(|(_, value)| value.as_str())
    }

    /// A value's name for a person, such as Germany for `de`: the first of its aliases.
    #[must_use]
    pub fn name_of(&self, value: &str) -> Option<&str> {
        self.aliases.iter().find(|(_, own)| own == value).map(|(name, _)| name.as_str())
    }

    /// The text as a JSON value of the schema's type; a string if it is none.
    pub(crate) fn value_of(&self, text: &str) -> Value {
        self.typed(text).unwrap_or_else(|_| Value::from(text))
    }

    /// The one text that stands for the value that this text stands for: `5` for `+5`, `005` and `5.0` if it is a number.
    ///
    /// # Errors
    /// If the text is no value.
    pub(crate) fn canonical(&self, text: &str) -> Result<String, InvalidValue> {
        let value = self.typed(text)?;
        self.compiled.get_or_compile(&self.schema).map_err(InvalidValue::Other)?.check(&value)?;
        Ok(canonical(&value))
    }

    /// Checks that what names a value names one: its default, groups, aliases, attributes, and `others`, which other parameters' attributes are.
    pub(super) fn check(&self, others: &BTreeSet<&str>) -> Result<(), String> {
        // Not kept: most parameters are never given, and a compiled pattern may be large.
        let validator = Validator::of_param(&self.schema)?;
        let valid = |text: &str| {
            let checked = self.typed(text).and_then(|value| validator.check(&value));
            checked.map_err(|error| format!("{text}: {error}"))
        };
        self.default().iter().try_for_each(|text| valid(text))?;
        let choices: HashSet<String> = self.choices().collect();
        let of_bytes = match &self.bytes {
            Some(AnswerSize::PerRow(_)) if !self.limit => {
                return Err("x-bytes: only a parameter marked x-limit has rows".to_owned());
            }
            Some(AnswerSize::ByValue(bytes)) => bytes.keys().collect(),
            _ => Vec::new(),
        };
        if self.default_by.is_some() {
            if self.default().is_none() {
                return Err("x-default-by: it has no default for values without one".to_owned());
            }
            if choices.contains(AUTO) || self.groups.contains_key(AUTO) || valid(AUTO).is_ok() {
                return Err(format!("x-default-by: {AUTO} is a value itself"));
            }
        }
        let attributed = self.attributes.values().flat_map(BTreeMap::keys);
        let aliased = self.aliases.iter().map(|(_, value)| value);
        let named = self.groups.values().flatten().chain(aliased).chain(attributed).chain(of_bytes).map(String::as_str);
        let mut unknown = named.chain(others.iter().copied()).filter(|text| !choices.contains(*text));
        match unknown.next() {
            Some(text) if !choices.is_empty() => Err(format!("{text}: it is none of the values that there are")),
            Some(text) => valid(text).and_then(|()| unknown.try_for_each(valid)),
            None => Ok(()),
        }
    }

    /// The text as a value of the schema's type.
    fn typed(&self, text: &str) -> Result<Value, InvalidValue> {
        match self.schema.get("type").and_then(Value::as_str) {
            Some("integer") => integer(text),
            Some("number") => {
                let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
                number.map(Value::from).ok_or(InvalidValue::NotNumber)
            }
            Some("boolean") => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Ok(Value::from(true)),
                "false" => Ok(Value::from(false)),
                _ => Err(InvalidValue::NotBoolean),
            },
            _ => Ok(Value::from(text)),
        }
    }
}

/// A whole number, as people and programs write it: spreadsheets and data frames add `.0`.
fn integer(text: &str) -> Result<Value, InvalidValue> {
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(InvalidValue::NotInteger);
    }
    // Digits that don't fit are too many.
    whole.parse::<i64>().map(Value::from).map_err(|_| InvalidValue::OutOfRange)
}

/// As [`value_text`], and a number without a fraction if it has none.
fn canonical(value: &Value) -> String {
    match value.as_f64().filter(|_| value.is_f64()) {
        // Not -0.
        Some(number) => (number + 0.0).to_string(),
        None => value_text(value),
    }
}

/// A name as it is compared: letters and digits in lower case, and `and` for `&`.
fn folded(name: &str) -> String {
    let plain = name.replace('&', "and");
    plain.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn param(schema: Value) -> Param {
        serde_json::from_value(schema).unwrap()
    }

    #[test]
    fn one_value_has_one_text() {
        let num = param(json!({"type": "integer", "minimum": 1, "maximum": 660, "default": 100.0}));
        for text in ["5", "+5", "005", "5.0", " 5 "] {
            assert_eq!(num.canonical(text).as_deref(), Ok("5"), "{text}");
            assert_eq!(num.value_of(text), json!(5), "{text}");
        }
        assert_eq!(num.default().as_deref(), Some("100"));
        for text in ["", "5.5", "5.", "five", "+", "0x5", "١"] {
            assert_eq!(num.canonical(text), Err(InvalidValue::NotInteger), "{text}");
            assert_eq!(num.value_of(text), json!(text));
        }
        for text in ["0", "661", "-1", "99999999999999999999"] {
            assert_eq!(num.canonical(text), Err(InvalidValue::OutOfRange), "{text}");
        }
        let share = param(json!({"type": "number"}));
        for (text, canonical) in [("0.50", "0.5"), ("1.0", "1"), ("+1", "1"), ("-0", "0"), ("1e3", "1000")] {
            assert_eq!(share.canonical(text).as_deref(), Ok(canonical));
        }
        assert_eq!(share.canonical("inf"), Err(InvalidValue::NotNumber));
        let flag = param(json!({"type": "boolean"}));
        assert_eq!((flag.canonical("True").as_deref(), flag.value_of("TRUE")), (Ok("true"), json!(true)));
        let text = param(json!({"type": "string"}));
        assert_eq!((text.canonical("007").as_deref(), text.value_of("007")), (Ok("007"), json!("007")));
    }

    #[test]
    fn aliases_are_found_whatever_their_case_and_punctuation() {
        let country = param(json!({"type": "string", "enum": ["gb", "st"],
            "x-aliases": {"United Kingdom": "gb", "UK": "gb", "São Tomé & Príncipe": "st"}}));
        country.check(&BTreeSet::new()).unwrap();
        for (alias, value) in [("uk", "gb"), ("U.K.", "gb"), ("united-kingdom", "gb"), ("são tomé and príncipe", "st")]
        {
            assert_eq!(country.aliased(alias), Some(value), "{alias}");
        }
        assert_eq!((country.aliased("gb"), country.name_of("gb")), (None, Some("United Kingdom")));
        let written = serde_json::to_value(&country).unwrap();
        assert_eq!(written["x-aliases"].as_object().unwrap().keys().next().unwrap(), "United Kingdom");
        assert_eq!(param(written), country);
    }

    #[test]
    fn what_names_no_value_is_refused() {
        for (word, content) in [
            ("x-aliases", json!({"UK": "uk"})),
            ("x-groups", json!({"all": ["gb", "uk"]})),
            ("x-bytes", json!({"uk": 5})),
            ("x-attributes", json!({"currency": {"gb": "GBP", "uk": "GBP"}})),
            ("default", json!("uk")),
        ] {
            let error =
                param(json!({"type": "string", "enum": ["gb"], word: content})).check(&BTreeSet::new()).unwrap_err();
            assert!(error.starts_with("uk: "), "{word}: {error}");
        }
        assert!(param(json!({"type": "integer", "x-bytes": 5})).check(&BTreeSet::new()).is_err());
        param(json!({"type": "integer", "x-bytes": 5, "x-limit": true})).check(&BTreeSet::new()).unwrap();
    }
}
