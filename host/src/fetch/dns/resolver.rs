//! Resolver: the addresses of a host.
//!
//! These are its globally reachable addresses by the system's resolver, or the one that the user gave. A name never resolves to this machine or its
//! network, since a parser, or the owner of a name, could read what isn't public. The proxy's name may resolve to any address, since the user
//! gives it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use futures::future::FutureExt;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address_registry::is_global;
use super::dns_cache::{DnsCache, ResolveError};
use crate::fetch::ConnectTo;

/// Error of an address that isn't globally reachable.
#[derive(Debug)]
pub(in crate::fetch) struct PrivateAddress(IpAddr);

impl fmt::Display for PrivateAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the name leads to {}, an address that is not globally reachable", self.0)
    }
}

impl std::error::Error for PrivateAddress {}

/// Resolver of all clients of a fetcher. Cloning it is cheap, and shares its cache.
#[derive(Clone)]
pub(in crate::fetch) struct Resolver {
    connect_to: Arc<[ConnectTo]>,
    /// The proxy's host.
    proxy: Option<Arc<str>>,
    names: Arc<DnsCache>,
}

/// How a name is resolved.
enum Way {
    /// To the address that the user gave.
    Given(ConnectTo),
    /// By the system, to any address.
    Anywhere,
    /// By the system, to globally reachable addresses.
    Public,
}

impl Resolver {
    pub(in crate::fetch) fn new(connect_to: &[ConnectTo], proxy: Option<&str>) -> Self {
        Self { connect_to: connect_to.into(), proxy: proxy.map(Into::into), names: Arc::default() }
    }

    fn way(&self, host: &str) -> Way {
        let is_proxy = self.proxy.as_deref().is_some_and(|proxy| proxy.eq_ignore_ascii_case(host));
        // What leads any host elsewhere doesn't mean the way there.
        let means = |wanted: &Option<String>| wanted.as_ref().map_or(!is_proxy, |wanted| wanted == host);
        match self.connect_to.iter().find(|to| means(&to.host)) {
            Some(to) => Way::Given(to.clone()),
            None if is_proxy => Way::Anywhere,
            None => Way::Public,
        }
    }

    /// The addresses of a host. Port 0 stands for the scheme's default.
    pub(in crate::fetch) async fn addresses(
        &self,
        host: &str,
    ) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(match self.way(host) {
            Way::Given(to) => self.look_up(&to.address, to.port).await?,
            Way::Anywhere => self.look_up(host, 0).await?,
            Way::Public => public(self.look_up(host, 0).await?)?,
        })
    }

    async fn look_up(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        let asked = name.to_owned();
        let look_up = || {
            async move {
                let found =
                    tokio::net::lookup_host((asked, 0)).await.map_err(|error| ResolveError(error.to_string()))?;
                Ok(found.map(|address| address.ip()).collect())
            }
            .boxed()
        };
        let found = self.names.find(name, Instant::now(), look_up).await?;
        Ok(found.iter().map(|address| SocketAddr::new(*address, port)).collect())
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Resolver").field("connect_to", &self.connect_to).finish_non_exhaustive()
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, host) = (self.clone(), name.as_str().to_ascii_lowercase());
        Box::pin(async move { Ok(Box::new(resolver.addresses(&host).await?.into_iter()) as Addrs) })
    }
}

fn public(addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, PrivateAddress> {
    match addresses.iter().map(SocketAddr::ip).find(|address| !is_global(*address)) {
        Some(address) => Err(PrivateAddress(address)),
        None => Ok(addresses),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_leads_to_the_own_machine_only_where_the_user_says_so() {
        let led = ["::127.0.0.1:8443".parse().unwrap()];
        let addresses = async |connect_to: &[ConnectTo], proxy| {
            let found = Resolver::new(connect_to, proxy).addresses("localhost").await;
            found.map(|found| found[0]).map_err(|error| error.to_string())
        };
        assert!(addresses(&[], None).await.unwrap_err().contains("not globally reachable"));
        assert!(addresses(&[], Some("localhost")).await.unwrap().ip().is_loopback());
        assert_eq!(addresses(&led, None).await.unwrap().port(), 8443);
        assert_eq!(addresses(&led, Some("localhost")).await.unwrap().port(), 0, "the way to the proxy is its own");
    }
}
