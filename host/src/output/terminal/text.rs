//! Text that is fit for a terminal: cleaned, measured, cut and wrapped by the columns that it takes.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// What follows a text that is cut.
const ELLIPSIS: &str = "…";

/// Characters that a column may hold, with combining ones: what is beyond is not measured.
const CHARS_PER_COLUMN: usize = 8;

/// The columns that a text takes: two for East Asian characters and most emoji, none for combining characters.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The text on one line. White space becomes single spaces; what would move the cursor or reverse the order of the text that follows is dropped:
/// control characters, and bidirectional overrides, embeddings and isolates (UAX #9).
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let before = line.len();
        if before > 0 {
            line.push(' ');
        }
        line.extend(word.chars().filter(|character| is_shown(*character)));
        if line.len() == before + usize::from(before > 0) {
            line.truncate(before);
        }
    }
    line
}

const fn is_shown(character: char) -> bool {
    !matches!(character, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text in at most `limit` columns, with an ellipsis if it is cut.
pub(super) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if width(text) <= limit {
        return Cow::Borrowed(text);
    }
    match limit.checked_sub(1) {
        None => Cow::Borrowed(""),
        Some(limit) => {
            let kept = prefix(text, limit).trim_end_matches(|last: char| last.is_whitespace() || last == '\u{200d}');
            Cow::Owned(format!("{kept}{ELLIPSIS}"))
        }
    }
}

/// The longest start of the text that takes at most `limit` columns.
fn prefix(text: &str, limit: usize) -> &str {
    let ends = text.char_indices().map(|(start, character)| start + character.len_utf8());
    // A start is measured as a whole, since characters join: an emoji of five characters takes two columns, and fewer than its first three.
    let starts = ends.take(CHARS_PER_COLUMN * (limit + 1)).filter_map(|end| text.get(..end));
    starts.take_while(|start| width(start) <= limit + 2).filter(|start| width(start) <= limit).last().unwrap_or("")
}

/// The text in lines of at most `limit` columns, broken at spaces if possible; newlines start paragraphs, and several empty lines are one. Of
/// more than `max_lines` the first are kept, with an ellipsis.
pub(super) fn wrap(text: &str, limit: usize, max_lines: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.trim().lines().map(one_line) {
        if lines.len() > max_lines {
            break;
        }
        if !paragraph.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            wrap_paragraph(&paragraph, limit.max(1), &mut lines);
        }
    }
    if lines.len() > max_lines {
        lines.truncate(max_lines);
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last} {ELLIPSIS}"), limit).replace("……", ELLIPSIS);
        }
    }
    lines
}

fn wrap_paragraph(paragraph: &str, limit: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in paragraph.split(' ') {
        if !line.is_empty() && width(&line) + 1 + width(word) > limit {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        // Of a word that is wider than the line, as a sentence without spaces is in Japanese.
        while width(&line) > limit {
            let start = prefix(&line, limit).len();
            if start == 0 {
                ELLIPSIS.clone_into(&mut line);
                break;
            }
            let rest = line.split_off(start);
            lines.push(std::mem::replace(&mut line, rest));
        }
    }
    lines.push(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_the_cursor_is_dropped() {
        assert_eq!(one_line(" a\r\n\tb\u{1b}[2J\u{9b}c \u{202e}\u{2066} d\u{2028}e\u{7f} "), "a b[2Jc d e");
        assert_eq!(one_line("\u{202e} \u{0}"), "");
        assert_eq!(one_line("日本\u{3000}語"), "日本 語");
    }

    #[test]
    fn a_text_is_cut_by_the_columns_it_takes() {
        assert_eq!(cut("Chess", 5), "Chess");
        assert_eq!(cut("Chess", 4), "Che…");
        assert_eq!(cut("Chess", 0), "");
        assert_eq!(cut("a bcd", 3), "a…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("👨‍👩‍👧‍👦👨‍👩‍👧‍👦x", 4), "👨‍👩‍👧‍👦…");
        let marks = format!("a{}", "\u{301}".repeat(100_000));
        assert!(width(&cut(&format!("{marks}bcdefgh"), 3)) <= 3);
    }

    #[test]
    fn paragraphs_are_wrapped_at_spaces() {
        assert_eq!(wrap("one two three\n\n\n\nfour", 8, 9), ["one two", "three", "", "four"]);
        assert_eq!(wrap("日本語の文章", 4, 9), ["日本", "語の", "文章"]);
        assert_eq!(wrap("one two three", 7, 1), ["one tw…"]);
        assert_eq!(wrap("one\n\ntwo", 7, 2), ["one …"]);
        assert_eq!(wrap("日", 1, 2), ["…"]);
        assert!(wrap("", 5, 5).is_empty());
    }
}
