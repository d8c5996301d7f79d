//! Settings from the command line's general options, the environment (`PLAYFAST_…`) and the configuration file.
//!
//! The parsers make the command line, so what says which they are is known first: [`Settings`] looks through argv, then the environment, then
//! the file. All other options are left to clap, whose defaults are what the environment and the file say. A setting that is wrong is a
//! problem, and leaves the option at its default: help works all the same, and everything else reports the problems.

mod argv;
mod check;
mod file;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::cli::args;
use crate::cli::exit::ExitStatus;
#[cfg(test)]
pub(in crate::cli) use file::parse as parse_file;

/// The values of options, by their names.
pub(in crate::cli) type Values = HashMap<String, Vec<OsString>>;

/// Options of which only one can be in force: a source that sets one hides the others that weaker sources set.
const ALTERNATIVES: [&str; 2] = ["parser", "parsers"];

/// What sets options, and what was wrong with it.
#[derive(Debug, Default)]
pub(in crate::cli) struct Settings {
    /// How much is said on stderr: 0, or the number of `-v`.
    pub(in crate::cli) verbosity: u8,
    /// The configuration file, if one was named or is at its place.
    pub(in crate::cli) file: Option<PathBuf>,
    argv: Values,
    environment: Values,
    config: Values,
    problems: Vec<Problem>,
    /// Variables of the environment that are probably misspelled.
    misspelled: Vec<String>,
}

/// What is wrong with the environment or the configuration file.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Problem {
    /// The option at fault, if it is one.
    option: Option<String>,
    /// What is wrong with it.
    pub(in crate::cli) text: String,
}

impl Problem {
    /// A problem of the file as a whole.
    const fn of_all(text: String) -> Self {
        Self { option: None, text }
    }
}

/// What sets an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Source {
    /// The command line.
    CommandLine,
    /// A variable of this name.
    Environment(String),
    /// The configuration file.
    File(PathBuf),
}

impl Settings {
    /// Looks through argv, the environment and the configuration file.
    pub(in crate::cli) fn read(argv: &[OsString]) -> Self {
        let mut settings = Self { argv: argv::scan(argv), ..Self::default() };
        settings.read_environment(|variable| std::env::var_os(variable));
        settings.misspelled = std::env::vars_os().filter_map(|(name, _)| misspelled(name.to_str()?)).collect();
        let named = settings.values("config").pop().map(PathBuf::from);
        settings.file = named.or_else(|| default_file().filter(|file| file.exists()));
        if let Some(file) = settings.file.clone() {
            settings.read_file(&file);
        }
        settings.verbosity = settings.number("verbose");
        settings
    }

    fn read_environment(&mut self, variables: impl Fn(&str) -> Option<OsString>) {
        for option in args::settable_options() {
            let name = option.get_long().unwrap_or_default();
            let variable = variable(name);
            // A variable that is empty says nothing, as in the library.
            let Some(value) = variables(&variable).filter(|value| !value.is_empty()) else { continue };
            match check::check(&option, std::slice::from_ref(&value)) {
                Ok(()) => drop(self.environment.insert(name.to_owned(), vec![value])),
                Err(reason) => {
                    self.problems.push(Problem { option: Some(name.to_owned()), text: format!("{variable}{reason}") });
                }
            }
        }
    }

    fn read_file(&mut self, file: &Path) {
        let (values, problems) = file::read(file);
        self.config = values;
        let of_file = |Problem { option, text }| Problem { option, text: format!("{}: {text}", file.display()) };
        self.problems.extend(problems.into_iter().map(of_file));
    }

    /// The values of an option, and what sets them. `None` if nothing does.
    pub(in crate::cli) fn find(&self, name: &str) -> Option<(Source, &[OsString])> {
        let sources = [&self.argv, &self.environment, &self.config];
        let is_hidden = |source: &Values| {
            ALTERNATIVES.contains(&name) && ALTERNATIVES.iter().any(|other| source.contains_key(*other))
        };
        let place = sources.iter().position(|source| source.contains_key(name) || is_hidden(source))?;
        let values = sources.get(place)?.get(name)?;
        let source = match place {
            0 => Source::CommandLine,
            1 => Source::Environment(variable(name)),
            _ => Source::File(self.file.clone().unwrap_or_default()),
        };
        Some((source, values))
    }

