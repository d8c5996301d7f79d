//! Sections of a kind's help: examples, choices, fields.

use serde_json::Value;

use crate::cli::args::option;
use crate::cli::report::text::{align_wrapped, wrap};
use crate::parser::{Kind, Param};

/// The widest name that widens the column of names. Longer ones move what follows.
const MAX_NAME: usize = 24;

/// Choices up to which an option's own help lists them.
const FEW: usize = 6;

/// What follows the options in the short and in the long help of a kind's command.
pub(in crate::cli) fn kind_sections(command: &str, kind: &Kind) -> (String, String) {
    let examples = examples(command, kind);
    let params = kind.params.properties.iter();
    let choices: String = params.map(|(name, param)| choices(name, param)).collect();
    let fields = field_lines(kind);
    let fields = if fields.is_empty() { fields } else { format!("\n\nFields of a row (--fields):\n{fields}") };
    let long = format!("{examples}{choices}{fields}");
    (examples, long.trim_end().to_owned())
}

/// The fields of a kind's rows: a line each, with its type and what it is.
pub(in crate::cli) fn field_lines(kind: &Kind) -> String {
    let fields = kind.record.get("properties").and_then(Value::as_object);
    let rows: Vec<_> = fields
        .into_iter()
        .flatten()
        .map(|(name, field)| [name.clone(), field_type(field).to_owned(), description(field).to_owned()])
        .collect();
    align_wrapped(&rows, 2, MAX_NAME)
}

fn field_type(field: &Value) -> &str {
    let types = match field.get("type") {
        Some(Value::Array(types)) => types.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    match types.iter().filter_map(Value::as_str).find(|name| *name != "null") {
        Some("string") => "text",
        Some("array") => "list",
        Some(other) => other,
        None => "any",
    }
}

fn description(field: &Value) -> &str {
    field.get("description").and_then(Value::as_str).unwrap_or_default()
}

/// Two commands to copy, from the examples, defaults and choices of the description.
fn examples(command: &str, kind: &Kind) -> String {
    let params = &kind.params.properties;
    let needed = |name: &str, param: &Param| param.positional || kind.params.required.iter().any(|other| other == name);
    let one: Vec<_> = params
        .iter()
        .filter(|(name, param)| needed(name, param))
        .filter_map(|(name, param)| typed(name, param, &param.example().or_else(|| param.default())?))
        .collect();
    let options = params.iter().filter(|(_, param)| !param.positional && param.choices().nth(1).is_some());
    let varied = options.max_by_key(|(_, param)| (param.many, param.choices().count()));
    let varied = varied.and_then(|(name, param)| typed(name, param, &some_choices(param)));
    let line = |words: &[String], end: &str| format!("  playfast {command}{}{end}\n", words.concat());
    let all: Vec<_> = one.iter().cloned().chain(varied).collect();
    let output = format!(" -o {}.csv", kind.name);
    format!("Examples:\n{}{}", line(&one, ""), line(&all, &output)).trim_end().to_owned()
}

/// A parameter with its value, as it is typed.
fn typed(name: &str, param: &Param, value: &str) -> Option<String> {
    let is_plain = value.chars().all(|letter| letter.is_alphanumeric() || "._-,/:@".contains(letter));
    let value = match is_plain {
        true => value.to_owned(),
        false if !value.contains(['\'', '\n']) => format!("'{value}'"),
        false => return None,
    };
    Some(if param.positional { format!(" {value}") } else { format!(" --{} {value}", option(name)) })
}

/// The default and another choice, or one choice where a query has only one.
fn some_choices(param: &Param) -> String {
    let default = param.default();
    let other = param.choices().filter(|choice| Some(choice) != default.as_ref()).last();
    match (param.many, default, other) {
        (true, Some(default), Some(other)) => format!("{default},{other}"),
        (_, _, Some(other)) => other,
        (_, default, None) => default.unwrap_or_default(),
    }
}

/// The values that a parameter may have, if there are many.
fn choices(name: &str, param: &Param) -> String {
    let choices: Vec<_> = param.choices().collect();
    let groups: Vec<_> = param.groups.keys().map(String::as_str).collect();
    if choices.len() <= FEW && groups.is_empty() {
        return String::new();
    }
    let mut text =
        format!("\n\nValues of --{} ({}):\n  {}", option(name), choices.len(), wrap(&choices.join(" "), 2, 2));
    if !groups.is_empty() {
        text.push_str(&format!("\n  Several at once: {}", groups.join(", ")));
    }
    text
}
