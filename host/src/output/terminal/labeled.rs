//! Values below one another, each after its name.

use super::facts::is_id;
use super::line::Lines;
use super::style::Style;
use super::text::{cut, width, wrap};

/// Spaces between a name and its value.
const GAP: usize = 2;

/// Lines of one value.
const MAX_VALUE_LINES: usize = 3;

/// A value and its name.
#[derive(Debug)]
pub(super) struct Labeled {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) style: Style,
}

/// Adds the values, aligned behind the longest name, in at most `limit` columns. An id is shown whole.
pub(super) fn push_labeled(lines: &mut Lines, values: &[Labeled], limit: usize) {
    let longest = values.iter().map(|value| width(&value.name)).max().unwrap_or_default();
    let label = longest.min(limit / 2);
    let indent = label + GAP;
    for Labeled { name, text, style } in values {
        lines.push(&cut(name, label), Style::Dim);
        let left = limit.saturating_sub(indent);
        if is_id(name) {
            // An id in part is of no use. If it doesn't fit next to its name, it has a line for itself.
            if width(text) > left {
                lines.end();
            } else {
                lines.pad_to(indent);
            }
            lines.push(text, *style);
            lines.end();
            continue;
        }
        let mut wrapped = wrap(text, left, MAX_VALUE_LINES);
        if left == 0 || wrapped.is_empty() {
            wrapped = vec![String::new()];
        }
        for line in wrapped {
            lines.pad_to(indent);
            lines.push(&line, *style);
            lines.end();
        }
    }
}
