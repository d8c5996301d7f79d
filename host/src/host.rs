//! Host, which owns the HTTP client, the sandbox and the parsers.

mod addresses;
mod builder;
#[cfg(feature = "cli")]
mod estimate;

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use futures::{Stream, StreamExt};
use tokio::sync::broadcast::error::RecvError;

use crate::exchange::context::ExchangeContext;
use crate::fetch::{ClientError, Route};
use crate::parser::{Description, EngineError, LoadError, Parser};
use crate::query::{KindName, Plan, PlanError};
use crate::result::Outcome;
use crate::run::{Input, Outcomes, PageResults, ResumeFilter};
use crate::swap::{Candidate, Check, Event, ParserSlot, SwapError, Swapped};
use crate::types::{Failure, Page, Query, Response};

pub use addresses::AskedAddress;
#[cfg(feature = "cli")]
pub(crate) use addresses::sample_addresses;
pub use builder::HostBuilder;
#[cfg(feature = "cli")]
pub(crate) use estimate::{Estimate, Estimator};

/// The built-in parser, for Google Play: built from `parser-component` by `cargo xtask component`.
pub const PLAY: &[u8] = include_bytes!("../parser/play.wasm");

/// Why a host can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The WebAssembly engine can't be started.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The HTTP client can't be built.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A parser can't be loaded.
    #[error("the parser is refused")]
    Parser(#[from] LoadError),
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
    context: ExchangeContext,
}

impl Host {
    /// A builder of a host with the parser for Google Play, unless another is given.
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
        kind: impl Into<KindName>,
        params: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Plan, PlanError> {
        let kind = &kind.into();
        Self::plan_in(&self.slot_of(kind)?, kind, params)
    }

    /// As [`Host::plan`], of a kind whose slot is known.
    pub(crate) fn plan_in<'p>(
        slot: &ParserSlot,
        kind: &KindName,
        params: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Plan, PlanError> {
        Ok(of_parser(Plan::new(&slot.description(), kind.kind(), params)?, kind))
    }

    /// As [`Host::plan_in`], where required parameters may be missing.
    #[cfg(feature = "cli")]
    pub(crate) fn partial_plan_in<'p>(
        slot: &ParserSlot,
        kind: &KindName,
        params: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Plan, PlanError> {
        Ok(of_parser(Plan::partial(&slot.description(), &kind.kind().into(), params)?, kind))
    }

    /// The context of every exchange.
    #[cfg(feature = "cli")]
    pub(crate) const fn context(&self) -> &ExchangeContext {
        &self.context
    }

    /// The slot that answers queries of a kind.
    pub(crate) fn slot_of(&self, kind: &KindName) -> Result<ParserSlot, PlanError> {
        self.context.slot_of(kind.parser(), kind.kind())
    }

    /// The route to a host of a site: direct or through a proxy, and the setting that decides it. Passwords are left out.
    #[must_use]
    pub fn route(&self, host: &str) -> Route {
        self.context.fetcher.route(host)
    }

    /// The slots of its parsers, in the order in which they were added.
    #[must_use]
    pub fn slots(&self) -> Vec<ParserSlot> {
        self.context.slots.all().to_vec()
    }

