//! Commands and options as tables in Markdown, for the README.

use clap::{Arg, Command};

use crate::cli::args::Group;

/// The tables of the program's commands and options.
pub(super) fn tables(program: &Command) -> String {
    let commands = program.get_subcommands().map(|command| {
        let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
        (format!("`playfast {}`", command.get_name()), about)
    });
    let mut text = table("command", commands);
    for group in Group::ALL {
        let options = program.get_arguments().filter(|option| option.get_help_heading() == Some(group.heading()));
        let rows: Vec<_> = options.map(|option| (name(option), about(option))).collect();
        if !rows.is_empty() {
            text.push_str(&format!("\n**{}**\n\n{}", group.heading(), table("option", rows.into_iter())));
        }
    }
    text
}

fn table(heading: &str, rows: impl Iterator<Item = (String, String)>) -> String {
    let rows = rows.map(|(name, about)| format!("| {} | {} |\n", one_cell(&name), one_cell(&about)));
    [format!("| {heading} | |\n|---|---|\n")].into_iter().chain(rows).collect()
}

/// `-o`, `--output FILE`.
fn name(option: &Arg) -> String {
    let short = option.get_short().map(|letter| format!("`-{letter}`, ")).unwrap_or_default();
    let long = option.get_long().unwrap_or_else(|| option.get_id().as_str());
    let has_value = option.get_action().takes_values();
    let value = option.get_value_names().filter(|_| has_value).and_then(|names| names.first());
    let value = value.map(|name| format!(" {name}")).unwrap_or_default();
    format!("{short}`--{long}{value}`")
}

fn about(option: &Arg) -> String {
    option.get_long_help().or(option.get_help()).map(ToString::to_string).unwrap_or_default()
}

/// Paragraphs as sentences on one line.
fn one_cell(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
    let sentences: Vec<_> = paragraphs.map(|paragraph| paragraph.trim().trim_end_matches('.').to_owned()).collect();
    sentences.join(". ").replace('|', "\\|")
}
