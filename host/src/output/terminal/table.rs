//! Rows as a table: what all rows share above it, then the columns that tell most, as many as fit.

use std::collections::HashSet;

use super::facts::{Content, Facts, is_id, is_redundant};
use super::footer::{fact, push_facts, push_hidden};
use super::grid::{Column, GAP, least_width, push_grid};
use super::labeled::{Labeled, push_labeled};
use super::line::Lines;
use super::section::Section;
use super::style::Style;
use super::text::one_line;
use super::value::{Cell, counted};
use super::view::View;
use crate::Row;

/// Fields that tell most, after title and id. Those that are equal in all rows stand above the table.
const TELLING: [&str; 12] = [
    "score",
    "ratings",
    "real_installs",
    "installs",
    "price",
    "currency",
    "developer",
    "genre",
    "updated_at",
    "version",
    "content_rating",
    "reviews",
];

/// Columns of the window below which a title isn't cut, unless the window is narrower.
pub(super) const LEAST_TITLE_COLUMNS: usize = 12;

/// Columns of the window below which other texts aren't cut.
const LEAST_TEXT_COLUMNS: usize = 14;

/// Columns of the window above which other texts than titles are cut.
const MOST_TEXT_COLUMNS: usize = 32;

/// Columns of the window that a title keeps next to a long id.
const LEAST_LENDING_COLUMNS: usize = 6;

/// The rows as a table of the columns that tell most.
pub(super) fn render(section: &Section<'_>, view: &View) -> String {
    let facts = Facts::collect(&section.rows);
    let mut lines = Lines::new(view.is_colored);
    let mut shown: HashSet<&str> = push_shared(&mut lines, section, &facts, &TELLING, view).into_iter().collect();
    let mut layout = Layout::new(section, view);
    for name in candidates(section, &facts, view) {
        if !shown.contains(name) && layout.add(name) {
            shown.insert(name);
        }
    }
    if !layout.columns.is_empty() {
        lines.separate();
        push_grid(&mut lines, &layout.columns, view.columns());
    }
    push_hidden(&mut lines, &facts, |name| shown.contains(name), view);
    lines.finish()
}

/// Adds the line of what all rows share: parameters, then some of `fields`. Returns the names of the fields on it.
pub(super) fn push_shared<'a>(
    lines: &mut Lines,
    section: &Section<'a>,
    facts: &[Facts<'a>],
    fields: &[&str],
    view: &View,
) -> Vec<&'a str> {
    let is_single = section.rows.len() == 1;
    let has = |name: &str| facts.iter().any(|facts| facts.name == name && facts.content != Content::Missing);
    let is_free = facts
        .iter()
        .any(|facts| facts.name == "price" && facts.content == Content::Constant && facts.first.as_f64() == Some(0.0));
    let is_told = |name: &str| !is_redundant(name, has) && !(is_free && name == "currency");
    let is_shared = |facts: &&Facts<'a>| facts.content == Content::Constant && is_told(facts.name);
    let find = |name: &str| facts.iter().find(|facts| facts.name == name).filter(is_shared);
    let params = section.params(&view.params);
    // A single row shares everything with itself.
    let fields = fields.iter().copied().filter(|name| !is_single && !params.contains(name));
    let shared: Vec<_> = params.iter().copied().chain(fields).filter_map(find).collect();
    let kind = section.kind.map(|kind| (one_line(kind), Style::Bold));
    let pieces: Vec<_> = kind.into_iter().chain(shared.iter().map(|facts| fact(facts.name, facts.first))).collect();
    let count = push_facts(lines, &pieces, &counted(section.rows.len(), "row"), view.columns());
    let count = count.saturating_sub(usize::from(section.kind.is_some()));
    shared.iter().take(count).map(|facts| facts.name).collect()
}

/// The fields that may be columns, the best first.
fn candidates<'a>(section: &Section<'a>, facts: &[Facts<'a>], view: &View) -> Vec<&'a str> {
    let has = |name: &str| facts.iter().any(|facts| facts.name == name && facts.content != Content::Missing);
    let (title, params) = (section.title(), section.params(&view.params));
    // Without a title, as of reviews, a text is what is looked for.
    let is_fit = |content: Content| match content {
        Content::Short => true,
        Content::Long => title.is_none(),
        Content::Constant => section.rows.len() == 1,
        Content::Missing | Content::Bulky => false,
    };
    let is_late = |name: &str| matches!(name, "kind" | "position" | "fetched_at");
    let is_column =
        |facts: &&Facts<'a>| is_fit(facts.content) && !is_late(facts.name) && !is_redundant(facts.name, has);
    let mut columns: Vec<_> = facts.iter().filter(is_column).collect();
    let rank = |facts: &&Facts<'a>| match facts.name {
        name if Some(name) == title => 0,
        "app_id" | "id" => 1,
        name if params.contains(&name) => 2,
        name => 3 + TELLING.iter().position(|telling| *telling == name).unwrap_or(TELLING.len()),
    };
    columns.sort_by_key(rank);
    let mut names: Vec<_> = facts.iter().filter(|facts| Some(facts.name) == title).map(|facts| facts.name).collect();
    names.extend(columns.into_iter().map(|facts| facts.name).filter(|name| Some(*name) != title));
    names.extend(facts.iter().filter(|facts| facts.name == "fetched_at").map(|facts| facts.name));
    if names.is_empty() {
        // One column at least: whatever has a value.
        let is_late = |facts: &&Facts<'a>| !matches!(facts.content, Content::Missing) && !is_late(facts.name);
        names.extend(facts.iter().find(is_late).or(facts.first()).map(|facts| facts.name));
    }
    names
}

