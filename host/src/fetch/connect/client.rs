//! HTTP clients, made of the user's options. What can't be understood is refused here, before anything is asked.

use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Url};

use super::single_flight::SingleFlightLayer;
use super::tls;
use crate::fetch::FetchOptions;
use crate::fetch::dns::resolver::Resolver;
use crate::fetch::proxy::route::Routes;
use crate::fetch::request::RESERVED;

/// The client couldn't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// An authority isn't a certificate in PEM.
    #[error("it holds no certificate authority in PEM")]
    Authority(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A proxy isn't an address of one.
    #[error(
        "{proxy} is not a proxy's address: give [http://, https://, socks5:// or socks5h://][USER:PASSWORD@]HOST[:PORT], \
         in which characters such as #, / and ? of the password are percent-encoded (%23, %2F, %3F)"
    )]
    Proxy {
        /// What was given, without its password.
        proxy: String,
    },
    /// A header can't be sent with every request.
    #[error("{name:?} can't be sent as a header with every request: {reason}")]
    Header {
        /// Its name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A cookie can't be sent.
    #[error("the cookie {name:?} is not NAME=VALUE of printable ASCII without spaces and semicolons")]
    Cookie {
        /// Its name; empty where it has none.
        name: String,
    },
    /// The environment names certificate authorities that can't be read.
    #[error("failed to read the certificate authorities that {variable} names")]
    SystemAuthorities {
        /// The environment's variable.
        variable: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// TLS doesn't start.
    #[error("failed to make the HTTP client")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Bytes that the server may send of a body that isn't read yet: about as much as is under way in the first round trips anyway, while TCP
/// finds its speed, so that a page of 150 KB, compressed, takes no longer.
const STREAM_WINDOW: u32 = 64 << 10;

/// The same for all bodies of a connection: as many as there may be at once, else those that nobody reads yet would hold up the one that
/// is read. What a server can fill memory with is therefore 6.25 MiB a connection; pages that are read as they come take next to nothing.
const CONNECTION_WINDOW: u32 = 100 * STREAM_WINDOW;

/// Bytes of an answer's headers over HTTP/2, of which servers send some kilobytes. Over HTTP/1.1 there may be [`MAX_RESPONSE_HEADERS`], and hyper
/// reads 400 KiB at most.
const HEADERS_LIMIT: u32 = 64 << 10;

/// Headers of an answer over HTTP/1.1.
const MAX_RESPONSE_HEADERS: usize = 256;

/// What clients are made of.
#[derive(Clone)]
pub(in crate::fetch) struct ClientConfig {
    options: FetchOptions,
    tls: rustls::ClientConfig,
    headers: HeaderMap,
    routes: Arc<Routes>,
    resolver: Resolver,
    idle: usize,
}

impl ClientConfig {
    /// Checks what the user says. `idle` connections to a host are kept while nobody uses them.
    pub(in crate::fetch) fn new(options: &FetchOptions, idle: usize) -> Result<Self, ClientError> {
        let routes = Routes::new(options)?;
        let proxy = routes.proxy().and_then(|proxy| proxy.url().host_str());
        let resolver = Resolver::new(&options.connect_to, proxy);
        Ok(Self {
            tls: tls::client_config(&options.authorities)?,
            headers: headers(options)?,
            options: options.clone(),
            routes: Arc::new(routes),
            resolver,
            idle,
        })
    }

    /// Which hosts are asked through the proxy.
    pub(in crate::fetch) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes)
    }

    /// The resolver that all clients share.
    pub(in crate::fetch) fn resolver(&self) -> Resolver {
        self.resolver.clone()
    }

    /// A client, with a pool of connections of its own.
    pub(in crate::fetch) fn client(&self) -> Result<Client, ClientError> {
        let failed = |error: reqwest::Error| ClientError::Client(error.into());
        let mut builder = Client::builder()
            .https_only(true)
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(self.options.connect_timeout)
            .pool_idle_timeout(self.options.idle_timeout)
            .pool_max_idle_per_host(self.idle)
            .user_agent(&self.options.user_agent)
            .default_headers(self.headers.clone())
            .http1_max_headers(MAX_RESPONSE_HEADERS)
            .http2_max_header_list_size(HEADERS_LIMIT)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .dns_resolver(self.resolver.clone())
            .connector_layer(SingleFlightLayer)
            .tls_backend_preconfigured(self.tls.clone());
        if self.routes.proxy().is_some() {
            let routes = Arc::clone(&self.routes);
            let proxy = move |url: &Url| Some(routes.proxy_for(url.host_str()?)?.url().clone());
            builder = builder.proxy(Proxy::custom(proxy));
        }
        builder.build().map_err(failed)
    }
}

fn headers(options: &FetchOptions) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &options.headers {
        let refused = |reason| ClientError::Header { name: name.escape_debug().to_string(), reason };
        let parsed = HeaderName::try_from(name).map_err(|_| refused("no header has such a name"))?;
        if RESERVED.contains(&parsed.as_str()) {
            return Err(refused("it is the host's to set"));
        }
        let mut value =
            HeaderValue::from_str(&value.0).map_err(|_| refused("its value has characters that none may have"))?;
        value.set_sensitive(true);
        headers.append(parsed, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_made_with_every_kind_of_proxy() {
        for proxy in ["http://proxy:3128", "https://me:secret@proxy.example", "socks5://10.0.0.1", "socks5h://[::1]:1"]
        {
            let recipe = ClientConfig::new(&FetchOptions::default().with_proxy(proxy), 1).unwrap();
            assert!(recipe.client().is_ok(), "{proxy}");
        }
        let refused = ClientConfig::new(&FetchOptions::default().with_proxy("ftp://proxy"), 1);
        assert!(matches!(refused, Err(ClientError::Proxy { .. })));
    }

    #[test]
    fn headers_for_all_requests_are_checked() {
        let built = |name: &str, value: &str| ClientConfig::new(&FetchOptions::default().with_header(name, value), 1);
        assert!(built("X-Contact", "me@example.org").is_ok());
        for (name, value) in
            [("", "x"), ("a b", "x"), ("x", "a\r\nb: c"), ("Host", "evil.example"), ("Accept-Encoding", "x")]
        {
            assert!(matches!(built(name, value), Err(ClientError::Header { .. })), "{name}: {value:?}");
        }
    }
}
