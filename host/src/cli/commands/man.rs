//! `playfast man`: manual pages.

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::args::{ManCommand, document};
use crate::cli::commands::help::{TOPICS, Topic};
use crate::cli::exit::{ExitStatus, print};
use crate::cli::input::nearest::nearest;
use crate::cli::parsers::Parsers;
use crate::cli::settings::default_file;

pub(in crate::cli) fn run(command: &ManCommand, parsers: Option<&Parsers>) -> Result<ExitStatus, ExitStatus> {
    let mut program = document(parsers);
    // Until it is built, a command lacks what its arguments are shown by.
    program.build();
    let page = match &command.command {
        None => program_page(program),
        Some(name) => command_page(name, &program),
    };
    let page = page?;
    print(&String::from_utf8_lossy(&page))?;
    Ok(ExitStatus::done())
}

/// The page on everything: the commands with their own options, then the options of all, then the topics.
fn program_page(program: Command) -> Result<Vec<u8>, ExitStatus> {
    let mut page = Vec::new();
    let commands = commands(&program);
    let man = manual(program.bin_name("playfast").override_usage("playfast [OPTIONS] COMMAND [OPTIONS]"), "PLAYFAST");
    let written = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| commands.to_writer(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| closing().to_writer(&mut page));
    written.map(|()| page).map_err(|error| ExitStatus::unwritten("the manual page", &error))
}

/// The page on a command.
fn command_page(name: &str, program: &Command) -> Result<Vec<u8>, ExitStatus> {
    let Some(command) = program.find_subcommand(name) else {
        let names = || program.get_subcommands().map(Command::get_name);
        let cure = match nearest(name, names()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the commands are {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(ExitStatus::config(format!("there is no command {name}: {cure}")));
    };
    let after = command.get_after_long_help().or_else(|| command.get_after_help()).map(ToString::to_string);
    let usage = format!("playfast {} [OPTIONS]", command.get_name());
    let command = command.clone().override_usage(usage).after_help(None).after_long_help(None);
    let man = manual(command.display_name(format!("playfast-{name}")), &format!("PLAYFAST-{}", name.to_uppercase()));
    let mut page = Vec::new();
    let extra = after.map(|text| sections(&text)).unwrap_or_default();
    let written = man.render(&mut page).and_then(|()| extra.to_writer(&mut page));
    written.map(|()| page).map_err(|error| ExitStatus::unwritten("the manual page", &error))
}

fn manual(command: Command, title: &str) -> Man {
    let source = format!("playfast {}", env!("CARGO_PKG_VERSION"));
    Man::new(command.disable_help_subcommand(true)).title(title).date(" ").source(source).manual("User Commands")
}

/// A list of the commands, each with the options that only it has.
fn commands(program: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for command in program.get_subcommands() {
        roff.control("SS", [format!("playfast {}", command.get_name()).as_str()]);
        let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string);
        for line in about.unwrap_or_default().lines() {
            if line.is_empty() {
                roff.control("PP", [])
            } else {
                roff.text([roman(line)])
            };
        }
        let own = |option: &&Arg| matches!(option.get_help_heading(), None | Some("Parameters"));
        for option in command.get_arguments().filter(own) {
            roff.control("TP", []);
            roff.text([bold(option.to_string())]);
            let help = option.get_long_help().or_else(|| option.get_help()).map(ToString::to_string);
            roff.text([roman(help.unwrap_or_default().replace('\n', ". "))]);
        }
    }
    roff
}

/// What stands at the end of the page on everything.
fn closing() -> Roff {
    let mut roff = Roff::new();
    TOPICS.iter().for_each(|topic| preformatted(&mut roff, &topic_title(topic), topic.text));
    roff.control("SH", ["FILES"]);
    roff.control("TP", []);
    let file = default_file().map_or_else(|| "playfast.toml".to_owned(), |file| file.display().to_string());
    roff.text([bold(file)]);
    roff.text([roman("Options by their names, in TOML. See playfast config --example.")]);
    roff.control("SH", ["ENVIRONMENT"]);
    roff.control("TP", []);
    roff.text([bold("PLAYFAST_NAME")]);
    roff.text([roman(
        "The option --name, such as PLAYFAST_RATE for --rate. The command line goes before it, the file after it.",
    )]);
    roff.control("TP", []);
    roff.text([bold("NO_COLOR, CLICOLOR, CLICOLOR_FORCE")]);
    roff.text([roman("Whether output is coloured, with --color auto.")]);
    roff.control("TP", []);
    roff.text([bold("HTTPS_PROXY, ALL_PROXY, NO_PROXY")]);
    roff.text([roman("The proxy, as curl reads them. See --proxy.")]);
    roff
}

fn topic_title(topic: &Topic) -> String {
    topic.name.to_uppercase()
}

/// Sections whose titles are unindented lines that end with a colon.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut section: Option<(String, String)> = None;
    for line in text.lines() {
        match line.strip_suffix(':') {
            Some(title) if !line.starts_with(' ') => {
                if let Some((title, text)) = section.replace((title.to_uppercase(), String::new())) {
                    preformatted(&mut roff, &title, &text);
                }
            }
            _ => section.iter_mut().for_each(|(_, text)| text.extend([line, "\n"])),
        }
    }
    section.iter().for_each(|(title, text)| preformatted(&mut roff, title, text));
    roff
}

/// A section whose lines stay as they are.
fn preformatted(roff: &mut Roff, title: &str, text: &str) {
    roff.control("SH", [title]);
    roff.control("nf", []);
    for line in text.trim_end().lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_looks_like_a_request_is_none() {
        let mut roff = Roff::new();
        preformatted(&mut roff, "EXAMPLES", ".x\n'y\na\\b");
        let text = roff.render();
        assert!(!text.lines().any(|line| line.starts_with(".x") || line.starts_with("'y")), "{text}");
        assert!(text.contains("a\\\\b") || text.contains("a\\eb"), "{text}");
    }
}
