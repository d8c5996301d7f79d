//! Description of a parser: its hosts, its pace, and the kinds of queries that it answers.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::param::{AnswerSize, Param};
use super::validator::Validator;
use crate::types::{Pace, Query};

/// Fields of rows that the host adds to those of the record and to the query's parameters.
const HOST_FIELDS: [&str; 3] = ["kind", "position", "fetched_at"];

/// The document's schema: `wit/description.schema.json`.
const SCHEMA: &str = include_str!("../../wit/description.schema.json");

/// Bytes of a description. Play's has 60,000.
const MAX_DESCRIPTION_BYTES: usize = 1 << 20;

/// Parameters of all kinds together: each pattern is compiled when the parser is loaded. Play's parser has nine.
const MAX_PARAMS: usize = 256;

/// Why a description is invalid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptionError {
    /// It is too large.
    #[error("it has {0} bytes, and {MAX_DESCRIPTION_BYTES} are allowed")]
    TooLarge(usize),
    /// It isn't JSON.
    #[error("it is not JSON")]
    Json(#[source] serde_json::Error),
    /// It breaks the schema.
    #[error("at {at}: {what}")]
    Schema {
        /// A JSON pointer into the document.
        at: String,
        /// What is wrong there.
        what: String,
    },
}

/// Description of a parser.
///
/// ```
/// # use playfast::parser::{Description, DescriptionError};
/// let description = Description::parse(r#"{"name": "words", "version": "1.0.0", "summary": "Words", "hosts": ["example.org"],
///     "pace": {"burst": 10, "per_minute": 60}, "kinds": [{"name": "word", "summary": "One word",
///         "params": {"properties": {"id": {"type": "string"}}, "required": ["id"]},
///         "record": {"type": "object"}, "per_request": {"default": 1, "max": 1}}]}"#)?;
/// assert_eq!(description.kinds[0].params.required, ["id"]);
/// # Ok::<(), DescriptionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Description {
    /// The parser's name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// Summary, in one line.
    pub summary: String,
    /// The hosts that it asks. No others are reached.
    pub hosts: Vec<String>,
    /// The pace of requests to its hosts.
    pub pace: Pace,
    /// The kinds of queries that it answers.
    pub kinds: Vec<Kind>,
}

/// A kind of query.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Kind {
    /// Its name, which is a subcommand's.
    pub name: String,
    /// Summary, in one line.
    pub summary: String,
    /// Its parameters, as a JSON Schema.
    pub params: Params,
    /// Its records, as a JSON Schema.
    pub record: Value,
    /// How many queries may share a request.
    pub per_request: PerRequest,
    /// Approximate bytes of an answer's body per query, if no parameter states them.
    #[serde(rename = "x-bytes", default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    #[serde(rename = "x-compact", default, skip_serializing_if = "Vec::is_empty")]
    compact: Vec<String>,
    #[serde(rename = "x-key", default, skip_serializing_if = "Vec::is_empty")]
    key: Vec<String>,
    #[serde(rename = "x-noisy", default, skip_serializing_if = "Vec::is_empty")]
    noisy: Vec<String>,
    #[serde(rename = "x-feed", default, skip_serializing_if = "Option::is_none")]
    feed: Option<BTreeMap<String, String>>,
    /// The parameter that tells the parser which fields are selected. It is not among `params`, since nobody else gives it.
    #[serde(rename = "x-selects-fields", default, skip_serializing_if = "Option::is_none")]
    selects_fields: Option<String>,
}

/// Fields that a query selects of its kind's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection<'k> {
    /// The parameter that tells the parser.
    pub(crate) param: &'k str,
    /// Names of the fields, sorted.
    pub(crate) fields: Vec<&'k str>,
}

impl Kind {
    /// Names of the fields of `--fields compact`, in their order; empty if the parser names none. Parameters and the host's fields may be among
    /// them.
    #[must_use]
    pub fn compact(&self) -> &[String] {
        &self.compact
    }

    /// The names of a record's fields, in their order; none if the parser leaves them open.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.record.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// Names of the fields that together identify a record within a query's answer; empty if the parser names none.
    #[must_use]
    pub fn key(&self) -> &[String] {
        &self.key
    }

    /// Names of the fields that change daily, such as scores; empty if the parser names none.
    #[must_use]
    pub fn noisy(&self) -> &[String] {
        &self.noisy
    }

    /// Whether records come newest first, and more of them with time, as reviews do: one that isn't read again hasn't gone.
    #[must_use]
    pub const fn is_feed(&self) -> bool {
        self.feed.is_some()
    }

