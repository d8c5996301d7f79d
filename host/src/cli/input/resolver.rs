//! Resolver of records to plans: a kind, its parameters, a priority, carried columns.

use std::borrow::Cow;

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;
use serde_json::{Map, Value};

use super::ignored::Ignored;
use crate::cli::input::queries::{KIND, Record, subject, texts};
use crate::host::Host;
use crate::parser::{Kind, Param};
use crate::query::{KindName, Plan, PlanError};
use crate::swap::Unresolved;
use crate::types::Priority;

/// The field that says which queries go first, unless the kind has a parameter of that name.
const PRIORITY: &str = "priority";

/// Which kind is asked, and whose values count more.
#[derive(Clone, Debug)]
pub(in crate::cli) enum AskedKind {
    /// This one, whatever a record says. Typed parameters replace the records'.
    Fixed(KindName),
    /// The record's, or this one: if the record has no kind, or has the value that this kind is about, such as an app's id in a chart's row.
    /// Typed parameters are for records that don't say them.
    Default(Option<KindName>),
}

impl AskedKind {
    /// The kind that is asked where a record says none.
    pub(super) fn name(&self) -> Option<&KindName> {
        match self {
            Self::Fixed(kind) => Some(kind),
            Self::Default(kind) => kind.as_ref(),
        }
    }
}

/// Makes plans of records.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) host: Host,
    pub(super) kind: AskedKind,
    /// Parameters that were typed: names and values.
    pub(super) params: Vec<(String, String)>,
    /// Columns that are carried.
    pub(super) carry: Vec<String>,
}

/// What a record asks.
pub(super) struct Resolved {
    pub(super) plan: Plan,
    pub(super) priority: Priority,
    /// The carried columns, in the order of their names.
    pub(super) carried: Box<[Value]>,
}

/// Why a record asks nothing, and what could be read of it.
pub(super) struct Refused {
    pub(super) reason: String,
    pub(super) asked: Option<Map<String, Value>>,
}

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Self { reason, asked: None }
    }
}

impl Resolver {
    /// The plan of a record. Columns that nothing takes are recorded.
    ///
    /// # Errors
    /// If it can't be asked.
    pub(super) fn resolve(&self, record: &Record, ignored: &mut Ignored) -> Result<Resolved, Refused> {
        let kind = &*self.kind_of(record)?;
        let asked = |params: &[(&str, String)]| Some(as_asked(kind, params));
        let slot = self.host.slot_of(kind).map_err(|error| error.to_string())?;
        let description = slot.description();
        let Some(described) = description.kind(kind.kind()) else {
            let names = description.kinds.iter().map(|kind| kind.name.clone()).collect();
            return Err(PlanError::unresolved(None, kind.kind(), Unresolved::Kind(names)).to_string().into());
        };
        let (mut params, mut priority, mut unknown) = (Vec::new(), None, Vec::new());
        for (name, value) in &record.0 {
            match described.params.get(name) {
                None if is_about_the_row(name) || self.carry.iter().any(|carried| **carried == **name) => {}
                // Of empty columns too: they are named with the first line.
                None if **name != *PRIORITY => unknown.push(name),
                _ if value.is_null() => {}
                Some(param) => params.extend(texts(value).map(|text| (&**name, from_address(param, text)))),
                None => {
                    if priority.replace(value).is_some() {
                        return Err("it has more than one priority".to_owned().into());
                    }
                }
            }
        }
        if !unknown.is_empty() {
            ignored.record(&unknown, described.params.properties.iter().map(|(name, _)| name.as_str()));
        }
        let params = self.with_typed(params, described);
        let priority = match priority.map(read_priority).transpose() {
            Ok(priority) => priority.unwrap_or_default(),
            Err(reason) => return Err(Refused { asked: asked(&params), reason }),
        };
        let pairs = params.iter().map(|(name, text)| (*name, text.as_str()));
        let plan = match Host::plan_in(&slot, kind, pairs) {
            Ok(plan) => plan,
            Err(error) => return Err(Refused { asked: asked(&params), reason: error.to_string() }),
        };
        Ok(Resolved { plan, priority, carried: self.carried(record) })
    }

