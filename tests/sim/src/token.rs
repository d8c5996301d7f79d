//! Tokens of pages: where the next page starts, and a mark that fits one query alone.
//!
//! Invariant: a token is good for the query that it was made for, as often as it is used; for any other query it is unknown.

use std::fmt::Debug;

use crate::dice::Dice;

/// The digits of the offset.
const DIGITS: usize = 8;

/// The token that continues a query after so many rows.
pub(crate) fn issue(seed: u64, query: &impl Debug, skipped: usize) -> String {
    let mut dice = Dice::of(seed, &["token", &format!("{query:?}"), &skipped.to_string()]);
    format!("{skipped:0DIGITS$x}{}", dice.opaque(120))
}

/// How many rows come before the page of a token; nothing if the token belongs to another query.
pub(crate) fn verify(seed: u64, query: &impl Debug, token: &str) -> Option<usize> {
    let skipped = usize::from_str_radix(token.get(..DIGITS)?, 16).ok()?;
    (issue(seed, query, skipped) == token).then_some(skipped)
}

/// A token that names its subject.
pub(crate) fn encode(seed: u64, subject: &str) -> String {
    let digits: String = subject.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits}==:S:{}", Dice::of(seed, &["subject", subject]).opaque(11))
}

/// The subject of a token; nothing if it isn't one of this store's.
pub(crate) fn decode(seed: u64, token: &str) -> Option<String> {
    let (digits, _) = token.split_once("==:S:")?;
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes = digits.as_bytes().chunks(2).map(byte).collect::<Option<Vec<_>>>()?;
    let subject = String::from_utf8(bytes).ok()?;
    (encode(seed, &subject) == token).then_some(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_its_own_query() {
        let token = issue(1, &"query", 3_000);
        assert_eq!(verify(1, &"query", &token), Some(3_000));
        assert_eq!(verify(1, &"other", &token), None);
        assert_eq!(verify(1, &"query", "nonsense"), None);
        assert_eq!(verify(1, &"query", ""), None);
    }

    #[test]
    fn a_token_names_its_subject() {
        let token = encode(1, "similar é");
        assert_eq!(decode(1, &token).as_deref(), Some("similar é"));
        assert_eq!((decode(2, &token), decode(1, "nonsense"), decode(1, "zz==:S:")), (None, None, None));
    }
}
