//! `playfast config`: the settings in force, and an example of a configuration file.

mod example;
mod hidden;
mod setting;

use serde_json::{Map, json};

use crate::cli::args::{ConfigCommand, Group};
use crate::cli::exit::{ExitStatus, print};
use crate::cli::report::text::align;
use crate::cli::settings::{Settings, default_file};
use setting::Setting;

pub(in crate::cli) fn run(command: &ConfigCommand, settings: &Settings) -> Result<ExitStatus, ExitStatus> {
    let text = match (command.example, command.json) {
        (true, _) => example::example(),
        (false, true) => as_json(settings),
        (false, false) => as_text(settings),
    };
    print(&text)?;
    if !command.example {
        settings.check(|_| true)?;
    }
    Ok(ExitStatus::done())
}

fn as_text(settings: &Settings) -> String {
    let groups = Group::ALL.into_iter().filter_map(|group| {
        let in_group = setting::in_group(group, settings);
        let rows: Vec<_> =
            in_group.iter().map(|setting| [setting.name.clone(), setting.shown(), setting.origin()]).collect();
        (!rows.is_empty()).then_some((group.heading(), rows))
    });
    let groups: Vec<_> = groups.collect();
    // One table, so that the columns of all groups are aligned.
    let table = align(&groups.iter().flat_map(|(_, rows)| rows.clone()).collect::<Vec<_>>(), 2);
    let mut lines = table.lines();
    let mut text = file_line(settings);
    for (heading, rows) in &groups {
        text.push_str(&format!("\n{heading}\n"));
        lines.by_ref().take(rows.len()).for_each(|line| text.extend([line, "\n"]));
    }
    text
}

/// Which file is read, or would be.
fn file_line(settings: &Settings) -> String {
    match (&settings.file, default_file()) {
        (Some(file), _) => format!("Configuration file: {}\n", file.display()),
        (None, Some(file)) => format!("Configuration file: none ({} would be read)\n", file.display()),
        (None, None) => "Configuration file: none (there is no home folder to look in)\n".to_owned(),
    }
}

fn as_json(settings: &Settings) -> String {
    let all = Group::ALL.into_iter().flat_map(|group| setting::in_group(group, settings));
    let options: Map<_, _> = all.map(|setting: Setting| (setting.name.clone(), setting.as_json())).collect();
    let place = settings.file.clone().or_else(default_file).map(|file| file.display().to_string());
    let document = json!({ "file": place, "is_read": settings.file.is_some(), "options": options });
    format!("{document:#}\n")
}
