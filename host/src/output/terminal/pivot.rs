//! Charts side by side: a line for each position, and columns for each value of a parameter.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::facts::{Content, Facts, is_id};
use super::footer::{fact, push_hidden};
use super::grid::{Column, GAP, least_width, push_grid};
use super::layout::{LEAST_TITLE_COLUMNS, rank_column};
use super::line::Lines;
use super::section::Section;
use super::style::Style;
use super::table::push_shared;
use super::text::{cut, one_line};
use super::value::Cell;
use super::view::View;
use crate::types::Row;

/// Values that a parameter may have to be chosen without being asked.
const MAX_DEFAULT_VALUES: usize = 8;

/// Spaces between the columns of two values.
const VALUE_GAP: usize = 2 * GAP;

/// The section as charts side by side; `None` if it has no charts, or no two fit side by side.
pub(super) fn render(section: &Section<'_>, view: &View) -> Option<String> {
    if !section.is_ranked() {
        return None;
    }
    let facts = Facts::collect(&section.rows);
    let pivot = Pivot::new(section, &facts, view)?;
    let mut lines = Lines::new(view.is_colored);
    let mut shown = push_shared(&mut lines, section, &facts, &["currency"], view);
    let mut charts = Vec::new();
    for (others, rows) in pivot.charts(section) {
        charts.push((others, pivot.blocks(&rows, view)?));
    }
    for (others, blocks) in charts {
        lines.separate();
        push_heading(&mut lines, &others, view);
        for block in blocks {
            lines.separate();
            push_grid(&mut lines, &block, view.columns());
        }
    }
    shown.push(pivot.name);
    shown.extend(&pivot.fields);
    shown.extend(section.params(&view.params));
    // A caller that names fields knows that there are others.
    if view.fields.is_none() {
        push_hidden(&mut lines, &facts, |name| shown.contains(&name), view);
    }
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
    lines.separate();
}

struct Pivot<'a> {
    /// The field whose values stand side by side.
    name: &'a str,
    values: Vec<&'a Value>,
    /// The fields that are shown of each row.
    fields: Vec<&'a str>,
    /// The other parameters that vary.
    others: Vec<&'a str>,
}

/// What tells a chart from another, and its rows.
type Chart<'a> = (Vec<(&'a str, &'a Value)>, Vec<&'a Row>);

/// Rows by the index of their value, and their position.
type Places<'a> = HashMap<(usize, u64), &'a Row>;

