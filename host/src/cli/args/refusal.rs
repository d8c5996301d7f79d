//! Errors of clap in one line: the cause and the cure.

use std::error::Error;
use std::num::ParseIntError;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::cli::input::nearest::nearest;

/// Says on one line what is wrong with a command line, and what is right.
pub(in crate::cli) fn refusal(error: &clap::Error, program: &Command) -> String {
    let option = text(error, ContextKind::InvalidArg);
    let option = option.as_deref().map(name);
    match (error.kind(), option) {
        (ErrorKind::InvalidSubcommand, _) => unknown_command(error, program),
        (ErrorKind::UnknownArgument, Some(option)) => unknown_option(option, used_command(error, program), program),
        (ErrorKind::InvalidValue, Some(option)) => invalid_choice(error, option),
        (ErrorKind::ValueValidation, Some(option)) => invalid_value(error, option),
        (ErrorKind::ArgumentConflict, Some(option)) => conflict(error, option),
        (ErrorKind::MissingRequiredArgument, _) => missing(error, program),
        (ErrorKind::TooManyValues, Some(option)) => format!("{option} takes no value"),
        _ => first_line(error),
    }
}

/// Commands of the feature `demo`.
const DEMO_COMMANDS: [&str; 2] = ["bench", "demo"];

fn unknown_command(error: &clap::Error, program: &Command) -> String {
    let typed = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    if cfg!(not(feature = "demo")) && DEMO_COMMANDS.contains(&typed.as_str()) {
        return format!("this program was built without {typed}: install it with `--features demo`");
    }
    let names: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
    match nearest(&typed, names.iter().copied()) {
        Some(near) => format!("there is no command {typed}: did you mean {near}?"),
        None => format!("there is no command {typed}: give {}", alternatives(&names)),
    }
}

fn unknown_option(typed: &str, command: &Command, program: &Command) -> String {
    let words = match command.get_name() {
        name if name == program.get_name() => name.to_owned(),
        name => format!("{} {name}", program.get_name()),
    };
    let name = command.get_name();
    if !typed.starts_with('-') {
        return format!("{name} takes no value {typed:?}: {words} -h shows its options");
    }
    let is_hidden = |long: &str| command.get_arguments().any(|own| own.get_long() == Some(long) && own.is_hide_set());
    let options = command.get_arguments().chain(program.get_arguments()).filter_map(|option| option.get_long());
    match nearest(typed.trim_start_matches('-'), options.filter(|long| !is_hidden(long))) {
        Some(near) => format!("{name} has no option {typed}: did you mean --{near}?"),
        None => format!("{name} has no option {typed}: {words} --help lists them"),
    }
}

/// The command whose usage clap shows with the error.
fn used_command<'c>(error: &clap::Error, program: &'c Command) -> &'c Command {
    let usage = text(error, ContextKind::Usage).unwrap_or_default();
    let mut words = usage.split_whitespace().skip_while(|word| *word != program.get_name()).skip(1);
    words.next().and_then(|word| program.find_subcommand(word)).unwrap_or(program)
}

/// A value that is none of an option's choices, or is missing.
fn invalid_choice(error: &clap::Error, option: &str) -> String {
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let choices = list(error, ContextKind::ValidValue);
    let choices: Vec<_> = choices.iter().map(String::as_str).collect();
    match (value.is_empty(), choices.as_slice()) {
        (true, []) => format!("{option} needs a value"),
        (true, choices) => format!("{option} needs a value: give {}", alternatives(choices)),
        (false, choices) => format!("{option} can't be {value:?}: give {}", alternatives(choices)),
    }
}

/// A value that the option's own parser refuses.
fn invalid_value(error: &clap::Error, option: &str) -> String {
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let reason = match error.source() {
        // The numbers that no parser of ours reads are those that must be above 0.
        Some(source) if source.is::<ParseIntError>() => "give a whole number from 1".to_owned(),
        Some(source) => source.to_string(),
        None => String::new(),
    };
    if reason.starts_with(&format!("{value:?} ")) {
        return format!("{option}: {reason}");
    }
    format!("{option} can't be {value:?}: {reason}")
}

fn conflict(error: &clap::Error, option: &str) -> String {
    let others = list(error, ContextKind::PriorArg);
    let others: Vec<_> = others.iter().map(|other| name(other)).filter(|other| *other != option).collect();
    match others.as_slice() {
        [] => format!("{option} can't be given twice"),
        others => format!("{option} and {} can't both be given", alternatives(others)),
    }
}

fn missing(error: &clap::Error, program: &Command) -> String {
    let command = used_command(error, program);
    let needed = list(error, ContextKind::InvalidArg);
    let needed: Vec<_> = needed.iter().map(|argument| argument.replace(['<', '>'], "")).collect();
    let needed = needed.join(" and ");
    // Help of an option that needs another one begins with it.
    let with_it =
        |option: &&Arg| option.get_help().is_some_and(|help| help.to_string().starts_with(&format!("With {needed}:")));
    let usage = text(error, ContextKind::Usage).unwrap_or_default();
    let mut options = command.get_arguments().chain(program.get_arguments()).filter(with_it).filter_map(Arg::get_long);
    match options.find(|long| usage.contains(&format!("--{long}"))) {
        Some(typed) => format!("--{typed} needs {needed}"),
        None => format!("{} needs {needed}", command.get_name()),
    }
}

/// The option in clap's words for one: `--rate <RATE>`.
fn name(option: &str) -> &str {
    option.split([' ', '=']).next().unwrap_or(option).trim_matches(['<', '>'])
}

/// `a`, `a or b`, `a, b or c`.
fn alternatives(choices: &[&str]) -> String {
    match choices.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        _ => None,
    }
}

fn list(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
