//! Builder of a host: its parsers, and how it asks.

use std::path::PathBuf;

use futures::future::{BoxFuture, FutureExt};

use super::{Host, HostError, PLAY};
use crate::exchange::context::Worker;
use crate::fetch::{ConnectTo, EnvironmentProxies, FetchOptions, Fetcher};
use crate::jobs::permit::SharedScheduler;
#[cfg(feature = "cli")]
use crate::parser::Parser;
use crate::parser::{Digest, Engine, EngineOptions, Limits};
use crate::robots::{Robots, RobotsChecker};
use crate::schedule::batch_size::{BatchSize, BatchSizers};
use crate::schedule::{Rate, RetryPolicy, SchedulerConfig};
use crate::swap::ParserRegistry;

/// Requests under way at once, where nothing else is said.
const CONCURRENCY: usize = 64;

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
    per_host: Option<usize>,
    retries: RetryPolicy,
    sharing: BatchSize,
    source: bool,
    robots: Robots,
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
    pub fn with_parser(mut self, component: impl Into<Vec<u8>>) -> Self {
        self.parsers.push((None, Given::Component(component.into())));
        self
    }

    /// As [`HostBuilder::with_parser`], under this name.
    pub fn with_named_parser(mut self, name: impl Into<String>, component: impl Into<Vec<u8>>) -> Self {
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
    pub fn with_allowed_host(mut self, host: impl Into<String>) -> Self {
        self.allowed.push(host.into());
        self
    }

    /// A digest that a parser may have, which is told from all others by it: where one is given, a parser with another is refused.
    pub fn with_pinned_digest(mut self, digest: Digest) -> Self {
        self.engine = self.engine.with_pinned_digest(digest);
        self
    }

    /// Whether rows tell in `_source` where they come from: address, status, time and parser.
    pub const fn with_source(mut self, source: bool) -> Self {
        self.source = source;
        self
    }

    /// What one call of the parser may use.
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.engine.limits = limits;
        self
    }

    /// Whether a parser that imports anything, WASI too, is refused.
    pub const fn with_pure_parsers_only(mut self, pure_only: bool) -> Self {
        self.engine.pure_only = pure_only;
        self
    }

    /// The folder for compiled parsers, so that the next start takes milliseconds. It must be the user's own; without it nothing is kept.
    pub fn with_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.engine = self.engine.with_cache(folder);
        self
    }

    /// How the client connects.
    pub fn with_fetch_options(mut self, options: FetchOptions) -> Self {
        self.fetch = options;
        self
    }

    /// Another address for a host, which may be private.
    pub fn with_connect_to(mut self, connect_to: ConnectTo) -> Self {
        self.fetch = self.fetch.with_connect_to(connect_to);
        self
    }

    /// Through no proxy, whatever [`HostBuilder::with_fetch_options`] or [`HostBuilder::environment`] said before.
    pub fn without_proxy(mut self) -> Self {
        self.fetch = self.fetch.without_proxy();
        self
    }

    /// The proxies that the environment names.
    pub(crate) fn environment_proxies(mut self, proxies: EnvironmentProxies) -> Self {
        self.fetch = self.fetch.with_environment_proxies(proxies);
        self
    }

    /// A further certificate authority, in PEM.
    pub fn with_certificate_authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.fetch = self.fetch.with_certificate_authority(pem);
        self
    }

    /// How fast the site is asked.
    pub const fn with_rate(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// Requests under way at once; at least one.
    pub const fn with_concurrency(mut self, requests: usize) -> Self {
        self.concurrency = Some(requests);
        self
    }

    /// Requests under way at once to one host; at least one. Fewer are where it bears no more: that finds itself.
    pub const fn with_host_concurrency(mut self, requests: usize) -> Self {
        self.per_host = Some(requests);
        self
    }

    /// Whether robots.txt is obeyed. By default it is never fetched.
    pub const fn with_robots(mut self, robots: Robots) -> Self {
        self.robots = robots;
        self
    }

    /// How failed queries are asked again, and for how long.
    pub const fn with_retry_policy(mut self, retries: RetryPolicy) -> Self {
        self.retries = retries;
        self
    }

    /// As the retries that were given, changed so.
    #[cfg(feature = "cli")]
    pub(crate) fn map_retries(mut self, change: impl FnOnce(RetryPolicy) -> RetryPolicy) -> Self {
        self.retries = change(self.retries);
        self
    }

    /// As the client's options that were given, changed so.
    #[cfg(feature = "cli")]
    pub(crate) fn map_fetch(mut self, change: impl FnOnce(FetchOptions) -> FetchOptions) -> Self {
        self.fetch = change(self.fetch);
        self
    }

    /// How many queries share a request, where the parser can ask several in one.
    pub const fn with_batch_size(mut self, sharing: BatchSize) -> Self {
        self.sharing = sharing;
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
            let concurrency = self.concurrency.unwrap_or(CONCURRENCY).max(1);
            let fetcher = Fetcher::new(&self.fetch, concurrency)?;
            let robots = RobotsChecker::new(self.robots, self.fetch.user_agent_in_force());
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
            let slots = ParserRegistry::new(first, parsers, self.allowed);
            let per_host = self.per_host.unwrap_or(concurrency).max(1);
            let config = SchedulerConfig { rate: self.rate, concurrency, per_host, retries: self.retries };
            let (scheduler, sizers) = (SharedScheduler::new(config), BatchSizers::new(self.sharing));
            Ok(Host { worker: Worker { slots, fetcher, scheduler, source: self.source, sizers, robots } })
        }
        .boxed()
    }
}
