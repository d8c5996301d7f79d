//! One option with its value in force, and what sets it.

use clap::{Arg, ArgAction};
use serde_json::{Value, json};

use super::hidden::hide;
use crate::cli::args::{Group, settable_options};
use crate::cli::settings::{Settings, Source, variable};
use crate::fetch::EnvironmentProxies;

/// An option with its value in force.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) name: String,
    /// Its values, without secrets. Empty if it is off or not set.
    values: Vec<String>,
    source: Option<Source>,
}

/// The settings of a group.
pub(super) fn in_group(group: Group, settings: &Settings) -> Vec<Setting> {
    let options = settable_options().filter(|option| option.get_help_heading() == Some(group.heading()));
    options.filter_map(|option| setting(&option, settings)).collect()
}

fn setting(option: &Arg, settings: &Settings) -> Option<Setting> {
    let name = option.get_long()?.to_owned();
    let (source, values) = match settings.find(&name) {
        Some((_, values)) if matches!(option.get_action(), ArgAction::Count) && values.len() > 1 => {
            (settings.find(&name).map(|(source, _)| source), vec![values.len().to_string()])
        }
        Some((source, values)) => {
            let values = values.iter().map(|value| hide(&name, &value.to_string_lossy())).collect();
            (Some(source), values)
        }
        None => match environment_proxy(&name, settings) {
            Some((address, variable)) => (Some(Source::Environment(variable.to_owned())), vec![address]),
            None => (None, default(option).into_iter().collect()),
        },
    };
    Some(Setting { name, values, source })
}

/// The proxy that curl's variables name, and the variable.
fn environment_proxy(option: &str, settings: &Settings) -> Option<(String, &'static str)> {
    if option != "proxy" || settings.flag("no-proxy") {
        return None;
    }
    EnvironmentProxies::from_environment().ok()?.proxy()
}

/// The default of an option: clap's, else what its help says; `false` and 0 for those without a value.
pub(super) fn default(option: &Arg) -> Option<String> {
    match option.get_action() {
        ArgAction::SetTrue => return Some("false".to_owned()),
        ArgAction::Count => return Some("0".to_owned()),
        _ => {}
    }
    let values = option.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
    values.reduce(|all, value| format!("{all}, {value}")).or_else(|| {
        let help = option.get_help()?.to_string();
        let (_, after) = help.split_once("[default: ")?;
        after.strip_suffix(']').map(str::to_owned)
    })
}

impl Setting {
    /// The value as text.
    pub(super) fn shown(&self) -> String {
        if self.values.is_empty() { "-".to_owned() } else { self.values.join(", ") }
    }

    /// What sets the option.
    pub(super) fn origin(&self) -> String {
        match &self.source {
            None => "default".to_owned(),
            Some(Source::CommandLine) => "command line".to_owned(),
            Some(Source::Environment(variable)) => format!("environment {variable}"),
            Some(Source::File(_)) => "file".to_owned(),
        }
    }

    /// The setting for programs.
    pub(super) fn as_json(&self) -> Value {
        let value = match self.values.as_slice() {
            [] => Value::Null,
            [one] => json!(one),
            several => json!(several),
        };
        let source = match &self.source {
            None => "default",
            Some(Source::CommandLine) => "command line",
            Some(Source::Environment(_)) => "environment",
            Some(Source::File(_)) => "file",
        };
        json!({ "value": value, "source": source, "variable": variable(&self.name) })
    }
}
