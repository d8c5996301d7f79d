//! `playfast inspect`: a parser, its kinds, their parameters and fields.

use serde_json::{Map, json};

use crate::cli::args::InspectCommand;
use crate::cli::commands::help::field_lines;
use crate::cli::exit::{ExitStatus, print};
use crate::cli::parsers::{self, Parsers};
use crate::cli::report::text::align_wrapped;
use crate::cli::settings::Settings;
use crate::host::sample_addresses;
use crate::parser::{Kind, Param, Parser};

pub(in crate::cli) async fn run(
    command: &InspectCommand,
    parsers: Result<Parsers, ExitStatus>,
    settings: &Settings,
) -> Result<ExitStatus, ExitStatus> {
    let parser = match &command.file {
        Some(file) => parsers::load(file, settings).await?,
        None => parsers?.first()?,
    };
    let mut addresses = Vec::new();
    for kind in &parser.description().kinds {
        addresses.push(Addresses::find(&parser, &kind.name).await);
    }
    let text = if command.json { as_json(&parser, &addresses) } else { as_text(&parser, &addresses) };
    print(&text)?;
    Ok(ExitStatus::done())
}

/// The addresses that a kind asks, without the values of its parameters, or why they aren't known.
struct Addresses {
    kind: String,
    asked: Result<Vec<String>, String>,
}

impl Addresses {
    async fn find(parser: &Parser, kind: &str) -> Self {
        let asked = sample_addresses(parser, kind).await;
        let asked = asked.map(|asked| asked.iter().map(ToString::to_string).collect());
        Self { kind: kind.to_owned(), asked: asked.map_err(|failure| failure.to_string()) }
    }

    fn text(&self) -> String {
        match &self.asked {
            Ok(asked) => asked.iter().map(|address| format!("    {address}\n")).collect(),
            Err(reason) => format!("    unknown: {reason}\n"),
        }
    }
}

fn as_json(parser: &Parser, addresses: &[Addresses]) -> String {
    let asked = addresses.iter().map(|kind| (kind.kind.clone(), json!(kind.asked.as_ref().ok())));
    let document = json!({
        "digest": parser.digest().to_string(),
        "size": parser.size(),
        "imports": parser.imports(),
        "exports": parser.exports(),
        "addresses": asked.collect::<Map<_, _>>(),
        "description": **parser.description(),
    });
    format!("{document:#}\n")
}

fn as_text(parser: &Parser, addresses: &[Addresses]) -> String {
    let description = parser.description();
    let names = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    let lines = [
        format!("{} {}: {}", description.name, description.version, description.summary),
        format!("digest   {}", parser.digest()),
        format!("size     {} bytes", parser.size()),
        format!("hosts    {}", description.hosts.join(", ")),
        format!(
            "pace     {} at once, then {} a minute",
            description.pace.burst,
            description.pace.interval.requests_per_minute()
        ),
        format!("imports  {}", names(parser.imports())),
        format!("exports  {}", names(parser.exports())),
    ];
    let kinds = description.kinds.iter().zip(addresses).map(|(kind, addresses)| self::kind(kind, addresses));
    lines.into_iter().map(|line| line + "\n").chain(kinds).collect()
}

/// A kind with its parameters, and the fields of its rows.
fn kind(kind: &Kind, addresses: &Addresses) -> String {
    let params: Vec<_> = kind.params.properties.iter().map(|(name, param)| param_row(kind, name, param)).collect();
    let mut text = format!("\n{}: {}\n", kind.name, kind.summary);
    text.push_str("\n  Addresses (playfast doctor says what robots.txt allows)\n");
    text.push_str(&addresses.text());
    text.push_str(&format!("\n  Parameters ({})\n{}", params.len(), align_wrapped(&params, 4, usize::MAX)));
    let fields = field_lines(kind);
    if !fields.is_empty() {
        let fields: String = fields.lines().map(|line| format!("  {line}\n")).collect();
        text.push_str(&format!("\n  Fields ({})\n{fields}", fields.lines().filter(|line| is_first(line)).count()));
    }
    text
}

/// Whether a line isn't the continuation of another one.
fn is_first(line: &str) -> bool {
    line.chars().nth(4).is_some_and(|letter| letter != ' ')
}

fn param_row(kind: &Kind, name: &str, param: &Param) -> [String; 2] {
    let required = kind.params.required.iter().any(|other| other == name).then(|| "required".to_owned());
    let many = param.many.then(|| "several".to_owned());
    let default = param.default().map(|default| format!("default {default}"));
    let choices = match param.choices().count() {
        0 => None,
        1..=6 => Some(format!("one of {}", param.choices().collect::<Vec<_>>().join(", "))),
        count => Some(format!("one of {count}: playfast {} --help", kind.name)),
    };
    let notes: Vec<_> = [required, many, default, choices].into_iter().flatten().collect();
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    [name.to_owned(), format!("{}{notes}", param.summary())]
}
