//! The program's own commands, beside the kinds of the parsers.

use crate::query::KindName;
use std::path::PathBuf;
#[cfg(feature = "db")]
use std::time::Duration;

use clap::{Args, Subcommand};
use http::StatusCode;

#[cfg(feature = "db")]
use super::database::{DbCommand, DiffCommand, HistoryCommand};
#[cfg(feature = "demo")]
use super::demo::{BenchCommand, DemoCommand};
#[cfg(feature = "db")]
use super::value::duration;
use super::value::status_code;

/// The program's own commands.
#[derive(Clone, Debug, Subcommand)]
pub(in crate::cli) enum OwnCommand {
    /// Answer the queries in a file or a pipe
    ///
    /// A query is a JSON object on a line, a row of a CSV file with a header, or, with --kind, a value on a line such as an app's id. Each is
    /// answered while the next isn't there yet.
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunCommand),
    /// Check that everything works: ask one query of each kind
    ///
    /// Reports what came back, which fields are missing, what is in the way and what to do. The first thing to run.
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorCommand),
    /// Show a parser: hosts, pace, parameters, fields
    ///
    /// Also its version, digest and size, and what it imports and exports.
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectCommand),
    /// Show what changed between two runs
    ///
    /// Records that entered, left, moved or changed; queries that failed or weren't asked in one of the runs, of whose records nothing is known.
    #[cfg(feature = "db")]
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffCommand),
    /// Show an app over time: its places, score, price, version
    ///
    /// From the runs of a database, as a table, as rows, or as a page with plots (--html).
    #[cfg(feature = "db")]
    #[command(after_help = HISTORY_EXAMPLES)]
    History(HistoryCommand),
    /// List, prune or export the runs of a database
    #[cfg(feature = "db")]
    #[command(after_help = DB_EXAMPLES)]
    Db(DbCommand),
    /// Parse a saved response, without the network
    ///
    /// The response goes through the same sandbox as one that was fetched.
    #[command(after_help = PARSE_EXAMPLES)]
    Parse(ParseCommand),
    /// Fetch 15 charts from a store on this machine
    ///
    /// First one after another, then all at once. Nothing is sent to the internet.
    #[cfg(feature = "demo")]
    Demo(DemoCommand),
    /// Compare ways to fetch, on a store on this machine
    ///
    /// Repeats the study's benchmark: one after another, thread pools, chunks, one batch. Takes some minutes; nothing is sent to the internet.
    #[cfg(feature = "demo")]
    Bench(BenchCommand),
    /// Show the settings in force, and what sets each
    ///
    /// Each option that the configuration file or the environment may set, its value, and where that comes from. Passwords, cookies and headers
    /// that hold secrets are hidden.
    #[command(after_help = CONFIG_EXAMPLES)]
    Config(ConfigCommand),
    /// Print completions for a shell
    ///
    /// They complete commands, options, and the values of parameters and fields of the parser that is used.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsCommand),
    /// Print the manual page
    #[command(after_help = MAN_EXAMPLES)]
    Man(ManCommand),
    /// Explain a topic or a command
    ///
    /// Topics: failures, pace, resume, parsers.
    Help(HelpCommand),
}

const RUN_EXAMPLES: &str = "Examples:
  playfast run --queries apps.csv -o rows.ndjson --resume
  playfast run --kind app --queries ids.txt -o apps.csv
  tail -F queries.ndjson | playfast run --queries -
  playfast run --queries queries.ndjson --every 1d -o market.db";
const DOCTOR_EXAMPLES: &str = "Examples:
  playfast doctor
  playfast doctor --save report";
const INSPECT_EXAMPLES: &str = "Examples:
  playfast inspect
  playfast inspect books.wasm --json";
#[cfg(feature = "db")]
const DIFF_EXAMPLES: &str = "Examples:
  playfast list --country us,kr -o market.db && playfast diff market.db
  playfast diff market.db --from 7d --where country=us --min-move 5
  playfast diff yesterday.ndjson today.ndjson --fields price,version";
