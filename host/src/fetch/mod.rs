//! Fetcher: sends one request over pooled clients and reads its response. The only module that names reqwest.
//!
//! Invariant: requests go only by https to hosts that the parser declares, at globally reachable addresses or ones that the user named
//! ([`ConnectTo`]), and TLS is verified.

mod connect;
mod cookies;
mod dns;
mod failure;
mod options;
mod proxy;
mod recorder;
mod request;
mod response;
mod url_rules;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::LOCATION;

pub use connect::client::ClientError;
#[cfg(feature = "cli")]
pub(crate) use connect::tls::check_authority;
pub use dns::connect_to::{ConnectTo, ConnectToError};
pub use options::FetchOptions;
pub use proxy::address::ProxySource;
pub use proxy::environment_proxies::{EnvironmentProxies, ProxyVariableError};
pub use proxy::route::Route;

#[cfg(feature = "cli")]
pub(crate) use recorder::Recorder;
pub(crate) use recorder::Recording;
#[cfg(feature = "cli")]
pub(crate) use response::decode::{DecodeError, decode};
pub(crate) use response::memory_budget::MemoryReservation;

use crate::types::{Failure, FailureKind, Request, Response};
use connect::client::ClientConfig;
use connect::connection_pool::ConnectionPool;
use cookies::Cookies;
use dns::resolver::Resolver;
use failure::ErrorClassifier;
use proxy::address::Proxy;
use proxy::route::Routes;
use proxy::tunnel::TunnelProbe;
#[cfg(not(feature = "cli"))]
use recorder::Recorder;
use response::memory_budget::MemoryBudget;
use response::timeout::{self, PausedTime};
use url_rules::Redirect;

/// Fetcher over pooled clients. Cloning it is cheap, and shares the pools.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clients: Arc<ConnectionPool>,
    budget: MemoryBudget,
    cookies: Cookies,
    routes: Arc<Routes>,
    failing: ErrorClassifier,
    tunnel: Option<TunnelProbe>,
    resolver: Resolver,
    connect_to: Vec<ConnectTo>,
    timeout: Duration,
    body_limit: usize,
    recorder: Option<Recorder>,
}

/// A response with its share of the memory budget for bodies, which `held` keeps until it is dropped.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) response: Response,
    pub(crate) held: MemoryReservation,
}

/// Redirects that are followed; browsers follow about as many.
const MAX_REDIRECTS: usize = 10;

impl Fetcher {
    /// A fetcher for `at_once` exchanges at once.
    pub(crate) fn new(options: &FetchOptions, at_once: usize) -> Result<Self, ClientError> {
        connect::open_files::raise_limit(at_once);
        let recipe = ClientConfig::new(options, at_once)?;
        let cookies = options.cookies.iter().map(|cookie| cookie.0.as_str());
        Ok(Self(Arc::new(Shared {
            budget: MemoryBudget::default(),
            cookies: Cookies::new(cookies, options.keep_cookies)?,
            failing: ErrorClassifier { routes: recipe.routes() },
            tunnel: TunnelProbe::new(recipe.routes().proxy().map(Proxy::url)),
            routes: recipe.routes(),
            resolver: recipe.resolver(),
            clients: Arc::new(ConnectionPool::new(recipe)?),
            connect_to: options.connect_to.clone(),
            timeout: options.timeout,
            body_limit: options.body_limit,
            recorder: options.recorder.clone(),
        })))
    }

    /// The route to a host: direct or through a proxy.
    pub(crate) fn route(&self, host: &str) -> Route {
        self.0.routes.route(host)
    }

    /// Sends a parser's request, which may reach only `hosts`, and returns its response. Redirects within `hosts` are followed. A redirect to
    /// another host is the response, unless its target isn't public.
    pub(crate) async fn fetch(&self, hosts: &[String], request: Request) -> Result<Fetched, Failure> {
        let Some(recorder) = &self.0.recorder else { return self.fetch_in_time(hosts, request).await };
        let fetched = self.fetch_in_time(hosts, request.clone()).await;
        let result = fetched.as_ref().map(|fetched| &fetched.response);
        recorder.record(Recording { request: &request, result });
        fetched
    }

    /// As [`Fetcher::fetch`], without the recorder: for requests of the host itself.
    pub(crate) async fn fetch_unrecorded(&self, hosts: &[String], request: Request) -> Result<Fetched, Failure> {
        self.fetch_in_time(hosts, request).await
    }

