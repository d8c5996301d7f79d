//! Rows as a table for a person.
//!
//! Its columns are those that were asked for; else those with one value a row, the first one and as many as fit: what is the same in every row, lists and long texts are left
//! out.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use crate::Row;

/// Characters of a cell.
const WIDEST: usize = 32;

/// What separates two columns.
const SEPARATOR: usize = 3;

/// The rows as a table of at most `width` characters.
#[must_use]
pub fn table(rows: &[Row], width: usize) -> String {
    of_columns(rows, &columns(rows, width))
}

/// The rows as a table of these columns, however wide it gets.
pub(super) fn of_columns(rows: &[Row], columns: &[String]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns);
    table.add_rows(rows.iter().map(|row| columns.iter().map(|name| cell(row.get(name))).collect::<Vec<_>>()));
    let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// The names of the columns that are worth their place and fit.
fn columns(rows: &[Row], width: usize) -> Vec<String> {
    let mut names: Vec<&String> = Vec::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let any = names.first().copied();
    names.retain(|name| is_telling(rows, name));
    let first = names.first().copied().or(any);
    let mut left = width;
    // A row that wraps is better than none, and the first column tells most.
    let mut fitting: Vec<String> = first.into_iter().cloned().collect();
    left = left.saturating_sub(first.map_or(0, |name| cell_width(rows, name) + SEPARATOR));
    for name in names.into_iter().filter(|name| Some(*name) != first) {
        let needed = cell_width(rows, name) + SEPARATOR;
        if needed <= left {
            left -= needed;
            fitting.push(name.clone());
        }
    }
    fitting
}

/// Whether the column has single values that are not all the same.
fn is_telling(rows: &[Row], name: &str) -> bool {
    let values = || rows.iter().map(|row| row.get(name).unwrap_or(&Value::Null));
    let single = values().all(|value| match value {
        Value::Array(_) | Value::Object(_) => false,
        Value::String(text) => text.chars().count() <= 2 * WIDEST && !text.contains('\n') && !text.contains("://"),
        _ => true,
    });
    let first = values().next();
    let same = first.is_some_and(|first| values().all(|value| value == first));
    single && !(same && (rows.len() > 1 || first == Some(&Value::Null)))
}

fn cell_width(rows: &[Row], name: &str) -> usize {
    rows.iter().map(|row| display_width(&cell(row.get(name)))).chain([display_width(name)]).max().unwrap_or_default()
}

/// Terminals show East Asian characters two cells wide.
fn display_width(text: &str) -> usize {
    text.chars().map(|character| if u32::from(character) >= 0x1100 { 2 } else { 1 }).sum()
}

/// A value as a person reads it. Control characters would move the cursor.
fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let mut short: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(WIDEST).collect();
    if text.chars().nth(WIDEST).is_some() {
        short.pop();
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_narrowest_terminal_shows_a_column() {
        let row = |id: &str| json!({"id": id, "list": [1]}).as_object().unwrap().clone();
        for width in 0..20 {
            let text = table(&[row("com.example.one"), row("com.example.two")], width);
            assert_eq!(
                text.lines().collect::<Vec<_>>(),
                ["id", "com.example.one", "com.example.two"].map(|line| format!(" {line}")),
                "{width}"
            );
            assert_eq!(
                table(&[json!({"list": [1]}).as_object().unwrap().clone()], width).lines().count(),
                2,
                "{width}"
            );
        }
    }

    #[test]
    fn a_person_sees_what_differs_and_fits() {
        let row = |position: u32, title: &str| {
            json!({"country": "us", "position": position, "title": title, "score": 4.5 + f64::from(position), "images": ["x"], "note": null})
                .as_object()
                .unwrap()
                .clone()
        };
        let rows = [row(1, "One"), row(2, "A title that is longer than all the place there is")];
        let wide = table(&rows, 100);
        assert_eq!(wide.lines().count(), 3);
        assert_eq!(wide.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(), ["position", "title", "score"]);
        assert!(wide.contains("A title that is longer than all…"), "{wide}");
        assert!(table(&rows, 30).lines().all(|line| line.chars().count() <= 30));
    }
}
