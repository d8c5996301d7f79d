//! Choice of the columns that fit a window.

use super::facts::is_id;
use super::grid::{Column, GAP, least_width};
use super::section::Section;
use super::style::Style;
use super::value::Cell;
use super::view::View;
use crate::types::Row;

/// Columns of the window below which a title isn't cut, unless the window is narrower.
pub(super) const LEAST_TITLE_COLUMNS: usize = 12;

/// Columns of the window below which other texts aren't cut.
const LEAST_TEXT_COLUMNS: usize = 14;

/// Columns of the window above which other texts than titles are cut.
const MOST_TEXT_COLUMNS: usize = 32;

/// Columns of the window that a title keeps next to a long id.
const LEAST_LENDING_COLUMNS: usize = 6;

/// Columns that are added as long as the window has room.
pub(super) struct Layout<'a> {
    rows: &'a [&'a Row],
    limit: usize,
    pub(super) columns: Vec<Column>,
    /// Whether the last column is the leading one, and may be cut.
    ends_with_lead: bool,
    is_ranked: bool,
}

impl<'a> Layout<'a> {
    pub(super) fn new(section: &'a Section<'_>, view: &View) -> Self {
        let is_ranked = section.is_ranked();
        Self { rows: &section.rows, limit: view.columns(), columns: Vec::new(), ends_with_lead: false, is_ranked }
    }

    /// Adds a column if it fits, and the first one in any case.
    pub(super) fn add(&mut self, name: &str) -> bool {
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
        self.ends_with_lead = !is_id(name);
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
pub(super) fn column(rows: &[&Row], name: &str) -> Column {
    let column = Column::new(name, rows.iter().map(|row| Cell::new(name, row.get(name))).collect());
    if is_id(name) { column.shrinkable_to_cells() } else { column }
}