    /// The plan of values of the parameter that a kind is about, given as they were typed.
    ///
    /// # Errors
    /// If it can't be asked.
    pub(super) fn plan(&self, kind: &KindName, values: &[String]) -> Result<Plan, String> {
        let slot = self.host.slot_of(kind).map_err(|error| error.to_string())?;
        let description = slot.description();
        let subject = description.kind(kind.kind()).and_then(subject).unwrap_or_default();
        let values = values.iter().map(|value| (subject, value.as_str()));
        let typed = self.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Host::plan_in(&slot, kind, values.chain(typed)).map_err(|error| error.to_string())
    }

    fn kind_of(&self, record: &Record) -> Result<Cow<'_, KindName>, String> {
        let default = match &self.kind {
            AskedKind::Fixed(kind) => return Ok(Cow::Borrowed(kind)),
            AskedKind::Default(default) => default.as_ref(),
        };
        let named = match record.get(KIND) {
            Some(Value::String(name)) => Some(name.as_str()).filter(|name| !name.is_empty()).map(KindName::from),
            Some(other) => return Err(format!("its kind is {other}, not a name")),
            None => None,
        };
        match (named, default) {
            (Some(named), Some(default)) if named != *default && self.is_about(default, record) => {
                Ok(Cow::Borrowed(default))
            }
            (Some(kind), _) => Ok(Cow::Owned(kind)),
            (None, Some(default)) => Ok(Cow::Borrowed(default)),
            (None, None) => Err("it has no \"kind\"".to_owned()),
        }
    }

    /// Whether a record has the value that queries of a kind are about.
    fn is_about(&self, kind: &KindName, record: &Record) -> bool {
        let Ok(slot) = self.host.slot_of(kind) else { return false };
        let description = slot.description();
        let subject = description.kind(kind.kind()).and_then(subject);
        subject.is_some_and(|subject| record.get(subject).is_some())
    }

    fn with_typed<'r>(&'r self, params: Vec<(&'r str, String)>, kind: &Kind) -> Vec<(&'r str, String)> {
        let typed = self.params.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let has = |params: &[(&str, String)], name: &str| params.iter().any(|(other, _)| *other == name);
        match &self.kind {
            AskedKind::Fixed(_) => {
                let typed: Vec<_> = typed.collect();
                let others = params.into_iter().filter(|(name, _)| !has(&typed, name));
                others.chain(typed.iter().cloned()).collect()
            }
            AskedKind::Default(_) => {
                let is_default = |name: &str| !has(&params, name) && kind.params.get(name).is_some();
                let defaults: Vec<_> = typed.filter(|(name, _)| is_default(name)).collect();
                params.into_iter().chain(defaults).collect()
            }
        }
    }

    fn carried(&self, record: &Record) -> Box<[Value]> {
        let value = |name: &String| record.get(name).cloned().unwrap_or_default();
        self.carry.iter().map(value).collect()
    }
}

/// Whether a field tells of the row and asks nothing: the kind was looked at, and `_failure` or `_source` are other runs'.
fn is_about_the_row(name: &Arc<str>) -> bool {
    **name == *KIND || name.starts_with('_') || name.is_empty()
}

/// A value, or the value that an address carries in its query string: an app's page has its id in `id=`.
pub(super) fn from_address(param: &Param, text: String) -> String {
    let Some(wanted) = param.url.as_deref().filter(|_| text.starts_with("https://") || text.starts_with("http://"))
    else {
        return text;
    };
    let url = url::Url::parse(&text).ok();
    let value = url.and_then(|url| url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into()));
    value.unwrap_or(text)
}

fn read_priority(value: &Value) -> Result<Priority, String> {
    let text = value.as_str().ok_or_else(|| value.to_string());
    let read: Result<Priority, ValueError> = match &text {
        Ok(text) => Priority::deserialize((*text).into_deserializer()),
        Err(text) => Priority::deserialize(text.as_str().into_deserializer()),
    };
    read.map_err(|_| format!("its priority can't be {value}: give high, normal or low"))
}

/// A query as `--queries` reads it.
fn as_asked(kind: &KindName, params: &[(&str, String)]) -> Map<String, Value> {
    let mut asked = Map::from_iter([(KIND.to_owned(), Value::from(kind.to_string()))]);
    for (name, text) in params {
        match asked.get_mut(*name) {
            Some(Value::Array(values)) => values.push(text.as_str().into()),
            Some(value) => *value = Value::Array(vec![value.take(), text.as_str().into()]),
            None => drop(asked.insert((*name).to_owned(), text.as_str().into())),
        }
    }
    asked
}
