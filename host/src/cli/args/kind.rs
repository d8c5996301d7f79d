//! The parsers' kinds as subcommands, with options from the parsers' descriptions.

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::parser::{Kind, Param};

/// Choices that an option's own help lists; more have a section of their own.
const MAX_LISTED: usize = 6;

/// The names of a kind's command, of which the first is shown.
pub(super) type KindNames = Vec<String>;

/// Builds the subcommand of a kind. A parameter that has the name of an option of the program is given with `--param`.
pub(super) fn command(names: &[String], kind: &Kind, own_options: &[String]) -> Command {
    let params = kind.params.properties.iter().filter(|(name, _)| !own_options.contains(&option(name)));
    let order = |(index, (name, param)): (usize, &(String, Param))| {
        // Those without a name are shown first.
        let order = if param.positional { index } else { index + kind.params.properties.len() };
        param_option(name, param).display_order(order)
    };
    let args: Vec<_> = params.enumerate().map(order).collect();
    let (name, aliases) = names.split_first().map_or(("", names), |(name, aliases)| (name.as_str(), aliases));
    Command::new(name.to_owned()).aliases(aliases).about(kind.summary.clone()).args(args)
}

/// The parameters that were given as options of a kind's subcommand.
pub(super) fn params(kind: &Kind, matches: &ArgMatches) -> Vec<(String, String)> {
    let given = kind.params.properties.iter().flat_map(|(name, _)| {
        let values = matches.try_get_many::<String>(name).ok().flatten();
        values.into_iter().flatten().map(|value| (name.clone(), value.clone()))
    });
    given.collect()
}

fn param_option(name: &str, param: &Param) -> Arg {
    let is_number = matches!(param.schema.get("type").and_then(|name| name.as_str()), Some("integer" | "number"));
    let value = match (param.positional, param.many) {
        (true, _) => option(name).to_uppercase().replace('-', "_"),
        (false, true) => "VALUES".to_owned(),
        (false, false) if is_number => "N".to_owned(),
        (false, false) => "VALUE".to_owned(),
    };
    let arg = Arg::new(name.to_owned())
        // Of several values where there can be one, the last wins, as with the program's own options.
        .action(if param.many { ArgAction::Append } else { ArgAction::Set })
        .value_name(value)
        .help_heading("Parameters")
        .help(summary(param))
        .long_help(details(param));
    // What is missing is reported by the plan, which also knows what --param gives.
    match (param.positional, param.many) {
        (true, true) => arg.num_args(0..),
        (true, false) => arg.num_args(0..=1),
        (false, _) => arg.long(option(name)).allow_negative_numbers(true),
    }
}

/// The option's name for a parameter.
pub(in crate::cli) fn option(param: &str) -> String {
    param.replace('_', "-")
}

fn summary(param: &Param) -> String {
    let default = param.default().map(|default| format!(" [default: {default}]")).unwrap_or_default();
    format!("{}{default}", param.summary())
}

fn details(param: &Param) -> String {
    let choices: Vec<_> = param.choices().take(MAX_LISTED + 1).collect();
    let mut text = summary(param);
    if (1..=MAX_LISTED).contains(&choices.len()) {
        text.push_str(&format!("\nOne of: {}", choices.join(", ")));
    }
    if param.many && !param.positional {
        text.push_str("\nSeveral: separated by commas");
    }
    if let (Some(least), Some(most)) = (param.schema.get("minimum"), param.schema.get("maximum")) {
        text.push_str(&format!("\nFrom {least} to {most}"));
    }
    text
}
