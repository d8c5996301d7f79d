//! HTML as plain text.

use std::borrow::Cow;

/// The fragment's text: `<br>` becomes a new line, other tags vanish, entities are decoded.
#[must_use]
pub fn text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag, after)) = next_tag(rest) {
        text.push_str(before);
        if is_line_break(tag) {
            text.push('\n');
        }
        rest = after;
    }
    text.push_str(rest);
    match decode(&text) {
        Cow::Owned(decoded) => decoded,
        Cow::Borrowed(_) => text,
    }
}

/// The text with its character references (`&amp;`, `&#39;`) decoded, once.
#[must_use]
pub fn decode(text: &str) -> Cow<'_, str> {
    html_escape::decode_html_entities(text)
}

/// What stands before the first tag, the inside of the tag, and what stands after it. A `<` that no tag follows is text.
fn next_tag(html: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + html.get(from..)?.find('<')?;
        let inside = html.get(open + 1..)?;
        if inside.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '!')) {
            let close = inside.find('>')?;
            return Some((html.get(..open)?, inside.get(..close)?, inside.get(close + 1..)?));
        }
        from = open + 1;
    }
}

fn is_line_break(tag: &str) -> bool {
    let name = tag.split([' ', '\t', '\n']).next().unwrap_or_default();
    let name = name.strip_suffix('/').unwrap_or(name);
    name.eq_ignore_ascii_case("br")
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn tags_go_and_entities_are_characters() {
        let cases = [
            ("a<br>b<BR/>c<br />d", "a\nb\nc\nd"),
            ("<p>x</p><b class=\"y\">z</b>", "xz"),
            ("Tom &amp; Jerry&#39;s &quot;1 &lt; 2&quot; &eacute;&#x1F600;", "Tom & Jerry's \"1 < 2\" é😀"),
            ("&amp;lt;br&amp;gt;", "&lt;br&gt;"),
            ("1 < 2 <3 a<b", "1 < 2 <3 a<b"),
            ("AT&T & co", "AT&T & co"),
            ("", ""),
        ];
        for (html, expected) in cases {
            assert_eq!(text(html), expected, "{html}");
        }
    }
}
