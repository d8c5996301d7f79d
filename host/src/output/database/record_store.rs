//! Records of a database, each stored once, without its noisy fields and its long values.
//!
//! A record is identified by a hash of what is stored of it. The rows have the noisy fields, and a table of their own the long values, so that
//! an app whose score changes daily and whose description changes yearly takes a row a day and a description a year.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::parser::Kind;
use crate::types::{RecordKey, Row};

/// Bytes of a value's text above which it is stored apart: most titles are shorter, most descriptions longer.
const MAX_INLINE_BYTES: usize = 256;

/// Bytes of a hash: too many for two of a billion records to share one by chance.
const HASH_BYTES: usize = 16;

/// A row, taken apart.
#[derive(Debug, PartialEq)]
pub(super) struct Parts {
    /// Fields of the record that aren't noisy, as JSON, without the long values.
    fields: String,
    /// Long values, by field.
    texts: Vec<LongValue>,
    /// Noisy fields as JSON; `None` if there are none.
    pub(super) noisy: Option<String>,
    key: Option<RecordKey>,
    /// Seconds since 1970.
    pub(super) fetched_at: Option<i64>,
}

#[derive(Debug, PartialEq)]
struct LongValue {
    field: String,
    text: String,
    is_json: bool,
}

impl Parts {
    /// Takes a row apart. `params` are the query's parameters as rows have them.
    pub(super) fn new(row: Row, kind: Option<&Kind>, params: &Map<String, Value>) -> Self {
        let (key, noisy) = kind.map_or((&[][..], &[][..]), |kind| (kind.key(), kind.noisy()));
        let record_key = RecordKey::new(&row, key);
        let is_field = |name: &str| kind.is_some_and(|kind| kind.fields().any(|field| field == name));
        let (mut steady, mut noisy_fields, mut texts, mut fetched_at) = (Map::new(), Map::new(), Vec::new(), None);
        for (name, value) in row {
            match name.as_str() {
                "kind" | "position" | "_source" if !is_field(&name) => {}
                "fetched_at" if !is_field(&name) => {
                    fetched_at = value.as_str().and_then(|text| humantime::parse_rfc3339(text).ok()).map(seconds);
                }
                // A parameter, which the query has already. What identifies the record is part of it all the same.
                _ if params.get(&name) == Some(&value) && !key.contains(&name) => {}
                _ if noisy.contains(&name) => drop(noisy_fields.insert(name, value)),
                _ => match long_text(&value) {
                    Some((text, is_json)) => texts.push(LongValue { field: name, text, is_json }),
                    None => drop(steady.insert(name, value)),
                },
            }
        }
        let noisy = (!noisy_fields.is_empty()).then(|| Value::from(noisy_fields).to_string());
        Self { fields: Value::from(steady).to_string(), texts, noisy, key: record_key, fetched_at }
    }

    fn hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add(&self.fields);
        for LongValue { field, text, .. } in &self.texts {
            add(field);
            add(text);
        }
        let key = self.key.map_or(0, RecordKey::number);
        add(&format!("{key:016x}"));
        hash.finalize().iter().take(HASH_BYTES).copied().collect()
    }

    /// Stores the record if it isn't there, and returns its number.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(super) fn store(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let hash = self.hash();
        let mut find = connection.prepare_cached("SELECT id FROM record WHERE hash = ?1")?;
        if let Some(id) = find.query_row([&hash], |row| row.get(0)).optional()? {
            return Ok(id);
        }
        let key = self.key.map(|key| key.number().cast_signed());
        let mut insert = connection.prepare_cached("INSERT INTO record (hash, key, fields) VALUES (?1, ?2, ?3)")?;
        let id = insert.insert(params![hash, key, self.fields])?;
        for LongValue { field, text, is_json } in &self.texts {
            let text = store_text(connection, text)?;
            let mut insert = connection
                .prepare_cached("INSERT INTO record_text (record, field, text, is_json) VALUES (?1, ?2, ?3, ?4)")?;
            insert.execute(params![id, field, text, is_json])?;
        }
        Ok(id)
    }
}

/// Stores a long value's text if it isn't there, and returns its number.
fn store_text(connection: &Connection, text: &str) -> rusqlite::Result<i64> {
    let hash: Vec<u8> = Sha256::digest(text).iter().take(HASH_BYTES).copied().collect();
    let mut find = connection.prepare_cached("SELECT id FROM text WHERE hash = ?1")?;
    if let Some(id) = find.query_row([&hash], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    connection.prepare_cached("INSERT INTO text (hash, text) VALUES (?1, ?2)")?.insert(params![hash, text])
}

/// The text of a value that is stored apart, and whether that is JSON.
fn long_text(value: &Value) -> Option<(String, bool)> {
    let (text, is_json) = match value {
        Value::String(text) if text.len() > MAX_INLINE_BYTES => (text.clone(), false),
        Value::Array(_) | Value::Object(_) => (value.to_string(), true),
        _ => return None,
    };
    (text.len() > MAX_INLINE_BYTES).then_some((text, is_json))
}

fn seconds(time: std::time::SystemTime) -> i64 {
    let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::database::tests_support::{kind, memory};

    fn parts(row: Value) -> Parts {
        let Value::Object(row) = row else { unreachable!() };
        let Value::Object(params) = json!({"country": "us"}) else { unreachable!() };
        Parts::new(row.into(), Some(&kind()), &params)
    }

    #[test]
    fn a_record_that_changes_in_noisy_fields_only_is_stored_once() {
        let connection = memory();
        let store = |score: f64, title: &str, position: u64| {
            let row = json!({"kind": "list", "country": "us", "position": position, "app_id": "a.b", "title": title,
                "score": score, "fetched_at": "2026-11-27T00:00:00Z"});
            parts(row).store(&connection).unwrap()
        };
        let first = store(4.5, "Chess", 1);
        assert_eq!(store(4.6, "Chess", 2), first);
        assert_ne!(store(4.5, "Chess 2", 1), first);
    }

    #[test]
    fn long_values_are_stored_once() {
        let connection = memory();
        let long = "x".repeat(MAX_INLINE_BYTES + 1);
        for title in ["a", "b", "c"] {
            let row =
                json!({"app_id": "a.b", "title": title, "description": long, "screenshots": vec![long.as_str(); 2]});
            parts(row).store(&connection).unwrap();
        }
        let count = |table: &str| -> i64 {
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("record"), count("record_text"), count("text")), (3, 6, 2));
    }

    #[test]
    fn parameters_are_left_to_the_query_unless_they_identify_the_record() {
        let parts = parts(json!({"kind": "list", "country": "us", "position": 3, "app_id": "a.b", "score": 4.5}));
        assert_eq!(parts.fields, r#"{"app_id":"a.b"}"#);
        assert_eq!(parts.noisy.as_deref(), Some(r#"{"score":4.5}"#));
        assert!(parts.key.is_some());
    }
}