    /// The slot of this name, or of the first parser that has it.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<ParserSlot> {
        self.context.slots.named(name)
    }

    /// The first slot's parser.
    #[must_use]
    pub fn parser(&self) -> Parser {
        self.context.slots.first().parser()
    }

    /// The first slot's description.
    #[must_use]
    pub fn description(&self) -> Arc<Description> {
        self.context.slots.first().description()
    }

    /// The first slot's generation: [`ParserSlot::generation`].
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.context.slots.first().generation()
    }

    /// Swaps in another parser: the bytes of a component. Requests in flight are parsed by the parser that built them. If the host has several
    /// parsers, it replaces the one of its name.
    ///
    /// The new parser is loaded and compared with the old one before it answers: it must have all of its kinds, require no further parameter,
    /// and answer as many of the recent responses. If it then fails far more often than the old one, the old one is swapped back in. The same
    /// component again changes nothing.
    ///
    /// # Errors
    /// If it is refused, at the step that [`SwapError`] names. The old parser continues to answer.
    pub async fn swap(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.replace(component.as_ref(), Check::Preflight).await
    }

    /// As [`Host::swap`], without the comparison.
    ///
    /// # Errors
    /// As [`Host::swap`].
    pub async fn swap_unchecked(&self, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.replace(component.as_ref(), Check::Unchecked).await
    }

    /// Swaps the parser before the last swap back in.
    ///
    /// # Errors
    /// [`SwapError::NoPrevious`] if there was no swap since the last rollback; [`SwapError::AmbiguousSlot`] if the host has several parsers, for
    /// which there is [`ParserSlot::rollback`].
    pub fn rollback(&self) -> Result<Swapped, SwapError> {
        self.context.slots.only()?.rollback()
    }

    /// Adds a parser under this name. It may only ask the hosts of the other parsers and those of [`HostBuilder::with_allowed_host`].
    ///
    /// # Errors
    /// If it is refused, at the step that [`SwapError`] names.
    pub async fn add(&self, name: &str, component: impl AsRef<[u8]>) -> Result<Swapped, SwapError> {
        self.add_candidate(name, Candidate::new(component.as_ref())).await
    }

    /// As [`Host::add`].
    pub(crate) async fn add_candidate(&self, name: &str, candidate: Candidate<'_>) -> Result<Swapped, SwapError> {
        self.context.slots.add(name, candidate).await
    }

    /// Swaps in a candidate for the parser of its name.
    fn replace<'a>(&'a self, component: &'a [u8], check: Check) -> BoxFuture<'a, Result<Swapped, SwapError>> {
        async move {
            let mut candidate = Candidate::new(component);
            self.context.slots.slot_of(&mut candidate).await?.replace(candidate, check).await
        }
        .boxed()
    }

    /// Events of the parsers from now on. A listener that is too slow misses the oldest.
    pub fn events(&self) -> impl Stream<Item = Event> + Send + 'static {
        futures::stream::unfold(self.context.slots.events(), |mut events| async {
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
        let input = Input::new(queries.boxed(), false);
        Outcomes::new(self.resumed(input, ResumeFilter::default()))
    }

    /// Answers what an earlier run left of queries, page by page as they come. A checkpoint, such as the
    /// module `output`'s file or a database, has the filter.
    pub fn resume<Q>(&self, queries: Q, filter: ResumeFilter) -> PageResults
    where
        Q: IntoIterator<Item = Query>,
        Q::IntoIter: Send + 'static,
    {
        self.resume_stream(futures::stream::iter(queries), filter)
    }

    /// Answers what an earlier run left of queries that come one by one. See [`Host::resume`].
    pub fn resume_stream(
        &self,
        queries: impl Stream<Item = Query> + Send + 'static,
        filter: ResumeFilter,
    ) -> PageResults {
        self.resumed(Input::new(queries.boxed(), false), filter)
    }

    pub(crate) fn resumed(&self, input: Input, filter: ResumeFilter) -> PageResults {
        self.context.clone().run(input, Arc::new(move |query| filter.remaining(query)))
    }

    /// Answers a plan: all outcomes, in the plan's order.
    pub async fn batch(&self, plan: &Plan) -> Vec<Outcome> {
        self.all(plan).await
    }

    fn all(&self, plan: &Plan) -> BoxFuture<'static, Vec<Outcome>> {
        self.run(plan.queries()).collect().boxed()
    }

    /// Parses a saved response for one query, in the sandbox and without the network.
    ///
    /// # Errors
    /// The parser's failure or the sandbox's, or that no parser or no single one has the query's kind.
    pub async fn parse(&self, query: &Query, response: &Response) -> Result<Page, Failure> {
        self.parsed(query, response).await
    }

    fn parsed<'a>(&'a self, query: &'a Query, response: &'a Response) -> BoxFuture<'a, Result<Page, Failure>> {
        async move {
            let slot = self.context.slot(query)?;
            let mut pages = slot.parser().parse(std::slice::from_ref(query), response).await?;
            pages.pop().unwrap_or_else(|| Ok(Page::default()))
        }
        .boxed()
    }
}

/// A plan that is asked of the parser that a kind's name names, if it does.
fn of_parser(plan: Plan, kind: &KindName) -> Plan {
    match kind.parser() {
        Some(parser) => plan.with_parser(parser),
        None => plan,
    }
}
