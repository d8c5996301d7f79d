//! Which parser answers now?
//!
//! One snapshot that anyone may hold: who made a request with it parses the response with it, whatever was published in between. Swaps go
//! one at a time.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::broadcast;

use super::event::{Event, ParserId, SwapError, Swapped};
use super::preflight::Preflight;
use super::recent::Recent;
use super::tally::Tally;
use crate::parser::{Digest, Parser};
use crate::types::chain;
use crate::{Failure, FailureKind, Page, Query, Requests, Response};

/// Events that wait for a slow listener.
const EVENTS: usize = 64;

/// Whether a new parser must do as well as the old one on recent responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Preflight,
    Force,
}

/// A parser's time as the one that answers.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) parser: Parser,
    /// The host's first parser is 1.
    pub(crate) number: u64,
    tally: Mutex<Tally>,
    /// What answered before, and the share of its responses that it failed on: to go back to.
    before: Option<(Parser, f64)>,
}

impl Generation {
    fn new(parser: Parser, number: u64, before: Option<(Parser, f64)>) -> Self {
        Self { parser, number, tally: Mutex::default(), before }
    }

    fn share(&self) -> f64 {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).share()
    }
}

/// The parser that answers now. Cloning it is cheap, and shares it.
#[derive(Clone, Debug)]
pub(crate) struct Current(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    generation: ArcSwap<Generation>,
    /// Held by who publishes.
    publishing: Mutex<()>,
    /// Held during a whole swap.
    swapping: tokio::sync::Mutex<()>,
    recent: Recent,
    events: broadcast::Sender<Event>,
    /// The hosts that the first parser declared.
    hosts: Vec<String>,
}

impl Current {
    pub(crate) fn new(parser: Parser) -> Self {
        let hosts = parser.description().hosts.clone();
        Self(Arc::new(Shared {
            generation: ArcSwap::from_pointee(Generation::new(parser, 1, None)),
            publishing: Mutex::default(),
            swapping: tokio::sync::Mutex::default(),
            recent: Recent::default(),
            events: broadcast::Sender::new(EVENTS),
            hosts,
        }))
    }

    /// The parser that answers now.
    pub(crate) fn load(&self) -> Arc<Generation> {
        self.0.generation.load_full()
    }

    /// What happens from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// Has the parser in a component's bytes answer from now on.
    pub(crate) async fn swap(&self, component: &[u8], check: Check) -> Result<Swapped, SwapError> {
        let _one_at_a_time = self.0.swapping.lock().await;
        let digest = Digest::of(component);
        match self.try_swap(component, digest, check).await {
            Ok(swapped) => {
                if !swapped.unchanged {
                    self.announce(Event::Taken(swapped.clone()));
                }
                Ok(swapped)
            }
            Err(error) => {
                let reason = chain(&error);
                self.announce(Event::Refused { digest, reason });
                Err(error)
            }
        }
    }

    async fn try_swap(&self, component: &[u8], digest: Digest, check: Check) -> Result<Swapped, SwapError> {
        let old = self.load();
        if digest == old.parser.digest() {
            let parser = ParserId::of(&old.parser);
            return Ok(Swapped { parser, generation: old.number, preflight: None, unchanged: true });
        }
        let new = old.parser.engine().load(component).await?;
        self.check_hosts(&new)?;
        let preflight = match check {
            Check::Force => None,
            Check::Preflight => {
                let preflight = Preflight::of(&self.0.recent.samples(), &old.parser, &new).await;
                if preflight.is_worse() {
                    return Err(SwapError::Preflight(preflight));
                }
                Some(preflight)
            }
        };
        let _publishing = self.publishing();
        // What answers now may have been taken back in between.
        let old = self.load();
        let before = Some((old.parser.clone(), old.share()));
        Ok(Swapped { preflight, ..self.publish(new, old.number + 1, before) })
    }

