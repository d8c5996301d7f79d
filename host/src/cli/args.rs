//! The command line as typed arguments. The only module that names clap's matches.
//!
//! Options of the program come in groups, each a struct. The parsers' kinds become subcommands, whose options are their parameters; values of
//! these are checked by [`crate::Plan`], which knows which value is nearest.

mod commands;
mod global;
mod group;
mod input;
mod kind;
mod output;
mod run;
mod speed;
mod value;

use std::ffi::OsString;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Args, Command, FromArgMatches, Subcommand};

use super::exit::Exit;
use super::parsers::Parsers;
use super::settings::{Settings, variable};
use crate::parser::Kind;
use crate::{Host, HostBuilder};
use group::{all_options, find_unused, hide_unused};

#[cfg(feature = "demo")]
pub(super) use commands::{BenchCommand, DemoCommand};
pub(super) use commands::{DoctorCommand, InspectCommand, OwnCommand, ParseCommand, RunCommand};
pub(super) use global::{GeneralArgs, GlobalArgs};
pub(super) use input::InputArgs;
pub(super) use output::{Existing, OutputArgs, RowArgs};
pub(super) use run::RunArgs;
pub(super) use speed::{SpeedArgs, workers};

/// A command line.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) command: Invocation,
    /// The options of all groups. What the command doesn't use has its default or what the environment says.
    pub(super) options: Options,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Invocation {
    /// To ask queries of a kind.
    Kind(KindCommand),
    /// One of the program's own commands.
    Own(OwnCommand),
}

/// A kind's subcommand.
#[derive(Debug)]
pub(super) struct KindCommand {
    /// The name that was typed, which may be `parser:kind`.
    pub(super) name: String,
    /// Its parameters, as options gave them.
    pub(super) params: Vec<(String, String)>,
}

/// The options of all groups.
#[derive(Args, Clone, Debug)]
pub(super) struct Options {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) speed: SpeedArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

impl Options {
    /// Applies the options to a host.
    ///
    /// # Errors
    /// When a file can't be read or a value has another form.
    pub(super) fn apply(&self, builder: HostBuilder) -> Result<HostBuilder, Exit> {
        let builder = self.run.apply(self.speed.apply(self.global.network.apply(builder)?));
        Ok(builder.source(self.output.source))
    }

    /// The host that the options describe.
    ///
    /// # Errors
    /// When it can't be built.
    pub(super) async fn host(&self, parsers: Parsers) -> Result<Host, Exit> {
        let builder = self.apply(parsers.builder())?;
        builder.build().await.map_err(|error| Exit::config(crate::types::chain(&error)))
    }
}

/// What became of a command line.
pub(super) enum Parsed {
    /// It is understood.
    Arguments(Box<Arguments>),
    /// It asks for help or the version, which is this.
    Help(clap::Error),
    /// It isn't understood.
    Refused(clap::Error),
}

/// Parses a command line.
///
/// # Errors
/// When an option was typed that the command doesn't use.
pub(super) fn parse(argv: &[OsString], parsers: Option<&Parsers>, settings: &Settings) -> Result<Parsed, Exit> {
    let kinds = kinds(parsers);
    let matches = match command(&kinds, settings).try_get_matches_from(argv) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => return Ok(Parsed::Refused(error)),
        Err(help) => return Ok(Parsed::Help(help)),
    };
    let Some((name, own)) = matches.subcommand() else {
        return Err(Exit::config("no command was given: playfast --help lists them".to_owned()));
    };
    let kind = kinds.iter().find(|(names, _)| names.iter().any(|known| known == name));
    let used_as = if kind.is_some() { "" } else { name };
    if let Some(option) = find_unused(used_as, own) {
        return Err(Exit::config(format!("{name} doesn't use {option}: playfast {name} --help lists its options")));
    }
    let refused = |error: clap::Error| Exit::usage(&error);
    let options = Options::from_arg_matches(own).map_err(refused)?;
    let command = match kind {
        Some((_, kind)) => Invocation::Kind(KindCommand { name: name.to_owned(), params: kind::params(kind, own) }),
        None => Invocation::Own(OwnCommand::from_arg_matches(&matches).map_err(refused)?),
    };
    Ok(Parsed::Arguments(Box::new(Arguments { command, options })))
}

/// The kinds of the parsers, each with the names of its command.
fn kinds(parsers: Option<&Parsers>) -> Vec<(Vec<String>, Kind)> {
    let own = OwnCommand::augment_subcommands(Command::new(""));
    let names: Vec<_> = own.get_subcommands().map(Command::get_name).collect();
    parsers.map(|parsers| parsers.commands(&names)).unwrap_or_default()
}

/// The whole command line, with a subcommand for each of the parsers' kinds.
fn command(kinds: &[(Vec<String>, Kind)], settings: &Settings) -> Command {
    let own_options: Vec<_> = all_options().filter_map(|option| option.get_long().map(str::to_owned)).collect();
    let kinds = kinds.iter().map(|(names, kind)| kind::command(names, kind, &own_options));
    let command = Command::new("playfast")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args_override_self(true)
        .max_term_width(120)
        .args(all_options().map(|option| set(option, settings)))
        .subcommands(kinds);
    // The doc comment of the commands would become the program's description.
    let about = "Fetch many app-store pages at once, and parse each in a WebAssembly sandbox of its own";
    OwnCommand::augment_subcommands(command).about(about).long_about(None).mut_subcommands(hide_unused)
}

/// An option as the environment and the configuration file set it.
fn set(option: Arg, settings: &Settings) -> Arg {
    let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
    let option = if is_flag { option.value_parser(BoolishValueParser::new()) } else { option };
    let Some(name) = option.get_long().map(str::to_owned).filter(|name| is_settable(name)) else { return option };
    let values = settings.config(&name).to_vec();
    // A variable that is empty says nothing, as in the library.
    let is_set = std::env::var_os(variable(&name)).is_some_and(|value| !value.is_empty());
    let option = if is_set { option.env(variable(&name)).hide_env(true) } else { option };
    if values.is_empty() {
        return option;
    }
    // A flag takes no value whose default could be hidden: clap asserts that in debug builds.
    let option = if is_flag { option } else { option.hide_default_value(true) };
    option.default_values(values)
}

/// Whether the environment and the configuration file may set an option.
pub(super) fn is_settable(name: &str) -> bool {
    !matches!(name, "verbose" | "param")
}

/// The options that the environment and the configuration file may set.
pub(super) fn settable_options() -> impl Iterator<Item = Arg> {
    all_options().filter(|option| option.get_long().is_some_and(is_settable))
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
    }
}
