//! Views of rows for a person at a terminal: a card, a pivot or a table.
//!
//! One row is a card, charts of several countries or categories are a pivot, and anything else is a table. Rows of several kinds are shown kind
//! by kind. Invariant: no line is wider than the window, unless an id is, which is never cut; no line ends with a space; without colour there is
//! no escape sequence.

mod card;
mod facts;
mod footer;
mod grid;
mod histogram;
mod labeled;
mod layout;
mod line;
mod pivot;
mod section;
mod style;
mod table;
mod text;
mod value;
mod view;

pub use view::View;

use crate::types::Row;
use section::Section;

/// The rows as text of whole lines. No rows are an empty text.
///
/// ```
/// use playfast::output::terminal::{View, render};
///
/// let rows = [r#"{"title": "Chess", "score": 4.56}"#, r#"{"title": "Go", "score": 4}"#]
///     .map(|text| serde_json::from_str(text).unwrap());
/// assert_eq!(render(&rows, &View::new(80)), "2 rows\n\ntitle  score\nChess    4.6\nGo       4.0\n");
/// ```
#[must_use]
pub fn render(rows: &[Row], view: &View) -> String {
    if let (Some(fields), None) = (&view.fields, &view.pivot) {
        return table::render_fields(&rows.iter().collect::<Vec<_>>(), fields, view);
    }
    let sections = Section::split(rows);
    let texts = sections.iter().map(|section| render_section(section, view, sections.len() > 1));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

fn render_section(section: &Section<'_>, view: &View, is_one_of_several: bool) -> String {
    if let Some(text) = pivot::render(section, view) {
        return text;
    }
    match (&view.fields, section.rows.as_slice()) {
        (Some(fields), rows) => table::render_fields(rows, fields, view),
        (None, [row]) => card::render(row, view, section.kind.filter(|_| is_one_of_several)),
        (None, _) => table::render(section, view),
    }
}

#[cfg(test)]
mod tests;