    async fn fetch_in_time(&self, hosts: &[String], request: Request) -> Result<Fetched, Failure> {
        let Shared { connect_to, timeout, .. } = &*self.0;
        let url = url_rules::checked(&request.url, hosts, connect_to)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let waited = PausedTime::default();
        match timeout::with_timeout(*timeout, &waited, self.exchange(hosts, url, request, &waited)).await {
            Some(result) => result,
            None => {
                Err(Failure::new(FailureKind::Timeout, format!("{host} did not answer in full within {timeout:?}")))
            }
        }
    }

    async fn exchange(
        &self,
        hosts: &[String],
        mut url: Url,
        request: Request,
        waited: &PausedTime,
    ) -> Result<Fetched, Failure> {
        let mut request = request::built(&url, request)?;
        for _ in 0..=MAX_REDIRECTS {
            let next = request.try_clone();
            match (self.hop(hosts, &url, request, waited).await?, next) {
                (Hop::Redirect { to, keeps_method }, Some(mut next)) => {
                    if !keeps_method {
                        request::change_to_get(&mut next);
                    }
                    *next.url_mut() = to.clone();
                    (url, request) = (to, next);
                }
                (Hop::Answer(fetched), _) => return Ok(*fetched),
                // No request has a body that can't be sent twice.
                (Hop::Redirect { .. }, None) => break,
            }
        }
        Err(Failure::new(FailureKind::Http, format!("{url} redirects more than {MAX_REDIRECTS} times")))
    }

    /// The failure of a request. If a proxy refused the tunnel, its status is asked for.
    async fn explain(&self, url: &Url, error: &reqwest::Error) -> Failure {
        let Shared { failing, tunnel, resolver, .. } = &*self.0;
        let host = url.host_str().unwrap_or_default();
        if let Some(tunnel) = tunnel.as_ref().filter(|_| failure::is_refused_tunnel(error))
            && let Some(status) = tunnel.status(resolver, host).await
        {
            return failing.of_tunnel(host, status);
        }
        failing.classify(url, error)
    }

    /// Sends one request, without following redirects.
    async fn hop(
        &self,
        hosts: &[String],
        url: &Url,
        mut request: reqwest::Request,
        waited: &PausedTime,
    ) -> Result<Hop, Failure> {
        let Shared { clients, budget, cookies, failing, connect_to, body_limit, .. } = &*self.0;
        cookies.add(url, request.headers_mut());
        let lane = clients.enter(url.host_str().unwrap_or_default());
        let lane = lane.map_err(|error| Failure::new(FailureKind::Network, error.to_string()))?;
        let exchanged = lane.execute(request).await;
        let response = match exchanged.output {
            Ok(response) => response,
            Err(error) => return Err(self.explain(url, &error).await),
        };
        if exchanged.is_reused && failure::is_idle_timeout(&response) {
            return Err(failure::closed_while_idle(url));
        }
        cookies.store(url, response.headers());
        let status = response.status().as_u16();
        if let Some(location) = location(&response)
            && let Redirect::Follow(to) = url_rules::redirect(url, location, hosts, connect_to)?
        {
            return Ok(Hop::Redirect { to, keeps_method: matches!(status, 307 | 308) });
        }
        let mut held = budget.hold();
        let response = response::body::read(response, *body_limit, &mut held, waited, failing).await?;
        Ok(Hop::Answer(Box::new(Fetched { response, held })))
    }
}

/// Result of one request.
enum Hop {
    Redirect { to: Url, keeps_method: bool },
    Answer(Box<Fetched>),
}

/// Target of a redirect.
fn location(response: &reqwest::Response) -> Option<&str> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    response.headers().get(LOCATION).filter(|_| redirects)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Remedy;

    #[tokio::test]
    async fn a_declared_host_at_a_private_address_is_forbidden() {
        let fetcher = Fetcher::new(&FetchOptions::default(), 1).unwrap();
        for host in ["localhost", "127.0.0.1"] {
            let url = format!("https://{host}/");
            let request = Request::get(url);
            let failure = fetcher.fetch(&[host.to_owned()], request).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Forbidden, "{failure}");
            assert!(matches!(failure.remedy, Some(Remedy::ConnectTo { .. })), "{failure}");
        }
    }
}
