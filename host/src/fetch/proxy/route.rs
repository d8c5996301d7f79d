//! Routes: whether a host is reached directly or through a proxy, and the setting that decides it.

use std::fmt;

use super::address::{Proxy, ProxySource};
use super::no_proxy::NoProxy;
use crate::fetch::{ClientError, ConnectTo, FetchOptions};

/// Route to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// Directly: there is no proxy.
    Direct,
    /// Directly: this variable, `NO_PROXY` or `no_proxy`, excludes the host from the proxy.
    NoProxy(&'static str),
    /// Directly: the user gave the host another address ([`ConnectTo`]), which the environment's proxy doesn't know.
    ConnectTo,
    /// Through a proxy.
    Proxy {
        /// Its address, without user name and password: `http://proxy:3128`.
        address: String,
        /// Where it was given.
        source: ProxySource,
        /// Whether the proxy resolves names, as all but `socks5://` do. Then the proxy must refuse private addresses, since this program never sees
        /// the address.
        resolves_names: bool,
    },
}

impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => formatter.write_str("directly"),
            Self::NoProxy(variable) => write!(formatter, "directly, as {variable} says"),
            Self::ConnectTo => formatter.write_str("directly, since it has another address"),
            Self::Proxy { address, source, resolves_names } => {
                write!(formatter, "through the proxy {address}")?;
                if let ProxySource::Variable(name) = source {
                    write!(formatter, " (from {name})")?;
                }
                let who = "; it resolves names, so it has to refuse private addresses";
                formatter.write_str(if *resolves_names { who } else { "" })
            }
        }
    }
}

/// The proxy, and the hosts that are reached without it.
#[derive(Debug)]
pub(in crate::fetch) struct Routes {
    proxy: Option<Proxy>,
    no_proxy: Option<(NoProxy, &'static str)>,
    connect_to: Vec<ConnectTo>,
}

impl Routes {
    /// The routes of the options. The program's proxy takes precedence over the environment's, whose `NO_PROXY` applies to both, as in curl.
    pub(in crate::fetch) fn new(options: &FetchOptions) -> Result<Self, ClientError> {
        let given = options.proxy.as_ref().map(|proxy| Proxy::parse(&proxy.0, ProxySource::Option)).transpose()?;
        let environment = &options.environment_proxies;
        let no_proxy = environment.no_proxy.as_ref().map(|(list, variable)| (NoProxy::parse(list), *variable));
        let proxy = given.or_else(|| environment.proxy.clone());
        Ok(Self { proxy, no_proxy, connect_to: options.connect_to.clone() })
    }

    /// The proxy, if there is one for any host.
    pub(in crate::fetch) const fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// The proxy through which a host is reached.
    pub(in crate::fetch) fn proxy_for(&self, host: &str) -> Option<&Proxy> {
        self.decide(host).ok()
    }

    /// Route to a host.
    pub(in crate::fetch) fn route(&self, host: &str) -> Route {
        match self.decide(host) {
            Ok(proxy) => Route::Proxy {
                address: proxy.address(),
                source: proxy.source(),
                resolves_names: proxy.resolves_names(),
            },
            Err(direct) => direct,
        }
    }

    /// The proxy of a host, or why it has none.
    fn decide(&self, host: &str) -> Result<&Proxy, Route> {
        let proxy = self.proxy.as_ref().ok_or(Route::Direct)?;
        if let Some((_, variable)) = self.no_proxy.as_ref().filter(|(no_proxy, _)| no_proxy.matches(host)) {
            return Err(Route::NoProxy(variable));
        }
        let is_led = proxy.source() != ProxySource::Option && self.connect_to.iter().any(|to| to.leads(host));
        if is_led { Err(Route::ConnectTo) } else { Ok(proxy) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::EnvironmentProxies;

    fn routes(options: FetchOptions, variables: &[(&str, &str)]) -> Routes {
        let value = |name| Some(variables.iter().find(|(key, _)| *key == name)?.1.into());
        let environment = EnvironmentProxies::from_variables(value).unwrap();
        Routes::new(&options.with_environment_proxies(environment)).unwrap()
    }

    #[test]
    fn what_decides_a_route_is_said() {
        let led = FetchOptions::default().with_connect_to("b.example:443:127.0.0.1:1".parse().unwrap());
        let given = led.clone().with_proxy("socks5://me:secret@own:1");
        let variables = [("HTTPS_PROXY", "http://me:secret@p:1"), ("NO_PROXY", "a.example")];
        for (options, variables, host, says) in [
            (FetchOptions::default(), &[][..], "a.example", "directly"),
            (FetchOptions::default(), &[("NO_PROXY", "a.example")], "a.example", "directly"),
            (led.clone(), &variables, "a.example", "directly, as NO_PROXY says"),
            (led.clone(), &variables, "b.example", "directly, since it has another address"),
            (
                led,
                &variables,
                "c.example",
                "through the proxy http://p:1 (from HTTPS_PROXY); it resolves names, so it has to refuse private addresses",
            ),
            (given.clone(), &variables, "a.example", "directly, as NO_PROXY says"),
            (given.clone(), &variables, "b.example", "through the proxy socks5://own:1"),
            (given.without_proxy(), &variables[1..], "c.example", "directly"),
        ] {
            assert_eq!(routes(options, variables).route(host).to_string(), says, "{host} {variables:?}");
        }
    }

    #[test]
    fn an_address_for_any_host_leads_all_of_them() {
        let led = FetchOptions::default().with_connect_to("::127.0.0.1:1".parse().unwrap());
        assert_eq!(routes(led, &[("https_proxy", "p:1")]).route("a.example"), Route::ConnectTo);
    }

    #[test]
    fn no_proxy_takes_all_proxies_away() {
        let options = FetchOptions::default().with_proxy("http://own:1");
        let environment = EnvironmentProxies::from_variables(|name| (name == "ALL_PROXY").then(|| "p:1".into()));
        let options = options.with_environment_proxies(environment.unwrap()).without_proxy();
        assert_eq!(Routes::new(&options).unwrap().route("a.example"), Route::Direct);
    }
}
