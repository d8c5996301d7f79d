//! The command line as typed arguments. The only module that names clap's matches.
//!
//! Options of the program come in groups, each a struct. The parsers' kinds become subcommands, whose options are their parameters; values of
//! these are checked by [`crate::query::Plan`], which knows which value is nearest.

mod commands;
#[cfg(feature = "db")]
mod database;
#[cfg(feature = "demo")]
mod demo;
mod documented;
mod global;
mod group;
mod input;
mod kind;
mod options;
mod output;
mod refusal;
mod run;
mod speed;
mod value;

use std::ffi::OsString;

use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, FromArgMatches, Subcommand};

use crate::cli::exit::ExitStatus;
use crate::cli::parsers::Parsers;
use crate::cli::settings::Settings;
use crate::parser::Kind;
use crate::query::KindName;
use group::{all_options, find_unused, hide_unused, uses};
use kind::KindNames;

pub(in crate::cli) use commands::{
    CompletionsCommand, ConfigCommand, DoctorCommand, HelpCommand, InspectCommand, ManCommand, OwnCommand,
    ParseCommand, RunCommand,
};
#[cfg(feature = "db")]
pub(in crate::cli) use database::{DbAction, DbCommand, DiffCommand, HistoryCommand};
#[cfg(feature = "demo")]
pub(in crate::cli) use demo::{BenchCommand, DemoCommand};
pub(in crate::cli) use global::{Color, GeneralArgs};
pub(in crate::cli) use group::Group;
pub(in crate::cli) use kind::option;
pub(in crate::cli) use options::Options;
pub(in crate::cli) use output::{Existing, OutputArgs, RowArgs};
pub(in crate::cli) use refusal::refusal;
pub(in crate::cli) use run::RunArgs;
pub(in crate::cli) use speed::workers;

/// A command line.
#[derive(Debug)]
pub(in crate::cli) struct Arguments {
    pub(in crate::cli) command: Invocation,
    /// The options of all groups. What the command doesn't use has its default or what the environment says.
    pub(in crate::cli) options: Options,
    /// The name that says which options the command uses.
    used_as: String,
}

impl Arguments {
    /// Whether the command uses an option, which is given by its long name.
    pub(in crate::cli) fn uses(&self, option: &str) -> bool {
        uses(&self.used_as, option)
    }
}

/// What is to be done.
#[derive(Debug)]
pub(in crate::cli) enum Invocation {
    /// To ask queries of a kind.
    Kind(KindCommand),
    /// One of the program's own commands.
    Own(OwnCommand),
}

/// A kind's subcommand.
#[derive(Debug)]
pub(in crate::cli) struct KindCommand {
    /// The name that was typed, which may be `parser:kind`.
    pub(in crate::cli) name: KindName,
    /// Its parameters, as options gave them.
    pub(in crate::cli) params: Vec<(String, String)>,
}

/// What became of a command line.
pub(in crate::cli) enum Parsed {
    /// It is understood.
    Arguments(Box<Arguments>),
    /// It asks for help.
    Help(HelpRequest),
    /// It asks for the version.
    Version,
    /// It isn't understood, for this reason.
    Refused(String),
}

/// Which help is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct HelpRequest {
    /// The command; `None` for the program.
    pub(in crate::cli) command: Option<String>,
    /// Whether all options are shown.
    pub(in crate::cli) is_long: bool,
}

/// Parses a command line.
///
/// # Errors
/// When an option was typed that the command doesn't use.
pub(in crate::cli) fn parse(
    argv: &[OsString],
    parsers: Option<&Parsers>,
    settings: &Settings,
) -> Result<Parsed, ExitStatus> {
    if argv.len() <= 1 {
        return Ok(Parsed::Help(HelpRequest { command: None, is_long: false }));
    }
    let kinds = kinds(parsers);
    let mut command = command(&kinds, settings);
    let matches = match command.try_get_matches_from_mut(argv) {
        Ok(matches) => matches,
        Err(error) => return Ok(not_run(&error, &command)),
    };
    let Some((name, own)) = matches.subcommand() else {
        return Err(ExitStatus::config("no command was given: playfast -h lists them".to_owned()));
    };
    let kind = kinds.iter().find(|(names, _)| names.iter().any(|known| known == name));
    let used_as = if kind.is_some() { "" } else { name };
    if let Some(option) = find_unused(used_as, own) {
        return Err(ExitStatus::config(format!(
            "{name} doesn't use {option}: playfast {name} --help lists its options"
        )));
    }
    let refused = |error: clap::Error| ExitStatus::config(refusal(&error, &command));
    let mut options = Options::from_arg_matches(own).map_err(refused)?;
    options.prefer_typed(own);
    options.global.general.verbose = settings.verbosity;
    let invocation = match kind {
        Some((_, kind)) => Invocation::Kind(KindCommand { name: name.into(), params: kind::params(kind, own) }),
        None => Invocation::Own(OwnCommand::from_arg_matches(&matches).map_err(refused)?),
    };
    Ok(Parsed::Arguments(Box::new(Arguments { command: invocation, options, used_as: used_as.to_owned() })))
}

