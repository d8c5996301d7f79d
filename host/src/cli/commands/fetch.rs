//! `playfast KIND …`: answers queries of one kind, from values that are typed, in files, or piped in.

use std::sync::Arc;

use futures::StreamExt;

use crate::cli::args::{KindCommand, Options};
use crate::cli::delivery::deliver::{InputStats, deliver, dry_run};
use crate::cli::delivery::details::Details;
#[cfg(feature = "db")]
use crate::cli::delivery::new_records;
#[cfg(feature = "db")]
use crate::cli::delivery::sink::is_database;
use crate::cli::delivery::sink::{Columns, Sink};
use crate::cli::delivery::watch;
use crate::cli::exit::{ExitStatus, print_message};
use crate::cli::input::{self, AskedKind, Expanded, Request, Source, Typed, limit_params};
use crate::host::Host;
use crate::output::Format;
use crate::parser::{Description, Kind};
use crate::query::{KindName, PlanError};
use crate::run::Input;

pub(in crate::cli) async fn run(
    command: &KindCommand,
    options: &Options,
    host: &Host,
) -> Result<ExitStatus, ExitStatus> {
    let slot = host.slot_of(&command.name).map_err(refused)?;
    let description = slot.description();
    let kind = find_kind(&description, &command.name)?;
    #[cfg(feature = "db")]
    if options.output.new {
        new_records::check(kind)?;
    }
    #[cfg(feature = "db")]
    if options.input.details && options.output.rows.file().is_some_and(|file| is_database(file)) {
        // The lists would be stored as answered and empty: all that they held would seem to have left.
        let refused = "--details is not for a database: store the lists, and ask for the details in a run of their own";
        return Err(ExitStatus::config(refused.to_owned()));
    }
    let mut taken = InputStats::new(options);
    let mut literal = options.input.params()?;
    let details = if options.input.details {
        match Details::new(&description, kind, &command.name, &mut literal) {
            Ok(details) => Some(details),
            Err(reason) if options.output.rows.is_typed("details") => return Err(ExitStatus::config(reason)),
            // The environment or the configuration file sets it for other kinds.
            Err(_) => None,
        }
    } else {
        None
    };
    let typed: Vec<_> = literal.iter().chain(&command.params).cloned().collect();
    literal.append(&mut limit_params(options.input.limit, [kind], &typed));
    let typed = Typed { options: command.params.clone(), literal };
    let is_piped = typed.sources(kind).contains(&Source::Stdin);
    let mut input = open(typed.expand(kind)?, command, options, host, &mut taken).await?;
    if details.is_some() {
        // The charts' number says nothing of the details'.
        taken.total.clear();
    }
    let rows_of = details.as_ref().map_or(kind.name.as_str(), |details| details.kind().kind());
    let columns = || Columns::new(&[Arc::clone(&description)], Some(rows_of)).with_carried(&options.input.carry);
    let fields = Sink::needed_fields(&options.output, Format::Table, &columns())?;
    input = input.with_fields(fields);
    if options.run.dry_run {
        return dry_run(host, input.queries, details.as_ref(), &taken).await;
    }
    let sink = Sink::open(&options.output, Format::Table, options.input.max_rows(), columns)?;
    #[cfg(feature = "db")]
    if options.output.new {
        input = new_records::from_newest(input, host, &options.output.rows)?;
    }
    input.follow_up = details.as_ref().map(|details| details.follow_up(host, &taken.refusals));
    let _watch = watch::start(options, host)?;
    let exit = deliver(options, host, input, &taken, sink).await?;
    if is_piped && taken.is_empty() {
        print_message("stdin held no queries");
    }
    Ok(exit)
}

/// The queries: of one plan, or of sources that are read while they come.
async fn open(
    expanded: Expanded,
    command: &KindCommand,
    options: &Options,
    host: &Host,
    taken: &mut InputStats,
) -> Result<Input, ExitStatus> {
    let Expanded { params, segments } = expanded;
    if segments.is_empty() {
        if !options.input.carry.is_empty() {
            return Err(ExitStatus::config("--carry copies columns of a file or a pipe: give @FILE or -".to_owned()));
        }
        let params = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let plan = host.plan(&command.name, params).map_err(refused)?;
        taken.total.set(plan.len());
        return Ok(Input::new(futures::stream::iter(plan.queries()).boxed(), true));
    }
    let request = Request {
        kind: AskedKind::Fixed(command.name.clone()),
        params,
        segments,
        carry: options.input.carry.clone(),
        asks_again: false,
        is_watched: false,
    };
    input::open(request, host, taken).await
}

fn find_kind<'d>(description: &'d Description, name: &KindName) -> Result<&'d Kind, ExitStatus> {
    let kind = description.kind(name.kind());
    kind.ok_or_else(|| ExitStatus::config(format!("the parser {} has no kind \"{name}\" any more", description.name)))
}

fn refused(error: PlanError) -> ExitStatus {
    ExitStatus::config(error.to_string())
}
