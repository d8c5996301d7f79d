//! The fields of a card, by their names.

use serde_json::Value;

use super::Card;
use crate::output::terminal::facts::{is_bulky, is_missing, is_redundant};
use crate::output::terminal::labeled::{Labeled, push_labeled};
use crate::output::terminal::style::Style;
use crate::output::terminal::text::{one_line, width};
use crate::output::terminal::value::{Cell, SHORT_LIST_COLUMNS, short_list};

/// Columns of a text that is shown by its name. Longer ones are descriptions.
const MOST_VALUE_COLUMNS: usize = 160;

/// Fields that are shown by their names besides the leading ones, at most.
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

impl<'a> Card<'a> {
    /// Adds the fields that tell most, other short ones, and those that are true or false.
    pub(super) fn push_fields(&mut self) {
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
        let both = [("is true", named(true)), ("is false", named(false))];
        let mut switches = Vec::new();
        for (label, names) in both {
            let names: Vec<_> = names.into_iter().filter(|name| self.shown.insert(name)).collect();
            if !names.is_empty() {
                switches.push(Labeled::new(label, names.join(", "), Style::Plain));
            }
        }
        switches
    }
}

fn labeled(name: &str, cell: Cell) -> Labeled {
    Labeled::new(name, cell.text, cell.style)
}
