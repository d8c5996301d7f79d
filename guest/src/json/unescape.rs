//! Unescaping of strings.
//!
//! Scripts are read as well as JSON, so JavaScript's own escapes (`\x3d`, `\'`) count too. Whatever isn't valid becomes U+FFFD, never an
//! error: a broken character is no reason to lose a record.

use std::borrow::Cow;

use super::scan::Nesting;

/// The text that `raw`, the content of a JSON or JavaScript string, stands for; of a string inside a string in one pass too.
pub(super) fn unescape(raw: &[u8], nesting: Nesting) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    let (mut text, mut rest) = (Vec::with_capacity(raw.len()), raw);
    while let Some((plain, from)) = memchr::memchr(b'\\', rest).and_then(|at| rest.split_at_checked(at)) {
        text.extend_from_slice(plain);
        let (character, length) = sequence(from, nesting);
        if let Some(character) = character {
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        rest = from.get(length..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    Cow::Owned(into_text(text))
}

/// The bytes as text, with U+FFFD for what is no UTF-8.
#[expect(unsafe_code, reason = "std would check again, which takes a twentieth of a chart's time in the sandbox")]
pub(super) fn into_text(bytes: Vec<u8>) -> String {
    match simdutf8::basic::from_utf8(&bytes) {
        // SAFETY: they were just found to be UTF-8.
        Ok(_) => unsafe { String::from_utf8_unchecked(bytes) },
        Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// The character of an escape `\u00XX` that starts here, and how many bytes it takes, where it is one of ASCII that can stand in a JSON
/// string as it is. The site writes `<`, `>`, `=` and `&` so, which makes them the most frequent escapes by far.
#[inline]
pub(super) fn plain_escape(bytes: &[u8], nesting: Nesting) -> Option<(u8, usize)> {
    let (high, low, length) = match (nesting, bytes) {
        (Nesting::Escaped, [_, b'\\', b'u', b'0', b'0', high, low, ..]) => (high, low, 7),
        (Nesting::Plain, [_, b'u', b'0', b'0', high, low, ..]) => (high, low, 6),
        _ => return None,
    };
    let byte = digit(*high)? << 4 | digit(*low)?;
    (matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\').then_some((byte, length))
}

#[inline]
const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The character of the escape that starts here with its backslash, and how many bytes it takes.
pub(super) fn sequence(bytes: &[u8], nesting: Nesting) -> (Option<char>, usize) {
    match (nesting, bytes) {
        // The inner text's backslash is escaped itself, and so may be what stands after it.
        (Nesting::Escaped, [_, b'\\', b'\\', escaped, ..]) => (character(&[*escaped], nesting).0, 4),
        (Nesting::Escaped, [_, b'\\', escape @ ..]) => after(2, character(escape, nesting)),
        (_, [_, escape @ ..]) => after(1, character(escape, Nesting::Plain)),
        (_, []) => (None, 0),
    }
}

const fn after(backslashes: usize, (character, length): (Option<char>, usize)) -> (Option<char>, usize) {
    (character, backslashes + length)
}

/// The character of the escape whose backslash stands before `escape`, and how many bytes of `escape` it takes.
fn character(escape: &[u8], nesting: Nesting) -> (Option<char>, usize) {
    match escape {
        [b'u', ..] => unicode(escape, nesting),
        [b'x', ..] => match hex(escape, 1, 2) {
            Some(code) => (char::from_u32(code), 3),
            None => (Some(char::REPLACEMENT_CHARACTER), 1),
        },
        [b'n', ..] => (Some('\n'), 1),
        [b't', ..] => (Some('\t'), 1),
        [b'r', ..] => (Some('\r'), 1),
        [b'b', ..] => (Some('\u{8}'), 1),
        [b'f', ..] => (Some('\u{c}'), 1),
        [byte, ..] if byte.is_ascii() => (Some(char::from(*byte)), 1),
        _ => (None, 0),
    }
}

/// `uXXXX`, or two of them for a character beyond the basic plane.
fn unicode(escape: &[u8], nesting: Nesting) -> (Option<char>, usize) {
    let Some(code) = hex(escape, 1, 4) else {
        return (Some(char::REPLACEMENT_CHARACTER), 1);
    };
    if let Some(character) = char::from_u32(code) {
        return (Some(character), 5);
    }
    let between: &[u8] = if nesting == Nesting::Escaped { br"\\u" } else { br"\u" };
    let digits = 5 + between.len();
    let low = escape.get(5..digits).filter(|start| *start == between).and_then(|_| hex(escape, digits, 4));
    match low.filter(|low| code < 0xDC00 && (0xDC00..0xE000).contains(low)) {
        Some(low) => (char::from_u32(0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00)), digits + 4),
        None => (Some(char::REPLACEMENT_CHARACTER), 5),
    }
}

fn hex(bytes: &[u8], at: usize, digits: usize) -> Option<u32> {
    bytes.get(at..at + digits)?.iter().try_fold(0, |code, byte| Some(code * 16 + u32::from(digit(*byte)?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Nesting, unescape};

    proptest! {
        #[test]
        fn json_strings_are_read_as_they_were_written(text in any::<String>()) {
            let json = serde_json::Value::from(text.clone()).to_string();
            prop_assert_eq!(unescape(&json.as_bytes()[1..json.len() - 1], Nesting::Plain), text.as_str());
            let outer = serde_json::Value::from(json).to_string();
            prop_assert_eq!(unescape(&outer.as_bytes()[3..outer.len() - 3], Nesting::Escaped), text.as_str());
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in any::<Vec<u8>>()) {
            unescape(&bytes, Nesting::Plain);
            unescape(&bytes, Nesting::Escaped);
        }
    }

    proptest! {
        #[test]
        fn escaped_texts_are_read_as_they_were_written(text in r#"[\\\\"/\n\té😀u0-9a]{0,20}"#) {
            let ascii: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            for json in [ascii.clone(), serde_json::Value::from(text.clone()).to_string().trim_matches('"').to_owned()] {
                if json.starts_with('"') || json.ends_with('"') || text.starts_with('"') || text.ends_with('"') { continue; }
                prop_assert_eq!(unescape(json.as_bytes(), Nesting::Plain), text.as_str());
                let outer = serde_json::Value::from(json).to_string();
                prop_assert_eq!(unescape(&outer.as_bytes()[1..outer.len() - 1], Nesting::Escaped), text.as_str());
            }
        }
    }

    #[test]
    fn escapes_of_javascript_and_broken_ones() {
        let cases: [(&[u8], &str); 8] = [
            (br"a\x3db\'c", "a=b'c"),
            (br"\u00e9\u003c", "é<"),
            (br"\ud83d\ude00", "😀"),
            (br"\ud83d!", "\u{fffd}!"),
            (br"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (br"\u12", "\u{fffd}12"),
            (br"end\", "end"),
            (b"\xff", "\u{fffd}"),
        ];
        for (raw, text) in cases {
            assert_eq!(unescape(raw, Nesting::Plain), text);
        }
    }
}
