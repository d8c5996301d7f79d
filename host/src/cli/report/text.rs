//! Text in columns, for a terminal of 80.

use unicode_width::UnicodeWidthStr;

/// The columns that text is broken at.
pub(in crate::cli) const WIDTH: usize = 80;

/// The spaces between columns.
const GAP: usize = 2;

/// Breaks words into lines of [`WIDTH`] columns at most, of which those after the first begin with `indent` spaces. The first line begins at
/// the column `start`. A word that is longer stays whole.
pub(in crate::cli) fn wrap(words: &str, start: usize, indent: usize) -> String {
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

/// A text on one line, without control characters.
#[cfg(feature = "db")]
pub(in crate::cli) fn on_one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The first characters of a text, with an ellipsis if that isn't all of it.
#[cfg(feature = "db")]
pub(in crate::cli) fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

/// Rows of cells in aligned columns, each row on a line after `indent` spaces.
pub(in crate::cli) fn align<const N: usize>(rows: &[[String; N]], indent: usize) -> String {
    let widths = widths(rows, usize::MAX);
    let line = |row: &[String; N]| row.split_last().map(|(last, cells)| before(cells, &widths, indent) + last);
    rows.iter().filter_map(line).map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Rows of cells in aligned columns, each row after `indent` spaces, with the last cell wrapped below itself. A cell that is wider than `most`
/// moves the others of its row.
pub(in crate::cli) fn align_wrapped<const N: usize>(rows: &[[String; N]], indent: usize, most: usize) -> String {
    let widths = widths(rows, most);
    let start = indent + widths.iter().take(N.saturating_sub(1)).map(|width| width + GAP).sum::<usize>();
    let line = |row: &[String; N]| {
        let (last, cells) = row.split_last()?;
        let before = before(cells, &widths, indent);
        let column = before.width();
        Some(before + &wrap(last, column, start))
    };
    rows.iter().filter_map(line).map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn widths<const N: usize>(rows: &[[String; N]], most: usize) -> [usize; N] {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().min(most).max(*width);
        }
    }
    widths
}

/// What stands before the last cell of a row.
fn before(cells: &[String], widths: &[usize], indent: usize) -> String {
    let mut line = " ".repeat(indent);
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + GAP));
    }
    line
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
        assert_eq!(align(&rows, 2), "  a          12  x\n  long name  3   y\n");
        assert_eq!(align_wrapped(&rows, 0, 4), "a     12  x\nlong name  3   y\n");
    }
}
