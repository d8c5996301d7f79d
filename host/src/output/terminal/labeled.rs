//! Values below one another, each after its name.

use super::facts::is_id;
use super::line::Lines;
use super::style::Style;
use super::text::{cut, one_line, width, wrap};
use super::value::Cell;

/// Spaces between a name and its value.
const GAP: usize = 2;

/// Columns of the window below which a value has lines for itself.
const LEAST_VALUE_COLUMNS: usize = 4;

/// Lines of one value.
const MAX_VALUE_LINES: usize = 3;

/// A value and its name.
#[derive(Debug)]
pub(super) struct Labeled {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) style: Style,
}

impl Labeled {
    pub(super) fn new(name: &str, text: String, style: Style) -> Self {
        let text = if text.trim().is_empty() { Cell::missing().text } else { text };
        Self { name: one_line(name), text, style }
    }

    fn push(&self, lines: &mut Lines, label: usize, limit: usize) {
        let indent = label + GAP;
        let left = limit.saturating_sub(indent);
        let is_id = is_id(&self.name);
        let is_below = left < LEAST_VALUE_COLUMNS || (is_id && width(&self.text) > left);
        let (start, room) = if is_below { (0, limit) } else { (indent, left) };
        lines.push(&cut(&self.name, if is_below { limit } else { label }), Style::Dim);
        if is_below && !self.name.is_empty() {
            lines.end();
        }
        // An id in part is of no use.
        let texts = if is_id { vec![self.text.clone()] } else { wrap(&self.text, room, MAX_VALUE_LINES) };
        for text in texts {
            lines.pad_to(start);
            lines.push(&text, self.style);
            lines.end();
        }
    }
}

/// Adds the values, aligned behind the longest name, in at most `limit` columns. An id is shown whole, if need be on a line for itself.
pub(super) fn push_labeled(lines: &mut Lines, values: &[Labeled], limit: usize) {
    let longest = values.iter().map(|value| width(&value.name)).max().unwrap_or_default();
    for value in values {
        value.push(lines, longest.min(limit / 2), limit);
    }
}
