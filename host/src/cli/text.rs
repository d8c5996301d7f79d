//! Text in columns, for a terminal of 80.

use unicode_width::UnicodeWidthStr;

/// The columns that text is broken at.
pub(super) const WIDTH: usize = 80;

/// Breaks words into lines of [`WIDTH`] columns at most, of which those after the first begin with `indent` spaces. The first line begins at
/// the column `start`. A word that is longer stays whole.
pub(super) fn wrap(words: &str, start: usize, indent: usize) -> String {
    let mut text = String::new();
    let mut column = start;
    for (index, word) in words.split_whitespace().enumerate() {
        let width = word.width();
        if index > 0 && column + 1 + width > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text
}

/// Rows of cells in aligned columns, each row after `indent` spaces. A first cell that is wider than `most` moves the others of its row; the
/// last is wrapped below itself.
pub(super) fn align<const N: usize>(rows: &[[String; N]], indent: usize, most: usize) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width().min(most));
        }
    }
    rows.iter().map(|row| align_row(row, &widths, indent)).collect()
}

fn align_row(row: &[String], widths: &[usize], indent: usize) -> String {
    let Some((last, cells)) = row.split_last() else { return String::new() };
    let start = indent + widths.iter().take(cells.len()).map(|width| width + 2).sum::<usize>();
    let mut line = " ".repeat(indent);
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
    }
    let column = line.width();
    line.push_str(&wrap(last, column, start));
    line.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_begin_below_the_first() {
        let text = wrap(&"word ".repeat(20), 20, 20);
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().skip(1).all(|line| line.starts_with(&" ".repeat(20)) && line.len() <= WIDTH), "{text}");
        assert_eq!(wrap("", 0, 4), "");
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [["a", "12", "x"], ["long name", "3", "y"]].map(|row| row.map(str::to_owned));
        assert_eq!(align(&rows, 2, 20), "  a          12  x\n  long name  3   y\n");
        assert_eq!(align(&rows, 0, 4), "a     12  x\nlong name  3   y\n");
    }
}
