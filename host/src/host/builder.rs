//! Builder of a host: its parsers, its client, and its limits.

use std::path::PathBuf;

use futures::future::{BoxFuture, FutureExt};

use super::{Host, HostError, PLAY};
use crate::exchange::context::ExchangeContext;
use crate::fetch::{ConnectTo, EnvironmentProxies, FetchOptions, Fetcher};
use crate::jobs::permit::SharedScheduler;
#[cfg(feature = "cli")]
use crate::parser::Parser;
use crate::parser::{Digest, Engine, EngineOptions, Limits};
use crate::robots::{Robots, RobotsChecker};
use crate::schedule::batch_size::{BatchSize, BatchSizers};
use crate::schedule::{Rate, RetryPolicy, SchedulerConfig};
use crate::swap::ParserRegistry;

/// Default of requests under way at once.
const DEFAULT_CONCURRENCY: usize = 64;

/// Builder of a [`Host`]: [`Host::builder`].
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

/// Source of a parser.
#[derive(Clone, Debug)]
enum Given {
    Component(Vec<u8>),
    #[cfg(feature = "cli")]
    Loaded(Parser),
}

impl HostBuilder {
    /// Adds a parser: the bytes of a component. The first replaces [`PLAY`]; each answers under its own name.
    pub fn with_parser(mut self, component: impl Into<Vec<u8>>) -> Self {
        self.parsers.push((None, Given::Component(component.into())));
        self
    }

    /// Adds a parser as [`HostBuilder::with_parser`] does, under this name.
    pub fn with_named_parser(mut self, name: impl Into<String>, component: impl Into<Vec<u8>>) -> Self {
        self.parsers.push((Some(name.into()), Given::Component(component.into())));
        self
    }

    /// Adds a loaded parser. All parsers of a host must be loaded by one engine.
    #[cfg(feature = "cli")]
    pub(crate) fn loaded(mut self, name: Option<String>, parser: Parser) -> Self {
        self.parsers.push((name, Given::Loaded(parser)));
        self
    }

    /// Allows a further host for parsers that are swapped in or added later.
    pub fn with_allowed_host(mut self, host: impl Into<String>) -> Self {
        self.allowed.push(host.into());
        self
    }

    /// Pins a digest. If any is pinned, parsers with other digests are refused.
    pub fn with_pinned_digest(mut self, digest: Digest) -> Self {
        self.engine = self.engine.with_pinned_digest(digest);
        self
    }

    /// Sets whether rows have their source in `_source`: address, status, time and parser.
    pub const fn with_source(mut self, source: bool) -> Self {
        self.source = source;
        self
    }

    /// Sets the limits of one call of a parser.
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.engine.limits = limits;
        self
    }

    /// Sets whether parsers with imports are refused, WASI included.
    pub const fn with_pure_parsers_only(mut self, pure_only: bool) -> Self {
        self.engine.pure_only = pure_only;
        self
    }

    /// Sets the folder of the cache of compiled parsers, with which a start takes milliseconds. Only the user may have access to it.
    pub fn with_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.engine = self.engine.with_cache(folder);
        self
    }

    /// Sets the client's options.
    pub fn with_fetch_options(mut self, options: FetchOptions) -> Self {
        self.fetch = options;
        self
    }

    /// Connects to another address for a host. It may be a private one.
    pub fn with_connect_to(mut self, connect_to: ConnectTo) -> Self {
        self.fetch = self.fetch.with_connect_to(connect_to);
        self
    }

    /// Connects without a proxy, whatever [`HostBuilder::with_fetch_options`] or [`HostBuilder::environment`] set before.
    pub fn without_proxy(mut self) -> Self {
        self.fetch = self.fetch.without_proxy();
        self
    }

    /// Sets the proxies that the environment names.
    pub(crate) fn environment_proxies(mut self, proxies: EnvironmentProxies) -> Self {
        self.fetch = self.fetch.with_environment_proxies(proxies);
        self
    }

    /// Trusts a further certificate authority, in PEM.
    pub fn with_certificate_authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.fetch = self.fetch.with_certificate_authority(pem);
        self
    }

    /// Sets the rate of requests to a site.
    pub const fn with_rate(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// Sets the number of requests under way at once; at least one.
    pub const fn with_concurrency(mut self, requests: usize) -> Self {
        self.concurrency = Some(requests);
        self
    }

    /// Sets the most requests under way at once to one host; at least one. The limit in force adapts to what the host bears.
    pub const fn with_host_concurrency(mut self, requests: usize) -> Self {
        self.per_host = Some(requests);
        self
    }

    /// Sets whether robots.txt is obeyed. By default it is not fetched.
    pub const fn with_robots(mut self, robots: Robots) -> Self {
        self.robots = robots;
        self
    }

    /// Sets how often and how long failed queries are retried.
    pub const fn with_retry_policy(mut self, retries: RetryPolicy) -> Self {
        self.retries = retries;
        self
    }

    /// Changes the retries that are set.
    #[cfg(feature = "cli")]
    pub(crate) fn map_retries(mut self, change: impl FnOnce(RetryPolicy) -> RetryPolicy) -> Self {
        self.retries = change(self.retries);
        self
    }

    /// Changes the client's options that are set.
    #[cfg(feature = "cli")]
    pub(crate) fn map_fetch(mut self, change: impl FnOnce(FetchOptions) -> FetchOptions) -> Self {
        self.fetch = change(self.fetch);
        self
    }

    /// Sets how many queries share a request, if the parser can put several in one.
    pub const fn with_batch_size(mut self, sharing: BatchSize) -> Self {
        self.sharing = sharing;
        self
    }

    /// Builds the host.
    ///
    /// # Errors
    /// If WebAssembly or TLS can't be started, or a parser can't be loaded.
    pub async fn build(self) -> Result<Host, HostError> {
        self.make().await
    }

    /// Boxed like every `async fn` of the host's: so it is compiled once, with the library, and not again with each program.
    fn make(self) -> BoxFuture<'static, Result<Host, HostError>> {
        async move {
            let concurrency = self.concurrency.unwrap_or(DEFAULT_CONCURRENCY).max(1);
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
            Ok(Host { context: ExchangeContext { slots, fetcher, scheduler, source: self.source, sizers, robots } })
        }
        .boxed()
    }
}
