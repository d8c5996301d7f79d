//! Keys of records, which identify them within a query's answer.

use sha2::{Digest as _, Sha256};

use super::Row;

/// Identifies a record within a query's answer: a hash of the fields that the description's `x-key` names. Of a million records two share one
/// with a probability of 3 × 10⁻⁸. Journals keep them, so the encoding stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordKey(u64);

/// Hexadecimal digits of a key.
const DIGITS: usize = 16;

impl RecordKey {
    /// The key of a record by these fields; `None` if there are none, or the record lacks one.
    pub(crate) fn new(record: &Row, fields: &[String]) -> Option<Self> {
        if fields.is_empty() {
            return None;
        }
        let mut hash = Sha256::new();
        for field in fields {
            let text = record.get(field).filter(|value| !value.is_null())?.to_string();
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        Some(Self(hash.finalize().iter().take(size_of::<u64>()).fold(0, |key, byte| key << 8 | u64::from(*byte))))
    }

    /// The number that a checkpoint can store.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Keys as one text.
    pub(crate) fn join(keys: &[Self]) -> String {
        keys.iter().map(|key| format!("{:016x}", key.0)).collect()
    }

    /// The keys in a text that [`Self::join`] returned; `None` if it is something else.
    pub(crate) fn split(text: &str) -> Option<Vec<Self>> {
        let key = |digits: &[u8]| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.len() == DIGITS)?;
            u64::from_str_radix(digits, 16).ok().map(Self)
        };
        text.as_bytes().chunks(DIGITS).map(key).collect()
    }
}

/// The key of a number that [`RecordKey::number`] returned.
impl From<u64> for RecordKey {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(record: &str, fields: &[&str]) -> Option<RecordKey> {
        let fields: Vec<_> = fields.iter().map(|field| (*field).to_owned()).collect();
        RecordKey::new(&serde_json::from_str(record).unwrap(), &fields)
    }

    #[test]
    fn records_that_agree_in_the_fields_share_a_key() {
        let one = key(r#"{"id": "a", "text": "x"}"#, &["id"]);
        assert!(one.is_some());
        assert_eq!(one, key(r#"{"text": "y", "id": "a"}"#, &["id"]));
        assert_ne!(one, key(r#"{"id": "b", "text": "x"}"#, &["id"]));
        assert_ne!(key(r#"{"a": "x", "b": "yz"}"#, &["a", "b"]), key(r#"{"a": "xy", "b": "z"}"#, &["a", "b"]));
    }

    #[test]
    fn a_record_without_a_field_has_no_key() {
        for record in ["{}", r#"{"id": null}"#] {
            assert_eq!(key(record, &["id"]), None);
        }
        assert_eq!(key(r#"{"id": "a"}"#, &[]), None);
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let keys = [key(r#"{"id": "a"}"#, &["id"]).unwrap(), RecordKey(7)];
        assert_eq!(RecordKey::join(&keys), "7a89129190f75b260000000000000007");
        assert_eq!(RecordKey::split(&RecordKey::join(&keys)), Some(keys.to_vec()));
        assert_eq!(RecordKey::split(""), Some(Vec::new()));
        for text in ["00", "000000000000000x", "00000000000000000"] {
            assert_eq!(RecordKey::split(text), None, "{text}");
        }
    }
}
