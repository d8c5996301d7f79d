//! Lines of text, put together piece by piece.

use super::style::Style;
use super::text::width;

/// Lines that grow at their end. Spaces are written only once something follows them, so that no line ends with one.
#[derive(Debug)]
pub(super) struct Lines {
    text: String,
    is_colored: bool,
    /// Columns of the open line that are filled, `spaces` among them.
    column: usize,
    /// Spaces that aren't written yet.
    spaces: usize,
    /// Whether an empty line comes before the next text.
    is_separated: bool,
}

impl Lines {
    pub(super) const fn new(is_colored: bool) -> Self {
        Self { text: String::new(), is_colored, column: 0, spaces: 0, is_separated: false }
    }

    /// Adds text to the open line.
    pub(super) fn push(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        if std::mem::take(&mut self.is_separated) {
            self.text.push('\n');
        }
        self.text.extend(std::iter::repeat_n(' ', std::mem::take(&mut self.spaces)));
        self.column += width(text);
        match style.sequence().filter(|_| self.is_colored) {
            Some(sequence) => self.text.extend([sequence, text, "\x1b[0m"]),
            None => self.text.push_str(text),
        }
    }

    /// Adds spaces to the open line.
    pub(super) const fn skip(&mut self, columns: usize) {
        self.spaces += columns;
        self.column += columns;
    }

    /// Fills the open line with spaces up to a column.
    pub(super) const fn pad_to(&mut self, column: usize) {
        self.skip(column.saturating_sub(self.column));
    }

    /// Ends the open line.
    pub(super) fn end(&mut self) {
        self.text.push('\n');
        (self.column, self.spaces) = (0, 0);
    }

    /// Adds an empty line before the text that follows, if there is text on both sides.
    pub(super) const fn separate(&mut self) {
        self.is_separated = !self.text.is_empty();
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}
