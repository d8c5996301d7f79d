//! Names of kinds, as people type them.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Name of a kind, with its parser's name if several have that kind: `app` or `play:app`.
///
/// ```
/// let name = playfast::query::KindName::from("play:app");
/// assert_eq!((name.parser(), name.kind()), (Some("play"), "app"));
/// assert_eq!(name.to_string(), "play:app");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KindName {
    parser: Option<Arc<str>>,
    kind: Arc<str>,
}

impl KindName {
    /// The kind of this name, of the parser that is said.
    #[cfg(feature = "cli")]
    pub(super) const fn new(parser: Option<Arc<str>>, kind: Arc<str>) -> Self {
        Self { parser, kind }
    }

    /// The kind of this name, of the same parser.
    #[must_use]
    pub fn with_kind(&self, kind: &str) -> Self {
        Self { parser: self.parser.clone(), kind: kind.into() }
    }

    /// The parser's name, if it is said.
    #[must_use]
    pub fn parser(&self) -> Option<&str> {
        self.parser.as_deref()
    }

    /// The kind's name alone.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

impl From<&str> for KindName {
    fn from(text: &str) -> Self {
        match text.split_once(':') {
            Some((parser, kind)) => Self { parser: Some(parser.into()), kind: kind.into() },
            None => Self { parser: None, kind: text.into() },
        }
    }
}

impl From<&String> for KindName {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&Self> for KindName {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl FromStr for KindName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.into())
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parser) = &self.parser {
            write!(formatter, "{parser}:")?;
        }
        formatter.write_str(&self.kind)
    }
}
