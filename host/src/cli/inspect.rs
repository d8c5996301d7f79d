//! `playfast inspect`: what a parser is.

use serde_json::json;

use super::args::InspectCommand;
use super::exit::{Exit, print};
use super::parsers::{self, Parsers};
use super::settings::Settings;
use crate::parser::{Kind, Parser};

pub(super) async fn run(
    command: &InspectCommand,
    parsers: Result<Parsers, Exit>,
    settings: &Settings,
) -> Result<Exit, Exit> {
    let parser = match &command.file {
        Some(file) => parsers::load(file, settings).await?,
        None => parsers?.first()?,
    };
    let text = if command.json { as_json(&parser) } else { as_text(&parser) };
    print(&text)?;
    Ok(Exit::done())
}

fn as_json(parser: &Parser) -> String {
    let document = json!({
        "digest": parser.digest().to_string(),
        "size": parser.size(),
        "imports": parser.imports(),
        "exports": parser.exports(),
        "description": **parser.description(),
    });
    format!("{document:#}\n")
}

fn as_text(parser: &Parser) -> String {
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
    let kinds = description.kinds.iter().map(kind);
    lines.into_iter().map(|line| line + "\n").chain(kinds).collect()
}

fn kind(kind: &Kind) -> String {
    let fields = kind.record.get("properties").and_then(|fields| fields.as_object()).map_or(0, serde_json::Map::len);
    let mut text = format!("\n{}: {} ({fields} fields)\n", kind.name, kind.summary);
    for (name, param) in &kind.params.properties {
        let required = if kind.params.required.contains(name) { ", required" } else { "" };
        let many = if param.many { ", many" } else { "" };
        let default = param.default().map(|default| format!(", default {default}")).unwrap_or_default();
        let choices = match param.choices().count() {
            0 => String::new(),
            count @ 1..=6 => format!(", one of {} ({count})", param.choices().collect::<Vec<_>>().join(" ")),
            count => format!(", one of {count}"),
        };
        text.push_str(&format!("  {name:<12} {}{required}{many}{default}{choices}\n", param.summary()));
    }
    text
}