    /// The values that the environment, or else the configuration file, sets for an option.
    pub(in crate::cli) fn defaults(&self, name: &str) -> &[OsString] {
        let values = self.environment.get(name).or_else(|| self.config.get(name));
        values.map(Vec::as_slice).unwrap_or_default()
    }

    /// All values of a general option.
    pub(in crate::cli) fn values(&self, name: &str) -> Vec<OsString> {
        self.find(name).map(|(_, values)| values.to_vec()).unwrap_or_default()
    }

    /// All values of a general option, each a text that may name several, separated by commas.
    pub(in crate::cli) fn list(&self, name: &str) -> Vec<String> {
        let texts: Vec<_> = self.values(name).iter().map(|value| value.to_string_lossy().into_owned()).collect();
        texts.iter().flat_map(|text| text.split(',')).map(|text| text.trim().to_owned()).collect()
    }

    /// Whether a general option without a value is set.
    pub(in crate::cli) fn flag(&self, name: &str) -> bool {
        self.values(name).last().is_some_and(|value| check::is_true(value))
    }

    /// The number of a general option that is counted: how often it was typed, else the number or `true` that is set.
    fn number(&self, name: &str) -> u8 {
        match self.find(name) {
            Some((Source::CommandLine, values)) => u8::try_from(values.len()).unwrap_or(u8::MAX),
            Some((_, values)) => values.last().and_then(|value| check::level(value)).unwrap_or_default(),
            None => 0,
        }
    }

    /// Reports variables of the environment that are probably misspelled. They have no effect.
    pub(in crate::cli) fn warn_of_misspelled(&self) {
        if !self.flag("quiet") {
            self.misspelled.iter().for_each(|text| crate::cli::exit::print_message(text));
        }
    }

    /// Says each problem with the environment and the configuration file.
    pub(in crate::cli) fn warn(&self) {
        self.problems.iter().for_each(|problem| crate::cli::exit::print_message(&problem.text));
    }

    /// Checks the options that a command uses.
    ///
    /// # Errors
    /// When something is wrong with the environment or the configuration file.
    pub(in crate::cli) fn check(&self, is_used: impl Fn(&str) -> bool) -> Result<(), ExitStatus> {
        // An unknown name may be a misspelled one that is used.
        let matters =
            |option: &str| is_used(option) || !args::settable_options().any(|known| known.get_long() == Some(option));
        let problems = self.problems.iter().filter(|problem| problem.option.as_deref().is_none_or(matters));
        let texts: Vec<_> = problems.map(|problem| problem.text.as_str()).collect();
        let Some((last, others)) = texts.split_last() else { return Ok(()) };
        others.iter().for_each(|text| crate::cli::exit::print_message(text));
        Err(ExitStatus::config((*last).to_owned()))
    }
}

/// The warning about a variable that differs from an option's in one character.
fn misspelled(name: &str) -> Option<String> {
    let known: Vec<_> = args::settable_options().filter_map(|option| option.get_long().map(variable)).collect();
    let is_other = name.starts_with("PLAYFAST_") && !known.iter().any(|known| known == name);
    let meant = known.iter().filter(|_| is_other).find(|known| strsim::osa_distance(name, known) == 1)?;
    Some(format!("{name} has no effect: did you mean {meant}?"))
}

/// The environment's name for an option.
pub(in crate::cli) fn variable(option: &str) -> String {
    format!("PLAYFAST_{}", option.to_uppercase().replace('-', "_"))
}

