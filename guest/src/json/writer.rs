//! Writing of records.
//!
//! A growing text of one JSON object; commas are the writer's own business. Invariant: what [`Writer::finish`] returns is valid JSON as
//! long as containers that were opened were closed.

use super::buffer::Buffer;
use super::reader::Reader;
use super::scan::{self, BLOCK, Nesting};
use super::unescape;
use crate::html;

/// Initial capacity of a record, in bytes. Most take less.
const INITIAL_CAPACITY: usize = 8 * 1024;

/// Writes one JSON object.
#[derive(Debug)]
pub struct Writer {
    json: Buffer,
}

/// A member's name as it is written with its colon, to be written many times.
#[derive(Debug)]
pub(super) enum Key {
    /// At the start of a block, and how many bytes of it it is.
    Short([u8; BLOCK], usize),
    Long(String),
}

impl Key {
    /// The key of the member with this name.
    pub(super) fn new(name: &str) -> Self {
        let mut writer = Writer::with_room(name.len());
        writer.key(name);
        let key = writer.finish().trim_matches(['{', '}']).to_owned();
        let mut block = [0; BLOCK];
        match block.get_mut(..key.len()) {
            Some(start) => {
                start.copy_from_slice(key.as_bytes());
                Self::Short(block, key.len())
            }
            None => Self::Long(key),
        }
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// An object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::with_room(INITIAL_CAPACITY)
    }

    fn with_room(bytes: usize) -> Self {
        let mut json = Buffer::with_room(bytes);
        json.push(b'{');
        Self { json }
    }

    /// The object as text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.json.push(b'}');
        self.json.into_text()
    }

    /// Starts a member: its value comes next.
    pub fn key(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.json.push(b':');
        self
    }

    /// As [`Writer::key`].
    pub(super) fn ready_key(&mut self, key: &Key) {
        self.separate();
        match key {
            Key::Short(block, len) => self.json.extend_block(block, *len),
            Key::Long(key) => self.json.extend(key.as_bytes()),
        }
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.separate();
        self.json.push(b'"');
        let mut rest = text.as_bytes();
        loop {
            self.json.copy_plain(&mut rest);
            match rest.split_first() {
                None => break,
                Some((special, after)) if !scan::is_plain(*special) => {
                    self.escape(*special);
                    rest = after;
                }
                Some(_) => {}
            }
        }
        self.json.push(b'"');
    }

    /// A string that stands elsewhere, without a copy between; `null` where there is none.
    pub fn copy_text(&mut self, value: Option<Reader<'_>>) {
        let before = self.json.len();
        let copied = value.and_then(|value| {
            let content = value.content()?;
            self.separate();
            self.json.push(b'"');
            self.copy(content, value.nesting())
        });
        match copied {
            Some(()) => self.json.push(b'"'),
            None => {
                self.json.truncate(before);
                self.null();
            }
        }
    }

    /// An array of strings that stand elsewhere.
    pub(super) fn copy_texts<'a>(&mut self, values: &mut dyn Iterator<Item = Reader<'a>>) {
        self.array(|writer| values.for_each(|value| writer.copy_text(Some(value))));
    }

    /// An array of strings that stand elsewhere, each once.
    pub(super) fn copy_distinct_texts<'a>(&mut self, values: &mut dyn Iterator<Item = Reader<'a>>) {
        self.array(|writer| {
            // Where each string was written; few enough to be compared with one another.
            let mut written: Vec<(usize, usize)> = Vec::new();
            for value in values {
                let before = writer.json.len();
                writer.copy_text(Some(value));
                let start = before + usize::from(!written.is_empty());
                let end = writer.json.len();
                let json = writer.json.since(0);
                let own = json.get(start..end);
                if written.iter().any(|(start, end)| json.get(*start..*end) == own) {
                    writer.json.truncate(before);
                } else {
                    written.push((start, end));
                }
            }
        });
    }

    /// As [`Writer::copy_text`], with HTML's character references decoded, once: text that a site escaped although it isn't HTML.
    pub fn decoded_text(&mut self, value: Option<Reader<'_>>) {
        let before = self.json.len();
        self.copy_text(value);
        // Few texts have any: they are written a second time.
        if memchr::memchr(b'&', self.json.since(before)).is_some()
            && let Some(text) = value.and_then(Reader::text)
        {
            self.json.truncate(before);
            self.string(&html::decode(&text));
        }
    }

    /// Copies what stands before the end of a string that starts with `content`. `None`: it has no end.
    ///
    /// What isn't escaped there needn't be here.
    fn copy(&mut self, mut content: &[u8], nesting: Nesting) -> Option<()> {
        loop {
            self.json.copy_unescaped(&mut content, nesting);
            match (*content.first()?, nesting, content.get(1)) {
                (b'"', Nesting::Plain, _) | (b'\\', Nesting::Escaped, Some(b'"')) => return Some(()),
                (b'"', Nesting::Escaped, _) => return None,
                (b'\\', _, _) => {
                    let (character, length) = unescape::sequence(content, nesting);
                    match character {
                        Some(character @ ('"' | '\\' | '\0'..='\x1f')) => self.escape(character as u8),
                        Some(character) => self.json.extend(character.encode_utf8(&mut [0; 4]).as_bytes()),
                        None => {}
                    }
                    content = content.get(length..)?;
                }
                (control @ 0..=0x1f, _, _) => {
                    self.escape(control);
                    content = content.get(1..)?;
                }
                _ => {}
            }
        }
    }

    fn escape(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or_default();
        self.json.push(b'\\');
        match byte {
            b'"' | b'\\' => self.json.push(byte),
            b'\n' => self.json.push(b'n'),
            _ => {
                [b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)].into_iter().for_each(|byte| self.json.push(byte))
            }
        }
    }

    /// A number as it is written elsewhere; `null` where that isn't a JSON number.
    pub fn number(&mut self, text: &str) {
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && is_json_number(text) => self.raw(text),
            _ => self.null(),
        }
    }

    /// A number; `null` where it is infinite or none.
    pub fn float(&mut self, number: f64) {
        self.number(&number.to_string());
    }

    /// A whole number.
    pub fn integer(&mut self, number: i64) {
        self.raw(&number.to_string());
    }

    /// `true` or `false`.
    pub fn bool(&mut self, truth: bool) {
        self.raw(if truth { "true" } else { "false" });
    }

    /// `null`.
    pub fn null(&mut self) {
        self.raw("null");
    }

    /// An array of what `elements` writes.
    pub fn array<R>(&mut self, elements: impl FnOnce(&mut Self) -> R) -> R {
        self.container(*b"[]", elements)
    }

    /// An object of the members that `members` writes.
    pub fn object<R>(&mut self, members: impl FnOnce(&mut Self) -> R) -> R {
        self.container(*b"{}", members)
    }

    fn container<R>(&mut self, [open, close]: [u8; 2], inside: impl FnOnce(&mut Self) -> R) -> R {
        self.separate();
        self.json.push(open);
        let result = inside(self);
        self.json.push(close);
        result
    }

    fn raw(&mut self, json: &str) {
        self.separate();
        self.json.extend(json.as_bytes());
    }

    /// A comma, unless what comes is the first in its container or a member's value.
    fn separate(&mut self) {
        if !matches!(self.json.last(), Some(b'{' | b'[' | b':')) {
            self.json.push(b',');
        }
    }
}