    /// The parameters with which records come newest first; none if the kind is no feed.
    pub fn feed_params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.feed.iter().flatten().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The parameter that bounds records by time, and the field that has their time.
    #[must_use]
    pub fn since(&self) -> Option<(&str, &str)> {
        self.params.properties.iter().find_map(|(name, param)| Some((name.as_str(), param.since.as_deref()?)))
    }

    /// The query that asks the same of a feed without bounds: how much of it is asked differs from run to run. Other queries stay as they are.
    #[cfg(feature = "db")]
    pub(crate) fn unbounded(&self, query: &Query) -> Query {
        let is_bound = |name: &str| self.params.get(name).is_some_and(|param| param.limit || param.since.is_some());
        if self.is_feed() { query.without_params(is_bound) } else { query.clone() }
    }

    /// The fields that a query selects; `None` if it wants all, or the parser can't select fields. If it wants none of the record's, its key is
    /// selected, or else the required fields.
    pub(crate) fn selection(&self, query: &Query) -> Option<Selection<'_>> {
        let wanted = query.fields()?;
        let param = self.selects_fields.as_deref()?;
        let mut fields: Vec<_> = self.fields().filter(|field| wanted.iter().any(|name| **name == **field)).collect();
        if fields.is_empty() {
            let required = || self.record.get("required").and_then(Value::as_array).into_iter().flatten();
            fields = match self.key.is_empty() {
                true => required().filter_map(Value::as_str).collect(),
                false => self.key.iter().map(String::as_str).collect(),
            };
        }
        fields.sort_unstable();
        Some(Selection { param, fields })
    }

    /// Sets apart the parameter that selects fields.
    fn set_selects_fields(&mut self) {
        let params = &mut self.params.properties;
        if let Some(at) = params.iter().position(|(_, param)| param.selects_fields) {
            self.selects_fields = Some(params.remove(at).0);
        }
    }

    /// How many queries like this one may share a request: as the description says, or as many as its bytes allow.
    pub(crate) fn per_request_of(&self, query: &Query) -> PerRequest {
        let Some((budget, bytes)) = self.per_request.bytes.zip(self.answer_bytes(query)) else {
            return self.per_request;
        };
        let queries = u32::try_from(budget.get() / bytes.max(1)).unwrap_or(u32::MAX);
        let most = queries.clamp(1, self.per_request.max);
        PerRequest { default: most, max: most, bytes: self.per_request.bytes }
    }

    /// Bytes of the fields that a query selects, or of all. `None` if the description states none.
    fn answer_bytes(&self, query: &Query) -> Option<u64> {
        let properties = self.record.get("properties").and_then(Value::as_object)?;
        let bytes = |name: &str| properties.get(name)?.get("x-bytes")?.as_u64();
        let sum = match self.selection(query) {
            Some(selection) => selection.fields.into_iter().filter_map(bytes).fold(0, u64::saturating_add),
            None => self.fields().filter_map(bytes).fold(0, u64::saturating_add),
        };
        (sum > 0).then_some(sum)
    }

    fn check(&self) -> Result<(), (String, String)> {
        if self.per_request.default > self.per_request.max {
            return Err(("/per_request".to_owned(), "the default is above the maximum".to_owned()));
        }
        let in_rows = |name: &str| {
            let is_param = self.params.get(name).is_some();
            is_param || HOST_FIELDS.contains(&name) || self.fields().any(|field| field == name)
        };
        if let Some(name) = self.compact.iter().find(|name| !in_rows(name)) {
            return Err(("/x-compact".to_owned(), format!("rows have no field {name}")));
        }
        let since: Vec<_> = self.since().map(|(_, field)| field.to_owned()).into_iter().collect();
        for (at, names) in [("/x-key", &self.key), ("/x-noisy", &self.noisy), ("/params", &since)] {
            if let Some(name) = names.iter().find(|name| self.fields().all(|field| field != **name)) {
                return Err((at.to_owned(), format!("records have no field {name}")));
            }
        }
        if let Some((name, _)) = self.feed_params().find(|(name, _)| self.params.get(name).is_none()) {
            return Err(("/x-feed".to_owned(), format!("there is no parameter {name}")));
        }
        self.params.check().map_err(|(below, what)| (format!("/params{below}"), what))
    }
}

/// A query's parameters as JSON values of the types that their kind's schema names; texts if it doesn't.
pub(crate) fn typed_params(kind: Option<&Kind>, query: &Query) -> impl Iterator<Item = (String, Value)> {
    query.params().map(move |(name, text)| {
        let param = kind.and_then(|kind| kind.params.get(name));
        (name.to_owned(), param.map_or_else(|| Value::from(text), |param| param.value_of(text)))
    })
}