    /// Has the parser that answered before answer again.
    pub(crate) fn rollback(&self) -> Result<Swapped, SwapError> {
        let _publishing = self.publishing();
        let failed = self.load();
        let Some((parser, _)) = &failed.before else { return Err(SwapError::NoPrevious) };
        let swapped = self.publish(parser.clone(), failed.number + 1, None);
        self.announce(Event::Taken(swapped.clone()));
        Ok(swapped)
    }

    fn publish(&self, parser: Parser, number: u64, before: Option<(Parser, f64)>) -> Swapped {
        let id = ParserId::of(&parser);
        self.0.generation.store(Arc::new(Generation::new(parser, number, before)));
        Swapped { parser: id, generation: number, preflight: None, unchanged: false }
    }

    fn check_hosts(&self, new: &Parser) -> Result<(), SwapError> {
        let wanted = new.description().hosts.iter().filter(|host| !self.0.hosts.contains(host));
        let wanted: Vec<_> = wanted.map(String::as_str).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        Err(SwapError::Hosts { wanted: wanted.join(", "), allowed: self.0.hosts.join(", ") })
    }

    /// The requests that a generation makes for these queries.
    pub(crate) async fn request(
        &self,
        generation: &Generation,
        queries: &[Query],
        per_request: u32,
    ) -> Result<Requests, Failure> {
        let requests = generation.parser.request(queries, per_request).await;
        if requests.is_err() {
            // Nothing at all can be asked with it.
            self.take_back(generation, 1, 1);
        }
        requests
    }

    /// What a generation says of a response, which is kept to hold others against where it is wanted.
    pub(crate) async fn parse(
        &self,
        generation: &Generation,
        queries: &[Query],
        response: Response,
    ) -> Result<Vec<Result<Page, Failure>>, Failure> {
        let (pages, response) = generation.parser.parse_and_return(queries, response).await;
        let failed = failures(&pages).any(|failure| is_blamed(failure.kind));
        self.note(generation, failed);
        let kind = queries.first().map(Query::kind).unwrap_or_default();
        // A wall or an error of the site tells nothing of a parser.
        let is_telling = failures(&pages).all(|failure| is_blamed(failure.kind));
        if is_telling && self.0.recent.wants(kind, failed) {
            let (shared, queries) = (Arc::clone(&self.0), queries.to_vec());
            tokio::task::spawn_blocking(move || shared.recent.keep(queries, response, failed));
        }
        pages
    }

    /// Takes note of a response, and goes back to the parser before where this one fails so much more.
    fn note(&self, generation: &Generation, failed: bool) {
        let (worse, failures, responses) = {
            let mut tally = generation.tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.note(failed);
            let worse = generation.before.as_ref().is_some_and(|(_, share)| tally.is_worse_than(*share));
            (worse, tally.failures(), tally.responses())
        };
        if worse {
            self.take_back(generation, failures, responses);
        }
    }

    /// Goes back to the parser before this one, where there is one and this one still answers.
    fn take_back(&self, generation: &Generation, failures: usize, responses: usize) {
        let _publishing = self.publishing();
        if self.load().number != generation.number {
            return;
        }
        if let Some((parser, _)) = &generation.before {
            let to = self.publish(parser.clone(), generation.number + 1, None);
            self.announce(Event::RolledBack { failed: ParserId::of(&generation.parser), failures, responses, to });
        }
    }

    fn publishing(&self) -> std::sync::MutexGuard<'_, ()> {
        self.0.publishing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody may be listening.
    fn announce(&self, event: Event) {
        tracing::info!("{event}");
        drop(self.0.events.send(event));
    }
}

/// What failed, of a response and the queries that it was to answer.
fn failures(pages: &Result<Vec<Result<Page, Failure>>, Failure>) -> impl Iterator<Item = &Failure> {
    pages.as_ref().err().into_iter().chain(pages.iter().flatten().filter_map(|page| page.as_ref().err()))
}

/// Whether the parser is to blame for what became of a query.
const fn is_blamed(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::LayoutChanged
            | FailureKind::ParserTrap
            | FailureKind::ParserTimeout
            | FailureKind::ParserMemory
            | FailureKind::ParserStack
            | FailureKind::ParserOutput
            | FailureKind::ParserInvalid
    )
}
