//! The lines of a journal.
//!
//! A JSON object, and a line feed by which it is known to be whole. Lines are read by later versions too: what one says is not changed, and a
//! journal that says other things has another [`JOURNAL_VERSION`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::output::{Compression, Format};
use crate::types::{QueryEnd, QueryKey};

/// Of the journal's lines, and of the encoding of keys.
pub(super) const JOURNAL_VERSION: u32 = 1;

/// How a header begins.
const JOURNAL_MAGIC: &[u8] = b"{\"playfast_journal\":";

/// The last line of a run that is through.
pub(super) const FINISHED_LINE: &[u8] = b"{\"finished\":true}\n";

/// Which rows a file holds: the journal's first line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct JournalHeader {
    playfast_journal: u32,
    #[serde(default)]
    format: String,
    #[serde(default)]
    fields: Option<Vec<String>>,
    /// Columns of the input that rows carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    carried: Vec<String>,
}

impl JournalHeader {
    /// Rows of this format, with these fields; `None` for all.
    #[must_use]
    pub fn new(format: Format, fields: Option<Vec<String>>) -> Self {
        Self { playfast_journal: JOURNAL_VERSION, format: format.name().to_owned(), fields, carried: Vec::new() }
    }

    /// Records that the file is compressed or for spreadsheets.
    #[must_use]
    pub fn with_variant(mut self, compression: Compression, is_spreadsheet: bool) -> Self {
        if compression == Compression::Gzip {
            self.format.push_str(".gz");
        }
        if is_spreadsheet {
            self.format.push_str(" for spreadsheets");
        }
        self
    }

    /// Records columns of the input that rows carry.
    #[must_use]
    pub fn with_carried(self, carried: Vec<String>) -> Self {
        Self { carried, ..self }
    }

    pub(super) fn line(&self) -> Vec<u8> {
        line(self)
    }

    /// A first line that is whole.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The version, if it isn't this one: what follows can't be read then.
    pub(super) fn other_version(&self) -> Option<u32> {
        Some(self.playfast_journal).filter(|version| *version != JOURNAL_VERSION)
    }

    /// Whether a text can be a first line that was torn.
    pub(super) fn is_torn(text: &[u8]) -> bool {
        text.starts_with(JOURNAL_MAGIC) || JOURNAL_MAGIC.starts_with(text)
    }
}

impl fmt::Display for JournalHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fields {
            None => write!(formatter, "{} of all fields", self.format)?,
            Some(fields) => write!(formatter, "{} of the fields {}", self.format, fields.join(","))?,
        }
        if self.carried.is_empty() { Ok(()) } else { write!(formatter, " that carry {}", self.carried.join(",")) }
    }
}

/// What became of a query, and where the rows' file ends with it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) key: QueryKey,
    /// With which the query goes on.
    pub(super) state: Option<String>,
    /// Rows of the query so far.
    pub(super) records: usize,
    /// Bytes of the rows' file.
    pub(super) offset: u64,
    /// Of a query that is over.
    pub(super) end: Option<QueryEnd>,
    /// Keys of the page's records: [`crate::types::RecordKey::join`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) record_keys: String,
}

impl Entry {
    pub(super) fn line(&self) -> Vec<u8> {
        line(self)
    }
}

/// An object that is written in one piece.
fn line(object: &impl Serialize) -> Vec<u8> {
    // Texts and numbers always become JSON.
    let mut line = serde_json::to_vec(object).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::FailureKind;

    fn entry(state: Option<&str>, end: Option<QueryEnd>) -> Entry {
        let key = "0123456789abcdef0123456789abcdef".parse().unwrap();
        Entry { key, state: state.map(str::to_owned), records: 7, offset: 99, end, record_keys: String::new() }
    }

    #[test]
    fn lines_are_as_other_versions_know_them() {
        let lines = [
            JournalHeader::new(Format::Csv, Some(vec!["a".to_owned()])).line(),
            JournalHeader::new(Format::Ndjson, None).line(),
            entry(Some("p\n2"), None).line(),
            entry(None, Some(QueryEnd::Answered)).line(),
            entry(None, Some(QueryEnd::Failed(FailureKind::NotFound))).line(),
        ];
        let expected = r#"{"playfast_journal":1,"format":"csv","fields":["a"]}
{"playfast_journal":1,"format":"ndjson","fields":null}
{"key":"0123456789abcdef0123456789abcdef","state":"p\n2","records":7,"offset":99,"end":null}
{"key":"0123456789abcdef0123456789abcdef","state":null,"records":7,"offset":99,"end":"answered"}
{"key":"0123456789abcdef0123456789abcdef","state":null,"records":7,"offset":99,"end":"failed:not-found"}
"#;
        assert_eq!(String::from_utf8(lines.concat()).unwrap(), expected);
        for line in &lines[2..] {
            assert_eq!(serde_json::from_slice::<Entry>(line).unwrap().line(), *line);
        }
        assert!(lines[0].starts_with(JOURNAL_MAGIC));
    }

    #[test]
    fn other_versions_and_other_files_are_no_headers() {
        assert_eq!(JournalHeader::read(br#"{"playfast_journal":2,"rows":"csv"}"#).unwrap().other_version(), Some(2));
        assert!(JournalHeader::read(br#"{"title":"Chess"}"#).is_none());
        assert!(
            JournalHeader::is_torn(b"")
                && JournalHeader::is_torn(b"{\"play")
                && JournalHeader::is_torn(b"{\"playfast_journal\":1,\"for")
        );
        assert!(!JournalHeader::is_torn(b"{\"title\""));
    }
}
