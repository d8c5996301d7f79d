//! `playfast parse`: parses one saved response through the sandbox.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::args;
use super::exit::{Exit, say};
use super::sink::{Columns, Rows};
use crate::batch::split_kind;
use crate::output::Format;
use crate::{Host, Outcome, PlanError, Response};

pub(super) async fn run(options: &ArgMatches, host: &Host) -> Result<Exit, Exit> {
    let kind = options.get_one::<String>("kind").map_or("", String::as_str);
    let params = args::named_params(options)?;
    let params = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let refused = |error: PlanError| Exit::config(error.to_string());
    let plan = host.partial_plan(kind, params).map_err(refused)?;
    let query = match (plan.len(), plan.query(0)) {
        (1, Some(query)) => query,
        (count, _) => return Err(Exit::config(format!("one response answers one query, not {count}"))),
    };
    let response = response(options, host)?;
    let description = host.slot_of(kind).map_err(refused)?.description();
    let columns = Columns::new(&[description], Some(split_kind(kind).1));
    let mut rows = Rows::open(options, Format::Table, &columns)?;
    let failure = match host.parse(&query, response).await {
        Ok(mut page) => {
            let mut outcome = Outcome::new(query.clone());
            outcome.take(&mut page);
            outcome.notes.iter().for_each(|note| say(&format!("{query}: note: {}", note.escape_debug())));
            rows.write(outcome.rows).map_err(|error| Exit::unwritten("rows", &error))?;
            outcome.failure
        }
        Err(failure) => Some(failure),
    };
    rows.finish(failure.is_none()).map_err(|error| Exit::unwritten("rows", &error))?;
    match failure {
        None => Ok(Exit::done()),
        Some(failure) => {
            say(&format!("{query}: {failure}"));
            Ok(Exit::of(0, 1))
        }
    }
}

fn response(options: &ArgMatches, host: &Host) -> Result<Response, Exit> {
    let file = options.get_one::<PathBuf>("file").map_or(Path::new("-"), PathBuf::as_path);
    let body = if file == Path::new("-") { stdin()? } else { super::read(file)? };
    let description = host.description();
    let first = description.hosts.first().map_or("", String::as_str);
    let url = options.get_one::<String>("url").cloned().unwrap_or_else(|| format!("https://{first}/"));
    let status = options.get_one::<u32>("status").and_then(|status| u16::try_from(*status).ok()).unwrap_or(200);
    let mut headers = options.get_many::<String>("header").into_iter().flatten();
    headers.try_fold(Response::new(url, status, body), |response, text| {
        let (name, value) = header(text)?;
        Ok(response.header(name, value))
    })
}

fn stdin() -> Result<Vec<u8>, Exit> {
    let mut body = Vec::new();
    let read = std::io::stdin().read_to_end(&mut body);
    read.map_err(|error| Exit::config(format!("failed to read stdin: {error}")))?;
    Ok(body)
}

fn header(text: &str) -> Result<(&str, &str), Exit> {
    match text.split_once(':') {
        Some((name, value)) => Ok((name.trim(), value.trim())),
        None => Err(Exit::config(format!("--header can't be {text:?}: give 'NAME: VALUE'"))),
    }
}