/// A kind's parameters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Params {
    /// By name, in their order.
    #[serde(deserialize_with = "in_order", serialize_with = "as_object")]
    pub properties: Vec<(String, Param)>,
    /// Names of the required parameters.
    #[serde(default)]
    pub required: Vec<String>,
}

/// How many queries may share a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct PerRequest {
    /// The default.
    pub default: u32,
    /// The maximum.
    pub max: u32,
    /// Bytes that an answer should not exceed: as many queries share a request as fit, by the `x-bytes` of the fields that they select.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<NonZeroU64>,
}

fn in_order<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Param)>, D::Error> {
    let object = Map::deserialize(deserializer)?;
    let param = |value| serde_json::from_value(value).map_err(serde::de::Error::custom);
    object.into_iter().map(|(name, value)| Ok((name, param(value)?))).collect()
}

fn as_object<S: serde::Serializer>(params: &[(String, Param)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(params.iter().map(|(name, param)| (name, param)))
}

impl Description {
    /// Parses the description in a JSON document.
    ///
    /// # Errors
    /// If it doesn't match the schema; the error says where.
    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        if text.len() > MAX_DESCRIPTION_BYTES {
            return Err(DescriptionError::TooLarge(text.len()));
        }
        let document: Value = serde_json::from_str(text).map_err(DescriptionError::Json)?;
        check(&document)?;
        let mut description: Self = serde_json::from_value(document).map_err(DescriptionError::Json)?;
        description.kinds.iter_mut().for_each(Kind::set_selects_fields);
        description.check_kinds()?;
        Ok(description)
    }

    /// The kind of this name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// A query's parameters as JSON values of their schemas' types.
    #[cfg(feature = "cli")]
    pub(crate) fn typed_params(&self, query: &Query) -> impl Iterator<Item = (String, Value)> {
        typed_params(self.kind(query.kind()), query)
    }

    /// Limit of a query's rows: its parameter marked `x-limit`.
    pub(crate) fn limit_of(&self, query: &Query) -> Option<usize> {
        let params = &self.kind(query.kind())?.params.properties;
        let (name, _) = params.iter().find(|(_, param)| param.limit)?;
        query.param(name)?.parse().ok()
    }

    /// About how many bytes the body of a query's answer has: those of its parameters' values, else of its kind, and those of the rows that it
    /// wants. `None` if the description says nothing of them.
    #[must_use]
    pub fn bytes_of(&self, query: &Query) -> Option<u64> {
        let kind = self.kind(query.kind())?;
        let (mut of_values, mut of_rows) = (None, None);
        for (name, param) in &kind.params.properties {
            let Some(value) = query.param(name) else { continue };
            match &param.bytes {
                Some(AnswerSize::ByValue(bytes)) => of_values = of_values.or_else(|| bytes.get(value).copied()),
                Some(AnswerSize::PerRow(bytes)) => {
                    of_rows = value.parse().ok().map(|rows: u64| rows.saturating_mul(*bytes))
                }
                None => {}
            }
        }
        match (of_values.or(kind.bytes).or_else(|| kind.answer_bytes(query)), of_rows) {
            (None, None) => None,
            (bytes, rows) => Some(bytes.unwrap_or(0).saturating_add(rows.unwrap_or(0))),
        }
    }

    /// Checks what the schema can't express: versions, unique names, that required parameters and compact fields exist, that defaults and
    /// aliases are values, and that patterns compile.
    fn check_kinds(&self) -> Result<(), DescriptionError> {
        semver::Version::parse(&self.version).map_err(|error| {
            schema_error("/version".to_owned(), format!("{:?} is not a version: {error}", self.version))
        })?;
        let params: usize = self.kinds.iter().map(|kind| kind.params.properties.len()).sum();
        if params > MAX_PARAMS {
            let what = format!("there are {params} parameters in all, and {MAX_PARAMS} are allowed");
            return Err(schema_error("/kinds".to_owned(), what));
        }
        for (index, kind) in self.kinds.iter().enumerate() {
            let at = format!("/kinds/{index}");
            if self.kinds.iter().take(index).any(|other| other.name == kind.name) {
                return Err(schema_error(format!("{at}/name"), format!("the kind {} is there twice", kind.name)));
            }
            kind.check().map_err(|(below, what)| schema_error(format!("{at}{below}"), what))?;
            let dependent = kind.params.properties.iter();
            let mut unknown = dependent.filter_map(|(name, param)| Some((name, param.default_by.as_deref()?)));
            // A kind may lack the other parameter, as reviews that are the same in all countries.
            if let Some((name, by)) =
                unknown.find(|(_, by)| self.kinds.iter().all(|kind| kind.params.get(by).is_none()))
            {
                let what = format!("x-default-by: no kind has a parameter {by}");
                return Err(schema_error(format!("{at}/params/properties/{name}"), what));
            }
        }
        Ok(())
    }
}

