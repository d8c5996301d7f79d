//! `playfast db`: the runs of a database, listed, pruned, exported; and what is stored of an app or a person, removed.

use crate::cli::args::{DbAction, DbCommand, Options};
#[cfg(feature = "parquet")]
use crate::cli::delivery::sink::parquet_file;
use crate::cli::delivery::sink::{Columns, Rows};
use crate::cli::exit::{ExitStatus, print, print_message};
use crate::cli::report::number::{counted, size};
use crate::cli::report::text::align;
#[cfg(feature = "parquet")]
use crate::output::Journal;
use crate::output::database::{Database, Removed};
use crate::output::{Checkpoint, Format, RunEnd};

/// Parameter and field that name an app, and the field that names who wrote a review.
const APP_FIELD: &str = "app_id";
const REVIEWER_FIELD: &str = "user_name";

/// Rows that are read before they are written.
const CHUNK_ROWS: usize = 10_000;

pub(in crate::cli) fn run(command: &DbCommand, options: &Options) -> Result<ExitStatus, ExitStatus> {
    check(command, options)?;
    match command.action {
        DbAction::Info => info(command)?,
        DbAction::Prune => {
            let older = command.older.ok_or_else(|| needs("prune", "the age of the runs to remove: --older 1y"))?;
            report(&Database::prune(&command.file, older)?);
        }
        DbAction::Forget => {
            let app = command.app.as_ref().map(|app| (APP_FIELD, app));
            let reviewer = command.reviewer.as_ref().map(|name| (REVIEWER_FIELD, name));
            let wanted = app.or(reviewer).ok_or_else(|| needs("forget", "whom: --app ID or --reviewer NAME"))?;
            let removed = Database::forget(&command.file, wanted.0, wanted.1)?;
            report(&removed);
            return Ok(if removed == Removed::default() { ExitStatus::differs() } else { ExitStatus::done() });
        }
        DbAction::Export => export(command, options)?,
    }
    Ok(ExitStatus::done())
}

fn needs(action: &str, what: &str) -> ExitStatus {
    ExitStatus::config(format!("{action} needs {what}"))
}

/// Refuses options that the action doesn't use.
fn check(command: &DbCommand, options: &Options) -> Result<(), ExitStatus> {
    let rows = &options.output.rows;
    let is_export = command.action == DbAction::Export;
    let given = [
        ("--older", command.older.is_some(), command.action == DbAction::Prune),
        ("--app", command.app.is_some(), command.action == DbAction::Forget),
        ("--reviewer", command.reviewer.is_some(), command.action == DbAction::Forget),
        ("--run", command.run.is_some(), is_export),
        ("-o", rows.is_typed("output"), is_export),
        ("--format", rows.is_typed("format"), is_export),
        ("--fields", rows.is_typed("fields"), is_export),
        ("--sort", rows.is_typed("sort"), is_export),
        ("--spreadsheet", rows.is_typed("spreadsheet"), is_export),
    ];
    match given.into_iter().find(|(_, is_given, is_used)| *is_given && !is_used) {
        Some((option, ..)) => Err(ExitStatus::config(format!("{option} is not for this action: playfast db --help"))),
        None => Ok(()),
    }
}

fn info(command: &DbCommand) -> Result<(), ExitStatus> {
    let database = Database::open(&command.file)?;
    let total = database.size()?;
    let mut rows = vec![["run", "started", "end", "queries", "answered", "rows"].map(str::to_owned)];
    rows.extend(database.runs()?.into_iter().map(|run| {
        let end = run.end.unwrap_or_else(|| "unfinished".to_owned());
        [
            run.id.to_string(),
            run.started_at,
            end,
            run.queries.to_string(),
            run.answered.to_string(),
            run.rows.to_string(),
        ]
    }));
    let counts = [
        size(total.bytes as f64),
        counted(total.runs, "run", "runs"),
        counted(total.queries, "query", "queries"),
        counted(total.rows, "row", "rows"),
        counted(total.records, "different record", "different records"),
    ];
    let kinds = database.kinds()?.into_iter().map(|(parser, kind)| format!("{parser}:{}", kind.name));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    print(&format!("{}: {}\nkinds {kinds}\n\n{}", command.file.display(), counts.join(", "), align(&rows, 0)))
}

fn report(removed: &Removed) {
    let counts = [
        counted(removed.runs, "run", "runs"),
        counted(removed.queries, "query", "queries"),
        counted(removed.rows, "row", "rows"),
    ];
    print_message(&format!("removed {}", counts.join(", ")));
}

fn export(command: &DbCommand, options: &Options) -> Result<(), ExitStatus> {
    let database = Database::open(&command.file)?;
    let run = match &command.run {
        Some(selector) => database.find_run(selector)?,
        None => {
            database.runs()?.last().map(|run| run.id).ok_or_else(|| ExitStatus::config("there is no run".to_owned()))?
        }
    };
    let kinds: Vec<_> = database.kinds()?.into_iter().map(|(_, kind)| kind).collect();
    let columns = Columns::from_kinds(&kinds.iter().collect::<Vec<_>>());
    let mut stored = database.rows_of(run)?.peekable();
    #[cfg(feature = "parquet")]
    if let Some(path) = parquet_file::path(&options.output.rows) {
        let (mut rows, replacement) = parquet_file::open(path, parquet_file::columns(&columns, &options.output.rows)?)?;
        for row in stored {
            rows.write(vec![row?])?;
        }
        rows.finish(RunEnd::Complete)?;
        let replaced = replacement.finish(&Journal::path);
        return replaced.map_err(|error| ExitStatus::unwritten(&path.display().to_string(), &error));
    }
    let mut rows = Rows::open(&options.output.rows, Format::Table, &columns)?;
    while stored.peek().is_some() {
        let chunk = stored.by_ref().take(CHUNK_ROWS).collect::<Result<Vec<_>, _>>()?;
        rows.write(chunk).map_err(|error| ExitStatus::unwritten("rows", &error))?;
    }
    Ok(rows.finish(RunEnd::Complete)?)
}
