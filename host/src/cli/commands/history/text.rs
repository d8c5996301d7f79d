//! History as a table for a terminal.

use std::collections::BTreeSet;

use serde_json::Value;

use super::sparkline::sparkline;
use super::{plain, rounded, series_name};
use crate::cli::report::number::counted;
use crate::cli::report::text::{align, cut, on_one_line};
use crate::output::database::{History, Point, Series};

/// Columns of a sparkline.
const SPARKLINE_COLUMNS: usize = 32;

/// Characters of a text that are shown.
const MAX_CHARACTERS: usize = 24;

/// The field whose lowest number is the best.
pub(super) const POSITION: &str = "position";

/// A line for each series.
pub(super) fn table(key: &str, history: &History) -> String {
    let runs: BTreeSet<_> = history.series.iter().flat_map(|series| &series.points).map(|point| point.run).collect();
    let days: BTreeSet<_> =
        history.series.iter().flat_map(|series| &series.points).map(|point| day(&point.at)).collect();
    let span = match (days.first(), days.last()) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(first), _) => (*first).to_owned(),
        _ => String::new(),
    };
    let title =
        history.label.as_ref().map_or_else(|| key.to_owned(), |label| format!("{} ({key})", on_one_line(label)));
    let mut rows = vec![["", "field", "over time", "first → last", "lowest – highest"].map(str::to_owned)];
    rows.extend(history.series.iter().map(|series| series_row(series, history)));
    format!("{title}: {}, {span}\n\n{}", counted(runs.len() as u64, "run", "runs"), align(&rows, 0))
}

fn series_row(series: &Series, history: &History) -> [String; 5] {
    let values: Vec<_> = series.points.iter().filter_map(|point| point.value.value()).collect();
    let numbers: Vec<_> = series.points.iter().map(number).collect();
    let is_number = values.iter().all(|value| value.is_number());
    let line = if is_number { sparkline(&numbers, SPARKLINE_COLUMNS, series.field == POSITION) } else { steps(series) };
    let change = match (values.first(), values.last()) {
        (Some(first), Some(last)) if first == last => short(first),
        (Some(first), Some(last)) => format!("{} → {}", short(first), short(last)),
        _ => "–".to_owned(),
    };
    let bound = |pick: fn(f64, f64) -> f64| numbers.iter().flatten().copied().reduce(pick);
    let range = match (bound(f64::min), bound(f64::max)) {
        (Some(lowest), Some(highest)) if is_number => format!("{} – {}", rounded(lowest), rounded(highest)),
        _ => String::new(),
    };
    [series_name(series, history), series.field.clone(), line, change, range]
}

/// The days on which a text changed.
fn steps(series: &Series) -> String {
    let known: Vec<_> = series.points.iter().filter(|point| point.value.value().is_some()).collect();
    let changed = known.windows(2).filter_map(|pair| match pair {
        [was, now] if was.value != now.value => Some(day(&now.at)),
        _ => None,
    });
    let days: Vec<_> = changed.collect();
    match days.as_slice() {
        [] => String::new(),
        [.., last] => format!("{}, last on {last}", counted(days.len() as u64, "change", "changes")),
    }
}

/// A point's number.
pub(super) fn number(point: &Point) -> Option<f64> {
    point.value.value().and_then(Value::as_f64)
}

fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

/// The beginning of a value.
fn short(value: &Value) -> String {
    cut(&plain(value), MAX_CHARACTERS)
}
