//! Who owns the client, the sandbox and the parser?

use std::path::PathBuf;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use tokio::sync::broadcast::error::RecvError;

use crate::batch::{Gate, Outcome, Outcomes, Plan, Rate, Worker};
use crate::fetch::{ClientError, ConnectTo, FetchOptions, Fetcher};
use crate::parser::{Description, Engine, EngineError, EngineOptions, Limits, LoadError, Parser};
use crate::swap::{Check, Current, Event, SwapError, Swapped};
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
    parser: Option<Vec<u8>>,
    loaded: Option<Parser>,
    engine: EngineOptions,
    fetch: FetchOptions,
    rate: Rate,
    concurrency: Option<usize>,
}

impl HostBuilder {
    /// Another parser than [`PLAY`]: the bytes of a component.
    pub fn parser(mut self, component: impl Into<Vec<u8>>) -> Self {
        self.parser = Some(component.into());
        self
    }

    /// A host with a parser that is loaded already, in its engine.
    #[cfg(feature = "cli")]
    pub(crate) fn loaded(parser: Parser) -> Self {
        Self { loaded: Some(parser), ..Self::default() }
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
        let fetcher = Fetcher::new(&self.fetch)?;
        let parser = match self.loaded {
            Some(parser) => parser,
            None => Engine::new(self.engine)?.load(self.parser.as_deref().unwrap_or(PLAY)).await?,
        };
        let concurrency = self.concurrency.unwrap_or(CONCURRENCY).max(1);
        let gate = Gate::new(self.rate, parser.description().pace, concurrency);
        Ok(Host { worker: Worker { current: Current::new(parser), fetcher, gate } })
    }
}

/// A pooled client, a sandbox and a parser. Cloning it is cheap, and shares them.
///
/// ```no_run
/// use futures::StreamExt;
/// use playfast::{Host, Plan};
///
/// # async fn charts() -> Result<(), Box<dyn std::error::Error>> {
/// let host = Host::builder().build().await?;
/// let plan = Plan::new(&host.description(), "list", [("country", "us,kr,jp"), ("category", "GAME_ACTION,SOCIAL")])?;
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

    /// The parser that answers now.
    #[must_use]
    pub fn parser(&self) -> Parser {
        self.worker.current.load().parser.clone()
    }

    /// What the parser that answers now says of itself.
    #[must_use]
    pub fn description(&self) -> Arc<Description> {
        Arc::clone(self.worker.current.load().parser.description())
    }

    /// The generation of the parser that answers now: the first is 1, and each that takes another's place has the next number.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.worker.current.load().number
    }

    /// Has another parser answer from now on: the bytes of a component. What is in flight finishes with the parser that made its request.
    ///
    /// The new parser is loaded, started and described, and held against recent responses before anything is sent to it; where it fails so
    /// much more than the old one afterwards, the old one answers again. The same component again changes nothing.
    ///
    /// # Errors
    /// When it is refused, at the step that [`SwapError`] names. The old parser goes on.
    pub async fn swap(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.worker.current.swap(component.as_ref(), Check::Preflight).await
    }

    /// As [`Host::swap`], whatever recent responses say.
    ///
    /// # Errors
    /// As [`Host::swap`].
    pub async fn force(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.worker.current.swap(component.as_ref(), Check::Force).await
    }

    /// Has the parser that answered before the last swap answer again.
    ///
    /// # Errors
    /// [`SwapError::NoPrevious`] where there was no swap since the last way back.
    pub fn rollback(&self) -> Result<Swapped, SwapError> {
        self.worker.current.rollback()
    }

    /// What happens to the parser from now on. A listener that is too slow misses the oldest.
    pub fn events(&self) -> impl Stream<Item = Event> + Send + 'static {
        futures::stream::unfold(self.worker.current.events(), |mut events| async {
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
        self.worker.clone().run(queries)
    }

    /// All outcomes of a plan, in its order.
    pub async fn batch(&self, plan: &Plan) -> Vec<Outcome> {
        self.run(plan.queries()).collect().await
    }

    /// What a response that is already there says about one query: through the sandbox, without the network.
    ///
    /// # Errors
    /// The parser's failure, or the sandbox's.
    pub async fn parse(&self, query: &Query, response: Response) -> Result<Page, Failure> {
        let mut pages = self.parser().parse(std::slice::from_ref(query), response).await?;
        pages.pop().unwrap_or_else(|| Ok(Page::default()))
    }
}
