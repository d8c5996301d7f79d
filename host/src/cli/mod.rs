//! The command line: what a person types and sees. The only module that names clap, prints or exits.
//!
//! The parsers come first: settings say which, they are loaded, and their kinds become subcommands. With a parser that doesn't load, help
//! still works. Data goes to stdout or `-o`, talk to stderr.

mod args;
#[cfg(feature = "demo")]
mod bench;
mod coverage;
mod delivery;
#[cfg(feature = "demo")]
mod demo;
#[cfg(feature = "demo")]
mod demo_swap;
mod doctor;
mod exit;
mod fetch;
mod files;
mod inspect;
mod interrupt;
mod journal;
mod memory;
mod output_file;
mod parse;
mod parsers;
mod progress;
mod queries;
mod run;
mod settings;
mod sink;
#[cfg(feature = "demo")]
mod store;
mod summary;
mod watch;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;
use etcetera::BaseStrategy;

use crate::types::chain;
use crate::{Host, runtime};
use exit::Exit;
use parsers::Parsers;
use settings::Settings;

/// Runs the command in the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    memory::give_back_as_it_goes();
    let argv: Vec<OsString> = std::env::args_os().collect();
    // A panic is never success, and its message is on stderr by now.
    let ended = std::panic::catch_unwind(|| start(&argv).unwrap_or_else(|exit| exit));
    ended.unwrap_or_else(|_| Exit::internal("internal error: please report it".to_owned())).report()
}

fn start(argv: &[OsString]) -> Result<Exit, Exit> {
    let settings = Settings::read(argv)?;
    log(settings.verbosity);
    let runtime = runtime::start(args::workers(&settings)?).map_err(|error| Exit::config(error.to_string()))?;
    let exit = runtime.block_on(run(argv, &settings));
    // What is under way, such as a look-up of a name, isn't waited for.
    runtime.shutdown_background();
    exit
}

async fn run(argv: &[OsString], settings: &Settings) -> Result<Exit, Exit> {
    let parsers = Parsers::load(settings).await;
    let matches = match args::command(parsers.as_ref().ok(), settings).try_get_matches_from(argv) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => return Err(parsers.err().unwrap_or_else(|| Exit::usage(&error))),
        Err(help) => {
            if let Err(refused) = &parsers {
                refused.warn();
            }
            return Ok(Exit::help(&help));
        }
    };
    if let Some((_, options)) = matches.subcommand() {
        files::check(&matches, options, settings.file.as_deref())?;
    }
    match matches.subcommand() {
        Some(("inspect", options)) => inspect::run(options, parsers, settings).await,
        Some(("parse", options)) => parse::run(options, &host(&matches, parsers?).await?).await,
        Some(("doctor", options)) => doctor::run(options, args::host(&matches, parsers?.builder())?).await,
        Some(("run", options)) => run::run(&matches, options, &host(&matches, parsers?).await?).await,
        #[cfg(feature = "demo")]
        Some(("demo", options)) => demo::run(options, parsers?.first()?).await,
        #[cfg(feature = "demo")]
        Some(("bench", options)) => bench::run(options, parsers?.first()?).await,
        Some((kind, options)) => fetch::run(kind, &matches, options, &host(&matches, parsers?).await?).await,
        None => Err(Exit::config("which command? See --help".to_owned())),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Exit> {
    std::fs::read(file).map_err(|error| Exit::config(format!("failed to read {}: {error}", file.display())))
}

/// `$XDG_CACHE_HOME/playfast`, or where the system keeps caches.
fn cache() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("playfast"))
}

/// The host that the general options describe.
async fn host(matches: &ArgMatches, parsers: Parsers) -> Result<Host, Exit> {
    let builder = args::host(matches, parsers.builder())?;
    builder.build().await.map_err(|error| Exit::config(chain(&error)))
}

fn log(verbosity: u8) {
    let level =
        ["warn", "playfast=info,warn", "playfast=debug,info", "debug"].get(usize::from(verbosity)).unwrap_or(&"trace");
    let filter = tracing_subscriber::EnvFilter::new(level);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .init();
}
