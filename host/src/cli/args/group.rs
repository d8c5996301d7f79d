//! Groups of options, and which commands use them.
//!
//! Options of a group stand before or after the command. A command that doesn't use one doesn't show it in its help, and refuses it if it was
//! typed; from the environment or the configuration file it is set for the commands that do.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command};

use super::global::{GeneralArgs, NetworkArgs, ParserArgs};
use super::input::InputArgs;
use super::output::OutputArgs;
use super::run::RunArgs;
use super::speed::SpeedArgs;

/// Options that `-h` shows; `--help` shows all.
const ESSENTIAL: [&str; 12] = [
    "output", "fields", "limit", "format", "rate", "dry_run", "resume", "failures", "accept", "parser", "quiet",
    "proxy",
];

/// A group of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Group {
    Input,
    Output,
    Speed,
    Run,
    Parser,
    Network,
    General,
}

impl Group {
    /// All groups, in the order of the help.
    pub(in crate::cli) const ALL: [Self; 7] =
        [Self::Input, Self::Output, Self::Speed, Self::Run, Self::Parser, Self::Network, Self::General];

    /// The heading in the help.
    pub(in crate::cli) const fn heading(self) -> &'static str {
        match self {
            Self::Input => "Queries",
            Self::Output => "Output",
            Self::Speed => "Speed",
            Self::Run => "Retries and results",
            Self::Parser => "Parser",
            Self::Network => "Network",
            Self::General => "General",
        }
    }

    /// The options, sorted by name.
    pub(super) fn options(self) -> Vec<Arg> {
        let command = Command::new("");
        let command = match self {
            Self::Input => InputArgs::augment_args(command),
            Self::Output => OutputArgs::augment_args(command),
            Self::Speed => SpeedArgs::augment_args(command),
            Self::Run => RunArgs::augment_args(command),
            Self::Parser => ParserArgs::augment_args(command),
            Self::Network => NetworkArgs::augment_args(command),
            Self::General => GeneralArgs::augment_args(command),
        };
        let mut options: Vec<_> = command.get_arguments().cloned().collect();
        options.sort_by_key(|option| option.get_long().map(str::to_owned));
        let is_essential = |option: &Arg| ESSENTIAL.contains(&option.get_id().as_str());
        let finish = |(order, option): (usize, Arg)| {
            let is_hidden = !is_essential(&option);
            let option = option.display_order(order).help_heading(self.heading());
            option.global(true).hide_short_help(is_hidden)
        };
        options.into_iter().enumerate().map(finish).collect()
    }
}

/// The options of all groups.
pub(super) fn all_options() -> impl Iterator<Item = Arg> {
    Group::ALL.into_iter().flat_map(Group::options)
}

/// Whether a command uses an option.
pub(super) fn is_used(command: &str, group: Group, option: &str) -> bool {
    if matches!(group, Group::Parser | Group::General) {
        return true;
    }
    match command {
        "inspect" | "demo" | "bench" | "completions" | "man" | "config" | "help" => false,
        "parse" => matches!(option, "param" | "output" | "format" | "fields" | "sort" | "spreadsheet"),
        "diff" => matches!(option, "fields" | "output" | "format" | "sort" | "spreadsheet"),
        "history" => matches!(option, "output" | "format" | "sort" | "spreadsheet"),
        "db" => matches!(option, "output" | "format" | "fields" | "sort" | "spreadsheet"),
        "doctor" => match group {
            Group::Network | Group::Speed => true,
            Group::Run => matches!(option, "retries" | "give_up" | "max_wait" | "deadline" | "query_deadline"),
            _ => option == "param",
        },
        "run" => option != "details",
        _ => true,
    }
}

/// Whether a command uses an option, which is given by its long name.
pub(super) fn uses(command: &str, long: &str) -> bool {
    let is_it = |option: &Arg| option.get_long() == Some(long);
    Group::ALL.into_iter().any(|group| {
        group.options().iter().any(|option| is_it(option) && is_used(command, group, option.get_id().as_str()))
    })
}

/// Adds to a command hidden copies of the options that it doesn't use: clap doesn't show them then.
pub(super) fn hide_unused(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let taken: Vec<_> = command.get_arguments().map(|option| option.get_id().to_string()).collect();
    let unused =
        Group::ALL.into_iter().flat_map(|group| group.options().into_iter().map(move |option| (group, option)));
    let unused = unused.filter(|(group, option)| {
        let id = option.get_id().as_str();
        !is_used(&name, *group, id) && !taken.iter().any(|taken| taken == id)
    });
    command.args(unused.map(|(_, option)| option.hide(true).global(false)))
}

/// The first option that was typed and that the command doesn't use, such as `--format`.
pub(super) fn find_unused(command: &str, matches: &ArgMatches) -> Option<String> {
    let unused =
        Group::ALL.into_iter().flat_map(|group| group.options().into_iter().map(move |option| (group, option)));
    let mut unused = unused.filter(|(group, option)| !is_used(command, *group, option.get_id().as_str()));
    unused.find_map(|(_, option)| {
        let id = option.get_id().as_str();
        let is_typed =
            matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::CommandLine);
        is_typed.then(|| format!("--{}", option.get_long().unwrap_or(id)))
    })
}
