//! The commands and options of the command line.
//!
//! The general ones are the host's; the subcommands for kinds, and their options, come out of the parser's description. Values of the
//! latter are checked by [`crate::Plan`], which knows what is nearest.

mod number;
mod running;
mod transport;

use std::num::NonZeroUsize;
use std::path::PathBuf;
#[cfg(feature = "demo")]
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::exit::Exit;
use super::parsers::Parsers;
use super::settings::{Settings, variable};
use crate::fetch::check_authority;
use crate::output::Format;
use crate::parser::{Kind, Param};
use crate::types::chain;
use crate::{ConnectTo, Digest, HostBuilder, MAX_WORKERS, Rate, Workers};
use number::{MAX_CONCURRENCY, whole_number};

pub(super) use number::count;
pub(super) use transport::duration;

/// Milliseconds that the demo's store may take to answer: an hour.
const MAX_LATENCY_MS: u32 = 3_600_000;

/// Times that the benchmark runs each method.
const MAX_BENCH_RUNS: u32 = 1_000;

/// How many threads were asked for.
pub(super) fn workers(settings: &Settings) -> Result<Workers, Exit> {
    let text = settings.list("workers").pop();
    match text.as_deref() {
        None | Some("all") => Ok(Workers::All),
        Some("half") => Ok(Workers::Half),
        Some(text) => {
            let count = text.parse::<NonZeroUsize>().ok().filter(|count| count.get() <= MAX_WORKERS);
            let refused =
                || format!("--workers can't be {text:?}: give all, half, or a whole number from 1 to {MAX_WORKERS}");
            count.map(Workers::Count).ok_or_else(|| Exit::config(refused()))
        }
    }
}

/// The whole command line, with a subcommand for each of the parsers' kinds.
pub(super) fn command(parsers: Option<&Parsers>, settings: &Settings) -> Command {
    let own = own_commands();
    let names: Vec<_> = own.iter().map(Command::get_name).collect();
    let kinds = parsers.map(|parsers| parsers.commands(&names)).unwrap_or_default();
    Command::new("playfast")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Fetch many pages at once, and parse each in a WebAssembly sandbox of its own")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .max_term_width(120)
        .args(general().into_iter().map(|arg| set(arg, settings)))
        .subcommands(kinds.iter().map(|(names, kind)| kind_command(names, kind)))
        .subcommands(own)
}

/// An option as the environment and the configuration file set it.
fn set(arg: Arg, settings: &Settings) -> Arg {
    let name = arg.get_id().to_string();
    if name == "verbose" {
        return arg;
    }
    let values = settings.config(&name).to_vec();
    // A flag takes no value whose default could be hidden: clap asserts that in debug builds.
    let takes_value = arg.get_action().takes_values();
    let arg = arg.hide_default_value(takes_value);
    // A variable that is empty says nothing, as in the library.
    let is_set = std::env::var_os(variable(&name)).is_some_and(|value| !value.is_empty());
    let arg = if is_set { arg.env(variable(&name)).hide_env(true) } else { arg };
    if values.is_empty() { arg } else { arg.default_values(values) }
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).value_parser(BoolishValueParser::new())
}

/// The options that every command has.
pub(super) fn general() -> Vec<Arg> {
    let several = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Append).value_delimiter(',');
    let general = [
        Arg::new("parser").long("parser").value_name("FILE").value_parser(value_parser!(PathBuf)).help("Parser component to use [default: the built-in one for Google Play]"),
        Arg::new("parsers").long("parsers").value_name("FOLDER").value_parser(value_parser!(PathBuf)).help("Use all parser components in FOLDER, each under its file's name"),
        flag("watch").help("Swap a parser whenever its file changes, add those that come to FOLDER, and say on stderr what comes of it"),
        flag("force").help("With --watch: take a new parser even if it lacks a kind or does worse on recent responses"),
        several("parser-digest").value_name("sha256:DIGEST").value_parser(value_parser!(Digest)).help("Refuse every parser but the one with this digest; may be given more than once"),
        several("allow-host").value_name("HOST").help("Let parsers in FOLDER, and swapped ones, ask HOST; those of Google Play they may"),
        flag("pure").help("Refuse a parser that imports anything, WASI too"),
        Arg::new("config").long("config").value_name("FILE").value_parser(value_parser!(PathBuf)).help("Options by their names, in TOML [default: playfast/playfast.toml where the system keeps such files]"),
        Arg::new("format").long("format").value_name("FORMAT").value_parser(Format::NAMES).help("How rows are written [default: table on a terminal, else ndjson]"),
        Arg::new("output").short('o').long("output").value_name("FILE").value_parser(value_parser!(PathBuf)).help("Write rows to FILE instead of stdout"),
        flag("source").help("Tell in each row where it comes from: address, status, time and parser"),
        Arg::new("rate").long("rate").value_name("RATE").value_parser(value_parser!(Rate)).help("Requests a second, such as 2/s; none; or site [default: site, the pace that the parser knows its site to bear]"),
        Arg::new("concurrency").long("concurrency").value_name("N").allow_negative_numbers(true).value_parser(whole_number(1..=MAX_CONCURRENCY)).help("Requests under way at once [default: 64]"),
        Arg::new("workers").long("workers").value_name("N").help("Threads: a number, half (of the cores, 2 to 8), or all [default: all]"),
        several("connect-to").value_name("HOST:PORT:ADDR:PORT").value_parser(value_parser!(ConnectTo)).help("Connect to another address for a host, as in curl"),
        Arg::new("cacert").long("cacert").value_name("FILE").value_parser(value_parser!(PathBuf)).action(ArgAction::Append).help("Trust the certificate authorities in FILE (PEM) too"),
        Arg::new("verbose").short('v').long("verbose").action(ArgAction::Count).help("Say more on stderr; -vv still more"),
    ];
    let general = general.into_iter().chain(running::options()).chain(transport::options());
    general.map(|arg| arg.global(true).help_heading("General options")).collect()
}

