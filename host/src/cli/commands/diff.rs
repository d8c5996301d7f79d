//! `playfast diff`: what changed between two runs of a database, or two files of rows.

mod rows_file;
mod text;

use std::path::Path;

use crate::cli::args::{DiffCommand, Options};
use crate::cli::delivery::sink::{Columns, Rows, distinct, is_database, is_for_people};
use crate::cli::exit::{ExitStatus, print, print_message};
use crate::cli::parsers::Parsers;
use crate::output::changes::{Change, ChangeFilter, Snapshot, has_params};
use crate::output::database::{Database, DiffOptions};
use crate::output::{Checkpoint, Format, RunEnd};
use crate::parser::Description;
use crate::types::Row;

pub(in crate::cli) fn run(
    command: &DiffCommand,
    options: &Options,
    parsers: Result<Parsers, ExitStatus>,
) -> Result<ExitStatus, ExitStatus> {
    let filter = filter(command);
    let (heading, changes) = match command.files.as_slice() {
        [old, new] => {
            let parsers = parsers?;
            let descriptions: Vec<_> = parsers.descriptions().collect();
            (String::new(), of_files(command, old, new, &descriptions, &filter)?)
        }
        [file] if is_database(file) => of_database(command, file, filter)?,
        files => {
            let name = files.first().map(|file| file.display().to_string()).unwrap_or_default();
            return Err(ExitStatus::config(format!(
                "{name} has not the ending of a database (.db): give one, or two files of rows"
            )));
        }
    };
    let has_changes = !changes.is_empty();
    if is_for_people(&options.output.rows) {
        print(&format!("{heading}{}", text::summary(&changes)))?;
    } else {
        write(changes, options)?;
    }
    Ok(if has_changes && command.exit_code { ExitStatus::differs() } else { ExitStatus::done() })
}

fn filter(command: &DiffCommand) -> ChangeFilter {
    let mut filter = ChangeFilter::default();
    filter.fields.clone_from(&command.fields);
    filter.ignored.clone_from(&command.ignore);
    filter.min_move = usize::try_from(command.min_move).unwrap_or(usize::MAX);
    filter
}

/// The changes between two runs, below a line that says which.
fn of_database(command: &DiffCommand, file: &Path, filter: ChangeFilter) -> Result<(String, Vec<Change>), ExitStatus> {
    let mut wanted = DiffOptions::default();
    wanted.from.clone_from(&command.from);
    wanted.to.clone_from(&command.to);
    wanted.kind.clone_from(&command.kind);
    wanted.params.clone_from(&command.params);
    wanted.filter = filter;
    let database = Database::open(file)?;
    check_names(&database, &wanted)?;
    let found = database.diff(&wanted)?;
    Ok((text::heading(&found), found.changes))
}

/// Refuses names that nothing in a database has.
fn check_names(database: &Database, wanted: &DiffOptions) -> Result<(), ExitStatus> {
    let kinds = database.kinds()?;
    let kinds =
        || kinds.iter().map(|(_, kind)| kind).filter(|kind| wanted.kind.as_ref().is_none_or(|name| *name == kind.name));
    let refused = |option: &str, what: &str, name: &str| {
        Err(ExitStatus::config(format!("{option}: the database has no {what} {name:?}")))
    };
    if let Some(kind) = wanted.kind.as_ref().filter(|_| kinds().next().is_none()) {
        return refused("--kind", "queries of the kind", kind);
    }
    if let Some((name, _)) = wanted.params.iter().find(|(name, _)| kinds().all(|kind| kind.params.get(name).is_none()))
    {
        return refused("--where", "queries with the parameter", name);
    }
    let is_unknown = |name: &&String| kinds().all(|kind| kind.fields().all(|field| field != **name));
    let fields: Vec<_> = wanted.filter.fields.iter().flatten().collect();
    let unknown: Vec<_> =
        fields.iter().copied().filter(is_unknown).chain(wanted.filter.ignored.iter().filter(is_unknown)).collect();
    match unknown.as_slice() {
        // Other kinds than those that are stored may have them.
        [first, ..] if fields.iter().all(|name| unknown.contains(name)) && !fields.is_empty() => {
            refused("--fields", "rows with the field", first)
        }
        names => {
            names.iter().for_each(|name| print_message(&format!("the database has no rows with the field {name:?}")));
            Ok(())
        }
    }
}

fn of_files(
    command: &DiffCommand,
    old: &Path,
    new: &Path,
    descriptions: &[&Description],
    filter: &ChangeFilter,
) -> Result<Vec<Change>, ExitStatus> {
    if command.from.is_some() || command.to.is_some() {
        return Err(ExitStatus::config("--from and --to name runs of a database, and files have none".to_owned()));
    }
    let (old_rows, new_rows) = (rows_file::read(old)?, rows_file::read(new)?);
    let kinds = old_rows.iter().chain(&new_rows).filter_map(|row| row.get("kind")?.as_str());
    let kinds: std::collections::HashSet<_> = kinds.collect();
    let knows_all = |description: &&&Description| kinds.iter().all(|kind| description.kind(kind).is_some());
    let Some(description) = descriptions.iter().find(knows_all).or_else(|| descriptions.first()) else {
        return Ok(Vec::new());
    };
    let snapshot = |file: &Path, rows: Vec<Row>| {
        let snapshot = Snapshot::from_rows(description, rows);
        snapshot.map_err(|error| ExitStatus::config(format!("{}: {error}", file.display())))
    };
    let changes = snapshot(old, old_rows)?.changes_to(&snapshot(new, new_rows)?, description, filter);
    let is_kind = |change: &Change| command.kind.as_ref().is_none_or(|kind| *kind == change.kind);
    let is_wanted = |change: &Change| is_kind(change) && has_params(&change.params, &command.params);
    Ok(changes.into_iter().filter(is_wanted).collect())
}

fn write(changes: Vec<Change>, options: &Options) -> Result<(), ExitStatus> {
    let params = distinct(changes.iter().flat_map(|change| change.params.keys()));
    let columns = Columns::from_names(Change::columns(params.iter().map(String::as_str)), params.clone());
    // Fields to compare, not columns.
    let mut options = options.output.rows.clone();
    options.fields = None;
    let mut rows = Rows::open(&options, Format::Table, &columns)?;
    rows.write(changes.into_iter().map(Change::into_row).collect())
        .map_err(|error| ExitStatus::unwritten("changes", &error))?;
    Ok(rows.finish(RunEnd::Complete)?)
}
