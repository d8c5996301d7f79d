//! Who owns the client, the sandbox and the parser?

use std::path::PathBuf;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use futures::{Stream, StreamExt};
use tokio::sync::broadcast::error::RecvError;

use crate::batch::{Gate, Outcome, Outcomes, Plan, PlanError, Rate, Worker, split_kind};
use crate::fetch::{ClientError, ConnectTo, FetchOptions, Fetcher};
use crate::parser::{Description, Digest, Engine, EngineError, EngineOptions, Limits, LoadError, Parser};
use crate::swap::{Event, Slot, Slots, SwapError, Swapped};
use crate::{Failure, Page, Query, Response};

/// The parser that comes along, for Google Play: built from `parser-component` by `cargo xtask component`.
pub const PLAY: &[u8] = include_bytes!("../parser/play.wasm");

/// Requests under way at once, where nothing else is said.
const CONCURRENCY: usize = 64;

/// Why a host can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// No WebAssembly.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// No client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// No parser.
    #[error("the parser is refused")]
    Parser(#[from] LoadError),
}

/// How a host is made: [`Host::builder`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct HostBuilder {
    parsers: Vec<(Option<String>, Given)>,
    allowed: Vec<String>,
    engine: EngineOptions,
    fetch: FetchOptions,
    rate: Rate,
    concurrency: Option<usize>,
    source: bool,
}

/// What a parser is made of.
#[derive(Clone, Debug)]
enum Given {
    Component(Vec<u8>),
    #[cfg(feature = "cli")]
    Loaded(Parser),
}

impl HostBuilder {
    /// Another parser than [`PLAY`]: the bytes of a component. Each further one answers beside it, under its own name.
    pub fn parser(mut self, component: impl Into<Vec<u8>>) -> Self {
        self.parsers.push((None, Given::Component(component.into())));
        self
    }

    /// As [`HostBuilder::parser`], under this name.
    pub fn named_parser(mut self, name: impl Into<String>, component: impl Into<Vec<u8>>) -> Self {
        self.parsers.push((Some(name.into()), Given::Component(component.into())));
        self
    }

    /// A parser that is loaded already. All of a host's are of one engine.
    #[cfg(feature = "cli")]
    pub(crate) fn loaded(mut self, name: Option<String>, parser: Parser) -> Self {
        self.parsers.push((name, Given::Loaded(parser)));
        self
    }

    /// A host that parsers may ask which are swapped in or added later, though the first ones don't declare it.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed.push(host.into());
        self
    }

    /// A digest that a parser may have, which is told from all others by it: where one is given, a parser with another is refused.
    pub fn pin(mut self, digest: Digest) -> Self {
        self.engine.digests.push(digest);
        self
    }

    /// Whether rows tell in `_source` where they come from: address, status, time and parser.
    pub const fn source(mut self, source: bool) -> Self {
        self.source = source;
        self
    }

    /// What one call of the parser may use.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.engine.limits = limits;
        self
    }

    /// Whether a parser that imports anything, WASI too, is refused.
    pub const fn pure_only(mut self, pure_only: bool) -> Self {
        self.engine.pure_only = pure_only;
        self
    }

    /// The folder for compiled parsers, so that the next start takes milliseconds. It must be the user's own; without it nothing is kept.
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.engine.cache = Some(folder.into());
        self
    }

    /// How the client connects.
    pub fn fetch(mut self, options: FetchOptions) -> Self {
        self.fetch = options;
        self
    }

    /// Another address for a host, which may be private.
    pub fn connect_to(mut self, connect_to: ConnectTo) -> Self {
        self.fetch.connect_to.push(connect_to);
        self
    }

    /// A further certificate authority, in PEM.
    pub fn authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.fetch.authorities.push(pem.into());
        self
    }

    /// How fast the site is asked.
    pub const fn rate(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// Requests under way at once; at least one.
    pub const fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = Some(requests);
        self
    }

    /// The host.
    ///
    /// # Errors
    /// When WebAssembly or TLS can't start, or the parser is refused.
    pub async fn build(self) -> Result<Host, HostError> {
        self.make().await
    }

    /// Boxed, as all that is behind an `async fn` here: it is compiled with the library, and not again with each program.
    fn make(self) -> BoxFuture<'static, Result<Host, HostError>> {
        async move {
            let fetcher = Fetcher::new(&self.fetch)?;
            let mut engine = None;
            let mut parsers = Vec::new();
            let given =
                if self.parsers.is_empty() { vec![(None, Given::Component(PLAY.to_vec()))] } else { self.parsers };
            for (name, source) in given {
                let parser = match source {
                    #[cfg(feature = "cli")]
                    Given::Loaded(parser) => parser,
                    Given::Component(component) => {
                        let engine = match &mut engine {
                            Some(engine) => engine,
                            none => none.insert(Engine::new(self.engine.clone())?),
                        };
                        engine.load(&component).await?
                    }
                };
                parsers.push((name, parser));
            }
            let first = parsers.remove(0);
            let slots = Slots::new(first, parsers, self.allowed);
            let gate = Gate::new(self.rate, self.concurrency.unwrap_or(CONCURRENCY).max(1));
            Ok(Host { worker: Worker { slots, fetcher, gate, source: self.source } })
        }
        .boxed()
    }
}

