//! `playfast KIND …`: plan, fetch, write.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use clap::ArgMatches;
use futures::StreamExt;

use super::exit::{Exit, say};
use super::{args, watch};
use crate::batch::split_kind;
use crate::output::{Format, RowWriter};
use crate::{Host, Outcomes, PlanError};

pub(super) async fn run(kind: &str, matches: &ArgMatches, options: &ArgMatches, host: &Host) -> Result<Exit, Exit> {
    let refused = |error: PlanError| Exit::config(error.to_string());
    let description = host.slot_of(kind).map_err(refused)?.description();
    let params = match description.kind(split_kind(kind).1) {
        Some(kind) => args::params(kind, options)?,
        None => Vec::new(),
    };
    let params = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let plan = host.plan(kind, params).map_err(refused)?;
    let writer = writer(matches, Format::Table)?;
    let _watch = watch::start(matches, host)?;
    tracing::info!("{} queries of {kind}", plan.len());
    let (answered, failed) = match write(host.run(plan.queries()), writer).await {
        Ok(counts) => counts,
        Err(error) => return stopped(&error),
    };
    Ok(Exit::of(answered, failed))
}

/// Writes the outcomes' rows as they come, and says what failed. Gives how many were answered, and how many failed.
pub(super) async fn write(mut outcomes: Outcomes, mut writer: RowWriter<Box<dyn Write>>) -> io::Result<(usize, usize)> {
    let (mut answered, mut failed) = (0, 0);
    while let Some(outcome) = outcomes.next().await {
        outcome.notes.iter().for_each(|note| say(&format!("{}: note: {}", outcome.query, note.escape_debug())));
        writer.write(outcome.rows)?;
        match outcome.failure {
            None => answered += 1,
            Some(failure) => {
                failed += 1;
                say(&format!("{}: {failure}", outcome.query));
            }
        }
    }
    writer.finish()?;
    Ok((answered, failed))
}

/// A reader that has seen enough is no error.
pub(super) fn stopped(error: &io::Error) -> Result<Exit, Exit> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(Exit::done()),
        _ => Err(Exit::config(format!("failed to write rows: {error}"))),
    }
}

/// Where and how the general options want rows written; how on a terminal where they don't say.
pub(super) fn writer(matches: &ArgMatches, on_terminal: Format) -> Result<RowWriter<Box<dyn Write>>, Exit> {
    let file = matches.get_one::<PathBuf>("output");
    let format = matches.get_one::<String>("format").and_then(|name| name.parse().ok());
    let format =
        format.unwrap_or(if file.is_none() && io::stdout().is_terminal() { on_terminal } else { Format::Ndjson });
    let out: Box<dyn Write> = match file {
        Some(file) => {
            let create = std::fs::File::create(file);
            Box::new(BufWriter::new(
                create.map_err(|error| Exit::config(format!("failed to create {}: {error}", file.display())))?,
            ))
        }
        None => Box::new(BufWriter::new(io::stdout())),
    };
    Ok(RowWriter::new(out, format, width()))
}

/// Characters of the terminal's line.
pub(super) fn width() -> usize {
    const USUAL: u16 = 120;
    comfy_table::Table::new().width().unwrap_or(USUAL).into()
}
