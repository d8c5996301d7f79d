//! Layout of help: short, of what matters most; and long, of everything in groups.

use clap::builder::{StyledStr, Styles};
use clap::{Arg, Command};

const PROGRAM_EXAMPLES: &str = "  playfast list --country us,kr --category GAME_ACTION,SOCIAL
  playfast app com.spotify.music com.netflix.mediaclient --country us,kr
  playfast app @ids.txt -o apps.csv
  playfast list --num 50 --details -o top50.csv
  playfast run --queries apps.csv -o rows.ndjson --resume
  playfast doctor";

const SHORT_POINTER: &str = "More: playfast --help, playfast COMMAND -h, and
playfast help failures|pace|resume|parsers";

const LONG_POINTER: &str = "More: playfast COMMAND --help, and
playfast help failures|pace|resume|parsers";

/// The program's short help: at most 45 lines of 80 columns.
pub(super) fn program_short(program: Command) -> StyledStr {
    let options = heading("Options");
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}\n{{subcommands}}\n\n{}\n{PROGRAM_EXAMPLES}\n\n{options}\n{{options}}\n\n{SHORT_POINTER}",
        heading("Commands"),
        heading("Examples"),
    );
    shorten(program, "Options").help_template(template).render_help()
}

/// The program's long help.
pub(super) fn program_long(program: Command) -> StyledStr {
    let examples = format!("{}\n{PROGRAM_EXAMPLES}\n\n{LONG_POINTER}", heading("Examples"));
    program.after_long_help(examples).render_long_help()
}

/// A command's short help.
pub(super) fn command_short(command: Command) -> StyledStr {
    let has_own = command.get_arguments().any(|option| option.get_help_heading().is_none());
    let common = if has_own { "Common options" } else { "Options" };
    let more = format!("More: {} --help", command.get_bin_name().unwrap_or_default());
    let after = command.get_after_help().map(|text| format!("{}\n\n", styled(&text.to_string()))).unwrap_or_default();
    shorten(command, common).after_help(after + &more).render_help()
}

/// A command's long help.
pub(super) fn command_long(mut command: Command) -> StyledStr {
    let after = command.get_after_long_help().or_else(|| command.get_after_help());
    if let Some(after) = after.map(|text| styled(&text.to_string())) {
        command = command.after_long_help(after);
    }
    command.render_long_help()
}

/// Puts the options of all groups below one heading, in the order of their names.
fn shorten(command: Command, common: &'static str) -> Command {
    let mut names: Vec<_> = command.get_arguments().filter(|option| is_common(option)).filter_map(sort_key).collect();
    names.sort();
    command.mut_args(|option| {
        let option = option.hide_possible_values(true);
        if !is_common(&option) {
            return option;
        }
        let order = names.iter().position(|name| Some(name) == sort_key(&option).as_ref()).unwrap_or_default();
        option.help_heading(common).display_order(order)
    })
}

/// Whether an option is one of a group, and not a command's own.
fn is_common(option: &Arg) -> bool {
    option.get_help_heading().is_some_and(|heading| heading != "Parameters")
}

/// Help and version are the last.
fn sort_key(option: &Arg) -> Option<(bool, String)> {
    let name = option.get_long()?;
    Some((matches!(name, "help" | "version"), name.to_owned()))
}

/// A heading as clap writes its own.
fn heading(text: &str) -> String {
    let styles = Styles::styled();
    let style = styles.get_header();
    format!("{style}{text}:{style:#}")
}

/// Text whose unindented lines that end with a colon are headings.
fn styled(text: &str) -> String {
    let line = |line: &str| match line.strip_suffix(':') {
        Some(title) if !line.starts_with(' ') => heading(title),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