/// A pooled client, a sandbox and parsers. Cloning it is cheap, and shares them.
///
/// ```no_run
/// use futures::StreamExt;
/// use playfast::Host;
///
/// # async fn charts() -> Result<(), Box<dyn std::error::Error>> {
/// let host = Host::builder().build().await?;
/// let plan = host.plan("list", [("country", "us,kr,jp"), ("category", "GAME_ACTION,SOCIAL")])?;
/// let mut outcomes = host.run(plan.queries());
/// while let Some(outcome) = outcomes.next().await {
///     match outcome.failure {
///         None => println!("{}: {} apps", outcome.query, outcome.rows.len()),
///         Some(failure) => eprintln!("{}: {failure}", outcome.query),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Host {
    worker: Worker,
}

impl Host {
    /// A host with the parser for Google Play, unless it is given another.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// The queries of a kind with these parameters, as [`Plan::new`]. A kind that several parsers declare is asked for as `parser:kind`;
    /// where they are versions of one parser, the first is meant, and the next is tried where that doesn't know the layout.
    ///
    /// # Errors
    /// When no parser, or no single one, has such a kind, or as [`Plan::new`].
    pub fn plan<'p>(
        &self,
        kind: &str,
        params: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Plan, PlanError> {
        Self::planned(self.slot_of(kind)?, kind, params, Plan::new)
    }

    /// As [`Host::plan`], where required parameters may be missing.
    #[cfg(feature = "cli")]
    pub(crate) fn partial_plan<'p>(
        &self,
        kind: &str,
        params: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Plan, PlanError> {
        Self::planned(self.slot_of(kind)?, kind, params, Plan::partial)
    }

    fn planned<P>(
        slot: Slot,
        kind: &str,
        params: P,
        plan: impl FnOnce(&Description, &str, P) -> Result<Plan, PlanError>,
    ) -> Result<Plan, PlanError> {
        let (parser, kind) = split_kind(kind);
        let plan = plan(&slot.description(), kind, params)?;
        Ok(match parser {
            Some(parser) => plan.of(parser),
            None => plan,
        })
    }

    /// Whose kind it is: `kind` or `parser:kind`.
    pub(crate) fn slot_of(&self, kind: &str) -> Result<Slot, PlanError> {
        let (parser, kind) = split_kind(kind);
        let resolved = self.worker.slots.resolve(parser, kind);
        resolved.map_err(|why| PlanError::unresolved(parser, kind, why))
    }