/// What a command line that clap doesn't give matches for asks for, or why it is refused.
fn not_run(error: &clap::Error, command: &Command) -> Parsed {
    match error.kind() {
        ErrorKind::DisplayVersion => Parsed::Version,
        ErrorKind::DisplayHelp => {
            // See `name_help`.
            let text = error.render().to_string();
            let (length, name) = text.trim().split_once(' ').unwrap_or_default();
            let command = (name != command.get_name()).then(|| name.to_owned());
            Parsed::Help(HelpRequest { command, is_long: length == "long" })
        }
        _ => Parsed::Refused(refusal(error, command)),
    }
}

/// The kinds of the parsers, each with the names of its command.
fn kinds(parsers: Option<&Parsers>) -> Vec<(KindNames, Kind)> {
    let own = OwnCommand::augment_subcommands(Command::new(""));
    let names: Vec<_> = own.get_subcommands().map(Command::get_name).collect();
    parsers.map(|parsers| parsers.commands(&names)).unwrap_or_default()
}

/// The commands, without the options of the groups: the kinds of the parsers first.
fn program(kinds: &[(KindNames, Kind)]) -> Command {
    let own_options: Vec<_> = all_options().filter_map(|option| option.get_long().map(str::to_owned)).collect();
    let kinds = kinds.iter().map(|(names, kind)| kind::command(names, kind, &own_options));
    let command = Command::new("playfast")
        .version(env!("CARGO_PKG_VERSION"))
        .args_override_self(true)
        .disable_help_subcommand(true)
        .max_term_width(100)
        .subcommands(kinds);
    // The doc comment of the commands would become the program's description.
    let about = "Fetch many app-store pages at once, and parse each in a sandbox of its own";
    let command = OwnCommand::augment_subcommands(command).about(about).long_about(None);
    command.subcommand_required(false).arg_required_else_help(false)
}

/// The command line that argv is parsed with.
fn command(kinds: &[(KindNames, Kind)], settings: &Settings) -> Command {
    let command = program(kinds).args(all_options().map(|option| set(option, settings)));
    name_help(command).mut_subcommands(|command| name_help(hide_unused(command)))
}

/// Replaces a command's help by its length and the command's name: clap's error doesn't say otherwise which help is asked for.
fn name_help(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let command = command.help_template("{before-help}");
    command.before_help(format!("short {name}")).before_long_help(format!("long {name}"))
}

/// The command line as help, completions and manual pages show it.
pub(in crate::cli) fn document(parsers: Option<&Parsers>) -> Command {
    let kinds = kinds(parsers);
    documented::documented(program(&kinds), &kinds)
}

/// An option with what the environment and the configuration file say as its default.
fn set(option: Arg, settings: &Settings) -> Arg {
    let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
    let option = if is_flag { option.value_parser(BoolishValueParser::new()) } else { option };
    let values = option.get_long().map(|name| settings.defaults(name)).unwrap_or_default().to_vec();
    // How often a counted option is given, is known already.
    if values.is_empty() || matches!(option.get_action(), ArgAction::Count) {
        return option;
    }
    option.default_values(values)
}

/// The options that the environment and the configuration file may set.
pub(in crate::cli) fn settable_options() -> impl Iterator<Item = Arg> {
    all_options().filter(|option| option.get_id() != "param")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Debug builds assert what clap wants of a command only when it is built: this builds each.
    #[tokio::test]
    async fn the_command_line_is_what_clap_wants() {
        let settings = Settings::default();
        command(&[], &settings).debug_assert();
        let parsers = Parsers::load(&settings).await.unwrap();
        command(&kinds(Some(&parsers)), &settings).debug_assert();
        document(Some(&parsers)).debug_assert();
    }
}
