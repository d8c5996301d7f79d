//! History as a page of its own: plots of numbers, and a table of changes. It needs no script, and asks for nothing.

use std::fmt::Write;

use super::plot::{LINE_COLORS, plot};
use super::text::number;
use super::{plain, series_name};
use crate::output::changes::Change;
use crate::output::database::{History, Series};

/// Changes that the page lists, the newest first.
const MAX_CHANGES: usize = 1000;

const STYLE: &str = include_str!("page.css");

/// The page.
pub(super) fn page(key: &str, history: &History) -> String {
    let title = history.label.as_deref().unwrap_or(key);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n<main>\n<h1>{title}</h1>\n<p class=\"key\">{}</p>\n",
        escaped(key),
        title = escaped(title)
    );
    let mut fields: Vec<&str> = Vec::new();
    for series in history.series.iter().filter(|series| series.points.iter().any(|point| number(point).is_some())) {
        if !fields.contains(&series.field.as_str()) {
            fields.push(&series.field);
        }
    }
    for field in fields {
        let series: Vec<_> = history.series.iter().filter(|series| series.field == field).collect();
        if let Some(svg) = plot(field, &series) {
            let _ = write!(
                page,
                "<section aria-label=\"{0}\">\n<h2>{0}</h2>\n{1}{svg}\n</section>\n",
                escaped(field),
                legend(&series, history)
            );
        }
    }
    page.push_str(&changes(history));
    page.push_str("</main>\n</html>\n");
    page
}

/// The names of a plot's lines.
fn legend(series: &[&Series], history: &History) -> String {
    let item = |(index, series): (usize, &&Series)| {
        let last = series.points.iter().rev().find_map(|point| point.value.value()).map(plain).unwrap_or_default();
        let name = series_name(series, history);
        let index = index % LINE_COLORS;
        format!(
            "<li><i style=\"background:var(--line{index})\"></i>{} <b>{}</b></li>\n",
            escaped(&name),
            escaped(&last)
        )
    };
    format!("<ul>\n{}</ul>\n", series.iter().enumerate().map(item).collect::<String>())
}

fn changes(history: &History) -> String {
    if history.changes.is_empty() {
        return "<section><h2>Changes</h2><p>None.</p></section>\n".to_owned();
    }
    let rows: String = history.changes.iter().rev().take(MAX_CHANGES).map(|change| row(change, history)).collect();
    let left_out = match history.changes.len().saturating_sub(MAX_CHANGES) {
        0 => String::new(),
        count => format!("<p>{count} older ones are left out.</p>\n"),
    };
    format!(
        "<section>\n<h2>Changes</h2>\n<div class=\"wide\"><table>\n\
         <tr><th>on</th><th>in</th><th>what</th><th>was</th><th>now</th></tr>\n{rows}</table></div>\n{left_out}</section>\n"
    )
}

fn row(change: &Change, history: &History) -> String {
    let day = change.to.as_deref().and_then(|time| time.get(..10)).unwrap_or_default();
    let series = history.series.iter().find(|series| series.kind == change.kind && series.params == change.params);
    let place = series.map(|series| series_name(series, history)).unwrap_or_default();
    let what = change.field.clone().unwrap_or_else(|| change.change.to_string());
    let cells = [day.to_owned(), place, what, plain(&change.was), plain(&change.now)];
    let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
    format!("<tr>{cells}</tr>\n")
}

/// Text for a page: titles are other people's.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
