//! Builder of HTTP clients, which checks the user's options before anything is sent.

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

/// Why the client can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// An authority isn't a PEM certificate.
    #[error("it holds no certificate authority in PEM")]
    Authority(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An address isn't one of a proxy.
    #[error(
        "{proxy} is not a proxy's address: give [http://, https://, socks5:// or socks5h://][USER:PASSWORD@]HOST[:PORT], \
         in which characters such as #, / and ? of the password are percent-encoded (%23, %2F, %3F)"
    )]
    Proxy {
        /// The address, without its password.
        proxy: String,
    },
    /// A header can't be sent with every request.
    #[error("{name:?} can't be sent as a header with every request: {reason}")]
    Header {
        /// Its name.
        name: String,
        /// The reason.
        reason: &'static str,
    },
    /// A cookie can't be sent.
    #[error("the cookie {name:?} is not NAME=VALUE of printable ASCII without spaces and semicolons")]
    Cookie {
        /// Its name; empty if it has none.
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
    /// TLS can't be set up.
    #[error("failed to make the HTTP client")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// HTTP/2 window of a stream: bytes of a body that the server may send ahead. TCP's slow start sends about as many in its first round trips, so
/// that a compressed page of 150 KB takes no longer.
const STREAM_WINDOW: u32 = 64 << 10;

/// HTTP/2 window of a connection: that of all of its streams, so that unread bodies don't block the one that is read. A server can thus fill
/// 6.25 MiB of memory a connection.
const CONNECTION_WINDOW: u32 = 100 * STREAM_WINDOW;

/// Bytes of a response's headers over HTTP/2; servers send some kilobytes. Over HTTP/1.1 there is [`MAX_RESPONSE_HEADERS`], and hyper reads at
/// most 400 KiB.
const HEADERS_LIMIT: u32 = 64 << 10;

/// Number of a response's headers over HTTP/1.1.
const MAX_RESPONSE_HEADERS: usize = 256;

/// Checked configuration of clients.
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
    /// Checks the options. `idle` is the number of idle connections that are kept to a host.
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

    /// Routes to hosts.
    pub(in crate::fetch) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes)
    }

    /// The resolver that all clients share.
    pub(in crate::fetch) fn resolver(&self) -> Resolver {
        self.resolver.clone()
    }

    /// A client with its own pool of connections.
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
