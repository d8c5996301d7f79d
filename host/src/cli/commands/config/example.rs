//! An example of a configuration file, made from the options.

use clap::{Arg, ArgAction};

use super::setting::default;
use crate::cli::args::{Group, settable_options};
use crate::cli::report::text::{WIDTH, wrap};
use crate::cli::settings::variable;

const HEAD: &str = "\
# Configuration of playfast: options by their names, in TOML. Remove the # before
# a key to set it. The environment goes before this file: PLAYFAST_RATE for rate,
# PLAYFAST_CONNECT_TO for connect-to. The command line goes before both.
";

/// A configuration file with every option, each as a comment with its description, and its default or an example.
pub(super) fn example() -> String {
    let groups = Group::ALL.into_iter().map(|group| {
        let options = settable_options().filter(|option| option.get_help_heading() == Some(group.heading()));
        let keys: String = options.filter(|option| option.get_id() != "config").map(|option| key(&option)).collect();
        if keys.is_empty() { keys } else { format!("\n\n# ---- {} ----\n{keys}", group.heading()) }
    });
    [HEAD.to_owned()].into_iter().chain(groups).collect()
}

/// An option's description, and a line that sets it.
fn key(option: &Arg) -> String {
    let name = option.get_long().unwrap_or_default();
    let text = option.get_long_help().or_else(|| option.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut lines = String::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        // Room for "# ".
        lines.extend(wrap(line, 2, 0).lines().map(|line| format!("# {line}\n")));
    }
    debug_assert!(lines.lines().all(|line| line.len() <= WIDTH + 2), "{}", variable(name));
    format!("\n{lines}# {name} = {}\n", value(option))
}

/// A value that the option may have, in TOML.
fn value(option: &Arg) -> String {
    let is_list = matches!(option.get_action(), ArgAction::Append) || option.get_value_delimiter().is_some();
    let value = match option.get_action() {
        ArgAction::SetTrue => return "false".to_owned(),
        ArgAction::Count => return "0".to_owned(),
        _ => example_value(option),
    };
    let value = match value.parse::<u64>() {
        Ok(number) => number.to_string(),
        Err(_) => format!("{value:?}"),
    };
    if is_list { format!("[{value}]") } else { value }
}

/// The default if it is a value, else one of the form that the help names.
fn example_value(option: &Arg) -> String {
    let default = default(option).filter(|text| !text.contains([' ', ',']));
    if let Some(default) = default {
        return default;
    }
    if let Some(choice) = option.get_possible_values().first() {
        return choice.get_name().to_owned();
    }
    let form = option.get_value_names().and_then(|names| names.first()).map(|name| name.as_str()).unwrap_or_default();
    let example = match form {
        "FILE" => "/path/to/file",
        "FOLDER" => "/path/to/folder",
        "URL" => "socks5h://localhost:1080",
        "HOST" => "example.org",
        "HOST:PORT:ADDR:PORT" => "play.google.com:443:127.0.0.1:8443",
        "sha256:DIGEST" => "sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "NAME: VALUE" => "Accept-Language: en",
        "NAME=VALUE" => "name=value",
        "TEXT" => "example/1.0",
        "DURATION" => "1h30m",
        "N" => "100",
        "NAMES" | "FIELD" => "title",
        "PARAM" => "country",
        _ => "value",
    };
    example.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::settings::parse_file;

    /// The example with every key set.
    fn uncommented() -> String {
        let is_key = |line: &&str| {
            line.strip_prefix("# ")
                .and_then(|line| line.split_once(" = "))
                .is_some_and(|(name, _)| settable_options().any(|option| option.get_long() == Some(name)))
        };
        example().lines().filter(is_key).map(|line| format!("{}\n", line.trim_start_matches("# "))).collect()
    }

    #[test]
    fn the_example_is_complete_and_valid() {
        let (values, problems) = parse_file(&uncommented());
        assert!(problems.is_empty(), "{problems:?}");
        for option in settable_options().filter(|option| option.get_id() != "config") {
            let name = option.get_long().unwrap();
            assert!(values.contains_key(name), "{name} is missing");
        }
    }

    #[test]
    fn the_example_sets_nothing_as_it_is() {
        let (values, problems) = parse_file(&example());
        assert!(values.is_empty() && problems.is_empty());
    }
}
