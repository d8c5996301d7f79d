//! Report of the doctor, as text and as JSON.

use std::path::Path;

use serde::Serialize;

use crate::cli::report::remedy::with_option;
use crate::host::Host;
use crate::result::Outcome;
use crate::run::RunStats;
use crate::swap::ParserSlot;
use crate::types::FailureKind;

/// What the doctor found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    playfast: &'static str,
    /// The configuration file that was read.
    configuration: Option<String>,
    pub(super) parsers: Vec<ParserReport>,
}

/// What came of a parser's kinds.
#[derive(Debug, Serialize)]
pub(super) struct ParserReport {
    slot: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) digest: String,
    hosts: Vec<String>,
    /// How each host is reached: directly or through a proxy, and why.
    pub(super) routes: Vec<String>,
    pub(super) kinds: Vec<KindReport>,
}

/// What came of a kind's query.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct KindReport {
    pub(super) kind: String,
    pub(super) query: Option<String>,
    /// `None` if nothing was asked.
    pub(super) is_answered: Option<bool>,
    pub(super) rows: usize,
    pub(super) requests: u64,
    pub(super) bytes: u64,
    pub(super) seconds: f64,
    pub(super) status: Option<u16>,
    pub(super) url: Option<String>,
    pub(super) failure: Option<FailureReport>,
    /// The addresses that the kind asks.
    pub(super) addresses: Vec<AddressReport>,
    /// Fields that far fewer records have than the parser expects.
    pub(super) unusual: Vec<String>,
    pub(super) notes: Vec<String>,
    /// Why nothing was asked.
    pub(super) skipped: Option<String>,
    pub(super) advice: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct FailureReport {
    pub(super) kind: FailureKind,
    pub(super) message: String,
}

/// An address, and what robots.txt says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AddressReport {
    pub(super) address: String,
    pub(super) robots: String,
}

/// Facts of an answer that its outcome doesn't have.
pub(super) struct Answer {
    pub(super) seconds: f64,
    pub(super) stats: RunStats,
    pub(super) unusual: Vec<String>,
}

impl Report {
    pub(super) fn new(configuration: Option<&Path>) -> Self {
        let configuration = configuration.map(|path| path.display().to_string());
        Self { playfast: env!("CARGO_PKG_VERSION"), configuration, parsers: Vec::new() }
    }

    /// The lines before the parsers.
    pub(super) fn heading(&self) -> String {
        let configuration = self.configuration.as_deref().unwrap_or("none");
        format!("playfast {}\nconfiguration  {configuration}\n", self.playfast)
    }

    /// How many kinds were answered, and how many failed.
    pub(super) fn counts(&self) -> (usize, usize) {
        let of = |wanted| {
            let kinds = self.parsers.iter().flat_map(|parser| &parser.kinds);
            kinds.filter(|kind| kind.is_answered == Some(wanted)).count()
        };
        (of(true), of(false))
    }

    pub(super) fn json(&self) -> String {
        // Texts and numbers always become JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl ParserReport {
    pub(super) fn new(slot: &ParserSlot, host: &Host) -> Self {
        let description = slot.description();
        Self {
            slot: slot.name().to_owned(),
            name: description.name.clone(),
            version: description.version.clone(),
            digest: slot.parser().digest().to_string(),
            hosts: description.hosts.clone(),
            routes: description.hosts.iter().map(|name| format!("{name}: {}", host.route(name))).collect(),
            kinds: Vec::new(),
        }
    }
}

impl KindReport {
    /// A kind that wasn't asked for.
    pub(super) fn skipped(kind: String, why: String) -> Self {
        Self { kind, skipped: Some(why), ..Self::default() }
    }

    /// Whether the site itself, or the way to it, is at fault: then other kinds would fare no better.
    pub(super) fn is_unreachable(&self) -> bool {
        use FailureKind::{Blocked, Http, Network, Timeout};
        self.failure.as_ref().is_some_and(|failure| matches!(failure.kind, Blocked | Http | Network | Timeout))
    }

    /// With the way in which the kind was asked in its name.
    pub(super) fn with_name(self, kind: String) -> Self {
        Self { kind, ..self }
    }

    /// With the addresses that the kind asks.
    pub(super) fn with_addresses(self, addresses: Vec<AddressReport>) -> Self {
        Self { addresses, ..self }
    }

    pub(super) fn asked(outcome: &Outcome, Answer { seconds, stats, unusual }: Answer) -> Self {
        let failure = outcome.failure.as_ref();
        Self {
            kind: outcome.query.kind().to_owned(),
            query: Some(outcome.query.to_string()),
            is_answered: Some(failure.is_none()),
            rows: outcome.rows.len(),
            requests: stats.requests,
            bytes: stats.bytes,
            seconds,
            status: outcome.source.as_ref().map(|source| source.status.as_u16()),
            url: outcome.source.as_ref().map(|source| source.url.clone()),
            failure: failure.map(|failure| FailureReport { kind: failure.kind, message: with_option(failure) }),
            unusual,
            notes: outcome.notes.clone(),
            addresses: Vec::new(),
            skipped: None,
            advice: failure.map(|failure| advice(failure.kind)),
        }
    }
}

/// What to do about a failure.
const fn advice(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Blocked => {
            "the site blocks this: a captcha, a consent page or a quota. Ask slower (--rate), later, or from another address (--proxy); consent may be a --cookie"
        }
        FailureKind::LayoutChanged => {
            "the site's layout is another one than the parser knows: another parser is needed (--parser, --watch)"
        }
        FailureKind::Unavailable => "the site failed for now: try again later",
        FailureKind::NotFound => "the site has no such thing: give another one with --param NAME=VALUE",
        FailureKind::Timeout => "no answer in time: --timeout gives more; is a proxy needed (--proxy)?",
        FailureKind::Network | FailureKind::Http => {
            "the network, or a server on the way, fails: is a proxy needed (--proxy, --cacert)?"
        }
        FailureKind::Forbidden => {
            "the parser may not ask that address: is it disallowed by robots.txt (--robots), or a host that the parser does not declare (--connect-to)?"
        }
        FailureKind::InvalidQuery => "it can't be asked like this: give --param NAME=VALUE",
        _ => "the parser fails: another one is needed; please tell whoever made it",
    }
}
