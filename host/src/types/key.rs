//! Keys, which identify queries over several runs.
//!
//! A [`QueryKey`] is a hash of what is asked. Invariant: it depends on nothing else; neither on how far the answer has come nor on the order
//! in which parameters were given. Files keep keys, so the encoding stays as it is: every text goes in behind its length, so that
//! no two queries give the same bytes.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::types::Query;

/// Bytes of a key: too many for two queries to share one by chance, and few enough to keep those of millions.
const KEY_BYTES: usize = 16;

/// What tells one query from another: [`Query::key`]. As text, and for serde, 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryKey(u128);

impl QueryKey {
    pub(super) fn new(query: &Query) -> Self {
        let mut hash = Sha256::new();
        add(&mut hash, query.kind());
        hash.update([u8::from(query.parser().is_some())]);
        query.parser().into_iter().for_each(|parser| add(&mut hash, parser));
        let mut params: Vec<_> = query.params().collect();
        params.sort_unstable();
        for (name, value) in params {
            add(&mut hash, name);
            add(&mut hash, value);
        }
        Self(hash.finalize().iter().take(KEY_BYTES).fold(0, |key, byte| key << 8 | u128::from(*byte)))
    }
}

fn add(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

impl fmt::Display for QueryKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Debug for QueryKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key of a query: that has 32 hexadecimal digits")]
pub struct QueryKeyError(String);

impl FromStr for QueryKey {
    type Err = QueryKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_key = text.len() == 2 * KEY_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let key = u128::from_str_radix(text, 16).ok().filter(|_| is_key);
        key.map(Self).ok_or_else(|| QueryKeyError(text.to_owned()))
    }
}

impl Serialize for QueryKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QueryKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn query(kind: &str, params: &[(&str, &str)]) -> Query {
        Query::new(kind, params.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn what_is_asked_makes_the_key_and_nothing_else() {
        let asked = query("list", &[("country", "us"), ("num", "10")]);
        assert_eq!(asked.key(), query("list", &[("num", "10"), ("country", "us")]).key());
        assert_eq!(asked.key(), asked.with_state("page 2").key());
    }

    #[test]
    fn no_two_queries_share_a_key() {
        let queries = [
            query("list", &[]),
            query("list", &[]).with_parser(""),
            query("list", &[]).with_parser("list"),
            query("", &[("list", "")]),
            query("list", &[("a", "b")]),
            query("list", &[("ab", "")]),
            query("list", &[("", "ab")]),
            query("list", &[("b", "a")]),
            query("list", &[("a", "b"), ("", "")]),
            query("lista", &[("b", "")]),
        ];
        assert_eq!(queries.iter().map(Query::key).collect::<HashSet<_>>().len(), queries.len());
    }

    #[test]
    fn keys_in_files_stay_what_they_are() {
        let key = query("list", &[("country", "us"), ("num", "10")]).key();
        assert_eq!(key.to_string(), "77bdb1c021a03d1810f93136cff58147");
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(serde_json::from_str::<QueryKey>(&serde_json::to_string(&key).unwrap()).unwrap(), key);
        for text in ["", "+0000000000000000000000000000001", "0x000000000000000000000000000001", "00", "é"] {
            assert!(text.parse::<QueryKey>().is_err(), "{text}");
        }
    }
}
