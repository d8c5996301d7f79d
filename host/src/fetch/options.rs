//! Options of the HTTP client, which are checked when it is built.

use std::fmt;
use std::time::Duration;

use super::recorder::Recorder;
use super::{ConnectTo, EnvironmentProxies};

/// Options of the HTTP client.
///
/// ```
/// use std::time::Duration;
/// use playfast::fetch::FetchOptions;
/// use playfast::Host;
///
/// let patient = FetchOptions::default().with_timeout(Duration::from_secs(120)).with_user_agent("charts/1.0 (me@example.org)");
/// let builder = Host::builder().with_fetch_options(patient);
/// # let _ = builder;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchOptions {
    /// Other addresses for hosts.
    pub connect_to: Vec<ConnectTo>,
    /// Certificates of further authorities, in PEM.
    pub authorities: Vec<Vec<u8>>,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for which an idle connection is kept.
    pub idle_timeout: Duration,
    /// Time from a request to the last byte of its response.
    pub timeout: Duration,
    /// Bytes of a body, decompressed.
    pub body_limit: usize,
    /// The `User-Agent` header of requests for which the parser sets none.
    pub user_agent: String,
    /// Whether cookies that a host sets are sent back to it, also by later queries.
    pub keep_cookies: bool,
    pub(super) proxy: Option<Redacted<String>>,
    pub(super) environment_proxies: EnvironmentProxies,
    pub(super) headers: Vec<(String, Redacted<String>)>,
    pub(super) cookies: Vec<Redacted<String>>,
    pub(super) recorder: Option<Recorder>,
}

/// A value that may hold a password and isn't printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Redacted<T>(pub(super) T);

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            connect_to: Vec::new(),
            authorities: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            // Servers close theirs after one to four minutes: below that, few requests meet a connection that is just closing.
            idle_timeout: Duration::from_secs(50),
            timeout: Duration::from_secs(30),
            // Play's largest pages have 1.4 MB.
            body_limit: 32 << 20,
            user_agent: concat!("playfast/", env!("CARGO_PKG_VERSION")).to_owned(),
            keep_cookies: false,
            proxy: None,
            environment_proxies: EnvironmentProxies::default(),
            headers: Vec::new(),
            cookies: Vec::new(),
            recorder: None,
        }
    }
}

impl FetchOptions {
    /// Connects to another address for a host.
    #[must_use]
    pub fn with_connect_to(mut self, connect_to: ConnectTo) -> Self {
        self.connect_to.push(connect_to);
        self
    }

    /// Trusts a further certificate authority, in PEM.
    #[must_use]
    pub fn with_certificate_authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// Sets the proxy: `http://`, `https://`, `socks5://` (this program resolves names) or `socks5h://` (the proxy does), with `USER:PASSWORD@` if
    /// it requires them. As in curl, the scheme defaults to HTTP and the port to 1080, or 443 over TLS. It takes precedence over the environment's,
    /// and may have a private address.
    ///
    /// The one that resolves a name checks its address: with every scheme but `socks5://` the proxy must refuse private addresses.
    ///
    /// If the address is invalid, the host can't be built: [`ClientError::Proxy`](crate::fetch::ClientError::Proxy).
    #[must_use]
    pub fn with_proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(Redacted(url.into()));
        self
    }

    /// Sets the proxies of the environment. By default they aren't read: requests of a program don't depend on where it is started unless it wants
    /// that. Hosts with another address ([`ConnectTo`]) are reached directly.
    #[must_use]
    pub fn with_environment_proxies(mut self, proxies: EnvironmentProxies) -> Self {
        self.environment_proxies = proxies;
        self
    }

    /// Connects without a proxy, whatever was set before.
    #[must_use]
    pub fn without_proxy(mut self) -> Self {
        (self.proxy, self.environment_proxies) = (None, EnvironmentProxies::default());
        self
    }

    /// Adds a header to every request, unless the parser sets one of its name.
    ///
    /// If the header is invalid, the host can't be built: [`ClientError::Header`](crate::fetch::ClientError::Header).
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), Redacted(value.into())));
        self
    }

    /// Adds a cookie, `NAME=VALUE`, to requests to all declared hosts, unless the parser sets one of its name.
    ///
    /// If the cookie is invalid, the host can't be built: [`ClientError::Cookie`](crate::fetch::ClientError::Cookie).
    #[must_use]
    pub fn with_cookie(mut self, cookie: impl Into<String>) -> Self {
        self.cookies.push(Redacted(cookie.into()));
        self
    }

    /// Sets whether cookies that a host sets are sent back to it. By default they aren't, so that no answer depends on earlier queries.
    #[must_use]
    pub const fn with_cookie_store(mut self, keep: bool) -> Self {
        self.keep_cookies = keep;
        self
    }

    /// Sets the time to connect.
    #[must_use]
    pub const fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the time for which an idle connection is kept.
    #[must_use]
    pub const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets the time from a request to the last byte of its response.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the most bytes of a decompressed body.
    #[must_use]
    pub const fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets a recorder of all exchanges.
    #[cfg(feature = "cli")]
    #[must_use]
    pub(crate) fn recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The `User-Agent` of requests for which the parser sets none. A header of that name takes precedence over the option.
    pub(crate) fn user_agent_in_force(&self) -> &str {
        let mut given = self.headers.iter().rev().filter(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
        given.next().map_or(&self.user_agent, |(_, value)| &value.0)
    }

    /// Sets the `User-Agent` of requests for which the parser sets none.
    #[must_use]
    pub fn with_user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_printed() {
        let proxies = EnvironmentProxies::from_variables(|_| Some("http://me:secret@proxy".into())).unwrap();
        let options = FetchOptions::default()
            .with_proxy("http://me:secret@proxy")
            .with_cookie("a=secret")
            .with_header("x", "secret");
        let options = options.with_environment_proxies(EnvironmentProxies { no_proxy: None, ..proxies });
        assert!(!format!("{options:?}").contains("secret"));
    }
}
