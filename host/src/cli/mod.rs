//! What does a person type, and what do they see? The only module that names clap, prints or exits.
//!
//! The parser comes first: argv is scanned for `--parser` and `--pure`, the parser is loaded, and its kinds become subcommands. With a
//! parser that doesn't load, help still works. Data goes to stdout or `-o`, talk to stderr.

mod args;
#[cfg(feature = "demo")]
mod bench;
#[cfg(feature = "demo")]
mod demo;
mod exit;
mod fetch;
mod inspect;
mod parse;
mod run;
#[cfg(feature = "demo")]
mod store;
mod watch;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;
use etcetera::BaseStrategy;

use crate::parser::{Engine, EngineOptions, Parser};
use crate::types::chain;
use crate::{Host, HostBuilder, PLAY, workers};
use exit::Exit;

/// Runs the command in the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    start(&argv).unwrap_or_else(|exit| exit).report()
}

fn start(argv: &[OsString]) -> Result<Exit, Exit> {
    let scanned = args::scan(argv);
    log(scanned.verbosity);
    let threads = workers(args::workers(&scanned)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(|error| Exit::config(format!("failed to start {threads} threads: {error}")))?;
    let exit = runtime.block_on(run(argv, &scanned));
    // What is under way, such as a look-up of a name, isn't waited for.
    runtime.shutdown_background();
    exit
}

async fn run(argv: &[OsString], scanned: &args::Scanned) -> Result<Exit, Exit> {
    let parser = load(scanned.parser.as_deref(), scanned.pure).await;
    let kinds = parser.as_ref().map_or(&[][..], |parser| &parser.description().kinds);
    let matches = match args::command(kinds).try_get_matches_from(argv) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => return Err(parser.err().unwrap_or_else(|| Exit::usage(&error))),
        Err(help) => {
            if let Err(refused) = &parser {
                refused.warn();
            }
            return Ok(Exit::help(&help));
        }
    };
    match matches.subcommand() {
        Some(("inspect", options)) => inspect::run(options, parser, scanned.pure).await,
        Some(("parse", options)) => parse::run(options, &host(&matches, parser?).await?).await,
        Some(("run", options)) => run::run(&matches, options, &host(&matches, parser?).await?).await,
        #[cfg(feature = "demo")]
        Some(("demo", options)) => demo::run(options, parser?).await,
        #[cfg(feature = "demo")]
        Some(("bench", options)) => bench::run(options, parser?).await,
        Some((kind, options)) => fetch::run(kind, &matches, options, &host(&matches, parser?).await?).await,
        None => Err(Exit::config("which command? See --help".to_owned())),
    }
}

/// The parser in a file, or the one that comes along.
async fn load(file: Option<&Path>, pure_only: bool) -> Result<Parser, Exit> {
    let bytes = match file {
        Some(file) => read(file)?,
        None => PLAY.to_vec(),
    };
    let engine = Engine::new(EngineOptions { cache: cache(), pure_only, ..EngineOptions::default() });
    let engine = engine.map_err(|error| Exit::config(chain(&error)))?;
    let name = file.map_or("the built-in parser".to_owned(), |file| file.display().to_string());
    engine.load(&bytes).await.map_err(|error| Exit::refused(format!("{name} is refused: {}", chain(&error))))
}

fn read(file: &Path) -> Result<Vec<u8>, Exit> {
    std::fs::read(file).map_err(|error| Exit::config(format!("failed to read {}: {error}", file.display())))
}

/// `$XDG_CACHE_HOME/playfast`, or where the system keeps caches.
fn cache() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("playfast"))
}

/// The host that the general options describe.
async fn host(matches: &ArgMatches, parser: Parser) -> Result<Host, Exit> {
    let builder = args::host(matches, HostBuilder::loaded(parser))?;
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
