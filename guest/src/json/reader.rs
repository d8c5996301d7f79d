//! Reader of one JSON value after another.
//!
//! One cursor over one text. Invariant: every call leaves the cursor before a value that it hasn't read, or after the whole of one that it
//! has.

use std::borrow::Cow;

use super::scan::{self, Nesting, Text};
use super::unescape::unescape;
use crate::Failure;

mod containers;

pub(super) use containers::SPARSE_TAIL;

/// Why a text can't be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It ends in the middle of a value.
    Truncated,
    /// It isn't JSON at this byte of the text.
    Malformed {
        /// Bytes from the text's start.
        at: usize,
    },
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Truncated => formatter.write_str("the text ends in the middle of a value"),
            Self::Malformed { at } => write!(formatter, "not JSON at byte {at}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Truncated => Self::unavailable(format!("the body is cut short: {error}")),
            ReadError::Malformed { .. } => Self::layout_changed(error.to_string()),
        }
    }
}

/// What kind of value comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `[`
    Array,
    /// `{`
    Object,
    /// `"`
    String,
    /// A digit or a minus sign.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// A cursor in a JSON text. A copy is how a value is kept for later.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    text: Text<'a>,
    at: usize,
}

/// A cursor to come back to, in three words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark<'a> {
    bytes: &'a [u8],
    at: usize,
    nesting: Nesting,
}

impl<'a> Mark<'a> {
    pub(super) const fn reader(self) -> Reader<'a> {
        Reader::new(self.bytes, self.at, self.nesting)
    }
}