fn own_commands() -> Vec<Command> {
    let mut commands = vec![
        Command::new("parse").about("Parse one saved response through the sandbox, without the network").args([
            Arg::new("kind").long("kind").value_name("KIND").required(true).help("What the response answers"),
            param_arg(),
            Arg::new("url").long("url").value_name("URL").help("Where it came from"),
            Arg::new("status")
                .long("status")
                .value_name("CODE")
                .allow_negative_numbers(true)
                .value_parser(whole_number(100..=599))
                .default_value("200")
                .help("Its HTTP status"),
            Arg::new("header")
                .long("header")
                .value_name("NAME: VALUE")
                .action(ArgAction::Append)
                .help("A header of it"),
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Its body; - for stdin"),
        ]),
        Command::new("run")
            .about("Answer queries as they come: a JSON object a line, CSV, or with --kind a value a line")
            .args([
                Arg::new("queries")
                    .long("queries")
                    .value_name("FILE")
                    .required(true)
                    .value_parser(value_parser!(PathBuf))
                    .help("Where they come from; - for stdin"),
                Arg::new("kind").long("kind").value_name("KIND").help("What is asked where a query doesn't say it"),
                Arg::new("follow")
                    .long("follow")
                    .action(ArgAction::SetTrue)
                    .help("Go on as FILE grows, is truncated or replaced, as tail -F does"),
            ]),
        Command::new("doctor")
            .about(
                "Ask one query of each kind, and say what came back and what stands in the way: the first thing to run",
            )
            .args([
                param_arg(),
                Arg::new("save")
                    .long("save")
                    .value_name("DIR")
                    .value_parser(value_parser!(PathBuf))
                    .help("Keep each request and response in DIR, without cookies, as files that parse reads"),
            ]),
        Command::new("inspect").about("Show what a parser is: name, digest, hosts, kinds, imports and exports").args([
            Arg::new("file")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Component [default: --parser, else the built-in one]"),
            json_arg(),
        ]),
    ];
    if cfg!(feature = "demo") {
        commands.push(
            Command::new("demo")
                .about("Fetch 15 charts from a store on this machine, one after another and then at once")
                .args([
                    Arg::new("serve")
                        .long("serve")
                        .action(ArgAction::SetTrue)
                        .help("Only run the store, and say how to reach it, until Ctrl-C"),
                    Arg::new("swap")
                        .long("swap")
                        .action(ArgAction::SetTrue)
                        .conflicts_with("serve")
                        .help("Change the store's layout under a running batch, and drop a fixed parser in"),
                    Arg::new("pages")
                        .long("pages")
                        .value_name("DIR")
                        .value_parser(value_parser!(PathBuf))
                        .requires("serve")
                        .help("Serve the saved pages of DIR (with its INDEX.tsv) at their URLs"),
                    Arg::new("port")
                        .long("port")
                        .value_name("PORT")
                        .allow_negative_numbers(true)
                        .value_parser(whole_number(0..=u16::MAX.into()))
                        .requires("serve")
                        .help("Listen there [default: any free port]"),
                    latency_arg(),
                ]),
        );
        commands.push(
            Command::new("bench").about("Rerun the study's benchmark against a store on this machine").args([
                json_arg(),
                latency_arg(),
                Arg::new("runs")
                    .long("runs")
                    .value_name("N")
                    .allow_negative_numbers(true)
                    .value_parser(whole_number(1..=MAX_BENCH_RUNS))
                    .default_value("3")
                    .help("Times that each method runs; the median counts"),
            ]),
        );
    }
    commands
}

fn json_arg() -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON")
}

fn latency_arg() -> Arg {
    Arg::new("latency")
        .long("latency")
        .value_name("MS")
        .allow_negative_numbers(true)
        .value_parser(whole_number(0..=MAX_LATENCY_MS))
        .default_value("340")
        .help("How long the store takes to answer, in milliseconds")
}

