//! `playfast parse`: parses one saved response through the sandbox.

mod container;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::cli::args::{Options, ParseCommand};
use crate::cli::delivery::sink::{Columns, Rows};
use crate::cli::exit::{ExitStatus, print_message};
use crate::fetch::FetchOptions;
use crate::host::Host;
use crate::output::{Checkpoint, Format, RunEnd};
use crate::parser::Kind;
use crate::query::KindName;
use crate::result::Outcome;
use crate::swap::ParserSlot;
use crate::types::{Query, Response, Row, chain};

pub(in crate::cli) async fn run(
    command: &ParseCommand,
    options: &Options,
    host: &Host,
) -> Result<ExitStatus, ExitStatus> {
    let name = &command.kind;
    let refused = |error: crate::query::PlanError| ExitStatus::config(error.to_string());
    let slot = host.slot_of(name).map_err(refused)?;
    let description = slot.description();
    let url = command.url.as_deref();
    let query = query(options.input.params()?, &slot, name, url)?;
    let first = description.hosts.first().map_or("", String::as_str);
    let response = response(command, url.map_or_else(|| format!("https://{first}/"), str::to_owned))?;
    let columns = Columns::new(&[Arc::clone(&description)], Some(name.kind()));
    let mut rows = Rows::open(&options.output.rows, Format::Table, &columns)?;
    let failure = match host.parse(&query, &response).await {
        Ok(mut page) => {
            let mut outcome = Outcome::new(query.clone());
            let kind = description.kind(query.kind());
            outcome.append(&mut page, kind, description.limit_of(&query));
            outcome.notes.iter().for_each(|note| print_message(&format!("{query}: note: {}", note)));
            let mut read = outcome.rows;
            if let Some(kind) = kind {
                read = read.into_iter().map(|row| with_all_params(kind, row)).collect();
            }
            rows.write(read).map_err(|error| ExitStatus::unwritten("rows", &error))?;
            outcome.failure
        }
        Err(failure) => Some(failure),
    };
    let end = if failure.is_none() { RunEnd::Complete } else { RunEnd::Unanswered };
    rows.finish(end)?;
    match failure {
        None => Ok(ExitStatus::done()),
        Some(failure) => {
            print_message(&format!("{query}: {failure}"));
            Ok(ExitStatus::from_counts(0, 1))
        }
    }
}

/// The query that the response answers: the parameters that were given or that its address names. Defaults would be guesses.
fn query(
    mut params: Vec<(String, String)>,
    slot: &ParserSlot,
    kind: &KindName,
    url: Option<&str>,
) -> Result<Query, ExitStatus> {
    for (name, value) in url.map(|url| params_of(slot, kind, url)).unwrap_or_default() {
        if !params.iter().any(|(given, _)| *given == name) {
            params.push((name, value));
        }
    }
    let known = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let plan = Host::partial_plan_in(slot, kind, known).map_err(|error| ExitStatus::config(error.to_string()))?;
    let query = match (plan.len(), plan.query(0)) {
        (1, Some(query)) => query,
        (count, _) => return Err(ExitStatus::config(format!("one response answers one query, not {count}"))),
    };
    let is_known = |name: &str| params.iter().any(|(known, _)| known == name);
    let own = query.params().filter(|(name, _)| is_known(name));
    let known = Query::new(query.kind(), own.map(|(name, value)| (name.into(), value.into())));
    Ok(match query.parser() {
        Some(parser) => known.with_parser(parser),
        None => known,
    })
}

/// The parameters that an address names in its query string, as far as they are values.
fn params_of(slot: &ParserSlot, kind: &KindName, url: &str) -> Vec<(String, String)> {
    let Ok(url) = url::Url::parse(url) else { return Vec::new() };
    let description = slot.description();
    let Some(described) = description.kind(kind.kind()) else { return Vec::new() };
    let named = described.params.properties.iter().filter_map(|(name, param)| {
        let wanted = param.url.as_deref()?;
        let (_, value) = url.query_pairs().find(|(key, _)| key == wanted)?;
        let is_value = Host::partial_plan_in(slot, kind, [(name.as_str(), &*value)]).is_ok_and(|plan| plan.len() == 1);
        (is_value && !value.is_empty()).then(|| (name.clone(), value.into_owned()))
    });
    named.collect()
}

/// A row with all of the kind's parameters, null if nothing says what was asked.
fn with_all_params(kind: &Kind, mut row: Row) -> Row {
    let names = kind.params.properties.iter().map(|(name, _)| name.as_str());
    let head: Vec<_> = std::iter::once("kind")
        .chain(names)
        .map(|name| (name.to_owned(), row.shift_remove(name).unwrap_or(Value::Null)))
        .collect();
    head.into_iter().chain(row).collect()
}

fn response(command: &ParseCommand, url: String) -> Result<Response, ExitStatus> {
    let file = command.file.as_path();
    let bytes = if file == Path::new("-") { stdin()? } else { crate::cli::read(file)? };
    let mut headers = command.header.iter().map(|text| header(text)).collect::<Result<HeaderMap, _>>()?;
    let body = container::body(bytes, &headers, FetchOptions::default().body_limit)
        .map_err(|error| ExitStatus::config(format!("{} can't be parsed: {}", file.display(), chain(&error))))?;
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    Ok(Response { headers, ..Response::new(url, command.status, body) })
}

fn stdin() -> Result<Vec<u8>, ExitStatus> {
    let mut body = Vec::new();
    let read = std::io::stdin().read_to_end(&mut body);
    read.map_err(|error| ExitStatus::config(format!("failed to read stdin: {error}")))?;
    Ok(body)
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), ExitStatus> {
    let header = text.split_once(':').and_then(|(name, value)| {
        // Latin-1, as a parser reads it.
        let value = value.trim().chars().map(u8::try_from).collect::<Result<Vec<_>, _>>().ok()?;
        Some((HeaderName::try_from(name.trim()).ok()?, HeaderValue::from_bytes(&value).ok()?))
    });
    header.ok_or_else(|| ExitStatus::config(format!("--header can't be {text:?}: give 'NAME: VALUE'")))
}