impl<'a> Pivot<'a> {
    fn new(section: &Section<'a>, facts: &[Facts<'a>], view: &'a View) -> Option<Self> {
        let find = |name: &str| facts.iter().find(|facts| facts.name == name);
        let params: Vec<_> = section.params(&view.params).into_iter().filter_map(find).collect();
        let valued = |name: &'a str, most: usize| values(&section.rows, name, most).map(|values| (name, values));
        let (name, values) = match &view.pivot {
            Some(wanted) => valued(find(wanted)?.name, view.columns())?,
            None => {
                let mut found = params.iter().filter_map(|param| valued(param.name, MAX_DEFAULT_VALUES));
                found.find(|(_, values)| values.len() > 1)?
            }
        };
        let is_other =
            |param: &&&Facts<'a>| param.name != name && !matches!(param.content, Content::Constant | Content::Missing);
        let others = params.iter().filter(is_other).map(|param| param.name).collect();
        let is_param = |name: &str| params.iter().any(|param| param.name == name);
        let fields = match &view.fields {
            // Pivot and position are there anyway.
            Some(fields) => {
                fields.iter().map(String::as_str).filter(|field| ![name, "position"].contains(field)).collect()
            }
            None => {
                let title = section.title().or(Some("app_id").filter(|id| !is_param(id)))?;
                let has = |name: &&str| find(name).is_some_and(|facts| facts.content != Content::Missing);
                [title, "score"].into_iter().filter(has).collect::<Vec<_>>()
            }
        };
        (!fields.is_empty()).then_some(Self { name, values, fields, others })
    }

    /// The rows by the parameters that the pivot leaves.
    fn charts(&self, section: &Section<'a>) -> Vec<Chart<'a>> {
        let mut charts: Vec<Chart<'a>> = Vec::new();
        for row in &section.rows {
            let key: Vec<_> = self.others.iter().map(|name| (*name, row.get(*name).unwrap_or(&Value::Null))).collect();
            // Rows of a query come together: it is usually the last one.
            match charts.iter_mut().rev().find(|(known, _)| *known == key) {
                Some((_, rows)) => rows.push(*row),
                None => charts.push((key, vec![*row])),
            }
        }
        charts
    }

    /// `None` if a row has no place, or two have one.
    fn places(&self, rows: &[&'a Row]) -> Option<Places<'a>> {
        let mut places = Places::new();
        for row in rows {
            let value = row.get(self.name).unwrap_or(&Value::Null);
            let index = self.values.iter().position(|known| *known == value)?;
            let position = row.get("position").and_then(Value::as_u64)?;
            if places.insert((index, position), row).is_some() {
                return None;
            }
        }
        Some(places)
    }

    /// The columns of one chart, in blocks that fit the window one below the other. `None` if rows can't be placed, or two values don't fit side
    /// by side though the pivot wasn't asked for.
    fn blocks(&self, rows: &[&'a Row], view: &View) -> Option<Vec<Vec<Column>>> {
        let places = self.places(rows)?;
        let positions: BTreeSet<u64> = places.keys().map(|(_, position)| *position).collect();
        let ranks = || {
            let cell = |position: &u64| Cell::new("position", Some(&Value::from(*position)));
            rank_column(positions.iter().map(cell).collect())
        };
        let (mut blocks, mut block, mut shown, mut most) = (Vec::new(), vec![ranks()], 0, 0);
        for (index, value) in self.values.iter().enumerate() {
            let rows: Vec<_> = positions.iter().map(|position| places.get(&(index, *position)).copied()).collect();
            if rows.iter().all(Option::is_none) {
                continue;
            }
            let added = self.columns_of_value(value, &rows, if shown == 0 { GAP } else { VALUE_GAP });
            if shown > 0 && least_width(&block) + VALUE_GAP + least_width(&added) > view.columns() {
                blocks.push(std::mem::replace(&mut block, vec![ranks()]));
                block.extend(self.columns_of_value(value, &rows, GAP));
                shown = 1;
            } else {
                block.extend(added);
                shown += 1;
            }
            if least_width(&block) > view.columns() {
                return None;
            }
            most = most.max(shown);
        }
        blocks.push(block);
        (most > 1 || blocks.len() == 1 || view.pivot.is_some()).then_some(blocks)
    }

    fn columns_of_value(&self, value: &Value, rows: &[Option<&Row>], gap: usize) -> Vec<Column> {
        let column = |(index, name): (usize, &&str)| {
            let cell = |row: &Option<&Row>| row.map_or_else(Cell::absent, |row| Cell::new(name, row.get(*name)));
            let header = if index == 0 { label(value) } else { (*name).to_owned() };
            let column = Column::new(&header, rows.iter().map(cell).collect());
            let column =
                if is_id(name) { column.shrinkable_to_cells() } else { column.shrinkable_to(LEAST_TITLE_COLUMNS) };
            if index == 0 { column.with_gap(gap) } else { column }
        };
        self.fields.iter().enumerate().map(column).collect()
    }
}

/// The values of a field, in the order in which they first appear. `None` if there are more than `most`.
fn values<'a>(rows: &[&'a Row], name: &str, most: usize) -> Option<Vec<&'a Value>> {
    let mut values = Vec::new();
    for value in rows.iter().map(|row| row.get(name).unwrap_or(&Value::Null)) {
        if !values.contains(&value) {
            values.push(value);
        }
        if values.len() > most {
            return None;
        }
    }
    Some(values)
}

fn label(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), one_line)
}
