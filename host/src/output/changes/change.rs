//! Change of a record or a query between two runs.

use std::fmt;

use serde_json::{Map, Value};

use crate::types::Row;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The query failed or is partial, and was answered before.
    Failed,
    /// The query was answered, and failed or was partial before.
    Recovered,
    /// The query wasn't asked, and was before.
    Unasked,
    /// A query that is asked for the first time; or a record of a feed, such as a review, that wasn't there before.
    New,
    /// A record that is there, and wasn't.
    Entered,
    /// A record that was there, and isn't.
    Left,
    /// A record at another place among those that are in both answers.
    Moved,
    /// A field with another value.
    Changed,
}

impl ChangeKind {
    /// Its name in rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Recovered => "recovered",
            Self::Unasked => "unasked",
            Self::New => "new",
            Self::Entered => "entered",
            Self::Left => "left",
            Self::Moved => "moved",
            Self::Changed => "changed",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A change of a query's answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// What happened.
    pub change: ChangeKind,
    /// The query's kind.
    pub kind: String,
    /// The query's parameters.
    pub params: Map<String, Value>,
    /// What identifies the record: the value of its key field, or of several with spaces between them. `None` for a change of the query itself.
    pub key: Option<Value>,
    /// What a person calls the record, such as its title; `None` if it has no text that says so.
    pub label: Option<String>,
    /// The field that changed; `position` for a move.
    pub field: Option<String>,
    /// Its value before; for a record that left its position, for a query how it ended.
    pub was: Value,
    /// Its value now; for a record that entered its position, for a query how it ended.
    pub now: Value,
    /// Time of the earlier answer.
    pub from: Option<String>,
    /// Time of the later answer.
    pub to: Option<String>,
}

/// Names of a change's own columns in rows, besides the query's parameters.
const COLUMNS: [&str; 8] = ["change", "kind", "key", "field", "was", "now", "from", "to"];

impl Change {
    /// Names of the columns of rows of changes, for queries with these parameters.
    pub fn columns<'p>(params: impl IntoIterator<Item = &'p str>) -> Vec<String> {
        let (before, after) = COLUMNS.split_at(2);
        let params = params.into_iter().filter(|name| !COLUMNS.contains(name));
        before.iter().copied().chain(params).chain(after.iter().copied()).map(str::to_owned).collect()
    }

    /// The change as a row: `change`, `kind`, the query's parameters, `key`, `field`, `was`, `now`, `from` and `to`.
    #[must_use]
    pub fn into_row(self) -> Row {
        let text = |text: Option<String>| text.map_or(Value::Null, Value::from);
        let mut row = Row::new();
        row.insert("change".to_owned(), self.change.name().into());
        row.insert("kind".to_owned(), self.kind.into());
        row.extend(self.params.into_iter().filter(|(name, _)| !COLUMNS.contains(&name.as_str())));
        row.insert("key".to_owned(), self.key.unwrap_or_default());
        row.insert("field".to_owned(), text(self.field));
        row.insert("was".to_owned(), self.was);
        row.insert("now".to_owned(), self.now);
        row.insert("from".to_owned(), text(self.from));
        row.insert("to".to_owned(), text(self.to));
        row
    }
}
