//! Report of the doctor on a parser, for people: a table of its kinds, what failed and what to do, and the addresses that were asked.

use super::report::{AddressReport, FailureReport, KindReport, ParserReport};
use crate::cli::report::number::{counted, grouped, size};
use crate::cli::report::text::{align, wrap};

/// The report on a parser.
pub(super) fn parser_text(report: &ParserReport) -> String {
    let ParserReport { name, version, digest, routes, kinds, .. } = report;
    let mut text = format!("\n{name} {version} ({digest})\n");
    routes.iter().for_each(|route| text.push_str(&format!("{route}\n")));
    text.push_str(&format!("\n{}", table(kinds)));
    text.push_str(&failures(kinds));
    text.push_str(&remarks(kinds));
    let asked: String =
        kinds.iter().filter_map(|kind| kind.query.as_ref()).map(|query| format!("  {query}\n")).collect();
    if !asked.is_empty() {
        text.push_str(&format!("\nQueries\n{asked}"));
    }
    let addresses = addresses(kinds);
    if !addresses.is_empty() {
        text.push_str(&format!("\nAddresses, and what robots.txt says of them\n{addresses}"));
    }
    text
}

/// The kinds, one below the other.
fn table(kinds: &[KindReport]) -> String {
    let heading = ["kind", "answer", "rows", "requests", "time", "received", "fields"].map(str::to_owned);
    let rows: Vec<_> = [heading].into_iter().chain(kinds.iter().map(row)).collect();
    align(&rows, 2)
}

fn row(kind: &KindReport) -> [String; 7] {
    if kind.skipped.is_some() {
        return [kind.kind.as_str(), "not asked", "-", "-", "-", "-", "-"].map(str::to_owned);
    }
    let status = kind.status.map(|status| format!("HTTP {status}"));
    let answer = match (&kind.failure, status) {
        (Some(failure), Some(status)) => format!("{} ({status})", failure.kind),
        (Some(failure), None) => failure.kind.to_string(),
        (None, status) => status.unwrap_or_else(|| "answered".to_owned()),
    };
    let fields = match (kind.rows, kind.unusual.len()) {
        (0, _) => "-".to_owned(),
        (_, 0) => "as expected".to_owned(),
        (_, unusual) => format!("{unusual} unusual"),
    };
    let (rows, requests) = (grouped(kind.rows as u64), grouped(kind.requests));
    [kind.kind.clone(), answer, rows, requests, format!("{:.1} s", kind.seconds), size(kind.bytes as f64), fields]
}

/// Each failure once, with the kinds that met it, and what to do.
fn failures(kinds: &[KindReport]) -> String {
    let failures = kinds.iter().filter_map(|kind| Some(((kind.failure.as_ref()?, kind.advice), kind.kind.as_str())));
    let text = |((failure, advice), names): ((&FailureReport, Option<&str>), Vec<&str>)| {
        let what = format!("{}: {}: {}", names.join(", "), failure.kind, failure.message);
        let advice = advice.map(|advice| format!("  {}\n", wrap(advice, 2, 2))).unwrap_or_default();
        format!("\n{}\n{advice}", wrap(&what, 0, 2))
    };
    by_kinds(failures).into_iter().map(text).collect()
}

/// Equal things once, in the order in which they first come, each with the kinds that they are of.
fn by_kinds<'k, T: PartialEq>(things: impl Iterator<Item = (T, &'k str)>) -> Vec<(T, Vec<&'k str>)> {
    let mut known: Vec<(T, Vec<&str>)> = Vec::new();
    for (thing, kind) in things {
        match known.iter_mut().find(|(other, _)| *other == thing) {
            Some((_, names)) => names.push(kind),
            None => known.push((thing, vec![kind])),
        }
    }
    known
}

/// What else is to be said of kinds, each on a line of its own.
fn remarks(kinds: &[KindReport]) -> String {
    let mut text = String::new();
    for kind in kinds {
        let name = &kind.kind;
        let mut remark = |what: &str| text.push_str(&format!("\n{}", wrap(&format!("{name}: {what}"), 0, 2)));
        if let Some(missing) = &kind.skipped {
            remark(&format!("not asked: {missing}"));
        }
        if kind.is_answered == Some(true) && kind.rows == 0 {
            remark("no rows: the site has nothing here, or the parser does not find it any more");
        }
        kind.unusual.iter().for_each(|unusual| remark(&format!("unusual: {unusual}")));
        kind.notes.iter().for_each(|note| remark(&format!("note: {note}")));
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// The addresses, each with the kinds that ask it.
fn addresses(kinds: &[KindReport]) -> String {
    let addresses = kinds.iter().flat_map(|kind| kind.addresses.iter().map(|address| (address, kind.kind.as_str())));
    // The reason is the failure above: it need not be said again.
    let has_failed = kinds.iter().any(|kind| kind.failure.is_some());
    let row = |(report, names): (&AddressReport, Vec<&str>)| {
        let is_known_why = has_failed && report.robots.starts_with("unknown");
        let robots = if is_known_why { "unknown" } else { &report.robots };
        [report.address.clone(), names.join(", "), robots.to_owned()]
    };
    align(&by_kinds(addresses).into_iter().map(row).collect::<Vec<_>>(), 2)
}

/// The last line: how many kinds were answered.
pub(super) fn verdict(answered: usize, failed: usize) -> String {
    match (answered, failed) {
        (0, 0) => "nothing was asked: give --param NAME=VALUE".to_owned(),
        (_, 0) => "all is well".to_owned(),
        (answered, failed) => {
            format!("{} of {} answered: see above", answered, counted((answered + failed) as u64, "kind", "kinds"))
        }
    }
}
