//! Lines above and below the rows of a view: what all rows share, and what isn't shown.

use serde_json::Value;

use super::facts::{Content, Facts};
use super::line::Lines;
use super::style::Style;
use super::text::{cut, one_line, width};
use super::value::{Cell, counted};
use super::view::View;

/// What separates two facts on a line.
pub(super) const SEPARATOR: &str = " · ";

/// A piece of a line.
pub(super) type Piece = (String, Style);

/// Adds a line such as `country us · language en · 100 rows`: facts as long as they fit, then `last`. Without `last` the first
/// fact is cut if it doesn't fit. Returns the number of facts on the line.
pub(super) fn push_facts(lines: &mut Lines, facts: &[Piece], last: &str, limit: usize) -> usize {
    let last = cut(last, limit);
    let mut left = limit.saturating_sub(if last.is_empty() { 0 } else { width(SEPARATOR) + width(&last) });
    let mut count = 0;
    for (fact, style) in facts {
        let separator = if count == 0 { "" } else { SEPARATOR };
        let needed = width(separator) + width(fact);
        if needed > left {
            break;
        }
        left -= needed;
        lines.push(separator, Style::Dim);
        lines.push(fact, *style);
        count += 1;
    }
    match facts.first() {
        Some((first, style)) if count == 0 && last.is_empty() => {
            lines.push(&cut(first, limit), *style);
            count = 1;
        }
        None if last.is_empty() => return 0,
        _ => {
            lines.push(if count == 0 || last.is_empty() { "" } else { SEPARATOR }, Style::Dim);
            lines.push(&last, Style::Plain);
        }
    }
    lines.end();
    count
}

/// A field with its value.
pub(super) fn fact(name: &str, value: &Value) -> Piece {
    (one_line(&format!("{name} {}", Cell::new(name, Some(value)).text)), Style::Plain)
}

/// Adds a dim line below the rows.
pub(super) fn push_note(lines: &mut Lines, note: &str, view: &View) {
    let hint = view.hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default();
    lines.push(&cut(&format!("{note}{hint}"), view.columns()), Style::Dim);
    lines.end();
}

/// Adds a dim line that says how many fields aren't shown, and how to see them.
pub(super) fn push_hidden<'a>(lines: &mut Lines, facts: &[Facts<'a>], is_shown: impl Fn(&'a str) -> bool, view: &View) {
    // A position that is always 1 tells nothing, and the kind is known to the one who asked.
    let has_retry_after = |name: &str| matches!(name, "kind" | "position");
    let hidden: Vec<_> = facts.iter().filter(|facts| !is_shown(facts.name) && !has_retry_after(facts.name)).collect();
    let nulls = hidden.iter().filter(|facts| facts.content == Content::Missing).count();
    let nulls = if nulls == 0 { String::new() } else { format!(" ({nulls} empty)") };
    if !hidden.is_empty() {
        lines.separate();
        push_note(lines, &format!("+ {}{nulls}", counted(hidden.len(), "more field")), view);
    }
}
