//! The configuration file: options by their names, in TOML.

use std::ffi::OsString;
use std::path::Path;

use clap::Arg;
use toml::{Table, Value};

use super::check::check;
use super::{Problem, Values};
use crate::cli::args;
use crate::cli::input::nearest::nearest;

/// The options that a file sets, and what is wrong with it.
pub(super) fn read(file: &Path) -> (Values, Vec<Problem>) {
    let text = match std::fs::read(file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            return (Values::new(), vec![Problem::of_all(format!("failed to read the configuration: {error}"))]);
        }
    };
    parse(&text)
}

/// The options that a TOML text sets, and what is wrong with it. An option that is wrong is left out.
pub(in crate::cli) fn parse(text: &str) -> (Values, Vec<Problem>) {
    let table: Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => return (Values::new(), vec![Problem::of_all(locate(text, &error))]),
    };
    let options: Vec<Arg> = args::settable_options().collect();
    let (mut values, mut problems) = (Values::new(), Vec::new());
    for (name, value) in table {
        match option_values(&options, &name, &value) {
            Ok(texts) => drop(values.insert(name, texts)),
            Err(text) => problems.push(Problem { option: Some(name), text }),
        }
    }
    (values, problems)
}

fn option_values(options: &[Arg], name: &str, value: &Value) -> Result<Vec<OsString>, String> {
    let names = || options.iter().filter_map(Arg::get_long);
    let Some(option) = options.iter().find(|option| option.get_long() == Some(name) && name != "config") else {
        return Err(match nearest(name, names()) {
            _ if name == "config" => "config can't be set in the configuration file itself".to_owned(),
            Some(near) => format!("there is no option {name}: did you mean {near}?"),
            None => format!("there is no option {name}: playfast config lists them"),
        });
    };
    let texts = texts(value).map_err(|form| {
        format!("{name} can't be a {form}: give a text, a number, true or false, or a list of these")
    })?;
    check(option, &texts).map_err(|reason| format!("{name}{reason}"))?;
    Ok(texts)
}

/// The texts of a value; else what it is.
fn texts(value: &Value) -> Result<Vec<OsString>, &'static str> {
    match value {
        Value::String(text) => Ok(vec![text.into()]),
        Value::Integer(number) => Ok(vec![number.to_string().into()]),
        Value::Float(number) => Ok(vec![number.to_string().into()]),
        Value::Boolean(flag) => Ok(vec![flag.to_string().into()]),
        Value::Array(values) => Ok(values.iter().map(texts).collect::<Result<Vec<_>, _>>()?.concat()),
        Value::Datetime(_) => Err("date"),
        Value::Table(_) => Err("table"),
    }
}

/// What is wrong with a TOML text, and where, on one line.
fn locate(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    format!("it is not TOML at line {line}, column {column}: {message}")
}
