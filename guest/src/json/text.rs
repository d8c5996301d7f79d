//! What does an escaped string say?
//!
//! Scripts are read as well as JSON, so JavaScript's own escapes (`\x3d`, `\'`) count too. Whatever isn't valid becomes U+FFFD, never an
//! error: a broken character is no reason to lose a record.

use std::borrow::Cow;

/// The text that `raw`, the content of a JSON or JavaScript string, stands for.
pub(super) fn unescape(raw: &[u8]) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw) else {
        return String::from_utf8_lossy(raw);
    };
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    let mut next = Some(first);
    while let Some((plain, [_, escape @ ..])) = next.and_then(|at| rest.split_at_checked(at)) {
        text.push_str(&String::from_utf8_lossy(plain));
        let (character, length) = character(escape);
        text.extend(character);
        rest = escape.get(length..).unwrap_or_default();
        next = memchr::memchr(b'\\', rest);
    }
    text.push_str(&String::from_utf8_lossy(rest));
    Cow::Owned(text)
}

/// The character of the escape whose backslash stands before `escape`, and how many bytes of `escape` it takes.
fn character(escape: &[u8]) -> (Option<char>, usize) {
    match escape {
        [b'u', ..] => unicode(escape),
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

fn unicode(escape: &[u8]) -> (Option<char>, usize) {
    let Some(code) = hex(escape, 1, 4) else {
        return (Some(char::REPLACEMENT_CHARACTER), 1);
    };
    if let Some(character) = char::from_u32(code) {
        return (Some(character), 5);
    }
    let low = escape.get(5..7).filter(|start| *start == br"\u").and_then(|_| hex(escape, 7, 4));
    match low.filter(|low| code < 0xDC00 && (0xDC00..0xE000).contains(low)) {
        Some(low) => (char::from_u32(0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00)), 11),
        None => (Some(char::REPLACEMENT_CHARACTER), 5),
    }
}

fn hex(bytes: &[u8], at: usize, digits: usize) -> Option<u32> {
    bytes.get(at..at + digits)?.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::unescape;

    proptest! {
        #[test]
        fn json_strings_are_read_as_they_were_written(text in any::<String>()) {
            let json = serde_json::Value::from(text.clone()).to_string();
            prop_assert_eq!(unescape(&json.as_bytes()[1..json.len() - 1]), text);
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in any::<Vec<u8>>()) {
            unescape(&bytes);
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
            assert_eq!(unescape(raw), text);
        }
    }
}
