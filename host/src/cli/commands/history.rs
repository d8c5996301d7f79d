//! `playfast history`: a record's place and fields over time, as a table with sparklines, as rows, or as a page with plots.

mod page;
mod plot;
mod sparkline;
mod text;

use std::io::Write;

use serde_json::Value;

use crate::cli::args::{HistoryCommand, Options};
use crate::cli::delivery::sink::{Columns, Rows, distinct, is_for_people};
use crate::cli::exit::{ExitStatus, print, print_message};
use crate::cli::report::text::on_one_line;
use crate::output::database::{Database, History, HistoryOptions, Series};
use crate::output::{Checkpoint, Format, OutputFile, RunEnd};
use crate::types::Row;

pub(in crate::cli) fn run(command: &HistoryCommand, options: &Options) -> Result<ExitStatus, ExitStatus> {
    let mut wanted = HistoryOptions::default();
    wanted.kind.clone_from(&command.kind);
    wanted.params.clone_from(&command.params);
    wanted.fields.clone_from(&command.field);
    let history = Database::open(&command.file)?.history(&command.app, &wanted)?;
    if history.series.is_empty() {
        let file = command.file.display();
        return Err(ExitStatus::config(format!(
            "{file} has no such history of {}: playfast db info lists the kinds, and playfast db export the ids of a run",
            command.app
        )));
    }
    if let Some(file) = &command.html {
        let page = page::page(&command.app, &history);
        let mut output = OutputFile::open(file)?;
        output.write_all(page.as_bytes()).map_err(|error| ExitStatus::unwritten("the page", &error))?;
        print_message(&format!("wrote {}", file.display()));
        return Ok(ExitStatus::done());
    }
    if is_for_people(&options.output.rows) {
        print(&text::table(&command.app, &history))?;
    } else {
        write(&command.app, history, options)?;
    }
    Ok(ExitStatus::done())
}

/// Names of the columns of rows, besides the parameters.
const COLUMNS: [&str; 7] = ["kind", "key", "field", "at", "run", "value", "state"];

fn write(key: &str, history: History, options: &Options) -> Result<(), ExitStatus> {
    let params = history.series.iter().flat_map(|series| series.params.keys());
    let params = distinct(params.filter(|name| !COLUMNS.contains(&name.as_str())));
    let names = COLUMNS.iter().take(1).map(|name| (*name).to_owned()).chain(params.iter().cloned());
    let names = names.chain(COLUMNS.iter().skip(1).map(|name| (*name).to_owned())).collect();
    let mut rows = Rows::open(&options.output.rows, Format::Table, &Columns::from_names(names, params))?;
    let points = history.series.into_iter().flat_map(|series| point_rows(key, series)).collect();
    rows.write(points).map_err(|error| ExitStatus::unwritten("rows", &error))?;
    Ok(rows.finish(RunEnd::Complete)?)
}

/// A row for each point of a series.
fn point_rows(key: &str, series: Series) -> Vec<Row> {
    let Series { kind, params, field, points, .. } = series;
    let row = |point: crate::output::database::Point| {
        let params = params.iter().filter(|(name, _)| !COLUMNS.contains(&name.as_str()));
        let fields = [
            ("key", key.into()),
            ("field", field.clone().into()),
            ("at", point.at.into()),
            ("run", point.run.into()),
            ("value", point.value.value().cloned().unwrap_or_default()),
            ("state", point.value.name().into()),
        ];
        let head = std::iter::once(("kind".to_owned(), Value::from(kind.clone())));
        let params = params.map(|(name, value)| (name.clone(), value.clone()));
        head.chain(params).chain(fields.map(|(name, value)| (name.to_owned(), value))).collect()
    };
    points.into_iter().map(row).collect()
}

/// What tells a series from the others of its field: its kind, if there are several, and the parameters that differ.
fn series_name(series: &Series, history: &History) -> String {
    let is_shared = |name: &str| {
        let value = series.params.get(name);
        history.series.iter().all(|other| other.params.get(name) == value)
    };
    let kinds = history.series.iter().any(|other| other.kind != series.kind);
    let kind = kinds.then(|| series.kind.clone());
    let own = series.params.iter().filter(|(name, _)| !is_shared(name)).map(|(_, value)| plain(value));
    kind.into_iter().chain(own).collect::<Vec<_>>().join(" ")
}

/// A value without quotes; a dash for none.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Number(number) if number.is_f64() => rounded(number.as_f64().unwrap_or_default()),
        Value::String(text) => on_one_line(text),
        value => value.to_string(),
    }
}

/// A number as people write it: with three decimals at most.
fn rounded(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
