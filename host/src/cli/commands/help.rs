//! Help: `-h`, `--help`, and `playfast help TOPIC`.

mod layout;
mod markdown;
mod sections;
mod topics;

use clap::Command;

use crate::cli::args::{HelpCommand, HelpRequest, document};
use crate::cli::exit::{ExitStatus, print};
use crate::cli::input::nearest::nearest;
use crate::cli::parsers::Parsers;
use crate::cli::report::color::is_colored_stdout;

pub(in crate::cli) use sections::{field_lines, kind_sections};
pub(in crate::cli) use topics::{TOPICS, Topic};

/// Prints the help that was asked for.
///
/// # Errors
/// When it can't be written.
pub(in crate::cli) fn print_help(request: &HelpRequest, parsers: Option<&Parsers>) -> Result<ExitStatus, ExitStatus> {
    let program = document(parsers);
    let command = request.command.as_deref().and_then(|name| program.find_subcommand(name));
    let text = match (command, request.is_long) {
        (None, false) => layout::program_short(program),
        (None, true) => layout::program_long(program),
        (Some(command), false) => layout::command_short(command.clone()),
        (Some(command), true) => layout::command_long(command.clone()),
    };
    print_styled(&text)
}

/// `playfast help`.
pub(in crate::cli) fn run(command: &HelpCommand, parsers: Option<&Parsers>) -> Result<ExitStatus, ExitStatus> {
    if command.markdown {
        print(&markdown::tables(&document(parsers)))?;
        return Ok(ExitStatus::done());
    }
    let Some(name) = &command.topic else {
        return print_help(&HelpRequest { command: None, is_long: false }, parsers);
    };
    if let Some(topic) = TOPICS.iter().find(|topic| topic.name == name) {
        print(topic.text)?;
        return Ok(ExitStatus::done());
    }
    let program = document(parsers);
    if program.find_subcommand(name).is_some() {
        return print_help(&HelpRequest { command: Some(name.clone()), is_long: true }, parsers);
    }
    Err(unknown(name, &program))
}

fn unknown(name: &str, program: &Command) -> ExitStatus {
    let topics: Vec<_> = TOPICS.iter().map(|topic| topic.name).collect();
    let commands: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
    let cure = match nearest(name, topics.iter().chain(&commands).copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the topics are {}; the commands are {}", topics.join(", "), commands.join(", ")),
    };
    ExitStatus::config(format!("there is no help on {name}: {cure}"))
}

/// Writes styled text to stdout, in colors if that is coloured.
fn print_styled(text: &clap::builder::StyledStr) -> Result<ExitStatus, ExitStatus> {
    let text = if is_colored_stdout() { text.ansi().to_string() } else { text.to_string() };
    print(&(text.trim_end().to_owned() + "\n"))?;
    Ok(ExitStatus::done())
}
