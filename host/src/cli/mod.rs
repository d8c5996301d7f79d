//! Command line: arguments, commands and reports. The only module that names clap, prints or exits.
//!
//! Parsers are loaded first, since their kinds are subcommands. If one can't be loaded, help still works. Rows go to stdout or `-o`, messages to
//! stderr.

mod args;
mod commands;
mod delivery;
mod exit;
mod input;
mod memory;
mod parsers;
mod report;
mod settings;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use etcetera::BaseStrategy;

use crate::runtime;
use crate::runtime::Workers;
use args::{Arguments, Invocation, Options, OwnCommand, Parsed};
#[cfg(feature = "demo")]
use commands::{bench, demo};
use commands::{completions, config, doctor, fetch, help, inspect, man, parse, run, version};
#[cfg(feature = "db")]
use commands::{db, diff, history};
use delivery::files;
use exit::ExitStatus;
use parsers::Parsers;
use report::color;
use settings::Settings;

/// Runs the command in the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    memory::set_allocator_options();
    let argv: Vec<OsString> = std::env::args_os().collect();
    // A panic is never success, and its message is on stderr by now.
    let ended = std::panic::catch_unwind(|| start(&argv).unwrap_or_else(|exit| exit));
    ended.unwrap_or_else(|_| ExitStatus::internal("internal error: please report it".to_owned())).report()
}

fn start(argv: &[OsString]) -> Result<ExitStatus, ExitStatus> {
    let settings = Settings::read(argv);
    color::choose(&settings);
    log(&settings);
    settings.warn_of_misspelled();
    let runtime = runtime::start(workers(&settings)?).map_err(|error| ExitStatus::config(error.to_string()))?;
    let exit = runtime.block_on(dispatch(argv, &settings));
    // What is under way, such as a look-up of a name, isn't waited for.
    runtime.shutdown_background();
    exit
}

/// How many threads were asked for.
fn workers(settings: &Settings) -> Result<Workers, ExitStatus> {
    let text = settings.list("workers").pop();
    let refused = |text: &str, error| ExitStatus::config(format!("--workers can't be {text:?}: {error}"));
    text.map_or(Ok(Workers::All), |text| args::workers(&text).map_err(|error| refused(&text, error)))
}

async fn dispatch(argv: &[OsString], settings: &Settings) -> Result<ExitStatus, ExitStatus> {
    let parsers = Parsers::load(settings).await;
    let warn = || {
        settings.warn();
        if let Err(refused) = &parsers {
            refused.warn();
        }
    };
    let arguments = match args::parse(argv, parsers.as_ref().ok(), settings)? {
        Parsed::Arguments(arguments) => *arguments,
        Parsed::Refused(reason) => {
            settings.check(|_| true)?;
            return Err(parsers.err().unwrap_or_else(|| ExitStatus::config(reason)));
        }
        Parsed::Help(request) => {
            warn();
            return help::print_help(&request, parsers.as_ref().ok());
        }
        Parsed::Version => {
            settings.warn();
            return version::run(settings).await;
        }
    };
    match &arguments.command {
        Invocation::Own(OwnCommand::Config(_)) => {}
        Invocation::Own(own) if own.is_informational() => warn(),
        _ => settings.check(|option| arguments.uses(option))?,
    }
    files::check(&arguments, settings.file.as_deref())?;
    let Arguments { command, options, .. } = arguments;
    if options.global.general.quiet {
        exit::be_quiet();
    }
    match command {
        Invocation::Kind(kind) => fetch::run(&kind, &options, &options.host(parsers?).await?).await,
        Invocation::Own(own) => run_own(own, &options, parsers, settings).await,
    }
}

async fn run_own(
    command: OwnCommand,
    options: &Options,
    parsers: Result<Parsers, ExitStatus>,
    settings: &Settings,
) -> Result<ExitStatus, ExitStatus> {
    match command {
        OwnCommand::Run(command) => run::run(&command, options, &options.host(parsers?).await?).await,
        OwnCommand::Parse(command) => parse::run(&command, options, &options.host(parsers?).await?).await,
        OwnCommand::Doctor(command) => {
            doctor::run(&command, options, settings, options.apply(parsers?.builder())?).await
        }
        #[cfg(feature = "db")]
        OwnCommand::Diff(command) => diff::run(&command, options, parsers),
        #[cfg(feature = "db")]
        OwnCommand::History(command) => history::run(&command, options),
        #[cfg(feature = "db")]
        OwnCommand::Db(command) => db::run(&command, options),
        OwnCommand::Inspect(command) => inspect::run(&command, parsers, settings).await,
        OwnCommand::Config(command) => config::run(&command, settings),
        OwnCommand::Completions(command) => completions::run(&command, parsers.as_ref().ok()),
        OwnCommand::Man(command) => man::run(&command, parsers.as_ref().ok()),
        OwnCommand::Help(command) => help::run(&command, parsers.as_ref().ok()),
        #[cfg(feature = "demo")]
        OwnCommand::Demo(command) => demo::run(&command, parsers?.first()?).await,
        #[cfg(feature = "demo")]
        OwnCommand::Bench(command) => bench::run(&command, parsers?.first()?).await,
    }
}

fn read(file: &Path) -> Result<Vec<u8>, ExitStatus> {
    std::fs::read(file).map_err(|error| ExitStatus::config(format!("failed to read {}: {error}", file.display())))
}

/// `$XDG_CACHE_HOME/playfast`, or where the system keeps caches.
fn cache() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("playfast"))
}

fn log(settings: &Settings) {
    let levels = ["warn", "playfast=info,warn", "playfast=debug,info", "debug"];
    let level = levels.get(usize::from(settings.verbosity)).unwrap_or(&"trace");
    let level = if settings.flag("quiet") && settings.verbosity == 0 { "error" } else { level };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(level))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .init();
}
