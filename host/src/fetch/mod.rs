//! How is one request exchanged for a response? The only module that names reqwest.
//!
//! One pooled client, made once. Invariant: nothing but https to a host that the parser declares is ever asked, on a public address or
//! one that the user named ([`ConnectTo`]), and TLS is verified.

mod address;
mod failure;
mod resolve;

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

pub use resolve::{ConnectTo, ConnectToError};

use crate::{Failure, FailureKind, Method, Request, Response};

/// How the client connects, and what it bears.
///
/// ```
/// use std::time::Duration;
/// use playfast::{FetchOptions, Host};
///
/// let patient = FetchOptions::default().timeout(Duration::from_secs(120)).user_agent("charts/1.0 (me@example.org)");
/// let builder = Host::builder().fetch(patient);
/// # let _ = builder;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchOptions {
    /// Other addresses for hosts.
    pub connect_to: Vec<ConnectTo>,
    /// Certificates of further authorities, in PEM.
    pub authorities: Vec<Vec<u8>>,
    /// Until a connection stands.
    pub connect_timeout: Duration,
    /// From the request to the body's last byte.
    pub timeout: Duration,
    /// Bytes of a body, decompressed.
    pub body_limit: usize,
    /// The `User-Agent` header, where the parser gives none.
    pub user_agent: String,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            connect_to: Vec::new(),
            authorities: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            // Play's largest pages have 1.4 MB.
            body_limit: 32 << 20,
            user_agent: concat!("playfast/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl FetchOptions {
    /// With another address for a host.
    #[must_use]
    pub fn connect_to(mut self, connect_to: ConnectTo) -> Self {
        self.connect_to.push(connect_to);
        self
    }

    /// With a further certificate authority, in PEM.
    #[must_use]
    pub fn authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// With so much time until a connection stands.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// With so much time from a request to its answer's last byte.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// With bodies of so many bytes at most, decompressed.
    #[must_use]
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// With this `User-Agent`, where the parser gives none.
    #[must_use]
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }
}

/// The client couldn't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// An authority isn't a certificate in PEM.
    #[error("no certificate in PEM")]
    Authority(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// TLS doesn't start.
    #[error("failed to make the HTTP client")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The pooled client. Cloning it is cheap, and shares the pool.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    client: Client,
    timeout: Duration,
    body_limit: usize,
}

/// As many as browsers follow.
const REDIRECTS: usize = 10;

/// Bytes of a request's body. The largest that Play takes are of some kilobytes.
const REQUEST_LIMIT: usize = 1 << 20;

/// Bytes of a request's headers: servers take little more.
const HEADERS_LIMIT: usize = 16 << 10;

/// Windows of HTTP/2, in bytes: a page arrives without waiting for one, and all streams together may hold this much unread.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 64 << 20;

impl Fetcher {
    pub(crate) fn new(options: &FetchOptions) -> Result<Self, ClientError> {
        let mut builder = Client::builder()
            .https_only(true)
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(options.connect_timeout)
            .user_agent(&options.user_agent)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .dns_resolver(resolve::Resolver::new(options.connect_to.clone()));
        for pem in &options.authorities {
            let certificates = reqwest::Certificate::from_pem_bundle(pem);
            let certificates = certificates.map_err(|error| ClientError::Authority(error.into()))?;
            if certificates.is_empty() {
                return Err(ClientError::Authority("the file holds none".into()));
            }
            builder = certificates.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
        }
        let client = builder.build().map_err(|error| ClientError::Client(error.into()))?;
        Ok(Self { client, timeout: options.timeout, body_limit: options.body_limit })
    }

    /// Exchanges a parser's request, which may reach `hosts` alone, for a response. Redirects within them are followed; one that leaves
    /// them is the response.
    pub(crate) async fn fetch(&self, hosts: &[String], request: Request) -> Result<Response, Failure> {
        let url = address::checked(&request.url, hosts)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let exchange = tokio::time::timeout(self.timeout, self.exchange(hosts, url, request));
        match exchange.await {
            Ok(result) => result,
            Err(_) => Err(Failure::new(
                FailureKind::Timeout,
                format!("{host} did not answer in full within {:?}", self.timeout),
            )),
        }
    }

