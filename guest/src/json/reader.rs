//! What is the next value?
//!
//! One cursor over one text. Protobuf messages written as JSON arrays are read by one rule at every depth: slot *i* is the element at
//! *i*, else member *i + 1* of an object that ends the array (a sparse tail). Invariant: every call leaves the cursor before a value that
//! it hasn't read, or after the whole of one that it has.

use std::borrow::Cow;

use super::scan::{self, Level};
use super::text::unescape;

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

/// Whether a container is read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next element, please.
    Continue,
    /// Nothing more of this container: what is left of it is skipped.
    Done,
}

/// A cursor in a JSON text. Copying it is copying three words: a copy is how a value is kept for later.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    level: Level,
}

impl<'a> Reader<'a> {
    /// A cursor at byte `at` of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8], at: usize, level: Level) -> Self {
        Self { bytes, at, level }
    }

    /// Bytes from the text's start.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// A cursor over the JSON text inside the string that comes next, which is itself not read. `None` where none does.
    #[must_use]
    pub fn inside_string(mut self) -> Option<Self> {
        (self.level == Level::Plain && self.kind() == Ok(Kind::String)).then_some(Self {
            at: self.at + 1,
            level: Level::InString,
            ..self
        })
    }

    /// The rest of a string that was entered by [`Reader::inside_string`]: a cursor after its closing quote.
    ///
    /// # Errors
    /// The text may end before the string does.
    pub fn leave_string(mut self) -> Result<Self, ReadError> {
        self.at = scan::string_end(self.bytes, self.at, Level::Plain)? + 1;
        self.level = Level::Plain;
        Ok(self)
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
            b'\\' if self.level == Level::InString => Kind::String,
            b'-' | b'0'..=b'9' => Kind::Number,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            _ => return Err(self.malformed()),
        })
    }

    /// The next byte that isn't white space.
    fn token(&mut self) -> Result<u8, ReadError> {
        loop {
            match self.bytes.get(self.at) {
                None => return Err(ReadError::Truncated),
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'\\') if self.level == Level::InString => match self.bytes.get(self.at + 1) {
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
            Kind::Array | Kind::Object => self.at = scan::close(self.bytes, self.at + 1, 1, self.level)?,
            Kind::String => {
                self.string()?;
            }
            Kind::Null if self.bytes.get(self.at..self.at + 4) == Some(b"null") => self.at += 4,
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
        let end = scan::string_end(self.bytes, start, self.level)?;
        self.at = end + 1;
        self.bytes.get(start..end + 1 - quote).ok_or(ReadError::Malformed { at: start })
    }

    /// How many bytes the quote that comes next takes.
    fn quote(&self) -> Result<usize, ReadError> {
        match (self.level, self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
            (Level::Plain, Some(b'"'), _) => Ok(1),
            (Level::InString, Some(b'\\'), Some(b'"')) => Ok(2),
            _ => Err(self.malformed()),
        }
    }

    /// A number or a word, up to what ends it.
    fn scalar(&mut self) -> Result<&'a [u8], ReadError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b':' | b' ' | b'\n' | b'\r' | b'\t' | b'\\' | b'"');
        let length = rest.iter().position(ends).ok_or(ReadError::Truncated)?;
        self.at += length;
        rest.get(..length).ok_or(ReadError::Truncated)
    }

    /// Visits the elements of the array that comes next with their slots, then a sparse tail's members in its order, of which each is
    /// visited whatever `visit` says of the one before. What is `null` is absent and not visited; an element that `visit` leaves unread is
    /// skipped; anything but an array has no elements.
    ///
    /// # Errors
    /// What `visit` says, or when the text ends in the array, or it isn't JSON.
    pub fn elements(
        &mut self,
        mut visit: impl FnMut(usize, &mut Self) -> Result<Flow, ReadError>,
    ) -> Result<(), ReadError> {
        if self.kind()? != Kind::Array {
            return self.skip();
        }
        self.at += 1;
        let mut slot = 0;
        loop {
            slot += self.skip_nulls();
            match self.token()? {
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                b',' => self.at += 1,
                b'{' => {
                    self.tail(&mut visit)?;
                    slot += 1;
                }
                b'n' => {
                    self.skip()?;
                    slot += 1;
                }
                _ if self.visited(|reader| visit(slot, reader))? == Flow::Done => {
                    self.at = scan::close(self.bytes, self.at, 1, self.level)?;
                    return Ok(());
                }
                _ => slot += 1,
            }
        }
    }

    /// Skips a run of `null,` and says how many there were.
    fn skip_nulls(&mut self) -> usize {
        const NULL: &[u8] = b"null,";
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.chunks_exact(NULL.len()).take_while(|chunk| *chunk == NULL).count();
        self.at += count * NULL.len();
        count
    }

    /// Visits the members of a sparse tail: member *i + 1* is slot *i*.
    fn tail(&mut self, visit: &mut impl FnMut(usize, &mut Self) -> Result<Flow, ReadError>) -> Result<(), ReadError> {
        self.members(|key, reader| {
            let number = key.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            if let Some(slot) = number.filter(|_| reader.kind() != Ok(Kind::Null)) {
                visit(slot, reader)?;
            }
            Ok(Flow::Continue)
        })
    }

    /// Visits the members of the object that comes next with their keys, as [`Reader::elements`] does those of an array.
    ///
    /// # Errors
    /// As [`Reader::elements`].
    pub fn members(
        &mut self,
        mut visit: impl FnMut(&str, &mut Self) -> Result<Flow, ReadError>,
    ) -> Result<(), ReadError> {
        if self.kind()? != Kind::Object {
            return self.skip();
        }
        self.at += 1;
        while self.more(b'}')? {
            self.token()?;
            let key = self.string().map(|raw| unescape(raw, self.level))?;
            if self.token()? != b':' {
                return Err(self.malformed());
            }
            self.at += 1;
            self.token()?;
            if self.visited(|reader| visit(&key, reader))? == Flow::Done {
                self.at = scan::close(self.bytes, self.at, 1, self.level)?;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Lets `visit` read the value that starts here, and skips it where it didn't.
    fn visited(&mut self, visit: impl FnOnce(&mut Self) -> Result<Flow, ReadError>) -> Result<Flow, ReadError> {
        let before = self.at;
        let flow = visit(self)?;
        if self.at == before {
            self.skip()?;
        }
        Ok(flow)
    }

    /// Whether the container that was entered has another element; stands before it, or after the container.
    fn more(&mut self, close: u8) -> Result<bool, ReadError> {
        match self.token()? {
            byte if byte == close => {
                self.at += 1;
                Ok(false)
            }
            b',' => {
                self.at += 1;
                Ok(true)
            }
            _ => Ok(true),
        }
    }

    /// The value at a path of slots below the one that comes next, which is not moved past. `None`: there is none, or it is `null`.
    ///
    /// # Errors
    /// When the text ends before the value is found, or isn't JSON.
    pub fn get(mut self, path: &[u16]) -> Result<Option<Self>, ReadError> {
        let Some((first, rest)) = path.split_first() else {
            return Ok((self.kind()? != Kind::Null).then_some(self));
        };
        let mut found = None;
        self.elements(|slot, reader| {
            if slot == usize::from(*first) {
                found = reader.get(rest)?;
                return Ok(Flow::Done);
            }
            Ok(Flow::Continue)
        })?;
        Ok(found)
    }

    /// Lets `visit` read the value at a path of slots below the one that comes next, and moves past the whole. Where there is no such
    /// value, or it is `null`, `visit` isn't called.
    ///
    /// # Errors
    /// As [`Reader::elements`].
    pub fn at(
        &mut self,
        path: &[u16],
        visit: &mut dyn FnMut(&mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let Some((first, rest)) = path.split_first() else {
            return if self.kind()? == Kind::Null { self.skip() } else { visit(self) };
        };
        self.elements(|slot, reader| {
            if slot != usize::from(*first) {
                return Ok(Flow::Continue);
            }
            reader.at(rest, visit)?;
            Ok(Flow::Done)
        })
    }

    /// The value of the member `key` of the object that comes next, which is not moved past. `None`: there is none, or it is `null`.
    ///
    /// # Errors
    /// As [`Reader::get`].
    pub fn member(mut self, key: &str) -> Result<Option<Self>, ReadError> {
        let mut found = None;
        self.members(|name, reader| {
            if name == key {
                found = reader.get(&[])?;
                return Ok(Flow::Done);
            }
            Ok(Flow::Continue)
        })?;
        Ok(found)
    }

    /// The text of the string that comes next. `None`: it is no string, or ends nowhere.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.raw_text().map(|raw| unescape(raw, self.level))
    }

    /// Whether a string comes next, which is not decoded to see that.
    #[must_use]
    pub fn is_text(self) -> bool {
        self.raw_text().is_some()
    }

    /// The content of the string that comes next, as it is written.
    pub(super) fn raw_text(mut self) -> Option<&'a [u8]> {
        (self.kind() == Ok(Kind::String)).then(|| self.string().ok()).flatten()
    }

    /// Where the text stands.
    pub(super) const fn level(&self) -> Level {
        self.level
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
            Ok(Kind::Bool) => self.bytes.get(self.at) == Some(&b't'),
            Ok(Kind::Null) | Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"[null, "a\"b", [1, -2.5e3], {"5": [true], "9": [[7]], "x": 1}]"#;

    /// The same text at both levels.
    fn at_both_levels(text: &str, check: impl Fn(Reader<'_>)) {
        check(Reader::new(text.as_bytes(), 0, Level::Plain));
        let outer = serde_json::Value::from(text).to_string();
        check(Reader::new(outer.as_bytes(), 0, Level::Plain).inside_string().unwrap());
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
    fn white_space_of_an_inner_text_may_be_escaped() {
        at_both_levels("[ 1 ,\n\t2 ]", |reader| {
            assert_eq!(reader.get(&[1]).unwrap().unwrap().number(), Some("2"));
        });
    }

    #[test]
    fn a_cut_text_is_truncated_wherever_it_is_cut() {
        for length in 0..MESSAGE.len() {
            let mut reader = Reader::new(&MESSAGE.as_bytes()[..length], 0, Level::Plain);
            assert_eq!(reader.elements(|_, _| Ok(Flow::Continue)), Err(ReadError::Truncated), "{length}");
        }
    }

    #[test]
    fn a_member_is_found_by_its_key() {
        let reader = Reader::new(br#"{"a": {"b": null}, "c\u0064": ["x"]}"#, 0, Level::Plain);
        assert_eq!(reader.member("cd").unwrap().unwrap().get(&[0]).unwrap().unwrap().text().unwrap(), "x");
        assert!(reader.member("a").unwrap().unwrap().member("b").unwrap().is_none());
    }

    #[test]
    fn an_outer_string_is_left_after_its_end() {
        let outer = br#"["[\"a]\\\"\"]", 5]"#;
        let inner = Reader::new(outer, 0, Level::Plain).get(&[0]).unwrap().unwrap().inside_string().unwrap();
        assert_eq!(inner.get(&[0]).unwrap().unwrap().text().unwrap(), "a]\"");
        assert_eq!(inner.leave_string().unwrap().position(), 15);
    }
}