impl PerRequest {
    /// Each query has a request of its own.
    pub(crate) const ONE: Self = Self { default: 1, max: 1, bytes: None };
}

impl Params {
    /// The parameter of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.properties.iter().find(|(key, _)| key == name).map(|(_, param)| param)
    }

    fn check(&self) -> Result<(), (String, String)> {
        if let Some(name) = self.required.iter().find(|name| self.get(name).is_none()) {
            return Err(("/required".to_owned(), format!("{name} is required and not described")));
        }
        for (name, param) in &self.properties {
            let attributes = self.properties.iter().filter_map(|(_, other)| other.attributes.get(name));
            let values = attributes.flat_map(|values| values.values().map(String::as_str)).collect();
            let checked = param.check(&values).and_then(|()| self.check_default_by(name, param));
            checked.map_err(|what| (format!("/properties/{name}"), what))?;
        }
        Ok(())
    }

    /// Checks that the parameter that another one depends on has values for it.
    fn check_default_by(&self, name: &str, param: &Param) -> Result<(), String> {
        let Some(by) = param.default_by.as_deref().and_then(|by| self.get(by)) else { return Ok(()) };
        if by.default_by.is_some() {
            return Err("x-default-by: that parameter depends on another one itself".to_owned());
        }
        match by.attributes.contains_key(name) {
            true => Ok(()),
            false => Err(format!("x-default-by: that parameter's values have no attribute {name}")),
        }
    }
}

fn check(document: &Value) -> Result<(), DescriptionError> {
    let schema: Value = serde_json::from_str(SCHEMA).map_err(DescriptionError::Json)?;
    let validator = Validator::new(schema).map_err(|error| schema_error("the schema".to_owned(), error))?;
    validator.validate(document).map_err(|error| {
        let at = error.instance_path().to_string();
        schema_error(if at.is_empty() { "the top".to_owned() } else { at }, shortened(&error.to_string()))
    })
}

/// Errors quote the value, which may be the whole document.
fn shortened(text: &str) -> String {
    const MAX_SHOWN_CHARS: usize = 200;
    match text.char_indices().rev().nth(MAX_SHOWN_CHARS) {
        Some((at, _)) => format!("…{}", text.get(at..).unwrap_or_default()),
        None => text.to_owned(),
    }
}