    async fn exchange(&self, hosts: &[String], mut url: Url, request: Request) -> Result<Response, Failure> {
        let mut request = self.request(&url, request)?;
        for _ in 0..=REDIRECTS {
            let next = request.try_clone();
            let response = self.client.execute(request).await.map_err(|error| failure::of(&url, &error))?;
            match (redirect(&response, hosts), next) {
                (Some(target), Some(mut next)) => {
                    if !matches!(response.status().as_u16(), 307 | 308) {
                        *next.method_mut() = reqwest::Method::GET;
                        *next.body_mut() = None;
                    }
                    *next.url_mut() = target.clone();
                    (url, request) = (target, next);
                }
                _ => return self.response(response).await,
            }
        }
        Err(Failure::new(FailureKind::Http, format!("{url} redirects more than {REDIRECTS} times")))
    }

    fn request(&self, url: &Url, request: Request) -> Result<reqwest::Request, Failure> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut built = reqwest::Request::new(method, url.clone());
        let headers: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if headers > HEADERS_LIMIT {
            let what = format!("a request has headers of {headers} bytes, above the limit of {HEADERS_LIMIT}");
            return Err(Failure::new(FailureKind::ParserInvalid, what));
        }
        for (name, value) in &request.headers {
            let (name, value) = header(name, value)?;
            built.headers_mut().append(name, value);
        }
        let bytes = request.body.as_ref().map_or(0, Vec::len);
        if bytes > REQUEST_LIMIT {
            let what = format!("a request has a body of {bytes} bytes, above the limit of {REQUEST_LIMIT}");
            return Err(Failure::new(FailureKind::ParserInvalid, what));
        }
        *built.body_mut() = request.body.map(Into::into);
        Ok(built)
    }

    async fn response(&self, mut response: reqwest::Response) -> Result<Response, Failure> {
        let url = response.url().clone();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), latin1(value.as_bytes())));
        let (headers, status) = (headers.collect(), response.status().as_u16());
        let mut body = Vec::with_capacity(self.expected(&response));
        while let Some(chunk) = response.chunk().await.map_err(|error| failure::of(&url, &error))? {
            if body.len() + chunk.len() > self.body_limit {
                let message = format!("the body of {url} has more than {} bytes", self.body_limit);
                return Err(Failure::new(FailureKind::TooLarge, message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { url: url.into(), status, headers, body, received_at: SystemTime::now() })
    }

    /// Room for the body: what the server says, as far as it is believed.
    fn expected(&self, response: &reqwest::Response) -> usize {
        const BELIEVED: usize = 2 << 20;
        let length = response.content_length().and_then(|length| usize::try_from(length).ok());
        length.unwrap_or(BELIEVED).min(BELIEVED).min(self.body_limit)
    }
}

/// Headers by which a parser could change what is asked of whom, or how the body is read.
const RESERVED: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "accept-encoding",
    "proxy-authorization",
];

/// Characters of a header's name in a message.
const SHOWN: usize = 60;

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let invalid = |what: &str| {
        let name: String = name.escape_debug().take(SHOWN).collect();
        Failure::new(FailureKind::ParserInvalid, format!("a request has the header {name}: {what}"))
    };
    let parsed = HeaderName::try_from(name).map_err(|_| invalid("no header has such a name"))?;
    if RESERVED.contains(&parsed.as_str()) {
        return Err(invalid("it is the host's to set"));
    }
    Ok((parsed, HeaderValue::from_str(value).map_err(|_| invalid("its value has characters that none may have"))?))
}

/// Where a redirect leads, if it leads to one of `hosts`.
fn redirect(response: &reqwest::Response, hosts: &[String]) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let target = response.url().join(location).ok()?;
    address::checked(target.as_str(), hosts).ok()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn headers_cant_be_smuggled() {
        assert!(header("accept-language", "de").is_ok());
        for (name, value) in
            [("host", "evil.example"), ("x\r\nhost", "y"), ("x", "y\r\nhost: z"), ("Content-Length", "0")]
        {
            assert!(header(name, value).is_err(), "{name:?}");
        }
    }
}
