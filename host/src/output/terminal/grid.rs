//! Columns of cells that share the width of a window.

use super::line::Lines;
use super::style::Style;
use super::text::{cut, one_line, width};
use super::value::Cell;

/// Spaces between two columns.
pub(super) const GAP: usize = 2;

/// A column of a table.
#[derive(Debug)]
pub(super) struct Column {
    header: String,
    cells: Vec<Cell>,
    /// Numbers are aligned right.
    is_number: bool,
    /// Columns of the window that its widest cell takes, or the header.
    natural: usize,
    /// Columns below which it isn't cut.
    least: usize,
    /// Spaces before it.
    gap: usize,
    /// Whether cells that are too wide begin further left.
    is_borrowing: bool,
}

impl Column {
    /// A column that is never cut.
    pub(super) fn new(header: &str, cells: Vec<Cell>) -> Self {
        let mut present = cells.iter().filter(|cell| !cell.is_missing).peekable();
        let is_number = present.peek().is_some() && present.all(|cell| cell.is_number);
        let header = one_line(header);
        let natural = cells.iter().map(|cell| width(&cell.text)).chain([width(&header)]).max().unwrap_or_default();
        Self { header, cells, is_number, natural, least: natural, gap: GAP, is_borrowing: false }
    }

    /// Lets the column be cut down to `least` columns of the window, unless it holds numbers.
    pub(super) fn shrinkable_to(self, least: usize) -> Self {
        let least = if self.is_number { self.natural } else { least.min(self.natural) };
        Self { least, ..self }
    }

    /// Lets the header be cut, but no cell.
    pub(super) fn shrinkable_to_cells(self) -> Self {
        let least = self.cells.iter().map(|cell| width(&cell.text)).max().unwrap_or_default();
        Self { least, ..self }
    }

    /// Lets the column be cut down to `least` columns of the window, whatever it holds.
    pub(super) fn set_least(&mut self, least: usize) {
        self.least = least.min(self.natural);
    }

    /// Lets the column be narrower than its widest cells, which take up to `most` columns of the window from the column on the left.
    pub(super) fn borrowing(self, most: usize) -> Self {
        let least = self.borrowing_width(most);
        Self { least, is_borrowing: true, ..self }
    }

    /// The least width of the column if it borrows: about enough for nine of ten cells.
    pub(super) fn borrowing_width(&self, most: usize) -> usize {
        let mut widths: Vec<_> = self.cells.iter().map(|cell| width(&cell.text)).collect();
        widths.sort_unstable();
        let usual = widths.get(widths.len().saturating_sub(1) * 9 / 10).copied().unwrap_or_default();
        usual.max(width(&self.header)).max(self.natural.saturating_sub(most))
    }

    /// Cuts the column at `most` columns of the window, unless it holds numbers.
    pub(super) fn limited_to(self, most: usize) -> Self {
        let natural = if self.is_number { self.natural } else { self.natural.min(most.max(self.least)) };
        Self { natural, ..self }
    }

    pub(super) fn with_gap(self, gap: usize) -> Self {
        Self { gap, ..self }
    }

    pub(super) const fn least(&self) -> usize {
        self.least
    }
}

/// The width that columns take at least.
pub(super) fn least_width(columns: &[Column]) -> usize {
    let gaps: usize = columns.iter().skip(1).map(|column| column.gap).sum();
    gaps + columns.iter().map(|column| column.least).sum::<usize>()
}

/// Adds the columns as lines of at most `limit` columns of the window, if they can be cut so far.
pub(super) fn push_grid(lines: &mut Lines, columns: &[Column], limit: usize) {
    let widths = fit(columns, limit);
    // Of an id that is wider than the window the header isn't.
    let header_widths: Vec<_> = widths.iter().map(|width| *width.min(&limit)).collect();
    push_row(lines, columns, &header_widths, |column| (&column.header, Style::Bold));
    let count = columns.iter().map(|column| column.cells.len()).max().unwrap_or_default();
    for index in 0..count {
        push_row(lines, columns, &widths, |column| {
            column.cells.get(index).map_or(("", Style::Plain), |cell| (&cell.text, cell.style))
        });
    }
}

fn push_row<'a>(
    lines: &mut Lines,
    columns: &'a [Column],
    widths: &[usize],
    text: impl Fn(&'a Column) -> (&'a str, Style),
) {
    let cells: Vec<_> = columns.iter().map(text).collect();
    let over = |index: usize| match (columns.get(index), cells.get(index), widths.get(index)) {
        (Some(column), Some((text, _)), Some(limit)) if column.is_borrowing => width(text).saturating_sub(*limit),
        _ => 0,
    };
    let mut end = 0;
    for (index, ((column, limit), (text, style))) in columns.iter().zip(widths).zip(&cells).enumerate() {
        let start = if index == 0 { 0 } else { end + column.gap };
        end = start + limit;
        let borrowed = over(index);
        let text = cut(text, limit.saturating_sub(over(index + 1)) + borrowed);
        lines.pad_to(start.saturating_sub(borrowed));
        if column.is_number {
            lines.pad_to(end.saturating_sub(width(&text)));
        }
        lines.push(&text, *style);
    }
    lines.end();
}

/// The width of each column: the natural one if all fit, else the widest are cut to the same width.
fn fit(columns: &[Column], limit: usize) -> Vec<usize> {
    let gaps: usize = columns.iter().skip(1).map(|column| column.gap).sum();
    let left = limit.saturating_sub(gaps);
    let at_most = |most: usize| columns.iter().map(move |column| column.natural.min(most.max(column.least)));
    let fits = |most: &usize| at_most(*most).sum::<usize>() <= left;
    let widest = columns.iter().map(|column| column.natural).max().unwrap_or_default();
    let most = (0..=widest.min(limit)).rev().find(fits).unwrap_or_default();
    if fits(&widest) { at_most(widest).collect() } else { spread(at_most(most).collect(), columns, left) }
}

/// Gives what is left over to the columns that are cut, one each from the left.
fn spread(mut widths: Vec<usize>, columns: &[Column], left: usize) -> Vec<usize> {
    let over = left.saturating_sub(widths.iter().sum());
    let cut = widths.iter_mut().zip(columns).filter(|(width, column)| **width < column.natural);
    cut.take(over).for_each(|(width, _)| *width += 1);
    widths
}
