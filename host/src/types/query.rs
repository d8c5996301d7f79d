//! What is one question?

use std::fmt;
use std::sync::Arc;

/// One question: a kind that the parser describes, with its parameters as text. Cloning it copies no text.
///
/// ```
/// let query = playfast::Query::new("app", [("app_id".into(), "com.spotify.music".into())]);
/// assert_eq!(query.param("app_id"), Some("com.spotify.music"));
/// assert_eq!(query.to_string(), "app app_id=com.spotify.music");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    kind: Arc<str>,
    params: Arc<[(Arc<str>, Arc<str>)]>,
    state: Option<Arc<str>>,
}

impl Query {
    /// A query of this kind. Parameters that it leaves out are not filled in: [`crate::Plan`] does that.
    pub fn new(kind: impl Into<Arc<str>>, params: impl IntoIterator<Item = (Arc<str>, Arc<str>)>) -> Self {
        Self { kind: kind.into(), params: params.into_iter().collect(), state: None }
    }

    /// The kind's name.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
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

    /// What the parser gave itself to go on with.
    pub(crate) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The same query, going on from `state`.
    pub(crate) fn going_on(&self, state: &str) -> Self {
        Self { state: Some(state.into()), ..self.clone() }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.kind)?;
        self.params().try_for_each(|(name, value)| write!(formatter, " {name}={value}"))
    }
}