impl<'a> Reader<'a> {
    /// A cursor at byte `at` of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8], at: usize, nesting: Nesting) -> Self {
        Self { text: Text::new(bytes, nesting), at }
    }

    /// Bytes from the text's start.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// This place, to come back to.
    pub(super) const fn mark(&self) -> Mark<'a> {
        Mark { bytes: self.text.bytes, at: self.at, nesting: self.text.nesting }
    }

    /// A cursor over the JSON text inside the string that comes next, which is itself not read. `None` where none does.
    #[must_use]
    pub fn inside_string(mut self) -> Option<Self> {
        let enters = self.text.nesting == Nesting::Plain && self.kind() == Ok(Kind::String);
        enters.then(|| Self::new(self.text.bytes, self.at + 1, Nesting::Escaped))
    }

    /// The rest of a string that was entered by [`Reader::inside_string`]: a cursor after its closing quote.
    ///
    /// # Errors
    /// The text may end before the string does.
    pub fn leave_string(self) -> Result<Self, ReadError> {
        let end = scan::string_end(self.text.bytes, self.at, Nesting::Plain)?;
        Ok(Self::new(self.text.bytes, end + 1, Nesting::Plain))
    }

    /// What comes next, after white space.
    ///
    /// # Errors
    /// When no value does.
    pub fn kind(&mut self) -> Result<Kind, ReadError> {
        Ok(match self.token()? {
            b'[' => Kind::Array,
            b'{' => Kind::Object,
            b'"' => Kind::String,
            b'\\' if self.text.nesting == Nesting::Escaped => Kind::String,
            b'-' | b'0'..=b'9' => Kind::Number,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            _ => return Err(self.malformed()),
        })
    }

    /// The next byte that isn't white space.
    #[inline(always)]
    fn token(&mut self) -> Result<u8, ReadError> {
        match self.text.bytes.get(self.at) {
            Some(byte) if *byte > b' ' && *byte != b'\\' => Ok(*byte),
            Some(b'\\') if self.text.bytes.get(self.at + 1) == Some(&b'"') => Ok(b'\\'),
            _ => self.token_after_space(),
        }
    }

    #[inline(never)]
    fn token_after_space(&mut self) -> Result<u8, ReadError> {
        loop {
            match self.text.bytes.get(self.at) {
                None => return Err(ReadError::Truncated),
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'\\') if self.text.nesting == Nesting::Escaped => match self.text.bytes.get(self.at + 1) {
                    None => return Err(ReadError::Truncated),
                    Some(b'n' | b'r' | b't') => self.at += 2,
                    Some(_) => return Ok(b'\\'),
                },
                Some(byte) => return Ok(*byte),
            }
        }
    }

    const fn malformed(&self) -> ReadError {
        ReadError::Malformed { at: self.at }
    }

    /// Skips the next value.
    ///
    /// # Errors
    /// When the text ends in it, or it isn't JSON.
    pub fn skip(&mut self) -> Result<(), ReadError> {
        match self.kind()? {
            Kind::Array | Kind::Object => self.at = self.text.close(self.at + 1)?,
            Kind::String => {
                self.string()?;
            }
            Kind::Null if self.text.bytes.get(self.at..self.at + 4) == Some(b"null") => self.at += 4,
            Kind::Number | Kind::Bool | Kind::Null => {
                self.scalar()?;
            }
        }
        Ok(())
    }

    /// The content of the string that comes next, as it is written.
    fn string(&mut self) -> Result<&'a [u8], ReadError> {
        let quote = self.quote()?;
        let start = self.at + quote;
        let end = scan::string_end(self.text.bytes, start, self.text.nesting)?;
        self.at = end + 1;
        self.text.bytes.get(start..end + 1 - quote).ok_or(ReadError::Malformed { at: start })
    }

    /// How many bytes the quote that comes next takes.
    fn quote(&self) -> Result<usize, ReadError> {
        match (self.text.nesting, self.text.bytes.get(self.at), self.text.bytes.get(self.at + 1)) {
            (Nesting::Plain, Some(b'"'), _) => Ok(1),
            (Nesting::Escaped, Some(b'\\'), Some(b'"')) => Ok(2),
            _ => Err(self.malformed()),
        }
    }

    /// A number or a word, up to what ends it.
    fn scalar(&mut self) -> Result<&'a [u8], ReadError> {
        let rest = self.text.bytes.get(self.at..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b':' | b' ' | b'\n' | b'\r' | b'\t' | b'\\' | b'"');
        let length = rest.iter().position(ends).ok_or(ReadError::Truncated)?;
        self.at += length;
        rest.get(..length).ok_or(ReadError::Truncated)
    }

    /// The text of the string that comes next. `None`: it is no string, or ends nowhere.
    #[must_use]
    pub fn text(mut self) -> Option<Cow<'a, str>> {
        self.token().ok()?;
        self.string().ok().map(|raw| unescape(raw, self.text.nesting))
    }

    /// Whether a string comes next.
    #[must_use]
    pub fn is_text(mut self) -> bool {
        self.kind() == Ok(Kind::String)
    }

    /// The text from the first byte of the content of the string that comes next. `None`: it is no string.
    pub(super) fn content(mut self) -> Option<&'a [u8]> {
        self.token().ok()?;
        self.text.bytes.get(self.at + self.quote().ok()?..)
    }

    /// Where the text stands.
    pub(super) const fn nesting(&self) -> Nesting {
        self.text.nesting
    }

    /// The number that comes next, as it is written. `None`: it is none.
    #[must_use]
    pub fn number(mut self) -> Option<&'a str> {
        let raw = (self.kind() == Ok(Kind::Number)).then(|| self.scalar().ok()).flatten()?;
        std::str::from_utf8(raw).ok()
    }

    /// Whether what comes next counts as true in JavaScript: no `null`, `false`, `0` or empty string.
    #[must_use]
    pub fn truthy(mut self) -> bool {
        match self.kind() {
            Ok(Kind::Array | Kind::Object) => true,
            Ok(Kind::String) => self.text().is_some_and(|text| !text.is_empty()),
            Ok(Kind::Number) => {
                self.number().and_then(|text| text.parse::<f64>().ok()).is_some_and(|number| number != 0.0)
            }
            Ok(Kind::Bool) => self.text.bytes.get(self.at) == Some(&b't'),
            Ok(Kind::Null) | Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    const MESSAGE: &str = r#"[null, "a\"b", [1, -2.5e3], {"5": [true], "9": [[7]], "x": 1}]"#;

    /// The same text at both levels.
    fn at_both_levels(text: &str, check: impl Fn(Reader<'_>)) {
        check(Reader::new(text.as_bytes(), 0, Nesting::Plain));
        let outer = serde_json::Value::from(text).to_string();
        check(Reader::new(outer.as_bytes(), 0, Nesting::Plain).inside_string().unwrap());
    }

    #[test]
    fn a_slot_is_an_element_or_a_member_of_the_tail() {
        at_both_levels(MESSAGE, |reader| {
            assert_eq!(reader.get(&[1]).unwrap().unwrap().text().unwrap(), "a\"b");
            assert_eq!(reader.get(&[2, 1]).unwrap().unwrap().number(), Some("-2.5e3"));
            assert!(reader.get(&[4, 0]).unwrap().unwrap().truthy());
            assert_eq!(reader.get(&[8, 0, 0]).unwrap().unwrap().number(), Some("7"));
            for absent in [&[0][..], &[3], &[5], &[2, 2], &[1, 0]] {
                assert!(reader.get(absent).unwrap().is_none(), "{absent:?}");
            }
        });
    }

    #[test]
    fn a_tail_is_the_last_element_alone_and_fills_what_is_null() {
        at_both_levels(r#"[null, {"1": "no"}, "b", {"1": "a", "3": "no"}]"#, |reader| {
            assert_eq!(reader.get(&[0]).unwrap().unwrap().text().unwrap(), "a");
            assert_eq!(reader.get(&[1]).unwrap().unwrap().member("1").unwrap().unwrap().text().unwrap(), "no");
            assert_eq!(reader.get(&[2]).unwrap().unwrap().text().unwrap(), "b");
            assert!(reader.get(&[1, 0]).unwrap().is_none());
        });
    }

    #[test]
    fn items_are_all_elements_whatever_they_are() {
        at_both_levels(r#"[[null, {"1": "a"}, "b", {"1": "c"}], [], 5]"#, |mut outer| {
            let mut seen = Vec::new();
            outer
                .items(|inner| {
                    let mut items = Vec::new();
                    inner.items(|item| {
                        items.push(item.kind()?);
                        Ok(ControlFlow::Continue(()))
                    })?;
                    seen.push(items);
                    Ok(ControlFlow::Continue(()))
                })
                .unwrap();
            assert_eq!(seen, [vec![Kind::Null, Kind::Object, Kind::String, Kind::Object], vec![], vec![]]);
        });
        let mut reader = Reader::new(b"[[1, 2], 3] 4", 0, Nesting::Plain);
        reader.items(|_| Ok(ControlFlow::Break(()))).unwrap();
        assert_eq!(reader.position(), 11);
    }

    #[test]
    fn white_space_of_an_inner_text_may_be_escaped() {
        at_both_levels("[ 1 ,\n\t2 ]", |reader| {
            assert_eq!(reader.get(&[1]).unwrap().unwrap().number(), Some("2"));
        });
    }

    #[test]
    fn a_cut_text_is_truncated_wherever_it_is_cut() {
        for length in 0..MESSAGE.len() {
            let mut reader = Reader::new(&MESSAGE.as_bytes()[..length], 0, Nesting::Plain);
            assert_eq!(reader.elements(|_, _| Ok(ControlFlow::Continue(()))), Err(ReadError::Truncated), "{length}");
            let mut reader = Reader::new(&MESSAGE.as_bytes()[..length], 0, Nesting::Plain);
            assert_eq!(reader.items(|_| Ok(ControlFlow::Continue(()))), Err(ReadError::Truncated), "{length}");
        }
    }

    #[test]
    fn a_member_is_found_by_its_key() {
        let reader = Reader::new(br#"{"a": {"b": null}, "c\u0064": ["x"]}"#, 0, Nesting::Plain);
        assert_eq!(reader.member("cd").unwrap().unwrap().get(&[0]).unwrap().unwrap().text().unwrap(), "x");
        assert!(reader.member("a").unwrap().unwrap().member("b").unwrap().is_none());
    }

    #[test]
    fn an_outer_string_is_left_after_its_end() {
        let outer = br#"["[\"a]\\\"\"]", 5]"#;
        let inner = Reader::new(outer, 0, Nesting::Plain).get(&[0]).unwrap().unwrap().inside_string().unwrap();
        assert_eq!(inner.get(&[0]).unwrap().unwrap().text().unwrap(), "a]\"");
        assert_eq!(inner.leave_string().unwrap().position(), 15);
    }
}
