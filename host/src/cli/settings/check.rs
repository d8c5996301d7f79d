//! Values of options in the environment and the configuration file: what clap would take on the command line.

use std::ffi::{OsStr, OsString};

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command};

use crate::cli::args;

/// The most that `verbose` can say.
const MAX_LEVEL: u8 = 9;

/// Refuses values that an option can't have, with what follows its name: ` can't be "x": …`.
pub(super) fn check(option: &Arg, values: &[OsString]) -> Result<(), String> {
    let refused = |value: &OsString, cure: &str| Err(format!(" can't be {:?}: {cure}", value.to_string_lossy()));
    match option.get_action() {
        ArgAction::SetTrue => match values.iter().find(|value| word(value).is_none()) {
            Some(value) => refused(value, "give true or false"),
            None => Ok(()),
        },
        ArgAction::Count => match values.iter().find(|value| level(value).is_none()) {
            Some(value) => refused(value, &format!("give a whole number from 0 to {MAX_LEVEL}")),
            None => Ok(()),
        },
        _ => check_values(option, values),
    }
}

fn check_values(option: &Arg, values: &[OsString]) -> Result<(), String> {
    let name = option.get_long().unwrap_or_default();
    let typed = |value: &OsString| [OsStr::new(&format!("--{name}=")), value].into_iter().collect::<OsString>();
    let command = Command::new("playfast").no_binary_name(true).disable_help_flag(true).args_override_self(true);
    let mut command = command.args(args::settable_options());
    match command.try_get_matches_from_mut(values.iter().map(typed)) {
        Ok(_) => Ok(()),
        // Another source may set what it needs.
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
        Err(error) => {
            let message = args::refusal(&error, &command);
            Err(message.strip_prefix(&format!("--{name}")).unwrap_or(&message).to_owned())
        }
    }
}

/// Whether a flag's value says that it is set.
pub(super) fn is_true(value: &OsStr) -> bool {
    word(value).unwrap_or(true)
}

/// What a flag's value says, in the words that clap's `BoolishValueParser` takes.
fn word(value: &OsStr) -> Option<bool> {
    match value.to_str()?.to_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Some(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The level of an option that is counted on the command line: a number, or true for 1.
pub(super) fn level(value: &OsStr) -> Option<u8> {
    let number = value.to_str()?.parse().ok().filter(|level| *level <= MAX_LEVEL);
    number.or_else(|| word(value).map(u8::from))
}
