//! Ends of queries: answered, partial, or failed.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::FailureKind;

/// How a query ended. As text, and for serde, `answered`, or `partial:` or `failed:` and the failure's kind.
///
/// ```
/// use playfast::FailureKind;
/// use playfast::output::QueryEnd;
///
/// assert_eq!(QueryEnd::Partial(FailureKind::Unavailable).to_string(), "partial:unavailable");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryEnd {
    /// All of its rows are there, or it has none.
    Answered,
    /// It has rows, and further ones are missing. A later run continues after them.
    Partial(FailureKind),
    /// It has no rows. A later run asks it again.
    Failed(FailureKind),
}

impl QueryEnd {
    /// The end of a query with so many rows. A query that a run was stopped before counts as failed: nothing is known of it.
    pub(crate) fn new(failure: Option<FailureKind>, rows: usize) -> Self {
        match failure {
            None => Self::Answered,
            Some(kind) if rows > 0 && kind != FailureKind::Cancelled => Self::Partial(kind),
            Some(kind) => Self::Failed(kind),
        }
    }
}

impl QueryEnd {
    /// What reports call a failure: `not-found`, or `partial:unavailable` if the query has rows. `None` if there is none.
    #[cfg(feature = "cli")]
    pub(crate) fn failure_text(self) -> Option<String> {
        match self {
            Self::Answered => None,
            Self::Partial(_) => Some(self.to_string()),
            Self::Failed(kind) => Some(kind.to_string()),
        }
    }
}

impl fmt::Display for QueryEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => formatter.write_str("answered"),
            Self::Partial(kind) => write!(formatter, "partial:{kind}"),
            Self::Failed(kind) => write!(formatter, "failed:{kind}"),
        }
    }
}

impl QueryEnd {
    /// The end that a text names.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let kind = |name: &str| {
            let deserializer = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(name);
            FailureKind::deserialize(deserializer).ok()
        };
        match text.split_once(':') {
            None => (text == "answered").then_some(Self::Answered),
            Some(("partial", name)) => kind(name).map(Self::Partial),
            Some(("failed", name)) => kind(name).map(Self::Failed),
            Some(_) => None,
        }
    }
}

impl Serialize for QueryEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QueryEnd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no end of a query")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_read_as_it_is_written() {
        let kind = FailureKind::LayoutChanged;
        for (end, text) in [
            (QueryEnd::Answered, "answered"),
            (QueryEnd::Partial(kind), "partial:layout-changed"),
            (QueryEnd::Failed(kind), "failed:layout-changed"),
        ] {
            assert_eq!((end.to_string().as_str(), QueryEnd::parse(text)), (text, Some(end)));
        }
        for text in ["", "partial", "partial:", "failed:no-such-kind", "answered:timeout"] {
            assert_eq!(QueryEnd::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rows_tell_a_partial_query_from_a_failed_one() {
        let kind = FailureKind::NotFound;
        assert_eq!(QueryEnd::new(None, 0), QueryEnd::Answered);
        assert_eq!(QueryEnd::new(Some(kind), 0), QueryEnd::Failed(kind));
        assert_eq!(QueryEnd::new(Some(kind), 1), QueryEnd::Partial(kind));
        assert_eq!(QueryEnd::new(Some(FailureKind::Cancelled), 1), QueryEnd::Failed(FailureKind::Cancelled));
    }
}
