//! `playfast run`: answers queries of a file or a pipe as they come.

#[cfg(feature = "db")]
mod every;

use crate::cli::args::{Options, RunCommand};
use crate::cli::delivery::deliver::{InputStats, deliver, dry_run};
#[cfg(feature = "db")]
use crate::cli::delivery::new_records;
use crate::cli::delivery::sink::{Columns, Sink};
use crate::cli::delivery::watch;
use crate::cli::exit::{ExitStatus, print_message};
use crate::cli::input::{self, AskedKind, Request, Segment, Source, limit_params};
use crate::host::Host;
use crate::output::Format;
use crate::parser::Kind;
use crate::query::KindName;
use crate::swap::ParserSlot;

pub(in crate::cli) async fn run(
    command: &RunCommand,
    options: &Options,
    host: &Host,
) -> Result<ExitStatus, ExitStatus> {
    let _watch = watch::start(options, host)?;
    #[cfg(feature = "db")]
    if let Some(interval) = command.every {
        return every::run(interval, command, options, host).await;
    }
    run_once(command, options, host).await
}

async fn run_once(command: &RunCommand, options: &Options, host: &Host) -> Result<ExitStatus, ExitStatus> {
    let source = source(command);
    let name = source.to_string();
    let mut taken = InputStats::new(options);
    let parsers: Vec<_> = host.slots().iter().map(ParserSlot::description).collect();
    let mut params = options.input.params()?;
    let is_asked = |kind: &&Kind| command.kind.as_ref().is_none_or(|asked| asked.kind() == kind.name);
    let kinds = parsers.iter().flat_map(|parser| &parser.kinds).filter(is_asked);
    let mut limits = limit_params(options.input.limit, kinds, &params);
    params.append(&mut limits);
    let request = Request {
        kind: AskedKind::Default(command.kind.clone()),
        params,
        segments: vec![Segment::Source(source)],
        carry: options.input.carry.clone(),
        // A run that goes on and on asks again what comes again.
        asks_again: command.follow || options.run.watch,
        is_watched: options.run.watch,
    };
    let input = input::open(request, host, &mut taken).await?;
    // Lines may name another kind than --kind, but seldom do.
    let rows_of = command.kind.as_ref().map(KindName::kind);
    let columns = || Columns::new(&parsers, rows_of).with_carried(&options.input.carry);
    // Rows of an input that never ends are no table.
    let on_terminal = if command.follow { Format::Ndjson } else { Format::Table };
    let input = input.with_fields(Sink::needed_fields(&options.output, on_terminal, &columns())?);
    if options.run.dry_run {
        return dry_run(host, input.queries, None, &taken).await;
    }
    let sink = Sink::open(&options.output, on_terminal, options.input.max_rows(), columns)?;
    #[cfg(feature = "db")]
    let input = if options.output.new { new_records::from_newest(input, host, &options.output.rows)? } else { input };
    let exit = deliver(options, host, input, &taken, sink).await?;
    if taken.is_empty() {
        // A pipe may well have nothing to say: that is no error.
        print_message(&format!("{name} held no queries"));
    }
    Ok(exit)
}

fn source(command: &RunCommand) -> Source {
    match Source::from_path(&command.queries) {
        Source::File(path) if command.follow => Source::Growing(path),
        source => source,
    }
}
