//! One row as a card: what it is first, then its fields by name, then its description.

use std::collections::HashSet;

use serde_json::Value;

use super::facts::{Facts, is_bulky, is_missing, is_redundant};
use super::footer::{Piece, fact, push_facts, push_hidden};
use super::histogram::Histogram;
use super::labeled::{Labeled, push_labeled};
use super::line::Lines;
use super::style::Style;
use super::text::{cut, one_line, width, wrap};
use super::value::{Cell, SHORT_LIST_COLUMNS, short_list};
use super::view::View;
use crate::Row;

/// Columns of a line of text: longer ones are tiring to read.
const MOST_TEXT_COLUMNS: usize = 100;

/// Lines of a description.
const MAX_DESCRIPTION_LINES: usize = 12;

/// Columns of a text that is shown by its name. Longer ones are descriptions.
const MOST_VALUE_COLUMNS: usize = 160;

/// Fields that are shown by their names besides those that each card has, if there are so many.
const MAX_OTHER_FIELDS: usize = 8;

/// Fields that come first, in this order.
const LEADING: [&str; 12] = [
    "real_installs",
    "installs",
    "price",
    "version",
    "updated_at",
    "released_at",
    "genre",
    "categories",
    "content_rating",
    "min_android",
    "app_id",
    "url",
];

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
        let title = ["title", "name"].into_iter().find(|name| self.text(name).is_some());
        for (name, style) in [(title, Style::Bold), (Some("developer"), Style::Plain)] {
            if let (Some(_), Some(value)) = (title, name.and_then(|name| self.show(name))) {
                let text = Cell::new(name.unwrap_or_default(), Some(value)).text;
                self.lines.push(&cut(&text, self.limit), style);
                self.lines.end();
            }
        }
    }

    fn push_rating(&mut self) {
        let score = self.row.get("score").and_then(Value::as_f64).filter(|score| *score > 0.0);
        let mut pieces: Vec<Piece> = Vec::new();
        if let (Some(score), Some(_)) = (score, self.show("score")) {
            pieces.push((format!("★ {score:.1} of 5"), Style::from_score(score)));
        }
        for name in ["ratings", "reviews"] {
            if self.row.get(name).is_some_and(Value::is_u64)
                && let Some(value) = self.show(name)
            {
                pieces.push((format!("{} {name}", Cell::new(name, Some(value)).text), Style::Plain));
            }
        }
        let histogram = self.row.get("histogram").and_then(Histogram::from_value);
        if pieces.first().is_some_and(|(text, _)| text.starts_with("0 ")) {
            pieces = vec![("no ratings".to_owned(), Style::Dim)];
        }
        if pieces.is_empty() && histogram.is_none() {
            return;
        }
        self.lines.separate();
        push_facts(&mut self.lines, &pieces, "", self.limit);
        if let (Some(histogram), Some(_)) = (histogram, self.show("histogram")) {
            histogram.push(&mut self.lines, self.limit);
        }
    }

    fn push_fields(&mut self) {
        let mut values: Vec<Labeled> = Vec::new();
        for name in LEADING {
            values.extend(self.leading(name));
        }
        values.extend(self.others());
        values.extend(self.switches());
        if !values.is_empty() {
            self.lines.separate();
            push_labeled(&mut self.lines, &values, self.limit);
        }
    }

    fn leading(&mut self, name: &str) -> Option<Labeled> {
        match name {
            "installs" if self.shown.contains("real_installs") => self.show(name).and(None),
            "price" => self.price(),
            "url" if self.text("url").is_some_and(|url| width(url) + "url  ".len() > self.limit) => None,
            // The day as the store shows it, if the moment isn't there.
            "updated_at" | "released_at" => {
                let text = name.strip_suffix("_at").unwrap_or(name);
                let (at, shown) =
                    (self.show(name).map(|value| (name, value)), self.show(text).map(|value| (text, value)));
                at.or(shown).map(|(name, value)| labeled(text, Cell::new(name, Some(value))))
            }
            "categories" if self.is_genre_alone() => self.show(name).and(None),
            "real_installs" => self.show(name).map(|value| labeled("installs", Cell::new(name, Some(value)))),
            _ => {
                self.show(name).map(|value| labeled(name, Cell::with_list_limit(name, Some(value), MOST_VALUE_COLUMNS)))
            }
        }
    }

    /// Whether the only category is the genre.
    fn is_genre_alone(&self) -> bool {
        let text = |name: &str| Cell::new(name, self.row.get(name)).text;
        text("categories") == text("genre")
    }

    /// What it costs, with what is bought in it.
    fn price(&mut self) -> Option<Labeled> {
        let price = Cell::new("price", Some(self.show("price")?)).text;
        let is_free = self.row.get("price").and_then(Value::as_f64) == Some(0.0);
        let currency = self.show("currency").and_then(Value::as_str).filter(|_| !is_free).unwrap_or_default();
        let mut text = format!("{price} {currency}").trim().to_owned();
        if let Some(original) = self.show("original_price") {
            text.push_str(&format!(", was {}", Cell::new("original_price", Some(original)).text));
        }
        if let Some(range) = self.show("iap_range").and_then(Value::as_str) {
            text.push_str(&format!(" · in-app purchases {}", one_line(range)));
        }
        if self.row.get("contains_ads") == Some(&Value::Bool(true)) && self.show("contains_ads").is_some() {
            text.push_str(" · ads");
        }
        Some(Labeled::new("price", text, Style::Plain))
    }

    /// Other fields with short values.
    fn others(&mut self) -> Vec<Labeled> {
        let has = |name: &str| self.row.get(name).is_some_and(|value| !is_missing(value));
        let is_elsewhere = |name: &str| {
            let is_param = self.view.params.iter().any(|param| param == name);
            is_param
                || self.shown.contains(name)
                || matches!(name, "kind" | "position" | "fetched_at" | "summary" | "description")
        };
        // Addresses and pictures are for programs.
        let is_bulky = |value: &Value| match value {
            Value::Array(values) => short_list(values, SHORT_LIST_COLUMNS).is_none(),
            value => is_bulky(value),
        };
        let mut fields: Vec<(&str, &Value)> = self.row.iter().map(|(name, value)| (name.as_str(), value)).collect();
        fields.retain(|(name, value)| {
            let is_plain = !is_missing(value) && !value.is_boolean() && !is_bulky(value);
            is_plain && !is_elsewhere(name) && !is_redundant(name, has)
        });
        // How to reach the developer comes after what the app is.
        fields.sort_by_key(|(name, _)| name.starts_with("developer_"));
        let cells = fields.into_iter().map(|(name, value)| (name, Cell::new(name, Some(value))));
        let short = cells.filter(|(_, cell)| width(&cell.text) <= MOST_VALUE_COLUMNS).take(MAX_OTHER_FIELDS);
        let short: Vec<_> = short.collect();
        self.shown.extend(short.iter().map(|(name, _)| *name));
        short.into_iter().map(|(name, cell)| labeled(name, cell)).collect()
    }

    /// The names of the fields that are true, and of those that are false.
    fn switches(&mut self) -> Vec<Labeled> {
        let has = |name: &str| self.row.contains_key(name);
        let named = |wanted: bool| {
            let fields = self.row.iter().filter(move |(_, value)| **value == Value::Bool(wanted));
            fields.map(|(name, _)| name.as_str()).filter(|name| !is_redundant(name, has)).collect::<Vec<_>>()
        };
        let both = [("yes", named(true)), ("no", named(false))];
        let mut switches = Vec::new();
        for (label, names) in both {
            let names: Vec<_> = names.into_iter().filter(|name| self.shown.insert(name)).collect();
            if !names.is_empty() {
                switches.push(Labeled::new(label, names.join(", "), Style::Plain));
            }
        }
        switches
    }

    fn push_description(&mut self) {
        let summary = self.text("summary").unwrap_or_default();
        let is_repeated = self.text("description").is_some_and(|description| description.starts_with(summary));
        for name in ["summary", "description"] {
            let Some(text) = self.show(name).and_then(Value::as_str) else { continue };
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
        let names: Vec<_> = names.filter(|name| !self.shown.contains(name)).collect();
        let mut pieces = Vec::new();
        for name in names {
            if let Some(value) = self.show(name) {
                pieces.push((fact(name, value).0, Style::Dim));
            }
        }
        if !pieces.is_empty() {
            self.lines.separate();
            push_facts(&mut self.lines, &pieces, "", self.limit);
        }
    }
}

fn labeled(name: &str, cell: Cell) -> Labeled {
    Labeled::new(name, cell.text, cell.style)
}
