//! `playfast doctor`: one query of each kind, asked of the site as it is. It reports what came back, which of the expected fields are missing,
//! and what to do. The first thing to run.

mod report;
mod save;
mod text;

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesOrdered;

use crate::cli::args::{DoctorCommand, Options};
use crate::cli::exit::{ExitStatus, print, print_message};
use crate::cli::report::coverage::Coverage;
use crate::cli::settings::Settings;
use crate::host::{Host, HostBuilder, sample_addresses};
use crate::parser::{Description, Kind};
use crate::query::{Plan, PlanError};
use crate::result::Outcome;
use crate::schedule::RetryPolicy;
use crate::swap::ParserSlot;
use crate::types::{Query, chain};
use report::{AddressReport, Answer, KindReport, ParserReport, Report};
use save::Folder;

/// Retries of a query: what fails twice is worth a report.
const MAX_RETRIES: u32 = 1;

/// How long a site may refuse, or name a wait, until that is reported.
const PATIENCE: Duration = Duration::from_secs(5);

/// Time limit of one answer, unless `--timeout` says otherwise: a site takes a second.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is asked of a slot.
enum Check {
    Ask(ParserSlot, Query),
    /// Asked as the parameter says that is named: another way to ask for the kind, such as its page.
    AskBy(ParserSlot, Query, String),
    /// Its parameters aren't all known.
    Skip(String, PlanError),
}

impl Check {
    /// The kind's name.
    fn kind_name(&self) -> String {
        match self {
            Self::Ask(_, query) => query.kind().to_owned(),
            Self::AskBy(_, query, param) => {
                format!("{} ({param}={})", query.kind(), query.param(param).unwrap_or_default())
            }
            Self::Skip(kind, _) => kind.clone(),
        }
    }

    /// The kind, as `slot:kind` if that is known.
    fn kind(&self) -> String {
        match self {
            Self::Ask(slot, query) | Self::AskBy(slot, query, _) => format!("{}:{}", slot.name(), query.kind()),
            Self::Skip(kind, _) => kind.clone(),
        }
    }
}

pub(in crate::cli) async fn run(
    command: &DoctorCommand,
    options: &Options,
    settings: &Settings,
    builder: HostBuilder,
) -> Result<ExitStatus, ExitStatus> {
    let params = options.input.params()?;
    let timeout = options.global.network.timeout.unwrap_or(TIMEOUT);
    let builder = builder.map_retries(impatient).map_fetch(|fetch| fetch.with_timeout(timeout));
    let host = build(builder.clone()).await?;
    let slots = host.slots();
    known(&slots, &params)?;
    let mut all_checks = Vec::new();
    for slot in &slots {
        all_checks.push(checks(slot, &params).await?);
    }
    let folder = command.save.as_ref().map(|path| Folder::create(path)).transpose()?;
    let mut report = Report::new(settings.file.as_deref());
    if !command.json {
        print(&report.heading())?;
    }
    let context = Context { host: &host, builder: &builder, folder: folder.as_ref() };
    // Side by side: a site that doesn't answer is waited for once.
    let mut parsers: FuturesOrdered<_> = all_checks.into_iter().map(|checks| context.perform_all(checks)).collect();
    report.parsers = slots.iter().map(|slot| ParserReport::new(slot, &host)).collect();
    for parser in &mut report.parsers {
        parser.kinds = parsers.next().await.unwrap_or_else(|| Ok(Vec::new()))?;
    }
    drop(parsers);
    folder.map_or(Ok(()), |folder| folder.finish())?;
    if command.json {
        print(&report.json())?;
    } else {
        report.parsers.iter().try_for_each(|parser| print(&text::parser_text(parser)))?;
    }
    let (answered, failed) = report.counts();
    print_message(&text::verdict(answered, failed));
    Ok(ExitStatus::from_counts(answered, if answered == 0 { failed.max(1) } else { failed }))
}

/// What checks need.
#[derive(Clone, Copy)]
struct Context<'c> {
    host: &'c Host,
    builder: &'c HostBuilder,
    folder: Option<&'c Folder>,
}

impl Context<'_> {
    /// Performs the checks of a parser. If the first shows that the site answers nothing, the others are left out.
    async fn perform_all(self, checks: Vec<Check>) -> Result<Vec<KindReport>, ExitStatus> {
        let mut checks = checks.into_iter();
        let mut kinds = Vec::new();
        for check in checks.by_ref() {
            let is_asked = matches!(check, Check::Ask(..));
            kinds.push(self.perform(check).await?);
            if is_asked {
                break;
            }
        }
        if kinds.last().is_some_and(KindReport::is_unreachable) {
            let skipped = |check: Check| KindReport::skipped(check.kind_name(), UNREACHABLE.to_owned());
            kinds.extend(checks.map(skipped));
            return Ok(kinds);
        }
        let mut others: FuturesOrdered<_> = checks.map(|check| self.perform(check)).collect();
        while let Some(kind) = others.next().await {
            kinds.push(kind?);
        }
        Ok(kinds)
    }

    async fn perform(self, check: Check) -> Result<KindReport, ExitStatus> {
        if let Check::AskBy(..) = &check {
            let name = check.kind_name();
            // The addresses are those of the kind.
            return Ok(perform(self.builder.clone(), self.folder, check).await?.with_name(name));
        }
        let addresses = addresses(self.host, check.kind());
        let (kind, addresses) = tokio::join!(perform(self.builder.clone(), self.folder, check), addresses);
        kind.map(|kind| kind.with_addresses(addresses))
    }
}

