//! Slot of a host: the place of a parser, in which another can take over.
//!
//! The parser is published as a snapshot: whoever builds a request with one parses the response with it, whatever was published in between.
//! Swaps of a slot run one at a time.

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

/// Whether a new parser must pass the preflight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Preflight,
    Unchecked,
}

/// One parser in a slot, from when it is published until another is.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) parser: Parser,
    /// The slot's first parser is 1.
    pub(crate) number: u64,
    window: Mutex<FailureWindow>,
    /// For a rollback.
    previous: Option<Previous>,
}

/// The parser of the generation before.
#[derive(Debug)]
struct Previous {
    parser: Parser,
    /// Share of its latest responses that it failed on, from 0 to 1.
    failure_rate: f64,
}

impl Generation {
    fn new(parser: Parser, number: u64, previous: Option<Previous>) -> Self {
        Self { parser, number, window: Mutex::default(), previous }
    }

    fn failure_rate(&self) -> f64 {
        self.window.lock().failure_rate()
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
    /// Held while a generation is published.
    publishing: Mutex<()>,
    /// Held from the load of a candidate to its publication.
    swapping: tokio::sync::Mutex<()>,
    history: ResponseHistory,
    events: broadcast::Sender<Event>,
    /// The hosts that any parser here may ask.
    hosts: Vec<String>,
}

impl ParserSlot {
    /// A slot with its first parser. Later parsers may ask that one's hosts and `further` ones.
    pub(super) fn new(name: Arc<str>, parser: Parser, further: &[String], events: broadcast::Sender<Event>) -> Self {
        let hosts = parser.description().hosts.iter().chain(further).cloned().collect();
        Self(Arc::new(Shared {
            name,
            generation: ArcSwap::from_pointee(Generation::new(parser, 1, None)),
            publishing: Mutex::default(),
            swapping: tokio::sync::Mutex::default(),
            history: ResponseHistory::default(),
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

    /// The description of the parser that answers now.
    #[must_use]
    pub fn description(&self) -> Arc<Description> {
        Arc::clone(self.load().parser.description())
    }

    /// The generation of the parser that answers now: the slot's first parser is 1, and each swap adds 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.load().number
    }

    /// Swaps in another parser, which answers from now on: [`crate::Host::swap`].
    ///
    /// # Errors
    /// If it is refused, at the step that [`SwapError`] names. The old parser continues to answer.
    pub async fn swap(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.replace(Candidate::new(component.as_ref()), Check::Preflight).await
    }

    /// As [`ParserSlot::swap`], without the preflight.
    ///
    /// # Errors
    /// As [`ParserSlot::swap`].
    pub async fn swap_unchecked(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.replace(Candidate::new(component.as_ref()), Check::Unchecked).await
    }

    /// Swaps the parser before the last swap back in.
    ///
    /// # Errors
    /// [`SwapError::NoPrevious`] if there was no swap since the last rollback.
    pub fn rollback(&self) -> Result<Swapped, SwapError> {
        let _publishing = self.publishing();
        let failed = self.load();
        let Some(previous) = &failed.previous else { return Err(SwapError::NoPrevious) };
        let swapped = self.publish(previous.parser.clone(), failed.number + 1, None);
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

    /// Swaps in a candidate, and announces the result.
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
            Check::Unchecked => None,
            Check::Preflight => {
                let preflight = Preflight::run(&self.0.history.samples(), &old.parser, &new).await;
                if preflight.is_worse() {
                    return Err(SwapError::Preflight(preflight));
                }
                Some(preflight)
            }
        };
        let _publishing = self.publishing();
        // A rollback may have happened since.
        let old = self.load();
        let previous = Previous { parser: old.parser.clone(), failure_rate: old.failure_rate() };
        Ok(Swapped { preflight, ..self.publish(new, old.number + 1, Some(previous)) })
    }

    fn publish(&self, parser: Parser, number: u64, previous: Option<Previous>) -> Swapped {
        let swapped = self.swapped(&parser, number);
        self.0.generation.store(Arc::new(Generation::new(parser, number, previous)));
        swapped
    }

    /// The announcement of a parser in this slot.
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
            // It can't ask anything.
            self.roll_back_failed(generation, 1, 1);
        }
        requests
    }

    /// A generation's pages of a response, one for each query. The response is stored for later preflights if one is due. Notifies `slow` if
    /// parsing takes long.
    pub(crate) async fn parse(
        &self,
        generation: &Generation,
        queries: &[Query],
        response: &Response,
        slow: &Notify,
    ) -> Vec<Result<Page, Failure>> {
        let pages = generation.parser.parse_or_notify(queries, response, Some(slow)).await;
        let pages = pages.unwrap_or_else(|failure| queries.iter().map(|_| Err(failure.clone())).collect());
        let mut failures =
            pages.iter().filter_map(|page| page.as_ref().err()).map(|failure| is_parser_fault(failure.kind));
        // A captcha or an error of the site is no fault of the parser.
        let (failed, is_all_parser_fault) =
            (failures.clone().any(|at_fault| at_fault), failures.all(|at_fault| at_fault));
        self.record(generation, failed);
        let kind = queries.first().map(Query::kind).unwrap_or_default();
        if is_all_parser_fault && self.0.history.claim(kind, failed) {
            let (shared, queries, response) = (Arc::clone(&self.0), queries.to_vec(), response.clone());
            tokio::task::spawn_blocking(move || shared.history.store(queries, response, failed));
        }
        pages
    }

    /// Records a response, and rolls back if the generation fails far more often than the one before.
    fn record(&self, generation: &Generation, failed: bool) {
        let (worse, failures, responses) = {
            let mut window = generation.window.lock();
            window.record(failed);
            let worse =
                generation.previous.as_ref().is_some_and(|previous| window.is_worse_than(previous.failure_rate));
            (worse, window.failures(), window.responses())
        };
        if worse {
            self.roll_back_failed(generation, failures, responses);
        }
    }

    /// Publishes the parser before this generation again, if there is one and this generation still answers.
    fn roll_back_failed(&self, generation: &Generation, failures: usize, responses: usize) {
        let _publishing = self.publishing();
        if self.generation() != generation.number {
            return;
        }
        if let Some(previous) = &generation.previous {
            let to = self.publish(previous.parser.clone(), generation.number + 1, None);
            self.announce(Event::RolledBack { failed: ParserId::new(&generation.parser), failures, responses, to });
        }
    }

    fn publishing(&self) -> parking_lot::MutexGuard<'_, ()> {
        self.0.publishing.lock()
    }

    /// Logs an event and sends it to those that listen, if anybody does.
    fn announce(&self, event: Event) {
        tracing::info!("{event}");
        drop(self.0.events.send(event));
    }
}

/// Refuses a parser that asks other hosts than these.
pub(crate) fn check_hosts(parser: &Parser, allowed: &[String]) -> Result<(), SwapError> {
    let wanted = parser.description().hosts.iter().filter(|host| !allowed.contains(host));
    let wanted: Vec<_> = wanted.map(String::as_str).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    Err(SwapError::Hosts { wanted: wanted.join(", "), allowed: allowed.join(", ") })
}

/// Whether a failure is the parser's fault.
const fn is_parser_fault(kind: FailureKind) -> bool {
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