/// The latency that was asked for.
#[cfg(feature = "demo")]
pub(super) fn latency(options: &ArgMatches) -> Duration {
    Duration::from_millis(options.get_one::<u32>("latency").copied().unwrap_or_default().into())
}

fn param_arg() -> Arg {
    Arg::new("param")
        .long("param")
        .value_name("NAME=VALUE")
        .action(ArgAction::Append)
        .help("A parameter by its own name")
}

/// A kind as a subcommand. A parameter whose name the host uses itself is given with `--param`.
fn kind_command(names: &[String], kind: &Kind) -> Command {
    let own: Vec<_> = general().iter().map(|arg| arg.get_id().to_string()).chain(["param".to_owned()]).collect();
    let params = kind.params.properties.iter().filter(|(name, _)| !own.contains(&option(name)));
    let args = params.map(|(name, param)| param_option(name, param));
    let (name, aliases) = names.split_first().map_or(("", names), |(name, aliases)| (name.as_str(), aliases));
    Command::new(name.to_owned())
        .aliases(aliases)
        .about(kind.summary.clone())
        .args(args.collect::<Vec<_>>())
        .arg(param_arg())
}

fn param_option(name: &str, param: &Param) -> Arg {
    let value = option(name).to_uppercase().replace('-', "_");
    let arg = Arg::new(name.to_owned())
        .action(ArgAction::Append)
        .value_name(value)
        .help(summary(param))
        .long_help(details(param));
    // What is missing is said by the plan, which also knows what --param gives.
    match (param.positional, param.many) {
        (true, true) => arg.num_args(0..),
        (true, false) => arg.num_args(0..=1),
        (false, _) => arg.long(option(name)),
    }
}

fn option(param: &str) -> String {
    param.replace('_', "-")
}

fn summary(param: &Param) -> String {
    let many = if param.many && !param.positional { "; several, with commas" } else { "" };
    let default = param.default().map(|default| format!(" [default: {default}]")).unwrap_or_default();
    format!("{}{many}{default}", param.summary())
}

fn details(param: &Param) -> String {
    const LISTED: usize = 80;
    let choices: Vec<_> = param.choices().take(LISTED + 1).collect();
    let groups: Vec<_> = param.groups.keys().map(String::as_str).collect();
    let mut text = summary(param);
    if (1..=LISTED).contains(&choices.len()) {
        text.push_str(&format!("\nOne of: {}", choices.join(", ")));
    }
    if !groups.is_empty() {
        text.push_str(&format!("\nFor several at once: {}", groups.join(", ")));
    }
    text
}

/// The parameters that were given for a kind, by options and by `--param`.
pub(super) fn params(kind: &Kind, options: &ArgMatches) -> Result<Vec<(String, String)>, Exit> {
    let mut params = named_params(options)?;
    for (name, _) in &kind.params.properties {
        if let Ok(Some(values)) = options.try_get_many::<String>(name) {
            params.extend(values.map(|value| (name.clone(), value.clone())));
        }
    }
    Ok(params)
}

/// The parameters that were given by `--param`.
pub(super) fn named_params(options: &ArgMatches) -> Result<Vec<(String, String)>, Exit> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.replace('-', "_"), value.to_owned())),
        None => Err(Exit::config(format!("--param can't be {text:?}: give NAME=VALUE"))),
    };
    options.get_many::<String>("param").into_iter().flatten().map(pair).collect()
}

/// The host that the general options describe.
pub(super) fn host(matches: &ArgMatches, builder: HostBuilder) -> Result<HostBuilder, Exit> {
    let mut builder = builder.fetch(transport::fetch(matches)?);
    for connect_to in matches.get_many::<ConnectTo>("connect-to").into_iter().flatten() {
        builder = builder.connect_to(connect_to.clone());
    }
    for file in matches.get_many::<PathBuf>("cacert").into_iter().flatten() {
        let pem = super::read(file)?;
        check_authority(&pem).map_err(|error| Exit::config(format!("{}: {}", file.display(), chain(&error))))?;
        builder = builder.authority(pem);
    }
    if let Some(rate) = matches.get_one::<Rate>("rate") {
        builder = builder.rate(*rate);
    }
    if matches.get_flag("source") {
        builder = builder.source(true);
    }
    if let Some(concurrency) = count(matches, "concurrency") {
        builder = builder.concurrency(concurrency);
    }
    Ok(running::host(matches, builder))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Debug builds assert what clap wants of a command only when it is built: this builds each.
    #[tokio::test]
    async fn the_command_line_is_what_clap_wants() {
        let settings = Settings::default();
        command(None, &settings).debug_assert();
        let parsers = Parsers::load(&settings).await.unwrap();
        command(Some(&parsers), &settings).debug_assert();
    }
}