/// Why a kind isn't asked.
const UNREACHABLE: &str = "the site answers nothing";

/// Most retries and longest waits of doctor, which should answer within seconds.
fn impatient(retries: RetryPolicy) -> RetryPolicy {
    let (most, patience) = (retries.max_retries.min(MAX_RETRIES), retries.give_up_after.min(PATIENCE));
    retries.with_max_retries(most).with_give_up_after(patience).with_max_retry_after(patience)
}

async fn build(builder: HostBuilder) -> Result<Host, ExitStatus> {
    builder.build().await.map_err(|error| ExitStatus::config(chain(&error)))
}

/// Fails if no kind has a parameter that was given.
fn known(slots: &[ParserSlot], params: &[(String, String)]) -> Result<(), ExitStatus> {
    for (name, value) in params {
        let mut unknown = Vec::new();
        for slot in slots {
            let description = slot.description();
            for kind in &description.kinds {
                match Plan::partial(&description, &kind.name.as_str().into(), [(name.as_str(), value.as_str())]) {
                    Err(error @ PlanError::UnknownParam { .. }) => unknown.push(error.to_string()),
                    _ => return Ok(()),
                }
            }
        }
        let nearest = unknown.iter().position(|error| error.contains("did you mean")).unwrap_or_default();
        if !unknown.is_empty() {
            return Err(ExitStatus::config(unknown.swap_remove(nearest)));
        }
    }
    Ok(())
}

/// What is to be asked of a slot, kind by kind.
async fn checks(slot: &ParserSlot, params: &[(String, String)]) -> Result<Vec<Check>, ExitStatus> {
    let description = slot.description();
    let mut checks = Vec::new();
    for check in default_checks(slot, &description, params)? {
        let further = match &check {
            Check::Ask(slot, query) => other_ways(slot, query, params).await,
            Check::AskBy(..) | Check::Skip(..) => Vec::new(),
        };
        checks.push(check);
        checks.extend(further);
    }
    Ok(checks)
}

/// The same query by each other address that its kind asks, if its parameter isn't given.
async fn other_ways(slot: &ParserSlot, query: &Query, given: &[(String, String)]) -> Vec<Check> {
    let addresses = sample_addresses(&slot.parser(), query.kind()).await.unwrap_or_default();
    let choices = addresses.into_iter().filter_map(|address| address.choice);
    let choices = choices.filter(|(name, _)| given.iter().all(|(other, _)| other != name));
    choices.map(|(name, value)| Check::AskBy(slot.clone(), query.clone().with_param(&name, &value), name)).collect()
}

/// One query of each kind.
fn default_checks(
    slot: &ParserSlot,
    description: &Description,
    params: &[(String, String)],
) -> Result<Vec<Check>, ExitStatus> {
    let check = |kind: &Kind| match query(slot, kind, params) {
        Ok(query) => Ok(Check::Ask(slot.clone(), query)),
        Err(error @ PlanError::Missing { .. }) => Ok(Check::Skip(kind.name.clone(), error)),
        Err(error) => Err(ExitStatus::config(error.to_string())),
    };
    description.kinds.iter().map(check).collect()
}

/// The addresses that a kind asks, and what robots.txt says of each.
async fn addresses(host: &Host, kind: String) -> Vec<AddressReport> {
    let addresses = host.addresses(&kind).await.unwrap_or_default();
    let verdicts = addresses.iter().map(|address| async {
        AddressReport { address: address.to_string(), robots: host.robots_verdict(address).await.to_string() }
    });
    futures::future::join_all(verdicts).await
}

/// Performs a check.
async fn perform(builder: HostBuilder, folder: Option<&Folder>, check: Check) -> Result<KindReport, ExitStatus> {
    let name = check.kind_name();
    match check {
        Check::Skip(kind, missing) => Ok(KindReport::skipped(kind, format!("{missing}; give --param NAME=VALUE"))),
        Check::Ask(slot, query) | Check::AskBy(slot, query, _) => {
            let builder = match folder {
                Some(folder) => {
                    let recorder = folder.recorder(file_name(&slot, &name), query.clone());
                    builder.map_fetch(|fetch| fetch.recorder(recorder))
                }
                None => builder,
            };
            Ok(ask(&build(builder).await?, &slot, query).await)
        }
    }
}

/// What the names of a check's files begin with. Names of slots and kinds may hold anything.
fn file_name(slot: &ParserSlot, kind: &str) -> String {
    let name = format!("{}-{}", slot.name(), kind.trim_end_matches(')').replace(" (", "-"));
    name.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}

/// One query of a kind: the given values, else the parameters' defaults, else their first examples.
fn query(slot: &ParserSlot, kind: &Kind, given: &[(String, String)]) -> Result<Query, PlanError> {
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
    Ok(query.with_parser(slot.name()))
}

/// Asks a query, and reports what came of it.
async fn ask(host: &Host, slot: &ParserSlot, query: Query) -> KindReport {
    let start = Instant::now();
    let mut run = host.run([query.clone()]);
    let control = run.control();
    let outcome = run.next().await.unwrap_or_else(|| Outcome::new(query));
    let stats = control.stats();
    let mut coverage = Coverage::default();
    coverage.record(&slot.description(), &outcome.query, &outcome.rows);
    let unusual = coverage.reported_of_few().iter().map(ToString::to_string).collect();
    KindReport::asked(&outcome, Answer { seconds: start.elapsed().as_secs_f64(), stats, unusual })
}
