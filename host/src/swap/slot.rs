//! A parser's place in the host, and the parser that answers in it now.
//!
//! One snapshot that anyone may hold: who made a request with it parses the response with it, whatever was published in between. Swaps go
//! one at a time.

use std::sync::Arc;

use arc_swap::ArcSwap;
use futures::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};

use super::candidate::Candidate;
use super::event::{Event, ParserId, SwapError, Swapped};
use super::failure_window::FailureWindow;
use super::preflight::Preflight;
use super::response_history::ResponseHistory;
use crate::parser::{Description, Parser};
use crate::types::{Failure, FailureKind, Page, Query, Requests, Response, chain};

/// Whether a new parser must be asked as the old one is, and do as well on recent responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Preflight,
    Force,
}

/// A parser's time as the one that answers.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) parser: Parser,
    /// The slot's first parser is 1.
    pub(crate) number: u64,
    tally: Mutex<FailureWindow>,
    /// What answered before, and the share of its responses that it failed on: to go back to.
    before: Option<(Parser, f64)>,
}

impl Generation {
    fn new(parser: Parser, number: u64, before: Option<(Parser, f64)>) -> Self {
        Self { parser, number, tally: Mutex::default(), before }
    }

    fn share(&self) -> f64 {
        self.tally.lock().share()
    }
}

/// A parser's place in a host, in which another may take over. Cloning it is cheap, and shares it.
///
/// ```no_run
/// # async fn swap(host: playfast::Host) -> Result<(), Box<dyn std::error::Error>> {
/// let play = host.slot("play").ok_or("no such parser")?;
/// let swapped = play.swap(std::fs::read("play.wasm")?).await?;
/// println!("{} answers as generation {}", swapped.parser, play.generation());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ParserSlot(Arc<Shared>);

/// Two are equal if they are one place.
impl PartialEq for ParserSlot {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Debug)]
struct Shared {
    name: Arc<str>,
    generation: ArcSwap<Generation>,
    /// Held by who publishes.
    publishing: Mutex<()>,
    /// Held during a whole swap.
    swapping: tokio::sync::Mutex<()>,
    recent: ResponseHistory,
    events: broadcast::Sender<Event>,
    /// The hosts that any parser here may ask.
    hosts: Vec<String>,
}

impl ParserSlot {
    /// A slot with its first parser, whose hosts are those that are asked from here, and `further` ones.
    pub(super) fn new(name: Arc<str>, parser: Parser, further: &[String], events: broadcast::Sender<Event>) -> Self {
        let hosts = parser.description().hosts.iter().chain(further).cloned().collect();
        Self(Arc::new(Shared {
            name,
            generation: ArcSwap::from_pointee(Generation::new(parser, 1, None)),
            publishing: Mutex::default(),
            swapping: tokio::sync::Mutex::default(),
            recent: ResponseHistory::default(),
            events,
            hosts,
        }))
    }

    /// Its name, by which queries ask for it: `NAME:KIND`. It stays when the parser is swapped.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its name, shared.
    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// The parser that answers now.
    #[must_use]
    pub fn parser(&self) -> Parser {
        self.load().parser.clone()
    }

    /// What the parser that answers now says of itself.
    #[must_use]
    pub fn description(&self) -> Arc<Description> {
        Arc::clone(self.load().parser.description())
    }