const fn schema_error(at: String, what: String) -> DescriptionError {
    DescriptionError::Schema { at, what }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A description with these numbers, as they stand in the document.
    fn with_numbers(burst: &Value, per_minute: &Value, per_request: [&Value; 2]) -> String {
        let [default, max] = per_request;
        serde_json::json!({
            "name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"],
            "pace": {"burst": burst, "per_minute": per_minute},
            "kinds": [{"name": "page", "summary": "", "record": {}, "per_request": {"default": default, "max": max},
                "params": {"properties": {"num": {"type": "integer", "x-limit": true}}}}],
        })
        .to_string()
    }

    #[test]
    fn a_pace_that_no_clock_counts_is_refused_where_it_stands() {
        let one = Value::from(1);
        for (burst, per_minute, at) in [
            ("1", "1e-12", "/pace/per_minute"),
            ("1", "0", "/pace/per_minute"),
            ("1", "-1", "/pace/per_minute"),
            ("1", "1e300", "/pace/per_minute"),
            ("0", "60", "/pace/burst"),
            ("1000001", "60", "/pace/burst"),
        ] {
            let [burst, per_minute] = [burst, per_minute].map(|text| serde_json::from_str(text).unwrap());
            let error = Description::parse(&with_numbers(&burst, &per_minute, [&one, &one])).unwrap_err().to_string();
            assert!(error.contains(at), "{error}");
        }
        for per_minute in [60.0 / 86_400.0, 6e7] {
            assert!(Description::parse(&with_numbers(&one, &per_minute.into(), [&one, &one])).is_ok(), "{per_minute}");
        }
    }

    /// A description of one kind with these members, whose records have the fields `id` and `title`.
    fn with_kind(members: Value) -> Result<Description, DescriptionError> {
        let mut document: Value =
            serde_json::from_str(&with_numbers(&1.into(), &1.into(), [&1.into(), &1.into()])).unwrap();
        let kind = document["kinds"][0].as_object_mut().unwrap();
        kind.insert("record".to_owned(), serde_json::json!({"properties": {"id": {}, "title": {}}}));
        kind.extend(members.as_object().unwrap().clone());
        Description::parse(&document.to_string())
    }

    #[test]
    fn the_size_of_an_answer_is_that_of_its_values_or_its_kind_and_of_its_rows() {
        let via = serde_json::json!({"type": "string", "enum": ["rpc", "page", "other"], "x-bytes": {"rpc": 16, "page": 1200}});
        let num = serde_json::json!({"type": "integer", "x-limit": true, "x-bytes": 8});
        let size = |members: Value, params: &[(&str, &str)]| {
            let params = params.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            with_kind(members).unwrap().bytes_of(&Query::new("page", params))
        };
        let kind = |via: &Value, num: &Value| serde_json::json!({"x-bytes": 100, "params": {"properties": {"via": via, "num": num}}});
        let both = kind(&via, &num);
        assert_eq!(size(both.clone(), &[("via", "page"), ("num", "10")]), Some(1280));
        assert_eq!(size(both.clone(), &[("via", "other"), ("num", "10")]), Some(180));
        assert_eq!(size(both.clone(), &[("num", "99999999999999999999")]), Some(100), "what is no number has no rows");
        assert_eq!(size(both, &[("num", "18446744073709551615")]), Some(u64::MAX));
        assert_eq!(size(serde_json::json!({"params": {"properties": {"num": num}}}), &[("num", "2")]), Some(16));
        assert_eq!(size(serde_json::json!({}), &[("num", "2")]), None);
    }

    #[test]
    fn compact_fields_are_fields_of_the_rows() {
        let description = with_kind(serde_json::json!({"x-compact": ["position", "title"]})).unwrap();
        assert_eq!(description.kinds[0].compact(), ["position", "title"]);
        assert_eq!(description.kinds[0].fields().collect::<Vec<_>>(), ["id", "title"]);
        let error = with_kind(serde_json::json!({"x-compact": ["title", "name"]})).unwrap_err().to_string();
        assert_eq!(error, "at /kinds/0/x-compact: rows have no field name");
    }

    #[test]
    fn a_value_that_depends_on_another_parameter_can_be_told() {
        let country =
            |attributes: Value| serde_json::json!({"type": "string", "enum": ["kr"], "x-attributes": attributes});
        let language = |by: &str| serde_json::json!({"type": "string", "pattern": "^[a-z]{2}$", "default": "en", "x-default-by": by});
        let read = |country: Value, language: Value| {
            let params = serde_json::json!({"params": {"properties": {"language": language, "country": country}}});
            with_kind(params).map(drop).map_err(|error| error.to_string())
        };
        let korean = country(serde_json::json!({"language": {"kr": "ko"}, "currency": {"kr": "KRW"}}));
        assert_eq!(read(korean.clone(), language("country")), Ok(()));
        let at = "at /kinds/0/params/properties/language: ";
        let without_default = serde_json::json!({"type": "string", "x-default-by": "country"});
        let any = serde_json::json!({"type": "string", "default": "en", "x-default-by": "country"});
        for (country, language, part) in [
            (korean.clone(), language("contry"), "x-default-by: no kind has a parameter contry"),
            (korean.clone(), language("language"), "x-default-by: that parameter depends on another one itself"),
            (
                country(serde_json::json!({})),
                language("country"),
                "x-default-by: that parameter's values have no attribute",
            ),
            (country(serde_json::json!({"language": {"kr": "Korean"}})), language("country"), "Korean: "),
            (korean.clone(), without_default, "x-default-by: it has no default"),
            (korean.clone(), any, "x-default-by: auto is a value itself"),
        ] {
            let error = read(country, language).unwrap_err();
            assert!(error.strip_prefix(at).is_some_and(|what| what.starts_with(part)), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_number_is_within_bounds_or_refused(
            burst in any::<i64>(),
            per_minute in any::<f64>(),
            default in any::<i32>(),
            max in any::<i32>(),
            num in "[-+0-9e.]{0,30}",
        ) {
            let [default, max] = [default, max].map(Value::from);
            let text = with_numbers(&burst.into(), &per_minute.into(), [&default, &max]);
            if let Ok(description) = Description::parse(&text) {
                prop_assert!((1..=1_000_000).contains(&description.pace.burst.get()));
                prop_assert!(description.kinds[0].per_request.max <= 10_000);
            }
            let one = Value::from(1);
            let description = Description::parse(&with_numbers(&one, &one, [&one, &one])).unwrap();
            let _ = description.limit_of(&Query::new("page", [("num".into(), num.into())]));
        }
    }
}
