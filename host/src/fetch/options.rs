//! Options of the HTTP client, as the user gave them: [`super::client`] checks them.

use std::fmt;
use std::time::Duration;

use super::recorder::Recorder;
use super::{ConnectTo, EnvironmentProxies};

/// How the client connects, and what it bears.
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
    /// Until a connection stands.
    pub connect_timeout: Duration,
    /// How long a connection is kept that nobody uses.
    pub idle_timeout: Duration,
    /// From the request to the body's last byte.
    pub timeout: Duration,
    /// Bytes of a body, decompressed.
    pub body_limit: usize,
    /// The `User-Agent` header, where the parser gives none.
    pub user_agent: String,
    /// Whether cookies that a host sets are sent back to it, by later queries too.
    pub keep_cookies: bool,
    pub(super) proxy: Option<Redacted<String>>,
    pub(super) environment_proxies: EnvironmentProxies,
    pub(super) headers: Vec<(String, Redacted<String>)>,
    pub(super) cookies: Vec<Redacted<String>>,
    pub(super) recorder: Option<Recorder>,
}

/// What may hold a password, and is therefore never printed.
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
    /// With another address for a host.
    #[must_use]
    pub fn with_connect_to(mut self, connect_to: ConnectTo) -> Self {
        self.connect_to.push(connect_to);
        self
    }

    /// With a further certificate authority, in PEM.
    #[must_use]
    pub fn with_certificate_authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// Through this proxy: `http://`, `https://`, `socks5://` (this program resolves names) or `socks5h://` (the proxy does), with
    /// `USER:PASSWORD@` if it wants them. As in curl, an address without a scheme is that of an HTTP proxy, and one without a port has 1080, or
    /// 443 over TLS. It goes before the environment's, and the proxy may have a private address.
    ///
    /// Whoever resolves a name checks its address: with any scheme but `socks5://` it is the proxy that has to refuse private addresses.
    ///
    /// If the address can't be read, the host can't be built: [`ClientError::Proxy`](crate::fetch::ClientError::Proxy).
    #[must_use]
    pub fn with_proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(Redacted(url.into()));
        self
    }

    /// Through the proxies that the environment names. They are not read otherwise: what a program asks must not depend on where it is
    /// started unless it wants that. Hosts with another address ([`ConnectTo`]) are asked directly.
    #[must_use]
    pub fn with_environment_proxies(mut self, proxies: EnvironmentProxies) -> Self {
        self.environment_proxies = proxies;
        self
    }

    /// Through no proxy, whatever was given before.
    #[must_use]
    pub fn without_proxy(mut self) -> Self {
        (self.proxy, self.environment_proxies) = (None, EnvironmentProxies::default());
        self
    }

    /// With this header in every request, unless the parser gives one of its name.
    ///
    /// Where no header can be so, the host can't be built: [`ClientError::Header`](crate::fetch::ClientError::Header).
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), Redacted(value.into())));
        self
    }

    /// With a cookie, `NAME=VALUE`, to all hosts that the parser declares, unless the parser gives one of its name.
    ///
    /// Where no cookie can be so, the host can't be built: [`ClientError::Cookie`](crate::fetch::ClientError::Cookie).
    #[must_use]
    pub fn with_cookie(mut self, cookie: impl Into<String>) -> Self {
        self.cookies.push(Redacted(cookie.into()));
        self
    }

    /// Whether cookies that a host sets are sent back to it. Without it, no query's answer depends on those before.
    #[must_use]
    pub const fn with_cookie_store(mut self, keep: bool) -> Self {
        self.keep_cookies = keep;
        self
    }

    /// With so much time until a connection stands.
    #[must_use]
    pub const fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// With connections kept for so long while nobody uses them.
    #[must_use]
    pub const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// With so much time from a request to its answer's last byte.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// With bodies of so many bytes at most, decompressed.
    #[must_use]
    pub const fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// With a recorder that sees each exchange.
    #[cfg(feature = "cli")]
    #[must_use]
    pub(crate) fn recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The `User-Agent` of requests whose parser gives none: the last header of that name goes before the option.
    pub(crate) fn user_agent_in_force(&self) -> &str {
        let mut given = self.headers.iter().rev().filter(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
        given.next().map_or(&self.user_agent, |(_, value)| &value.0)
    }

    /// With this `User-Agent`, where the parser gives none.
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
