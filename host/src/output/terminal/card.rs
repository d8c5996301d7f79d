//! One row as a card: what it is first, then its fields by name, then its description.

mod fields;

use std::collections::HashSet;

use serde_json::Value;

use super::facts::{Facts, is_missing};
use super::footer::{Piece, fact, push_facts, push_hidden};
use super::histogram::Histogram;
use super::line::Lines;
use super::section::TITLES;
use super::style::Style;
use super::text::{cut, one_line, wrap};
use super::value::Cell;
use super::view::View;
use crate::types::Row;

/// Columns of a line of text: longer ones are tiring to read.
const MOST_TEXT_COLUMNS: usize = 100;

/// Lines of a description.
const MAX_DESCRIPTION_LINES: usize = 12;

/// The row as a card.
pub(super) fn render(row: &Row, view: &View, kind: Option<&str>) -> String {
    let limit = view.columns().min(MOST_TEXT_COLUMNS);
    let mut card = Card { row, view, limit, lines: Lines::new(view.is_colored), shown: HashSet::new() };
    if let Some(kind) = kind {
        push_facts(&mut card.lines, &[(one_line(kind), Style::Bold)], "", view.columns());
        card.lines.separate();
    }
    card.push_heading();
    card.push_rating();
    card.push_fields();
    card.push_description();
    card.push_query();
    let Card { mut lines, shown, .. } = card;
    push_hidden(&mut lines, &Facts::collect(&[row]), |name| shown.contains(name), view);
    lines.finish()
}

struct Card<'a> {
    row: &'a Row,
    view: &'a View,
    /// Columns that lines may take.
    limit: usize,
    lines: Lines,
    shown: HashSet<&'a str>,
}

impl<'a> Card<'a> {
    /// The value of a field, if there is one, which is then shown.
    fn show(&mut self, name: &str) -> Option<&'a Value> {
        let (name, value) = self.row.get_key_value(name).filter(|(_, value)| !is_missing(value))?;
        self.shown.insert(name);
        Some(value)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.row.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    fn push_heading(&mut self) {
        let Some(title) = TITLES.into_iter().find(|name| self.text(name).is_some()) else { return };
        for (name, style) in [(title, Style::Bold), ("developer", Style::Plain)] {
            if let Some(value) = self.show(name) {
                self.lines.push(&cut(&Cell::new(name, Some(value)).text, self.limit), style);
                self.lines.end();
            }
        }
    }

    fn push_rating(&mut self) {
        let pieces = self.rating();
        let histogram = self.row.get("histogram").and_then(Histogram::from_value);
        if pieces.is_empty() && histogram.is_none() {
            return;
        }
        self.lines.separate();
        push_facts(&mut self.lines, &pieces, "", self.limit);
        if let (Some(histogram), Some(_)) = (histogram, self.show("histogram")) {
            histogram.push(&mut self.lines, self.limit);
        }
    }

    /// Score and counts; of an app that nobody rated, one piece that says so.
    fn rating(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for name in ["score", "ratings", "reviews"] {
            if !self.row.get(name).is_some_and(Value::is_number) {
                continue;
            }
            let value = self.show(name);
            let Cell { text, style, is_missing, .. } = Cell::new(name, value);
            match name {
                "score" if is_missing => {}
                "score" => pieces.push((format!("★ {text} of 5"), style)),
                "ratings" if pieces.is_empty() && text == "0" => pieces.push(("no ratings".to_owned(), Style::Dim)),
                _ if text == "0" => {}
                _ => pieces.push((format!("{text} {name}"), style)),
            }
        }
        pieces
    }

    fn push_description(&mut self) {
        let summary = self.text("summary").unwrap_or_default();
        let is_repeated = self.text("description").is_some_and(|description| description.starts_with(summary));
        for name in ["summary", "description"] {
            let Some(text) = self.text(name) else { continue };
            self.show(name);
            if name == "summary" && is_repeated {
                continue;
            }
            self.lines.separate();
            for line in wrap(text, self.limit, MAX_DESCRIPTION_LINES) {
                self.lines.push(&line, Style::Plain);
                self.lines.end();
            }
        }
    }

    /// What was asked, and when.
    fn push_query(&mut self) {
        let names = self.view.params.iter().map(String::as_str).chain(["fetched_at"]);
        let fields = names.filter_map(|name| self.row.get_key_value(name));
        let fields: Vec<_> =
            fields.filter(|(name, value)| !is_missing(value) && !self.shown.contains(name.as_str())).collect();
        if fields.is_empty() {
            return;
        }
        let pieces: Vec<_> = fields.iter().map(|(name, value)| (fact(name, value).0, Style::Dim)).collect();
        self.lines.separate();
        let count = push_facts(&mut self.lines, &pieces, "", self.limit);
        self.shown.extend(fields.into_iter().take(count).map(|(name, _)| name.as_str()));
    }
}
