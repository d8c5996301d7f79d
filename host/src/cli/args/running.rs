//! The options of a run: how it goes, what becomes of its rows, and what it shows.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, value_parser};

use super::number::{MAX_CONCURRENCY, MAX_RETRIES, count, whole_number};
use super::{duration, flag};
use crate::{HostBuilder, Retries, Sharing};

/// The options, all of them general.
pub(super) fn options() -> Vec<Arg> {
    let value = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    let file = |name: &'static str| value(name, "FILE").value_parser(value_parser!(PathBuf));
    let time = |name: &'static str| value(name, "DURATION").allow_negative_numbers(true).value_parser(duration);
    vec![
        value("host-concurrency", "N").allow_negative_numbers(true).value_parser(whole_number(1..=MAX_CONCURRENCY)).help("Requests under way at once to one host; fewer are where it bears no more: that finds itself"),
        value("per-request", "N").value_parser(value_parser!(Sharing)).help("Queries that share a request where the site can answer several: a number, auto (as many as go well), or site [default: site, as the parser says]"),
        value("retries", "N").allow_negative_numbers(true).value_parser(whole_number(0..=MAX_RETRIES)).help("Times that a query is asked again which failed for now [default: 6]"),
        time("deadline").help("For the whole run, such as 90s, 10m or 2h; what isn't answered by then fails"),
        time("query-deadline").help("For one query, from when it is first sent"),
        time("give-up").help("How long a host may give no answer, and tell no wait, before it is given up [default: 60s]"),
        time("max-wait").help("The longest wait that a server may tell, as with Retry-After; a query that is told a longer one fails [default: 15m]"),
        flag("ordered").help("Write rows in the order of the queries; while one is slow and much waits for it, others aren't asked"),
        value("fields", "NAMES").action(ArgAction::Append).value_delimiter(',').value_parser(field_name).help("Write these fields of each row alone, in this order"),
        flag("resume").help("Go on with a run that was cut off, whose rows are in the -o FILE, with its FILE.journal"),
        flag("overwrite").help("Start anew, though -o FILE holds a run that was cut off"),
        file("failures").help("Write the queries that failed to FILE, as --queries reads them"),
        file("summary-json").help("Write what came of the run to FILE, as JSON"),
        flag("no-progress").help("Show no progress, on a terminal either"),
        flag("dry-run").help("Write the queries that would be asked, as --queries reads them, and send nothing"),
    ]
}

/// A field's name as it is typed in a list.
fn field_name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a name is empty: give the names of fields, separated by commas".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// What the options say of the host.
pub(super) fn host(matches: &ArgMatches, mut builder: HostBuilder) -> HostBuilder {
    if let Some(concurrency) = count(matches, "host-concurrency") {
        builder = builder.concurrency_per_host(concurrency);
    }
    if let Some(sharing) = matches.get_one::<Sharing>("per-request") {
        builder = builder.per_request(*sharing);
    }
    builder.retries(retries(matches))
}

fn retries(matches: &ArgMatches) -> Retries {
    let time = |name: &str| matches.get_one::<Duration>(name).copied();
    let mut retries = Retries::default();
    if let Some(most) = matches.get_one::<u32>("retries") {
        retries = retries.most(*most);
    }
    if let Some(patience) = time("give-up") {
        retries = retries.patience(patience);
    }
    if let Some(wait) = time("max-wait") {
        retries = retries.max_wait(wait);
    }
    (retries.per_run, retries.per_query) = (time("deadline"), time("query-deadline"));
    retries
}