/// Columns that are added as long as the window has room.
struct Layout<'a> {
    rows: &'a [&'a Row],
    limit: usize,
    columns: Vec<Column>,
    /// Whether the last column is the leading one.
    ends_with_lead: bool,
    is_ranked: bool,
}

impl<'a> Layout<'a> {
    fn new(section: &'a Section<'_>, view: &View) -> Self {
        let is_ranked = section.is_ranked();
        Self { rows: &section.rows, limit: view.columns(), columns: Vec::new(), ends_with_lead: false, is_ranked }
    }

    /// Adds a column if it fits, and the first one in any case.
    fn add(&mut self, name: &str) -> bool {
        let column = column(self.rows, name);
        match is_id(name) {
            _ if self.columns.is_empty() => self.add_lead(name, column),
            true if self.ends_with_lead => self.add_next_to_lead(column),
            true => self.push(column),
            false => self.push(column.shrinkable_to(LEAST_TEXT_COLUMNS).limited_to(MOST_TEXT_COLUMNS)),
        }
    }

    fn add_lead(&mut self, name: &str, mut lead: Column) -> bool {
        if !is_id(name) {
            lead.set_least(self.wished_lead());
        }
        let rank = rank_column(self.rows.iter().map(|row| Cell::new("position", row.get("position"))).collect());
        if self.is_ranked && rank.least() + GAP + lead.least() <= self.limit {
            self.columns.push(rank);
        }
        self.columns.push(lead);
        self.ends_with_lead = true;
        true
    }

    /// Columns of the window that a title has at least, if other columns than ids depend on it.
    fn wished_lead(&self) -> usize {
        LEAST_TITLE_COLUMNS.max(self.limit / 4).min(self.limit)
    }

    /// Adds ids, the longest of which take room from the titles on their left.
    fn add_next_to_lead(&mut self, ids: Column) -> bool {
        for least in [self.wished_lead(), LEAST_TITLE_COLUMNS] {
            let Some(lead) = self.columns.last_mut() else { break };
            lead.set_least(least);
            let lent = lead.least().saturating_sub(LEAST_LENDING_COLUMNS);
            if least_width(&self.columns) + GAP + ids.borrowing_width(lent) <= self.limit {
                return self.push(ids.borrowing(lent));
            }
        }
        let wished = self.wished_lead();
        self.columns.iter_mut().rev().take(1).for_each(|lead| lead.set_least(wished));
        false
    }

    fn push(&mut self, column: Column) -> bool {
        let is_fit = least_width(&self.columns) + GAP + column.least() <= self.limit;
        if is_fit {
            self.columns.push(column);
            self.ends_with_lead = false;
        }
        is_fit
    }
}

/// The column of positions.
pub(super) fn rank_column(cells: Vec<Cell>) -> Column {
    Column::new("#", cells.into_iter().map(|cell| Cell { style: Style::Dim, ..cell }).collect())
}

/// A column that isn't cut; of ids, no cell is.
fn column(rows: &[&Row], name: &str) -> Column {
    let column = Column::new(name, rows.iter().map(|row| Cell::new(name, row.get(name))).collect());
    if is_id(name) { column.shrinkable_to_cells() } else { column }
}

/// The rows as a table of exactly these fields; if they don't fit next to one another, below one another.
pub(super) fn render_fields(rows: &[&Row], fields: &[String], view: &View) -> String {
    let mut lines = Lines::new(view.is_colored);
    if rows.is_empty() || fields.is_empty() {
        return lines.finish();
    }
    let of_field = |name: &String| {
        let column = column(rows, name);
        if is_id(name) { column } else { column.shrinkable_to(LEAST_TITLE_COLUMNS) }
    };
    let columns: Vec<_> = fields.iter().map(of_field).collect();
    if least_width(&columns) <= view.columns() {
        push_grid(&mut lines, &columns, view.columns());
        return lines.finish();
    }
    for row in rows {
        lines.separate();
        let value = |name: &String| {
            let Cell { text, style, .. } = Cell::new(name, row.get(name));
            Labeled::new(name, text, style)
        };
        push_labeled(&mut lines, &fields.iter().map(value).collect::<Vec<_>>(), view.columns());
    }
    lines.finish()
}
