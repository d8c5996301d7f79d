//! The command line as help, completions and manual pages show it: each command with exactly the options that it uses.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, Command};

use super::group::{Group, is_used};
use super::kind::KindNames;
use crate::cli::commands::help::{TOPICS, kind_sections};
use crate::parser::{Kind, Param};

/// The whole command line, to be shown and not to be parsed with.
pub(super) fn documented(program: Command, kinds: &[(KindNames, Kind)]) -> Command {
    let usage = "playfast COMMAND [OPTIONS]";
    let program = hide_generated(program).override_usage(usage).args(options_of("")).arg(version());
    let names: Vec<_> = program.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    program.mut_subcommands(|command| {
        let kind = kinds.iter().find(|(names, _)| names.first().is_some_and(|name| name == command.get_name()));
        let own: Vec<_> = command.get_arguments().map(|option| option.get_id().to_string()).collect();
        let name = if kind.is_some() { "" } else { command.get_name() };
        let used = options_of(name).into_iter().filter(|option| !own.contains(&option.get_id().to_string()));
        let bin_name = format!("playfast {}", command.get_name());
        let command = hide_generated(command).bin_name(bin_name).args(used);
        match kind {
            Some((_, kind)) => describe_kind(command, kind),
            None => name_choices(command, kinds, &names),
        }
    })
}

/// clap's own help and version options can't be sorted among the others: they are replaced.
fn hide_generated(command: Command) -> Command {
    command.disable_help_flag(true).disable_version_flag(true)
}

fn help() -> Arg {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help_heading("General");
    help.help("Print short help; --help prints all of it")
        .long_help("Print help: -h for the short one, --help for all of it")
}

fn version() -> Arg {
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version).help_heading("General");
    let details =
        "Print the version. With -v also the commit, features, the built-in parser and what this was built with";
    version.help("Print the version; with -v what it is built of").long_help(details).display_order(100)
}

/// The options that a command uses, by group and name.
fn options_of(command: &str) -> Vec<Arg> {
    let options = Group::ALL.into_iter().flat_map(|group| {
        let options = group.options().into_iter();
        options.filter(move |option| is_used(command, group, option.get_id().as_str()))
    });
    options.map(|option| option.global(false)).chain([help().display_order(99)]).collect()
}

/// Adds to a kind's command the choices of its parameters and what its rows hold.
fn describe_kind(command: Command, kind: &Kind) -> Command {
    let (short, long) = kind_sections(command.get_name(), kind);
    let choices = |option: &Arg| match kind.params.get(option.get_id().as_str()) {
        Some(param) => param_choices(param),
        None if option.get_id() == "fields" => field_choices(kind),
        None if option.get_id() == "sort" => {
            field_choices(kind).into_iter().filter(|field| field.get_name() != "compact").collect()
        }
        None if option.get_id() == "pivot" => {
            kind.params.properties.iter().map(|(name, _)| PossibleValue::new(name.clone())).collect()
        }
        None => Vec::new(),
    };
    let command = command.mut_args(|option| {
        let choices = choices(&option);
        with_choices(option, choices)
    });
    command.after_help(short).after_long_help(long)
}

/// The values of a parameter and its groups, those that have another name with it.
fn param_choices(param: &Param) -> Vec<PossibleValue> {
    let choice = |value: String| {
        let alias = param.aliases.iter().find(|(_, of)| *of == value);
        let choice = PossibleValue::new(value);
        alias.map_or(choice.clone(), |(name, _)| choice.help(name.clone()))
    };
    param.choices().chain(param.groups.keys().cloned()).map(choice).collect()
}

/// The fields of a kind's rows, and the name of the parser's selection if it has one.
fn field_choices(kind: &Kind) -> Vec<PossibleValue> {
    let fields = kind.record.get("properties").and_then(|fields| fields.as_object());
    let fields = fields.into_iter().flatten().map(|(name, field)| {
        let description = field.get("description").and_then(|text| text.as_str()).unwrap_or_default();
        PossibleValue::new(name.clone()).help(description.to_owned())
    });
    let compact = (!kind.compact().is_empty()).then(|| PossibleValue::new("compact").help("A short selection"));
    fields.chain(compact).collect()
}

/// Gives the program's own commands the choices that the parsers and the commands make.
fn name_choices(command: Command, kinds: &[(KindNames, Kind)], commands: &[String]) -> Command {
    let kinds = kinds.iter().flat_map(|(names, _)| names.first().cloned());
    let (name, choices): (_, Vec<_>) = match command.get_name() {
        "run" | "parse" => ("kind", kinds.collect()),
        "help" => ("topic", TOPICS.iter().map(|topic| topic.name.to_owned()).chain(commands.iter().cloned()).collect()),
        "man" => ("command", commands.to_vec()),
        _ => return command,
    };
    let choices: Vec<_> = choices.into_iter().map(PossibleValue::new).collect();
    command.mut_args(|option| if option.get_id() == name { with_choices(option, choices.clone()) } else { option })
}

/// Gives an option values for completions; help has them elsewhere.
fn with_choices(option: Arg, choices: Vec<PossibleValue>) -> Arg {
    if choices.is_empty() {
        return option;
    }
    option.value_parser(PossibleValuesParser::new(choices)).hide_possible_values(true)
}