/// `$XDG_CONFIG_HOME/playfast/playfast.toml`, or where the system keeps such files; never the working directory.
pub(in crate::cli) fn default_file() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("playfast").join("playfast.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(argv: &[&str], variables: &[(&str, &str)], file: &str) -> Settings {
        let argv: Vec<_> = ["playfast"].iter().chain(argv).map(OsString::from).collect();
        let mut settings = Settings { argv: argv::scan(&argv), ..Settings::default() };
        settings.read_environment(|name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(value))
        });
        let config = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(config.path(), file).unwrap();
        settings.read_file(config.path());
        settings
    }

    #[test]
    fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
        let file = "parser = \"file.wasm\"\nrate = 5\nquiet = true";
        let settings = settings(&["--parser=typed.wasm"], &[("PLAYFAST_RATE", "7")], file);
        assert_eq!(settings.values("parser"), ["typed.wasm"]);
        assert_eq!(settings.defaults("rate"), ["7"]);
        assert_eq!(settings.find("rate").unwrap().0, Source::Environment("PLAYFAST_RATE".to_owned()));
        assert!(settings.flag("quiet"));
        assert!(settings.check(|_| true).is_ok());
    }

    #[test]
    fn a_parser_that_is_typed_hides_the_folder_that_the_file_names() {
        let settings = settings(&["--parser", "typed.wasm"], &[], "parsers = \"folder\"");
        assert!(settings.values("parsers").is_empty());
    }

    #[test]
    fn a_misspelled_variable_is_told_and_others_are_left_alone() {
        assert_eq!(misspelled("PLAYFAST_RAT").unwrap(), "PLAYFAST_RAT has no effect: did you mean PLAYFAST_RATE?");
        for name in ["PLAYFAST_RATE", "PLAYFAST_PAGES", "PLAYFAST_TEST_SWAPS", "PLAYFAST_HOME", "RAT"] {
            assert_eq!(misspelled(name), None, "{name}");
        }
    }

    #[test]
    fn an_empty_variable_says_nothing() {
        let settings = settings(&[], &[("PLAYFAST_RATE", ""), ("PLAYFAST_QUIET", "")], "");
        assert!(settings.find("rate").is_none() && !settings.flag("quiet") && settings.check(|_| true).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named_and_the_rest_applies() {
        let variables = [("PLAYFAST_RATE", "x"), ("PLAYFAST_QUIET", "maybe"), ("PLAYFAST_FORMAT", "csv")];
        let settings = settings(&[], &variables, "retries = -1\nraet = 5\nworkers = 3\nproxy = { a = 1 }");
        let problems: Vec<_> = settings.problems.iter().map(|problem| problem.text.as_str()).collect();
        let problems = problems.join("\n");
        for part in [
            "PLAYFAST_RATE: \"x\" is not a rate: give ",
            "PLAYFAST_QUIET can't be \"maybe\": give true or false",
            "retries can't be \"-1\": give a whole number from 0 to 1000",
            "there is no option raet: did you mean rate?",
            "proxy can't be a table: give a text, a number, true or false, or a list of these",
        ] {
            assert!(problems.contains(part), "{part:?} is not in {problems}");
        }
        assert_eq!(problems.lines().count(), 5);
        let settings_of = |used: &'static [&'static str]| settings.check(move |option| used.contains(&option));
        assert!(settings_of(&["rate"]).is_err() && settings_of(&[]).is_err(), "raet may be any");
        assert_eq!(
            (settings.defaults("format"), settings.defaults("workers")),
            (&["csv".into()][..], &["3".into()][..])
        );
    }

    #[test]
    fn verbosity_is_counted_on_the_command_line_and_a_number_elsewhere() {
        assert_eq!(settings(&["-v", "list", "--verbose"], &[], "verbose = 3").number("verbose"), 2);
        assert_eq!(settings(&["-qvv"], &[], "").number("verbose"), 2);
        assert_eq!(settings(&[], &[("PLAYFAST_VERBOSE", "1")], "verbose = 3").number("verbose"), 1);
        assert_eq!(settings(&[], &[], "verbose = 3").number("verbose"), 3);
        assert_eq!(settings(&[], &[], "verbose = true").number("verbose"), 1);
        assert!(settings(&[], &[], "verbose = \"loud\"").check(|option| option == "verbose").is_err());
    }

    #[test]
    fn lists_are_arrays() {
        let settings = settings(&[], &[], "allow-host = [\"example.org\", \"example.net\"]");
        assert_eq!(settings.list("allow-host"), ["example.org", "example.net"]);
    }
}
