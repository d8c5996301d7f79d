//! `playfast doctor`: does it work here, now? One query of each kind, asked of the site as it is: what came back, which fields are missing
//! beside what the parser expects, and whether a wall stands in the way. The first thing to run.

use std::fmt::Write as _;
use std::time::Instant;

use clap::ArgMatches;
use futures::StreamExt;

use super::args;
use super::coverage::Coverage;
use super::exit::{Exit, print, say};
use crate::parser::Kind;
use crate::{FailureKind, Host, Outcome, Plan, Query, Slot};

pub(super) async fn run(options: &ArgMatches, host: &Host) -> Result<Exit, Exit> {
    let params = args::named_params(options)?;
    let (mut answered, mut failed) = (0, 0);
    for slot in host.slots() {
        let description = slot.description();
        let hosts = description.hosts.join(", ");
        print(&format!(
            "{} {} ({}), which asks {hosts}\n",
            description.name,
            description.version,
            slot.parser().digest()
        ))?;
        for kind in &description.kinds {
            let query = match query(&slot, kind, &params) {
                Ok(query) => query,
                Err(missing) => {
                    print(&format!("  {}: not asked: {missing}; give --param NAME=VALUE\n", kind.name))?;
                    continue;
                }
            };
            let (is_answered, text) = ask(host, &slot, query).await;
            print(&text)?;
            (answered, failed) = if is_answered { (answered + 1, failed) } else { (answered, failed + 1) };
        }
    }
    match (answered, failed) {
        (0, 0) => say("nothing was asked"),
        (_, 0) => say("all is well"),
        _ => say("something stands in the way: see above"),
    }
    Ok(Exit::of(answered, failed))
}

/// One query of a kind: what was given, else the parameters' defaults, else their first examples.
fn query(slot: &Slot, kind: &Kind, given: &[(String, String)]) -> Result<Query, String> {
    let example = |name: &str| kind.params.get(name).and_then(|param| param.example());
    let fits = |name: &str| kind.params.get(name).is_some();
    let mut params: Vec<_> = given.iter().filter(|(name, _)| fits(name)).cloned().collect();
    for name in &kind.params.required {
        let is_there = params.iter().any(|(other, _)| other == name);
        let has_default = kind.params.get(name).is_some_and(|param| param.default().is_some());
        if let Some(example) = example(name).filter(|_| !is_there && !has_default) {
            params.push((name.clone(), example));
        }
    }
    let params = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let plan = Plan::new(&slot.description(), &kind.name, params).map_err(|error| error.to_string())?;
    let query = plan.query(0).ok_or("there is nothing to ask")?;
    Ok(query.of(slot.name()))
}

/// Asks, and says what came of it.
async fn ask(host: &Host, slot: &Slot, query: Query) -> (bool, String) {
    let start = Instant::now();
    let mut run = host.run([query.clone()]);
    let control = run.control();
    let Some(outcome) = run.next().await else { return (false, format!("  {query}: no outcome\n")) };
    let (time, stats) = (start.elapsed(), control.stats());
    let mut text = format!("  {query}: ");
    let status = outcome.source.as_ref().map(|source| format!("HTTP {} from {}, ", source.status, source.url));
    let status = status.unwrap_or_default();
    let kilobytes = stats.bytes / 1000;
    match &outcome.failure {
        None => {
            let records = outcome.rows.len();
            let _ = writeln!(text, "{records} records in {:.1} s ({status}{kilobytes} KB)", time.as_secs_f64());
            fields(slot, &outcome, &mut text);
        }
        Some(failure) => {
            let _ = writeln!(text, "{failure} ({status}{} tries, {:.1} s)", stats.requests, time.as_secs_f64());
            let _ = writeln!(text, "    {}", advice(failure.kind));
        }
    }
    text.extend(outcome.notes.iter().map(|note| format!("    note: {}\n", note.escape_debug())));
    (outcome.failure.is_none(), text)
}

fn fields(slot: &Slot, outcome: &Outcome, text: &mut String) {
    let mut coverage = Coverage::default();
    coverage.note(&slot.description(), outcome.query.kind(), &outcome.rows);
    let unusual: Vec<_> =
        coverage.reported_of_few().iter().map(|unusual| format!("    unusual: {unusual}\n")).collect();
    match (outcome.rows.is_empty(), unusual.is_empty()) {
        (true, _) => text.push_str("    no record: is there nothing, or is it not found any more?\n"),
        (false, true) => text.push_str("    all fields are there as expected\n"),
        (false, false) => text.extend(unusual),
    }
}

/// What to do.
const fn advice(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Blocked => {
            "a wall stands in the way: a captcha, a consent page or a quota. Ask slower (--rate), later, or from another address (--proxy); consent may be a --cookie"
        }
        FailureKind::LayoutChanged => {
            "the site is laid out otherwise than the parser knows: another parser is needed (--parser, --watch)"
        }
        FailureKind::Unavailable => "the site failed for now: try again later",
        FailureKind::NotFound => "the site has no such thing here: give another with --param NAME=VALUE",
        FailureKind::Timeout => "no answer in time: --timeout gives more; does a proxy have to be asked (--proxy)?",
        FailureKind::Network | FailureKind::Http => {
            "the network or a server between stands in the way: does a proxy have to be asked (--proxy, --cacert)?"
        }
        FailureKind::Forbidden => {
            "the address is one that the parser may not ask: --connect-to says where else a host is"
        }
        FailureKind::InvalidQuery => "it can't be asked like this: give --param NAME=VALUE",
        _ => "the parser fails: another one is needed, or its maker told",
    }
}