#[cfg(feature = "db")]
const HISTORY_EXAMPLES: &str = "Examples:
  playfast history market.db --app com.spotify.music
  playfast history market.db --app com.spotify.music --field position --where country=us
  playfast history market.db --app com.spotify.music --html spotify.html";
#[cfg(feature = "db")]
const DB_EXAMPLES: &str = "Examples:
  playfast db info market.db
  playfast db export market.db --run 2026-11-27 -o charts.csv
  playfast db prune market.db --older 1y
  playfast db forget market.db --reviewer 'Jane Doe'";
const PARSE_EXAMPLES: &str = "Examples:
  playfast parse --kind list saved.html
  playfast parse --kind app --param country=us page.html.gz --format json";
const CONFIG_EXAMPLES: &str = "Examples:
  playfast config
  playfast config --example > ~/.config/playfast/playfast.toml";
const COMPLETIONS_EXAMPLES: &str = "Examples:
  playfast completions bash > ~/.local/share/bash-completion/completions/playfast
  playfast completions zsh > ~/.zfunc/_playfast     # a folder in $fpath
  playfast completions fish > ~/.config/fish/completions/playfast.fish";
const MAN_EXAMPLES: &str = "Examples:
  playfast man | man -l -
  playfast man list | man -l -";

impl OwnCommand {
    /// Whether the command only says something about the program: it works even if the configuration or a parser is wrong.
    pub(in crate::cli) const fn is_informational(&self) -> bool {
        matches!(self, Self::Completions(_) | Self::Man(_) | Self::Help(_))
    }
}

/// `playfast run`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct RunCommand {
    /// File of queries; - for stdin
    #[arg(long, value_name = "FILE", required = true)]
    pub(in crate::cli) queries: PathBuf,
    /// Kind of the queries that name none
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) kind: Option<KindName>,
    /// Ask all queries again and again, each time as a run of its own in the database: -o FILE.db
    ///
    /// From start to start, such as 1h. A run that takes longer delays the next. Until Ctrl-C or SIGTERM.
    #[cfg(feature = "db")]
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "follow")]
    pub(in crate::cli) every: Option<Duration>,
    /// Continue as FILE grows, is truncated or replaced, as tail -F does
    #[arg(long)]
    pub(in crate::cli) follow: bool,
}

/// `playfast parse`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct ParseCommand {
    /// Kind of query that the response answers
    #[arg(long, value_name = "KIND", required = true)]
    pub(in crate::cli) kind: KindName,
    /// Address that it came from
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) url: Option<String>,
    /// HTTP status that it came with
    #[arg(long, value_name = "CODE", default_value = "200", allow_negative_numbers = true, value_parser = status_code)]
    pub(in crate::cli) status: StatusCode,
    /// Header that it came with
    #[arg(long, value_name = "NAME: VALUE")]
    pub(in crate::cli) header: Vec<String>,
    /// Its body, plain, gzip, zstd or UTF-16; - for stdin
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) file: PathBuf,
}

/// `playfast doctor`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct DoctorCommand {
    /// Keep each request and response in DIR, without cookies, as files that parse reads
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) save: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `playfast config`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct ConfigCommand {
    /// Print an example of a configuration file, with every option
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) example: bool,
    /// Print the settings as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `playfast completions`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct CompletionsCommand {
    /// Shell that the completions are for
    #[arg(value_name = "SHELL", value_enum, required = true)]
    pub(in crate::cli) shell: clap_complete::Shell,
}

/// `playfast man`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct ManCommand {
    /// Command that the page is about [default: all]
    #[arg(value_name = "COMMAND")]
    pub(in crate::cli) command: Option<String>,
}

/// `playfast help`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct HelpCommand {
    /// Topic or command
    #[arg(value_name = "TOPIC|COMMAND")]
    pub(in crate::cli) topic: Option<String>,
    /// Print commands and options as tables of Markdown
    #[arg(long, hide = true)]
    pub(in crate::cli) markdown: bool,
}

/// `playfast inspect`.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct InspectCommand {
    /// Parser component [default: --parser, else the built-in one]
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