    /// The generation of the parser that answers now: the first is 1, and each that takes another's place has the next number.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.load().number
    }

    /// Has another parser answer from now on: [`crate::Host::swap`].
    ///
    /// # Errors
    /// When it is refused, at the step that [`SwapError`] names. The old parser goes on.
    pub async fn swap(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.replace(Candidate::new(component.as_ref()), Check::Preflight).await
    }

    /// As [`ParserSlot::swap`], whatever the preflight says.
    ///
    /// # Errors
    /// As [`ParserSlot::swap`].
    pub async fn swap_unchecked(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.replace(Candidate::new(component.as_ref()), Check::Force).await
    }

    /// Has the parser that answered before the last swap answer again.
    ///
    /// # Errors
    /// [`SwapError::NoPrevious`] where there was no swap since the last way back.
    pub fn rollback(&self) -> Result<Swapped, SwapError> {
        let _publishing = self.publishing();
        let failed = self.load();
        let Some((parser, _)) = &failed.before else { return Err(SwapError::NoPrevious) };
        let swapped = self.publish(parser.clone(), failed.number + 1, None);
        self.announce(Event::Swapped(swapped.clone()));
        Ok(swapped)
    }

    /// The hosts that any parser here may ask.
    pub(super) fn hosts(&self) -> &[String] {
        &self.0.hosts
    }

    /// The parser that answers now.
    pub(crate) fn load(&self) -> Arc<Generation> {
        self.0.generation.load_full()
    }

    /// Has a candidate answer from now on, and announces what came of it.
    pub(crate) fn replace<'a>(
        &'a self,
        mut candidate: Candidate<'a>,
        check: Check,
    ) -> BoxFuture<'a, Result<Swapped, SwapError>> {
        async move {
            let _one_at_a_time = self.0.swapping.lock().await;
            match self.try_replace(&mut candidate, check).await {
                Ok(swapped) => {
                    if !swapped.unchanged {
                        self.announce(Event::Swapped(swapped.clone()));
                    }
                    Ok(swapped)
                }
                Err(error) => {
                    let slot = Arc::clone(&self.0.name);
                    self.announce(Event::Refused { slot, digest: candidate.digest(), reason: chain(&error) });
                    Err(error)
                }
            }
        }
        .boxed()
    }

    async fn try_replace(&self, candidate: &mut Candidate<'_>, check: Check) -> Result<Swapped, SwapError> {
        let old = self.load();
        if candidate.digest() == old.parser.digest() {
            return Ok(Swapped { unchanged: true, ..self.swapped(&old.parser, old.number) });
        }
        let new = candidate.load(old.parser.engine()).await?;
        check_hosts(&new, &self.0.hosts)?;
        let preflight = match check {
            Check::Force => None,
            Check::Preflight => {
                let preflight = Preflight::run(&self.0.recent.samples(), &old.parser, &new).await;
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

    fn publish(&self, parser: Parser, number: u64, before: Option<(Parser, f64)>) -> Swapped {
        let swapped = self.swapped(&parser, number);
        self.0.generation.store(Arc::new(Generation::new(parser, number, before)));
        swapped
    }

    /// What is said of a parser that answers here.
    pub(super) fn swapped(&self, parser: &Parser, generation: u64) -> Swapped {
        let (slot, parser) = (Arc::clone(&self.0.name), ParserId::new(parser));
        Swapped { slot, parser, generation, preflight: None, unchanged: false }
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

    /// What a generation says of a response, for each of the queries. A copy of the response is kept if other parsers are to be compared with
    /// it. Notifies `slow` if it isn't quick.
    pub(crate) async fn parse(
        &self,
        generation: &Generation,
        queries: &[Query],
        response: &Response,
        slow: &Notify,
    ) -> Vec<Result<Page, Failure>> {
        let pages = generation.parser.parse_or_notify(queries, response, Some(slow)).await;
        let pages = pages.unwrap_or_else(|failure| queries.iter().map(|_| Err(failure.clone())).collect());
        let mut failures = pages.iter().filter_map(|page| page.as_ref().err()).map(|failure| is_blamed(failure.kind));
        // A wall or an error of the site tells nothing of a parser.
        let (failed, is_telling) = (failures.clone().any(|blamed| blamed), failures.all(|blamed| blamed));
        self.record(generation, failed);
        let kind = queries.first().map(Query::kind).unwrap_or_default();
        if is_telling && self.0.recent.wants(kind, failed) {
            let (shared, queries, response) = (Arc::clone(&self.0), queries.to_vec(), response.clone());
            tokio::task::spawn_blocking(move || shared.recent.keep(queries, response, failed));
        }
        pages
    }

    /// Takes note of a response, and goes back to the parser before where this one fails so much more.
    fn record(&self, generation: &Generation, failed: bool) {
        let (worse, failures, responses) = {
            let mut tally = generation.tally.lock();
            tally.record(failed);
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
        if self.generation() != generation.number {
            return;
        }
        if let Some((parser, _)) = &generation.before {
            let to = self.publish(parser.clone(), generation.number + 1, None);
            self.announce(Event::RolledBack { failed: ParserId::new(&generation.parser), failures, responses, to });
        }
    }

    fn publishing(&self) -> parking_lot::MutexGuard<'_, ()> {
        self.0.publishing.lock()
    }

    /// Nobody may be listening.
    fn announce(&self, event: Event) {
        tracing::info!("{event}");
        drop(self.0.events.send(event));
    }
}

/// A parser may ask no other hosts than these.
pub(crate) fn check_hosts(parser: &Parser, allowed: &[String]) -> Result<(), SwapError> {
    let wanted = parser.description().hosts.iter().filter(|host| !allowed.contains(host));
    let wanted: Vec<_> = wanted.map(String::as_str).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    Err(SwapError::Hosts { wanted: wanted.join(", "), allowed: allowed.join(", ") })
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
