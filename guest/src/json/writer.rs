//! How is a record written?
//!
//! A growing text of one JSON object; commas are the writer's own business. Invariant: what [`Writer::finish`] returns is valid JSON as
//! long as containers that were opened were closed.

use std::fmt::Write as _;

use super::reader::Reader;
use super::scan::{self, Level};
use super::text::{Piece, pieces, unescape};

/// Writes one JSON object.
#[derive(Debug)]
pub struct Writer {
    json: String,
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
        let mut json = String::with_capacity(4096);
        json.push('{');
        Self { json }
    }

    /// The object as text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.json.push('}');
        self.json
    }

    /// Starts a member: its value comes next.
    pub fn key(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.json.push(':');
        self
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.separate();
        self.json.push('"');
        let mut rest = text;
        while let Some(at) = scan::special(rest.as_bytes()) {
            let (plain, special) = rest.split_at(at);
            self.json.push_str(plain);
            self.escape(special.as_bytes().first().copied().unwrap_or_default());
            rest = special.get(1..).unwrap_or_default();
        }
        self.json.push_str(rest);
        self.json.push('"');
    }

    /// A string that stands elsewhere, without a copy between; `null` where there is none.
    pub fn copy_text(&mut self, value: Option<Reader<'_>>) {
        let Some((raw, level)) = value.and_then(|value| Some((value.raw_text()?, value.level()))) else {
            return self.null();
        };
        match std::str::from_utf8(raw) {
            Ok(text) if !scan::has_control(raw) => self.copy(text, level),
            _ => self.string(&unescape(raw, level)),
        }
    }

    /// What isn't escaped in a string elsewhere needn't be here.
    fn copy(&mut self, escaped: &str, level: Level) {
        self.separate();
        self.json.push('"');
        pieces(escaped, level, |piece| match piece {
            Piece::Plain(plain) => self.json.push_str(plain),
            Piece::Escaped(character @ ('"' | '\\' | '\0'..='\x1f')) => self.escape(character as u8),
            Piece::Escaped(character) => self.json.push(character),
        });
        self.json.push('"');
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' | b'\\' => self.json.extend(['\\', char::from(byte)]),
            b'\n' => self.json.push_str("\\n"),
            // Writing to a string can't fail.
            _ => drop(write!(self.json, "\\u{byte:04x}")),
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
        self.container('[', ']', elements)
    }

    /// An object of the members that `members` writes.
    pub fn object<R>(&mut self, members: impl FnOnce(&mut Self) -> R) -> R {
        self.container('{', '}', members)
    }

    fn container<R>(&mut self, open: char, close: char, inside: impl FnOnce(&mut Self) -> R) -> R {
        self.separate();
        self.json.push(open);
        let result = inside(self);
        self.json.push(close);
        result
    }

    fn raw(&mut self, json: &str) {
        self.separate();
        self.json.push_str(json);
    }

    /// A comma, unless what comes is the first in its container or a member's value.
    fn separate(&mut self) {
        if !matches!(self.json.as_bytes().last(), Some(b'{' | b'[' | b':')) {
            self.json.push(',');
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

    use super::{Level, Reader, Writer};

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
        fn copied_text_is_the_text(text in any::<String>()) {
            let mut writer = Writer::new();
            let json = Value::from(text.clone()).to_string() + ",";
            writer.key("plain").copy_text(Some(Reader::new(json.as_bytes(), 0, Level::Plain)));
            let outer = Value::from(json).to_string();
            let inside = Reader::new(outer.as_bytes(), 0, Level::Plain).inside_string();
            writer.key("inside").copy_text(inside);
            let record: Value = serde_json::from_str(&writer.finish()).unwrap();
            prop_assert_eq!(record["plain"].as_str(), Some(text.as_str()));
            prop_assert_eq!(record["inside"].as_str(), Some(text.as_str()));
        }

        #[test]
        fn any_text_comes_back(key in any::<String>(), text in any::<String>(), number in any::<f64>()) {
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
