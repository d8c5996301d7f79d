//! Other addresses for hosts, as in curl's `--connect-to`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Another address for a host: curl's `--connect-to HOST:PORT:ADDR:PORT`. It may be private.
///
/// ```
/// use playfast::fetch::ConnectTo;
///
/// let to: ConnectTo = "play.google.com:443:127.0.0.1:8443".parse()?;
/// assert_eq!(to.to_string(), "play.google.com:443:127.0.0.1:8443");
/// # Ok::<(), playfast::fetch::ConnectToError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectTo {
    /// The host; `None` for any. An IPv6 address has no brackets.
    pub(in crate::fetch) host: Option<String>,
    pub(in crate::fetch) address: String,
    pub(in crate::fetch) port: u16,
}

/// Why a text isn't a [`ConnectTo`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not HOST:PORT:ADDR:PORT, such as play.google.com:443:127.0.0.1:8443")]
pub struct ConnectToError(String);

/// Port of https, the only one that parsers may ask.
const HTTPS_PORT: &str = "443";

impl ConnectTo {
    /// Whether it applies to a host.
    pub(in crate::fetch) fn leads(&self, host: &str) -> bool {
        self.host.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(host))
    }

    /// Whether it names this IP address as a host, by which the user allows parsers to ask it.
    pub(in crate::fetch) fn allows(&self, address: IpAddr) -> bool {
        let is = |text: &str| text.parse() == Ok(address);
        self.host.as_deref().is_some_and(is) && is(&self.address) && self.port.to_string() == HTTPS_PORT
    }
}

impl FromStr for ConnectTo {
    type Err = ConnectToError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ConnectToError(text.to_owned());
        let (host, rest) = host(text).ok_or_else(error)?;
        let (from, to) = rest.split_once(':').ok_or_else(error)?;
        let (address, port) = to.rsplit_once(':').ok_or_else(error)?;
        let address = address.trim_start_matches('[').trim_end_matches(']');
        if !matches!(from, "" | HTTPS_PORT) || address.is_empty() || !fits(address) {
            return Err(error());
        }
        let host = Some(host.to_ascii_lowercase()).filter(|host| !host.is_empty());
        Ok(Self { host, address: address.to_owned(), port: port.parse().map_err(|_| error())? })
    }
}

/// The host, and what comes after its colon.
fn host(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('[') {
        Some(address) => address.split_once("]:"),
        None => text.split_once(':'),
    }
}

impl fmt::Display for ConnectTo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = bracketed(self.host.as_deref().unwrap_or_default());
        write!(formatter, "{host}:{HTTPS_PORT}:{}:{}", bracketed(&self.address), self.port)
    }
}

fn bracketed(host: &str) -> String {
    match host.parse() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    }
}

fn fits(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok() || !address.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_curl_reads_it() {
        let to: ConnectTo = "Play.google.com:443:127.0.0.1:8443".parse().unwrap();
        assert_eq!(
            to,
            ConnectTo { host: Some("play.google.com".to_owned()), address: "127.0.0.1".to_owned(), port: 8443 }
        );
        let to: ConnectTo = "::[::1]:8443".parse().unwrap();
        assert_eq!(to, ConnectTo { host: None, address: "::1".to_owned(), port: 8443 });
        let literal: ConnectTo = "[::1]:443:[::1]:443".parse().unwrap();
        for to in [to, literal] {
            assert_eq!(to.to_string().parse::<ConnectTo>().unwrap(), to);
        }
        for text in ["", "a:443:b", "a:80:127.0.0.1:1", "a:443::1", "a:443:b:x", "a:443:b:70000", "[::1:443:b:1"] {
            assert!(text.parse::<ConnectTo>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_allowed_by_its_own_name_alone() {
        let allows = |text: &str, address: &str| text.parse::<ConnectTo>().unwrap().allows(address.parse().unwrap());
        assert!(allows("127.0.0.1:443:127.0.0.1:443", "127.0.0.1"));
        assert!(allows("[::1]:443:[::1]:443", "::1"));
        assert!(!allows("::127.0.0.1:443", "127.0.0.1"));
        assert!(!allows("127.0.0.1:443:127.0.0.1:8443", "127.0.0.1"), "names alone are led elsewhere");
        assert!(!allows("127.0.0.2:443:127.0.0.2:443", "127.0.0.1"));
    }
}