    /// The places of its parsers, in the order in which they were given or added.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot> {
        self.worker.slots.all().to_vec()
    }

    /// The place of this name, or of the first parser that calls itself so.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.worker.slots.named(name)
    }

    /// The parser that answers now: of several, the first.
    #[must_use]
    pub fn parser(&self) -> Parser {
        self.worker.slots.first().parser()
    }

    /// What the parser that answers now says of itself: of several, the first.
    #[must_use]
    pub fn description(&self) -> Arc<Description> {
        self.worker.slots.first().description()
    }

    /// The generation of the parser that answers now: of several, the first's. [`Slot::generation`]
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.worker.slots.first().generation()
    }

    /// Has another parser answer from now on: the bytes of a component. What is in flight finishes with the parser that made its request.
    /// Of several parsers it takes the place of the one that calls itself as it does.
    ///
    /// The new parser is loaded, started and described, and held against recent responses before anything is sent to it; where it fails so
    /// much more than the old one afterwards, the old one answers again. The same component again changes nothing.
    ///
    /// # Errors
    /// When it is refused, at the step that [`SwapError`] names. The old parser goes on.
    pub async fn swap(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.meant(component.as_ref()).await?.swap(component).await
    }

    /// As [`Host::swap`], whatever recent responses say.
    ///
    /// # Errors
    /// As [`Host::swap`].
    pub async fn force(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.meant(component.as_ref()).await?.force(component).await
    }

    /// Has the parser that answered before the last swap answer again.
    ///
    /// # Errors
    /// [`SwapError::NoPrevious`] where there was no swap since the last way back, [`SwapError::Which`] where there are several parsers:
    /// [`Slot::rollback`] is for those.
    pub fn rollback(&self) -> Result<Swapped, SwapError> {
        self.only()?.rollback()
    }

    /// Has one more parser answer, beside the others, under this name. It may ask no hosts but theirs and those of
    /// [`HostBuilder::allow_host`].
    ///
    /// # Errors
    /// When it is refused, at the step that [`SwapError`] names.
    pub async fn add(&self, name: &str, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.worker.slots.add(name, component.as_ref()).await
    }

    fn only(&self) -> Result<Slot, SwapError> {
        match self.slots().as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(self.which()),
        }
    }

    /// Whose place a component is to take.
    fn meant<'a>(&'a self, component: &'a [u8]) -> BoxFuture<'a, Result<Slot, SwapError>> {
        async move {
            if let Ok(only) = self.only() {
                return Ok(only);
            }
            let name = self.parser().engine().load(component).await?.description().name.clone();
            let slots = self.slots();
            let mut called = slots.iter().filter(|slot| slot.description().name == name);
            match (called.next(), called.next()) {
                (Some(slot), None) => Ok(slot.clone()),
                _ => Err(self.which()),
            }
        }
        .boxed()
    }

    fn which(&self) -> SwapError {
        let slots: Vec<_> = self.slots().iter().map(|slot| slot.name().to_owned()).collect();
        SwapError::Which { slots: slots.join(", ") }
    }

    /// What happens to the parser from now on. A listener that is too slow misses the oldest.
    pub fn events(&self) -> impl Stream<Item = Event> + Send + 'static {
        futures::stream::unfold(self.worker.slots.events(), |mut events| async {
            loop {
                match events.recv().await {
                    Ok(event) => return Some((event, events)),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        })
    }

    /// Answers queries, as many at once as the host may, from when the first outcome is asked for inside a tokio runtime. Outcomes come in
    /// the queries' order. Dropping what it returns stops what is under way.
    pub fn run<Q>(&self, queries: Q) -> Outcomes
    where
        Q: IntoIterator<Item = Query>,
        Q::IntoIter: Send + 'static,
    {
        self.run_stream(futures::stream::iter(queries))
    }

    /// As [`Host::run`], of queries that come one by one: none waits for one that isn't there yet.
    pub fn run_stream(&self, queries: impl Stream<Item = Query> + Send + 'static) -> Outcomes {
        self.worker.clone().run(queries.boxed())
    }

    /// All outcomes of a plan, in its order.
    pub async fn batch(&self, plan: &Plan) -> Vec<Outcome> {
        self.all(plan).await
    }

    fn all(&self, plan: &Plan) -> BoxFuture<'static, Vec<Outcome>> {
        self.run(plan.queries()).collect().boxed()
    }

    /// What a response that is already there says about one query: through the sandbox, without the network.
    ///
    /// # Errors
    /// The parser's failure, or the sandbox's; that no parser, or no single one, has the query's kind.
    pub async fn parse(&self, query: &Query, response: Response) -> Result<Page, Failure> {
        self.parsed(query, response).await
    }

    fn parsed<'a>(&'a self, query: &'a Query, response: Response) -> BoxFuture<'a, Result<Page, Failure>> {
        async move {
            let slot = self.worker.slot(query)?;
            let mut pages = slot.parser().parse(std::slice::from_ref(query), response).await?;
            pages.pop().unwrap_or_else(|| Ok(Page::default()))
        }
        .boxed()
    }
}