/// Rust reads `inf`, `.5`, `5.` and `+1` as numbers, JSON does not.
fn is_json_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let leading_zero = matches!(digits, [b'0', b'0'..=b'9', ..]);
    let broken_fraction = text.contains(".e") || text.contains(".E") || text.ends_with('.');
    digits.first().is_some_and(u8::is_ascii_digit) && !leading_zero && !broken_fraction
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Key, Nesting, Reader, Writer};

    #[test]
    fn containers_nest_and_commas_stand_where_they_must() {
        let mut writer = Writer::new();
        writer.key("a").integer(-1);
        writer.key("b").array(|writer| {
            writer.string("x");
            writer.object(|writer| writer.key("c").null());
            writer.array(|_| ());
            writer.bool(true);
        });
        writer.key("d").float(1.99);
        let record: Value = serde_json::from_str(&writer.finish()).unwrap();
        assert_eq!(record, json!({"a": -1, "b": ["x", {"c": null}, [], true], "d": 1.99}));
    }

    proptest! {
        #[test]
        fn copied_text_is_the_text(text in prop_oneof![any::<String>(), r#"[a-z<>"\\é\n\x01]{0,300}"#]) {
            let mut writer = Writer::new();
            let json = Value::from(text.clone()).to_string().replace('<', "\\u003c").replace('>', "\\u003E") + ",";
            writer.key("plain").copy_text(Some(Reader::new(json.as_bytes(), 0, Nesting::Plain)));
            let outer = Value::from(json).to_string();
            let inside = Reader::new(outer.as_bytes(), 0, Nesting::Plain).inside_string();
            writer.key("inside").copy_text(inside);
            let record: Value = serde_json::from_str(&writer.finish()).unwrap();
            prop_assert_eq!(record["plain"].as_str(), Some(text.as_str()));
            prop_assert_eq!(record["inside"].as_str(), Some(text.as_str()));
        }

        #[test]
        fn a_ready_key_is_the_key(name in prop_oneof![any::<String>(), r#"[a-z"{}]{0,100}"#]) {
            let (mut ready, mut plain) = (Writer::new(), Writer::new());
            ready.ready_key(&Key::new(&name));
            plain.key(&name);
            prop_assert_eq!(ready.finish(), plain.finish());
        }

        #[test]
        fn any_text_comes_back(key in any::<String>(), text in prop_oneof![any::<String>(), r#"[a-z"\\é\n\x01]{0,20000}"#], number in any::<f64>()) {
            let mut writer = Writer::new();
            writer.key(&key).string(&text);
            writer.key("number").float(number);
            let record: Value = serde_json::from_str(&writer.finish()).unwrap();
            prop_assert_eq!(record[&key].as_str(), Some(text.as_str()));
        }

        #[test]
        fn what_is_no_number_is_null(text in r"[-+.0-9einfa]{0,6}") {
            let mut writer = Writer::new();
            writer.key("number").number(&text);
            prop_assert!(serde_json::from_str::<Value>(&writer.finish()).is_ok(), "{}", text);
        }
    }
}
