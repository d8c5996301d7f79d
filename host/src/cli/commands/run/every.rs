//! `run --every`: all queries again and again, each time as a run of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use super::run_once;
use crate::cli::args::{Options, RunCommand};
use crate::cli::delivery::shutdown_signal::Signals;
use crate::cli::delivery::sink::is_database;
use crate::cli::exit::{ExitStatus, print_error, print_message};
use crate::cli::report::number::long;
use crate::host::Host;

/// Runs until a signal comes. A run that fails is told, and the next one tries again; if the first can't even begin, nothing will.
pub(super) async fn run(
    interval: Duration,
    command: &RunCommand,
    options: &Options,
    host: &Host,
) -> Result<ExitStatus, ExitStatus> {
    check(command, options)?;
    if options.run.dry_run {
        return run_once(command, options, host).await;
    }
    let mut options = options.clone();
    let mut is_first = true;
    loop {
        let start = Instant::now();
        match run_once(command, &options, host).await {
            Ok(exit) if exit.is_stopped() => return Ok(exit),
            Err(error) if is_first => return Err(error),
            Ok(exit) | Err(exit) => exit.warn(),
        }
        // Only the first run can go on with one that was cut off.
        (is_first, options.output.resume, options.output.existing) = (false, false, None);
        let left = interval.checked_sub(start.elapsed()).unwrap_or_else(|| {
            print_error(&format!(
                "the run took {}, longer than --every: the next one starts at once",
                long(start.elapsed())
            ));
            Duration::ZERO
        });
        print_message(&format!("the next run starts in {}", long(left)));
        if let Some(code) = wait(left).await? {
            return Ok(ExitStatus::stopped(code, "stopped between two runs".to_owned()));
        }
    }
}

fn check(command: &RunCommand, options: &Options) -> Result<(), ExitStatus> {
    if command.queries == Path::new("-") {
        return Err(ExitStatus::config("--every reads the queries again each time: give a file, not stdin".to_owned()));
    }
    if options.run.dry_run || options.output.rows.file().is_some_and(|file| is_database(file)) {
        return Ok(());
    }
    Err(ExitStatus::config("--every keeps runs in a database: -o FILE.db".to_owned()))
}

/// Waits, and returns the code to end with if a signal comes.
async fn wait(time: Duration) -> Result<Option<u8>, ExitStatus> {
    let mut signals =
        Signals::listen().map_err(|error| ExitStatus::config(format!("failed to listen to signals: {error}")))?;
    tokio::select! {
        code = signals.next() => Ok(Some(code)),
        () = tokio::time::sleep(time) => Ok(None),
    }
}
