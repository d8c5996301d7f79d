//! Queries and their priorities.

use std::fmt::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

#[cfg(feature = "cli")]
use super::KindName;
use super::QueryKey;

/// One question: a kind that the parser describes, with its parameters as text. Cloning it copies no text.
///
/// ```
/// let query = playfast::Query::new("app", [("app_id".into(), "com.spotify.music".into())]);
/// assert_eq!(query.param("app_id"), Some("com.spotify.music"));
/// assert_eq!(query.to_string(), "app app_id=com.spotify.music");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    parser: Option<Arc<str>>,
    kind: Arc<str>,
    params: Arc<[(Arc<str>, Arc<str>)]>,
    state: Option<Arc<str>>,
    fields: Option<Arc<Vec<Arc<str>>>>,
    priority: Priority,
}

/// Which of the queries that wait go first. Within a priority they go in their order; none waits for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Priority {
    /// Before all others.
    High,
    /// As they come.
    #[default]
    Normal,
    /// When nothing else waits, or has waited too long.
    Low,
}

impl Query {
    /// A query of this kind. Parameters that it leaves out are not filled in: [`crate::query::Plan`] does that.
    pub fn new(kind: impl Into<Arc<str>>, params: impl IntoIterator<Item = (Arc<str>, Arc<str>)>) -> Self {
        Self {
            parser: None,
            kind: kind.into(),
            params: params.into_iter().collect(),
            state: None,
            fields: None,
            priority: Priority::Normal,
        }
    }

    /// The same query, to be asked of this parser where a host has several.
    #[must_use]
    pub fn with_parser(self, parser: impl Into<Arc<str>>) -> Self {
        Self { parser: Some(parser.into()), ..self }
    }

    /// The parser that it is to be asked of, where that is said.
    #[must_use]
    pub fn parser(&self) -> Option<&str> {
        self.parser.as_deref()
    }

    /// The same query, with this priority.
    #[must_use]
    pub fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// Which of the queries that wait go first.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        self.priority
    }

    /// The same query, for these fields of its records. A parser that can select fields asks the site for no others, and the rows have no others;
    /// one that can't returns all. Names that are no fields of the kind's records are ignored. The key stays the same.
    ///
    /// ```
    /// # use playfast::Query;
    /// let query = Query::new("app", [("app_id".into(), "com.whatsapp".into())]);
    /// assert_eq!(query.key(), query.clone().with_fields(["app_id", "genre_id"]).key());
    /// ```
    #[must_use]
    pub fn with_fields<T: Into<Arc<str>>>(self, fields: impl IntoIterator<Item = T>) -> Self {
        Self { fields: Some(Arc::new(fields.into_iter().map(Into::into).collect())), ..self }
    }

    /// The fields that are wanted of its records; `None` for all.
    #[must_use]
    pub fn fields(&self) -> Option<&[Arc<str>]> {
        self.fields.as_deref().map(Vec::as_slice)
    }

    /// As [`Self::with_fields`], with the fields of another query; `None` for all.
    pub(crate) fn with_shared_fields(self, fields: Option<Arc<Vec<Arc<str>>>>) -> Self {
        Self { fields, ..self }
    }

    /// Whether another query is of the same kind and for the same fields.
    pub(crate) fn selects_as(&self, other: &Self) -> bool {
        self.kind == other.kind && self.fields == other.fields
    }

    /// The fields that are wanted of its records, shared.
    pub(crate) fn shared_fields(&self) -> Option<Arc<Vec<Arc<str>>>> {
        self.fields.clone()
    }

    /// The kind's name.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The kind's name, with the parser's if that is said.
    #[cfg(feature = "cli")]
    pub(crate) fn kind_name(&self) -> KindName {
        KindName::new(self.parser.clone(), Arc::clone(&self.kind))
    }

    /// Names and values in the description's order.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The value of one parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The same query with this value of a parameter.
    #[cfg(feature = "cli")]
    pub(crate) fn with_param(self, name: &str, value: &str) -> Self {
        let others = self.params.iter().filter(|(other, _)| **other != *name).cloned();
        Self { params: others.chain([(name.into(), value.into())]).collect(), ..self }
    }

    /// The same query without some of its parameters.
    #[cfg(feature = "db")]
    pub(crate) fn without_params(&self, is_left_out: impl Fn(&str) -> bool) -> Self {
        let params = self.params.iter().filter(|(name, _)| !is_left_out(name)).cloned().collect();
        Self { params, ..self.clone() }
    }

    /// The kind's name, shared.
    pub(crate) fn shared_kind(&self) -> Arc<str> {
        Arc::clone(&self.kind)
    }

    /// The value of one parameter, shared.
    pub(crate) fn shared_param(&self, name: &str) -> Option<Arc<str>> {
        self.params.iter().find(|(key, _)| **key == *name).map(|(_, value)| Arc::clone(value))
    }

    /// What tells it from all other queries, in other runs and on other machines too: a hash of kind, parameters and, where it is said, the
    /// parser's name.
    ///
    /// ```
    /// # use playfast::Query;
    /// let query = Query::new("app", [("app_id".into(), "com.whatsapp".into()), ("lang".into(), "en".into())]);
    /// let turned = Query::new("app", [("lang".into(), "en".into()), ("app_id".into(), "com.whatsapp".into())]);
    /// assert_eq!(query.key(), turned.key());
    /// assert_eq!(query.key().to_string().len(), 32);
    /// assert_ne!(query.key(), query.with_parser("play").key());
    /// ```
    #[must_use]
    pub fn key(&self) -> QueryKey {
        QueryKey::new(self)
    }

    /// The state that the parser set for the query's next page.
    pub(crate) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The same query, going on from `state`.
    pub(crate) fn with_state(&self, state: &str) -> Self {
        Self { state: Some(state.into()), ..self.clone() }
    }

    /// The same query, from its start.
    pub(crate) fn restarted(&self) -> Self {
        Self { state: None, ..self.clone() }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parser) = &self.parser {
            write!(formatter, "{parser}:")?;
        }
        write!(formatter, "{}", Shown(&self.kind))?;
        self.params().try_for_each(|(name, value)| write!(formatter, " {}={}", Shown(name), Shown(value)))
    }
}

/// A text as a person may see it: parsers raise queries too, whose texts are other people's.
struct Shown<'t>(&'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_SHOWN_CHARS: usize = 200;
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(MAX_SHOWN_CHARS) {
            formatter.write_char(if character.is_control() { ' ' } else { character })?;
        }
        if characters.next().is_some() { formatter.write_char('…') } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parser_raises_can_not_forge_a_line() {
        let query = Query::new("app", [("app_id".into(), "a\r\nplayfast: b\u{1b}[2J".into())]);
        assert_eq!(query.to_string(), "app app_id=a  playfast: b [2J");
        let query = Query::new("app", [("app_id".into(), "a".repeat(1000).into())]);
        assert_eq!(query.to_string().chars().count(), "app app_id=".len() + 201);
    }
}
