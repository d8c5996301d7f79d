//! Rows as a table: what all rows share above it, then the columns that tell most, as many as fit.

use std::collections::HashSet;

use super::facts::{Content, Facts, is_id, is_redundant};
use super::footer::{SEPARATOR, fact, push_facts, push_hidden};
use super::grid::{Column, least_width, push_grid};
use super::labeled::{Labeled, push_labeled};
use super::layout::{LEAST_TITLE_COLUMNS, Layout, column, rank_column};
use super::line::Lines;
use super::section::{Section, TITLES};
use super::style::Style;
use super::text::{one_line, width};
use super::value::{Cell, counted};
use super::view::View;
use crate::types::Row;

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
    let params = section.params(&view.params);
    let find = |name: &str| facts.iter().find(|facts| facts.name == name);
    let is_shared = |facts: &&Facts<'a>| {
        facts.content == Content::Constant && !is_redundant(facts.name, |name| has_value(find(name)))
    };
    // The currency of free apps tells nothing.
    let is_free = find("price").filter(is_shared).is_some_and(|price| price.first.as_f64() == Some(0.0));
    // A single row shares everything with itself.
    let fields = fields.iter().copied().filter(|name| !is_single && (!is_free || *name != "currency"));
    let names = params.iter().copied().chain(fields.filter(|name| !params.contains(name)));
    let shared: Vec<_> = names.filter_map(find).filter(is_shared).collect();
    let kind = section.kind.map(|kind| (one_line(kind), Style::Bold));
    let pieces: Vec<_> = kind.into_iter().chain(shared.iter().map(|facts| fact(facts.name, facts.first))).collect();
    let count = push_facts(lines, &pieces, &counted(section.rows.len(), "row"), view.columns());
    let count = count.saturating_sub(usize::from(section.kind.is_some()));
    shared.iter().take(count).map(|facts| facts.name).collect()
}

fn has_value(facts: Option<&Facts<'_>>) -> bool {
    facts.is_some_and(|facts| facts.content != Content::Missing)
}

/// The fields that may be columns, the best first; one at least, if there is any.
fn candidates<'a>(section: &Section<'a>, facts: &[Facts<'a>], view: &View) -> Vec<&'a str> {
    let (title, params) = (section.title(), section.params(&view.params));
    let find = |name: &str| facts.iter().find(|facts| facts.name == name);
    let is_fit = |content: Content| match content {
        Content::Short => true,
        // Without a title, as of reviews, a text is what is looked for.
        Content::Long => title.is_none(),
        Content::Constant => section.rows.len() == 1,
        Content::Missing | Content::Bulky => false,
    };
    let is_own = |name: &str| !matches!(name, "kind" | "position");
    let is_column = |facts: &&Facts<'a>| {
        let is_redundant = || is_redundant(facts.name, |name| has_value(find(name)));
        Some(facts.name) == title || (is_fit(facts.content) && is_own(facts.name) && !is_redundant())
    };
    let place = |facts: &&Facts<'a>| match facts.name {
        name if Some(name) == title => 0,
        "app_id" | "id" => 1,
        name if params.contains(&name) => 2,
        "fetched_at" => usize::MAX,
        name => 3 + TELLING.iter().position(|telling| *telling == name).unwrap_or(TELLING.len()),
    };
    let mut columns: Vec<_> = facts.iter().filter(is_column).collect();
    columns.sort_by_key(place);
    if columns.is_empty() {
        let is_any = |facts: &&Facts<'a>| facts.content != Content::Missing && is_own(facts.name);
        columns.extend(facts.iter().find(is_any).or(facts.first()));
    }
    columns.into_iter().map(|facts| facts.name).collect()
}

/// The rows as a table of exactly these fields, what all rows share above it; if they don't fit next to one another, below one another.
pub(super) fn render_fields(rows: &[&Row], fields: &[String], view: &View) -> String {
    let mut lines = Lines::new(view.is_colored);
    if rows.is_empty() || fields.is_empty() {
        return lines.finish();
    }
    let (shared, own) = split_shared(rows, fields);
    let columns: Vec<_> = own.iter().map(|name| field_column(rows, name)).collect();
    let pieces: Vec<_> = shared.iter().map(|facts| fact(facts.name, facts.first)).collect();
    let count = if pieces.is_empty() { String::new() } else { counted(rows.len(), "row") };
    let heading = pieces.iter().map(|(text, _)| width(text) + width(SEPARATOR)).sum::<usize>() + width(&count);
    if least_width(&columns) <= view.columns() && heading <= view.columns() {
        push_facts(&mut lines, &pieces, &count, view.columns());
        lines.separate();
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

/// The fields that all of several rows share, apart from the others, of which there is one at least.
fn split_shared<'f>(rows: &[&'f Row], fields: &'f [String]) -> (Vec<Facts<'f>>, Vec<&'f str>) {
    let facts: Vec<_> = fields.iter().map(|name| Facts::new(rows, name)).collect();
    let is_shared = |facts: &Facts<'_>| {
        rows.len() > 1 && facts.content == Content::Constant && !is_id(facts.name) && !TITLES.contains(&facts.name)
    };
    if facts.iter().all(is_shared) {
        return (Vec::new(), facts.iter().map(|facts| facts.name).collect());
    }
    let (shared, own): (Vec<_>, Vec<_>) = facts.into_iter().partition(is_shared);
    (shared, own.into_iter().map(|facts| facts.name).collect())
}

/// The column of a field that was asked for.
fn field_column(rows: &[&Row], name: &str) -> Column {
    let column = column(rows, name);
    match name {
        "position" => rank_column(rows.iter().map(|row| Cell::new(name, row.get(name))).collect()),
        name if is_id(name) => column,
        _ => column.shrinkable_to(LEAST_TITLE_COLUMNS),
    }
}
