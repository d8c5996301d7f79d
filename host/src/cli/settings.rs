//! Options that are known before the command line is read whole.
//!
//! The parsers make the command line, so what says which they are comes first: a general option is looked for in argv, then in the
//! environment (`PLAYFAST_…`), then in the configuration file. The rest is left to clap, which is told the same.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Command;
use etcetera::BaseStrategy;
use toml::{Table, Value};

use super::args;
use super::exit::Exit;

/// The options with a value that have to be known first.
const VALUES: [&str; 6] = ["config", "parser", "parsers", "parser-digest", "allow-host", "workers"];

/// What was said of options.
#[derive(Debug, Default)]
pub(super) struct Settings {
    argv: HashMap<String, Vec<OsString>>,
    pub(super) verbosity: u8,
    /// The configuration file, if one was read.
    pub(super) file: Option<PathBuf>,
    config: HashMap<String, Vec<OsString>>,
}

impl Settings {
    /// Looks through argv, the environment and the configuration file.
    ///
    /// # Errors
    /// When the file can't be read, or it or the environment says what is no option.
    pub(super) fn read(argv: &[OsString]) -> Result<Self, Exit> {
        let mut settings = Self::default();
        settings.scan(argv);
        let named = settings.values("config").pop().map(PathBuf::from);
        let usual = usual().filter(|file| named.is_none() && file.exists());
        if let Some(file) = named.or(usual) {
            settings.config = config(&file)?;
            settings.file = Some(file);
        }
        check_environment()?;
        Ok(settings)
    }

    fn scan(&mut self, argv: &[OsString]) {
        let mut arguments = argv.iter().skip(1).take_while(|argument| *argument != "--");
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            let (name, value) =
                text.split_once('=').map_or((&*text, None), |(name, value)| (name, Some(OsString::from(value))));
            match name.strip_prefix("--") {
                Some("verbose") => self.verbosity += 1,
                Some("pure") => self.note("pure", "true".into()),
                Some(name) if VALUES.contains(&name) => {
                    if let Some(value) = value.or_else(|| arguments.next().cloned()) {
                        self.note(name, value);
                    }
                }
                _ if matches!(name, "-v" | "-vv" | "-vvv") => {
                    self.verbosity += u8::try_from(name.len() - 1).unwrap_or(1)
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, name: &str, value: OsString) {
        self.argv.entry(name.to_owned()).or_default().push(value);
    }

    /// All values of a general option.
    pub(super) fn values(&self, name: &str) -> Vec<OsString> {
        if let Some(values) = self.argv.get(name) {
            return values.clone();
        }
        match std::env::var_os(variable(name)).filter(|value| !value.is_empty()) {
            Some(value) => vec![value],
            None => self.config(name).to_vec(),
        }
    }

    /// All values of a general option, each as text that may name several, with commas.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let texts: Vec<_> = self.values(name).iter().map(|value| value.to_string_lossy().into_owned()).collect();
        texts.iter().flat_map(|text| text.split(',')).map(|text| text.trim().to_owned()).collect()
    }

    /// Whether a general option without a value was given.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.values(name).last().is_some_and(|value| !matches!(value.to_str(), Some("" | "0" | "false" | "no" | "off")))
    }

    /// What the configuration file says of an option.
    pub(super) fn config(&self, name: &str) -> &[OsString] {
        self.config.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The environment's name for an option.
pub(super) fn variable(option: &str) -> String {
    format!("PLAYFAST_{}", option.to_uppercase().replace('-', "_"))
}

/// `$XDG_CONFIG_HOME/playfast/playfast.toml`, or where the system keeps such files; never the working directory.
fn usual() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("playfast").join("playfast.toml"))
}

/// The options of a configuration file: the names of general options, and their values.
fn config(file: &Path) -> Result<HashMap<String, Vec<OsString>>, Exit> {
    let refused = |error: String| Exit::config(format!("{}: {error}", file.display()));
    let text = String::from_utf8(super::read(file)?).map_err(|error| refused(error.to_string()))?;
    let table: Table = toml::from_str(&text).map_err(|error| refused(where_in(&text, &error)))?;
    let mut options = HashMap::new();
    for (name, value) in table {
        let values = texts(&value)
            .ok_or_else(|| refused(format!("{name} must be a text, a number, true or false, or a list")))?;
        check(&name, &values, &value).map_err(refused)?;
        if value != Value::Boolean(false) {
            options.insert(name, values);
        }
    }
    Ok(options)
}

/// What is wrong with a TOML text, and where, on one line.
fn where_in(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    format!("it is not TOML at line {line}, column {column}: {message}")
}

/// Refuses a variable whose value an option can't have, by the variable's name: clap would blame the option, which nobody typed.
fn check_environment() -> Result<(), Exit> {
    for option in args::settable_options().filter(|option| option.get_action().takes_values()) {
        let name = option.get_long().unwrap_or_default();
        let variable = variable(name);
        let value = std::env::var_os(&variable).filter(|value| !value.is_empty() && name != "config");
        if let Some(value) = value {
            let is_text = Value::String(String::new());
            check(name, &[value], &is_text).map_err(|error| Exit::config(format!("{variable}: {error}")))?;
        }
    }
    Ok(())
}

/// Whether clap would take the option on the command line.
fn check(name: &str, values: &[OsString], value: &Value) -> Result<(), String> {
    let option = |value: &OsString| [OsStr::new(&format!("--{name}=")), value].into_iter().collect::<OsString>();
    let argv = match value {
        Value::Boolean(false) => Vec::new(),
        Value::Boolean(true) => vec![format!("--{name}").into()],
        _ => values.iter().map(option).collect::<Vec<_>>(),
    };
    let command = Command::new("playfast").no_binary_name(true).disable_help_flag(true).args(args::settable_options());
    match command.try_get_matches_from(argv) {
        Ok(_) if name == "config" || name == "verbose" => Err(format!("{name} can't be set here")),
        Ok(_) => Ok(()),
        Err(error) => {
            let text = error.render().to_string();
            Err(text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
        }
    }
}

fn texts(value: &Value) -> Option<Vec<OsString>> {
    match value {
        Value::String(text) => Some(vec![text.into()]),
        Value::Integer(number) => Some(vec![number.to_string().into()]),
        Value::Float(number) => Some(vec![number.to_string().into()]),
        Value::Boolean(flag) => Some(vec![flag.to_string().into()]),
        Value::Array(values) => Some(values.iter().map(texts).collect::<Option<Vec<_>>>()?.concat()),
        Value::Datetime(_) | Value::Table(_) => None,
    }
}
