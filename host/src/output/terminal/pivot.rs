//! Charts side by side: a line for each position, and columns for each value of a parameter.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::facts::{Content, Facts, is_id};
use super::footer::{fact, push_hidden, push_note};
use super::grid::{Column, GAP, least_width, push_grid};
use super::line::Lines;
use super::section::Section;
use super::style::Style;
use super::table::{LEAST_TITLE_COLUMNS, push_shared, rank_column};
use super::text::{cut, one_line};
use super::value::Cell;
use super::view::View;
use crate::Row;

/// Values that a parameter may have to be chosen without being asked.
const MAX_DEFAULT_VALUES: usize = 8;

/// Spaces between the columns of two values.
const VALUE_GAP: usize = 2 * GAP;

/// The section as charts side by side; `None` if it has no charts, or fewer than two fit next to one another.
pub(super) fn render(section: &Section<'_>, view: &View) -> Option<String> {
    if !section.is_ranked() {
        return None;
    }
    let facts = Facts::collect(&section.rows);
    let pivot = Pivot::new(section, &facts, view)?;
    let mut lines = Lines::new(view.is_colored);
    let mut shown = push_shared(&mut lines, section, &facts, &["currency"], view);
    let mut charts = Vec::new();
    for (others, rows) in pivot.combinations(section, &facts, view) {
        charts.push((others, pivot.columns(&rows, view)?));
    }
    for (others, (columns, left_out)) in charts {
        lines.separate();
        push_heading(&mut lines, &others, view);
        push_grid(&mut lines, &columns, view.columns());
        if !left_out.is_empty() {
            push_note(&mut lines, &format!("not shown: {}", left_out.join(", ")), view);
        }
    }
    shown.push(pivot.name);
    let is_param = |name: &str| view.params.iter().any(|param| param == name);
    let is_shown = |name| shown.contains(&name) || pivot.fields.contains(&name) || is_param(name);
    push_hidden(&mut lines, &facts, is_shown, view);
    Some(lines.finish())
}

/// Adds the line that tells one chart from another by the other parameters.
fn push_heading(lines: &mut Lines, others: &[(&str, &Value)], view: &View) {
    if others.is_empty() {
        return;
    }
    let texts: Vec<_> = others.iter().map(|(name, value)| fact(name, value).0).collect();
    lines.push(&cut(&texts.join(" · "), view.columns()), Style::Bold);
    lines.end();
    lines.end();
}

struct Pivot<'a> {
    /// The field whose values stand side by side.
    name: &'a str,
    values: Vec<&'a Value>,
    /// The fields that are shown of each row.
    fields: Vec<&'a str>,
}

type Combination<'a> = (Vec<(&'a str, &'a Value)>, Vec<&'a Row>);

impl<'a> Pivot<'a> {
    fn new(section: &Section<'a>, facts: &[Facts<'a>], view: &'a View) -> Option<Self> {
        let find = |name: &str| facts.iter().find(|facts| facts.name == name).map(|facts| facts.name);
        let (name, values) = match &view.pivot {
            Some(wanted) => find(wanted).map(|name| (name, values(&section.rows, name)))?,
            None => {
                let named = view.params.iter().filter_map(|name| find(name));
                let valued = named.map(|name| (name, values(&section.rows, name)));
                valued.into_iter().find(|(_, values)| (2..=MAX_DEFAULT_VALUES).contains(&values.len()))?
            }
        };
        let has = |name: &&str| facts.iter().any(|facts| facts.name == *name && facts.content != Content::Missing);
        let fields = match &view.fields {
            Some(fields) => fields.iter().map(String::as_str).collect(),
            None => [section.title().or_else(|| find("app_id"))?, "score"].into_iter().filter(has).collect(),
        };
        Some(Self { name, values, fields })
    }

    /// The rows of each chart: those that differ in the pivot and the position alone.
    fn combinations(&self, section: &Section<'a>, facts: &[Facts<'a>], view: &View) -> Vec<Combination<'a>> {
        let is_other = |facts: &&Facts<'a>| {
            let is_param = view.params.iter().any(|param| param == facts.name);
            is_param && facts.name != self.name && !matches!(facts.content, Content::Constant | Content::Missing)
        };
        let others: Vec<_> = facts.iter().filter(is_other).map(|facts| facts.name).collect();
        let mut combinations: Vec<Combination<'a>> = Vec::new();
        for row in &section.rows {
            let key: Vec<_> = others.iter().map(|name| (*name, row.get(*name).unwrap_or(&Value::Null))).collect();
            match combinations.iter_mut().find(|(known, _)| *known == key) {
                Some((_, rows)) => rows.push(*row),
                None => combinations.push((key, vec![*row])),
            }
        }
        combinations
    }

    /// The columns of one chart, and the values that found no room. `None` if two rows have one place, or there is no room at all.
    fn columns(&self, rows: &[&'a Row], view: &View) -> Option<(Vec<Column>, Vec<String>)> {
        let mut places: HashMap<(usize, u64), &Row> = HashMap::new();
        for row in rows {
            let value = row.get(self.name).unwrap_or(&Value::Null);
            let index = self.values.iter().position(|known| *known == value)?;
            let position = row.get("position").and_then(Value::as_u64)?;
            if places.insert((index, position), row).is_some() {
                return None;
            }
        }
        let positions: BTreeSet<u64> = places.keys().map(|(_, position)| *position).collect();
        let ranks = positions.iter().map(|position| Cell::new("position", Some(&Value::from(*position)))).collect();
        let mut columns = vec![rank_column(ranks)];
        let mut left_out = Vec::new();
        for (index, value) in self.values.iter().enumerate() {
            let row = |position: &u64| places.get(&(index, *position)).copied();
            let rows: Vec<_> = positions.iter().map(row).collect();
            if rows.iter().all(Option::is_none) {
                continue;
            }
            let added = self.columns_of_value(value, &rows);
            let gap = added.first().map_or(0, Column::gap);
            if least_width(&columns) + gap + least_width(&added) <= view.columns() && left_out.is_empty() {
                columns.extend(added);
            } else {
                left_out.push(label(value));
            }
        }
        let shown = (columns.len() - 1) / self.fields.len().max(1);
        let least = if view.pivot.is_some() || left_out.is_empty() { 1 } else { 2 };
        (shown >= least).then_some((columns, left_out))
    }

    fn columns_of_value(&self, value: &Value, rows: &[Option<&Row>]) -> Vec<Column> {
        let column = |(index, name): (usize, &&str)| {
            let cell = |row: &Option<&Row>| row.map_or_else(Cell::absent, |row| Cell::new(name, row.get(*name)));
            let header = if index == 0 { label(value) } else { (*name).to_owned() };
            let column = Column::new(&header, rows.iter().map(cell).collect());
            let column = if is_id(name) { column } else { column.shrinkable_to(LEAST_TITLE_COLUMNS) };
            column.with_gap(if index == 0 { VALUE_GAP } else { GAP })
        };
        self.fields.iter().enumerate().map(column).collect()
    }
}

/// The values of a field, in the order in which they first appear.
fn values<'a>(rows: &[&'a Row], name: &str) -> Vec<&'a Value> {
    let mut values = Vec::new();
    for value in rows.iter().map(|row| row.get(name).unwrap_or(&Value::Null)) {
        // Usually the last one.
        if values.last() != Some(&value) && !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn label(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), one_line)
}
