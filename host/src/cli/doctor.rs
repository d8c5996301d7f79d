//! `playfast doctor`: one query of each kind, asked of the site as it is. It says what came back, which of the expected fields are missing,
//! and what is wrong. The first thing to run.

mod save;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesOrdered;

use super::args::{DoctorCommand, Options};
use super::coverage::Coverage;
use super::exit::{Exit, print, say};
use crate::parser::Kind;
use crate::types::chain;
use crate::{FailureKind, Host, HostBuilder, Outcome, Plan, PlanError, Query, Retries, Slot};
use save::Folder;

/// Times that a query is asked again: what fails three times is worth a word.
const MAX_RETRIES: u32 = 2;

/// How long a site may refuse, or ask to be left alone, until that is said.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one answer may take, unless `--timeout` says otherwise: a site takes a second.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is asked of a slot.
enum Check {
    Ask(Slot, Query),
    /// Its parameters aren't all known.
    Skip(String, PlanError),
}

pub(super) async fn run(command: &DoctorCommand, options: &Options, builder: HostBuilder) -> Result<Exit, Exit> {
    let params = options.input.params()?;
    let timeout = options.global.network.timeout.unwrap_or(TIMEOUT);
    let builder = builder.map_retries(impatient).map_fetch(|fetch| fetch.timeout(timeout));
    let host = build(builder.clone()).await?;
    let slots = host.slots();
    known(&slots, &params)?;
    let checks = slots.iter().map(|slot| checks(slot, &params)).collect::<Result<Vec<_>, _>>()?;
    let folder = command.save.as_ref().map(|path| Folder::create(path)).transpose()?;
    let (mut answered, mut failed) = (0, 0);
    for (slot, checks) in slots.iter().zip(checks) {
        print(&heading(slot))?;
        // Side by side: a site that doesn't answer is waited for once.
        let mut said: FuturesOrdered<_> =
            checks.into_iter().map(|check| perform(builder.clone(), folder.as_ref(), check)).collect();
        while let Some(said) = said.next().await {
            let (is_answered, text) = said?;
            print(&text)?;
            match is_answered {
                Some(true) => answered += 1,
                Some(false) => failed += 1,
                None => {}
            }
        }
    }
    folder.map_or(Ok(()), |folder| folder.finish())?;
    match (answered, failed) {
        (0, 0) => {
            say("nothing was asked: give --param NAME=VALUE");
            return Ok(Exit::of(0, 1));
        }
        (_, 0) => say("all is well"),
        _ => say("not everything was answered: see above"),
    }
    Ok(Exit::of(answered, failed))
}

/// At most so many retries and so much patience: an answer now is worth more than one later.
fn impatient(retries: Retries) -> Retries {
    let (most, patience) = (retries.most.min(MAX_RETRIES), retries.patience.min(PATIENCE));
    retries.most(most).patience(patience).max_wait(patience)
}

async fn build(builder: HostBuilder) -> Result<Host, Exit> {
    builder.build().await.map_err(|error| Exit::config(chain(&error)))
}

fn heading(slot: &Slot) -> String {
    let description = slot.description();
    let (name, version, hosts) = (&description.name, &description.version, description.hosts.join(", "));
    format!("{name} {version} ({}), which asks {hosts}\n", slot.parser().digest())
}

/// Fails if no kind has a parameter that was given.
fn known(slots: &[Slot], params: &[(String, String)]) -> Result<(), Exit> {
    for (name, value) in params {
        let mut unknown = Vec::new();
        for slot in slots {
            let description = slot.description();
            for kind in &description.kinds {
                match Plan::partial(&description, &kind.name, [(name.as_str(), value.as_str())]) {
                    Err(error @ PlanError::UnknownParam { .. }) => unknown.push(error.to_string()),
                    _ => return Ok(()),
                }
            }
        }
        let nearest = unknown.iter().position(|error| error.contains("did you mean")).unwrap_or_default();
        if !unknown.is_empty() {
            return Err(Exit::config(unknown.swap_remove(nearest)));
        }
    }
    Ok(())
}

/// What is to be asked of a slot, kind by kind.
fn checks(slot: &Slot, params: &[(String, String)]) -> Result<Vec<Check>, Exit> {
    let description = slot.description();
    let check = |kind: &Kind| match query(slot, kind, params) {
        Ok(query) => Ok(Check::Ask(slot.clone(), query)),
        Err(error @ PlanError::Missing { .. }) => Ok(Check::Skip(kind.name.clone(), error)),
        Err(error) => Err(Exit::config(error.to_string())),
    };
    description.kinds.iter().map(check).collect()
}

/// Whether a check was answered, unless nothing was asked, and what to say of it.
async fn perform(builder: HostBuilder, folder: Option<&Folder>, check: Check) -> Result<(Option<bool>, String), Exit> {
    match check {
        Check::Skip(kind, missing) => Ok((None, format!("  {kind}: not asked: {missing}; give --param NAME=VALUE\n"))),
        Check::Ask(slot, query) => {
            let builder = match folder {
                Some(folder) => {
                    let recorder = folder.recorder(file_name(&slot, &query), query.clone());
                    builder.map_fetch(|fetch| fetch.recorder(recorder))
                }
                None => builder,
            };
            let (is_answered, text) = ask(&build(builder).await?, &slot, query).await;
            Ok((Some(is_answered), text))
        }
    }
}

/// What the names of a query's files begin with. Names of slots and kinds may hold anything.
fn file_name(slot: &Slot, query: &Query) -> String {
    let name = format!("{}-{}", slot.name(), query.kind());
    name.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}

/// One query of a kind: what was given, else the parameters' defaults, else their first examples.
fn query(slot: &Slot, kind: &Kind, given: &[(String, String)]) -> Result<Query, PlanError> {
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
    let plan = Plan::new(&slot.description(), &kind.name, params)?;
    // A plan has at least one query.
    let query = plan.query(0).unwrap_or_else(|| Query::new(kind.name.as_str(), []));
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
            "the network, or a server on the way, fails: is a proxy needed (--proxy, --cacert)?"
        }
        FailureKind::Forbidden => {
            "the address is one that the parser may not ask: --connect-to says where else a host is"
        }
        FailureKind::InvalidQuery => "it can't be asked like this: give --param NAME=VALUE",
        _ => "the parser fails: another one is needed, or its maker told",
    }
}
