//! Which address is a host asked at?
//!
//! Its public ones, as the system resolves them, or the one that the user gave. An address of the own machine or network is never
//! reached by a name that leads there: a parser, or whoever answers for a name, could read what is meant for nobody outside.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Another address for a host: curl's `--connect-to HOST:PORT:ADDR:PORT`. It may be private.
///
/// ```
/// use playfast::ConnectTo;
///
/// let to: ConnectTo = "play.google.com:443:127.0.0.1:8443".parse()?;
/// assert_eq!(to.to_string(), "play.google.com:443:127.0.0.1:8443");
/// # Ok::<(), playfast::ConnectToError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectTo {
    /// Any host, where it is absent.
    host: Option<String>,
    address: String,
    port: u16,
}

/// Why a text is no [`ConnectTo`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not HOST:PORT:ADDR:PORT, such as play.google.com:443:127.0.0.1:8443")]
pub struct ConnectToError(String);

/// Parsers ask the usual port alone.
const HTTPS: &str = "443";

impl FromStr for ConnectTo {
    type Err = ConnectToError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ConnectToError(text.to_owned());
        let (host, rest) = text.split_once(':').ok_or_else(error)?;
        let (from, to) = rest.split_once(':').ok_or_else(error)?;
        let (address, port) = to.rsplit_once(':').ok_or_else(error)?;
        let address = address.trim_start_matches('[').trim_end_matches(']');
        if !matches!(from, "" | HTTPS) || address.is_empty() || !fits(address) {
            return Err(error());
        }
        let host = Some(host.to_ascii_lowercase()).filter(|host| !host.is_empty());
        Ok(Self { host, address: address.to_owned(), port: port.parse().map_err(|_| error())? })
    }
}

impl fmt::Display for ConnectTo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address, port } = self;
        let host = host.as_deref().unwrap_or_default();
        match address.parse() {
            Ok(IpAddr::V6(address)) => write!(formatter, "{host}:{HTTPS}:[{address}]:{port}"),
            _ => write!(formatter, "{host}:{HTTPS}:{address}:{port}"),
        }
    }
}

fn fits(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok() || !address.contains(':')
}

/// Refused, because nobody outside should reach it.
#[derive(Debug)]
pub(super) struct Private(pub(super) IpAddr);

impl fmt::Display for Private {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the name leads to {}, an address of the own machine or network", self.0)
    }
}

impl std::error::Error for Private {}

/// No address for a name.
#[derive(Debug)]
pub(super) struct NoAddress(String);

impl fmt::Display for NoAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no address is known: {}", self.0)
    }
}

impl std::error::Error for NoAddress {}

pub(super) struct Resolver(Arc<[ConnectTo]>);

impl Resolver {
    pub(super) fn new(connect_to: Vec<ConnectTo>) -> Self {
        Self(connect_to.into())
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let own = self.0.iter().find(|to| to.host.as_ref().is_none_or(|wanted| *wanted == host)).cloned();
        Box::pin(async move {
            let addresses = match own {
                Some(to) => look_up(&to.address, to.port).await?,
                None => public(look_up(&host, 0).await?)?,
            };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, NoAddress> {
    let addresses = tokio::net::lookup_host((host, port)).await.map_err(|error| NoAddress(error.to_string()))?;
    Ok(addresses.collect())
}

fn public(addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Private> {
    match addresses.iter().map(SocketAddr::ip).find(|address| is_private(*address)) {
        Some(address) => Err(Private(address)),
        None => Ok(addresses),
    }
}

/// Addresses that the internet doesn't lead to (IANA's special-purpose registries).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or_else(|| is_private_v6(address), is_private_v4),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || matches!(
            (first, second, third),
            (0 | 240..=255, _, _) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _)
        )
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let translated = (first, second) == (0x64, 0xff9b) || first == 0x2002;
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || (first, second) == (0x2001, 0xdb8)
        || translated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_to_is_read_as_curl_reads_it() {
        let to: ConnectTo = "Play.google.com:443:127.0.0.1:8443".parse().unwrap();
        assert_eq!(
            to,
            ConnectTo { host: Some("play.google.com".to_owned()), address: "127.0.0.1".to_owned(), port: 8443 }
        );
        let to: ConnectTo = "::[::1]:8443".parse().unwrap();
        assert_eq!(to, ConnectTo { host: None, address: "::1".to_owned(), port: 8443 });
        assert_eq!(to.to_string().parse::<ConnectTo>().unwrap(), to);
        for text in ["", "a:443:b", "a:80:127.0.0.1:1", "a:443::1", "a:443:b:x", "a:443:b:70000"] {
            assert!(text.parse::<ConnectTo>().is_err(), "{text}");
        }
    }

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(address.parse().unwrap()), "{address}");
        }
        for address in ["142.250.1.1", "2a00:1450:4001::1", "1.1.1.1"] {
            assert!(!is_private(address.parse().unwrap()), "{address}");
        }
    }
}
