//! Database as the destination of rows: which names mean one, and which options fit it.

use std::path::{Path, PathBuf};

use super::columns::Columns;
use crate::cli::args::{Existing, OutputArgs, RowArgs};
use crate::cli::exit::{ExitStatus, print_message};
use crate::output::database::{DatabaseCheckpoint, RunMode};

/// Endings of the names of databases.
const ENDINGS: [&str; 3] = ["db", "sqlite", "sqlite3"];

/// Whether a name is that of a database.
pub(in crate::cli) fn is_database(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ENDINGS.iter().any(|ending| extension.eq_ignore_ascii_case(ending)))
}

/// The database that rows go to; `None` if they go elsewhere.
pub(super) fn path(options: &RowArgs) -> Option<&PathBuf> {
    let is_file = options.is_typed("format") && options.format().is_some();
    options.file().filter(|path| is_database(path) && !is_file)
}

/// Opens the database for a run.
///
/// # Errors
/// If it can't be written.
pub(super) fn open(path: &Path, options: &OutputArgs, limit: Option<usize>) -> Result<DatabaseCheckpoint, ExitStatus> {
    let existing = options.existing();
    let mode = if existing == Existing::Resume { RunMode::Resume } else { RunMode::New };
    let database = DatabaseCheckpoint::open(path, mode)?.with_row_limit(limit);
    if mode == RunMode::Resume && !database.is_resumed() {
        print_message(&format!("{}: no run is unfinished: this is a new one", path.display()));
    }
    Ok(database)
}

/// Refuses options that have no effect on a database.
pub(super) fn check(options: &OutputArgs, limit: Option<usize>, columns: &Columns) -> Result<(), ExitStatus> {
    let rows = &options.rows;
    let refused = |option: &str, why: &str| Err(ExitStatus::config(format!("{option} is not for a database: {why}")));
    let is_given = |option: &str, is_set: bool| is_set && rows.is_typed(option);
    let existing = options.existing();
    if existing == Existing::Restart || existing == Existing::Replace {
        let option = if options.overwrite { "--overwrite" } else { "--existing" };
        return refused(option, "it keeps its runs, and each is a new one; playfast db prune removes old ones");
    }
    if is_given("sort", rows.sort.is_some()) {
        return refused("--sort", "queries of SQL sort rows");
    }
    if is_given("pivot", rows.pivot.is_some()) || is_given("spreadsheet", rows.spreadsheet) {
        return refused(if rows.spreadsheet { "--spreadsheet" } else { "--pivot" }, "playfast db export writes files");
    }
    if options.new && limit.is_some() {
        return refused("--limit with --new", "it would leave a gap; --num limits the first run");
    }
    if options.source {
        return refused("--source", "it records the parser of each query");
    }
    if !columns.carried().is_empty() {
        return refused("--carry", "its rows have the parser's fields only");
    }
    columns.chosen(rows, false).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_of_sqlite_mean_a_database() {
        for (name, expected) in
            [("market.db", true), ("a.b/x.SQLite3", true), ("x.sqlite", true), ("x.csv", false), ("db", false)]
        {
            assert_eq!(is_database(Path::new(name)), expected, "{name}");
        }
    }
}
