//! A proxy's address, read as curl reads it.

use std::fmt;

use reqwest::Url;

use crate::fetch::ClientError;
use crate::types::Remedy;

/// The port of a proxy whose address has none, as in curl. A proxy over TLS has 443.
const DEFAULT_PORT: u16 = 1080;

/// The port that the `url` crate drops from an address, since it is the usual one of a web server.
const HTTP_PORT: u16 = 80;

/// Where a proxy was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxySource {
    /// By the program: [`FetchOptions::with_proxy`](crate::fetch::FetchOptions::with_proxy), or `--proxy`.
    Option,
    /// By this variable of the environment, such as `HTTPS_PROXY`.
    Variable(&'static str),
}

/// A proxy that requests can go through. It is never printed with its user name or password.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::fetch) struct Proxy {
    url: Url,
    source: ProxySource,
}

impl Proxy {
    /// Reads `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`. Without a scheme it is an HTTP proxy.
    ///
    /// # Errors
    /// [`ClientError::Proxy`], which doesn't repeat the password.
    pub(in crate::fetch) fn parse(text: &str, source: ProxySource) -> Result<Self, ClientError> {
        // What comes before the host may be a password, wherever the rest is wrong.
        let refused =
            || ClientError::Proxy { proxy: text.rsplit('@').next().unwrap_or_default().escape_debug().to_string() };
        let address = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let mut url = Url::parse(&address).map_err(|_| refused())?;
        let is_one = matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.port() != Some(0);
        if !is_one {
            return Err(refused());
        }
        if url.port().is_none() && url.scheme() != "https" && written_port(&address) != Some(HTTP_PORT) {
            // It can't fail for an address that has a host.
            let _ = url.set_port(Some(DEFAULT_PORT));
        }
        Ok(Self { url, source })
    }

    /// The address, with user name and password, for the client.
    pub(in crate::fetch) const fn url(&self) -> &Url {
        &self.url
    }

    /// Where it was given.
    pub(in crate::fetch) const fn source(&self) -> ProxySource {
        self.source
    }

    /// The address without user name and password: `http://proxy:3128`.
    pub(in crate::fetch) fn address(&self) -> String {
        let (host, port) = (self.url.host_str().unwrap_or_default(), self.url.port_or_known_default());
        format!("{}://{host}:{}", self.url.scheme(), port.unwrap_or(DEFAULT_PORT))
    }

    /// How the proxy gets a user name and a password.
    pub(in crate::fetch) fn credentials_remedy(&self) -> Remedy {
        let variable = match self.source {
            ProxySource::Option => None,
            ProxySource::Variable(name) => Some(name),
        };
        Remedy::ProxyCredentials { address: self.address().replacen("://", "://USER:PASSWORD@", 1), variable }
    }

    /// Whether the proxy resolves names, instead of this program.
    pub(in crate::fetch) fn resolves_names(&self) -> bool {
        self.url.scheme() != "socks5"
    }
}

/// The port that an address names, which a [`Url`] may drop.
fn written_port(address: &str) -> Option<u16> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}

/// The address, and the variable that gives it: `http://proxy:3128 (from HTTPS_PROXY)`.
impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.address())?;
        match self.source {
            ProxySource::Option => Ok(()),
            ProxySource::Variable(name) => write!(formatter, " (from {name})"),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_as_curl_reads_it() {
        for (text, address) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("proxy:3128", "http://proxy:3128"),
            ("me:secret@proxy:3128", "http://proxy:3128"),
            ("proxy", "http://proxy:1080"),
            ("http://proxy", "http://proxy:1080"),
            ("http://proxy:80/", "http://proxy:80"),
            ("HTTP://me:secret@Proxy:80", "http://proxy:80"),
            ("https://me:secret@proxy.example", "https://proxy.example:443"),
            ("socks5://10.0.0.1", "socks5://10.0.0.1:1080"),
            ("socks5h://me:secret@[::1]:80", "socks5h://[::1]:80"),
            ("[::1]", "http://[::1]:1080"),
        ] {
            let proxy = Proxy::parse(text, ProxySource::Option).unwrap();
            assert_eq!(proxy.address(), address, "{text}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_password() {
        for text in [
            "",
            "ftp://proxy",
            "socks4://proxy",
            "http://",
            "http://me:secret@",
            "http://me:secret@p/x",
            "http://me:secret@p?x",
            "http://me:secret@p:0",
            "me:secret#1@proxy",
        ] {
            let refused = Proxy::parse(text, ProxySource::Option).unwrap_err();
            assert!(
                matches!(refused, ClientError::Proxy { .. }) && !refused.to_string().contains("secret"),
                "{refused}"
            );
        }
    }

    #[test]
    fn it_is_printed_without_user_and_password() {
        let proxy = Proxy::parse("http://me:secret@proxy:3128", ProxySource::Variable("HTTPS_PROXY")).unwrap();
        assert_eq!(proxy.to_string(), "http://proxy:3128 (from HTTPS_PROXY)");
        assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy:3128 (from HTTPS_PROXY))");
        let address = "http://USER:PASSWORD@proxy:3128".to_owned();
        assert_eq!(proxy.credentials_remedy(), Remedy::ProxyCredentials { address, variable: Some("HTTPS_PROXY") });
    }
}
