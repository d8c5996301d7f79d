//! Proxies of the environment: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, as curl reads them.

use std::ffi::OsString;

use super::address::{Proxy, ProxySource};
use crate::fetch::ClientError;

/// The variables that name a proxy for `https` addresses. The first that is set and not empty counts. `HTTP_PROXY` is for `http`
/// addresses, which are never asked.
const PROXY_VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// The variables that name the hosts which no proxy is asked for.
const NO_PROXY_VARIABLES: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// The proxy that the environment names, and the hosts that it excludes.
///
/// The variables are those of curl ("ENVIRONMENT" in its manual): `https_proxy`, `HTTPS_PROXY`, `all_proxy`, `ALL_PROXY`, of which the
/// first one counts that isn't empty, and `no_proxy` or `NO_PROXY`. An address without a scheme is that of an HTTP proxy, and one without a
/// port has 1080, or 443 over TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentProxies {
    pub(in crate::fetch) proxy: Option<Proxy>,
    /// The list, and the variable that has it.
    pub(in crate::fetch) no_proxy: Option<(String, &'static str)>,
}

/// Why a variable names no proxy. The message has no password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyVariableError {
    /// Its value is not Unicode.
    #[error("{variable} is not Unicode")]
    NotText {
        /// The variable's name.
        variable: &'static str,
    },
    /// Its value is not a proxy's address.
    #[error("{variable} names a proxy that can't be used")]
    Proxy {
        /// The variable's name.
        variable: &'static str,
        /// What is wrong with it.
        source: ClientError,
    },
}

impl EnvironmentProxies {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// When the variable that counts isn't a proxy's address; the error names the variable.
    pub fn from_environment() -> Result<Self, ProxyVariableError> {
        Self::from_variables(std::env::var_os::<&str>)
    }

    /// Reads these variables.
    ///
    /// # Errors
    /// When the variable that counts isn't a proxy's address; the error names the variable.
    pub fn from_variables(variable: impl Fn(&'static str) -> Option<OsString>) -> Result<Self, ProxyVariableError> {
        let first_set = |names: &[&'static str]| {
            let mut set =
                names.iter().filter_map(|name| Some((*name, variable(name).filter(|text| !text.is_empty())?)));
            set.next().map(|(variable, value)| match value.into_string() {
                Ok(text) => Ok((text, variable)),
                Err(_) => Err(ProxyVariableError::NotText { variable }),
            })
        };
        let proxy = first_set(&PROXY_VARIABLES).transpose()?.map(|(text, variable)| {
            let parsed = Proxy::parse(&text, ProxySource::Variable(variable));
            parsed.map_err(|source| ProxyVariableError::Proxy { variable, source })
        });
        Ok(Self { proxy: proxy.transpose()?, no_proxy: first_set(&NO_PROXY_VARIABLES).transpose()? })
    }

    /// The proxy's address, without its password, and the variable that names it.
    #[cfg(feature = "cli")]
    pub(crate) fn proxy(&self) -> Option<(String, &'static str)> {
        let proxy = self.proxy.as_ref()?;
        match proxy.source() {
            ProxySource::Variable(variable) => Some((proxy.address(), variable)),
            ProxySource::Option => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<EnvironmentProxies, ProxyVariableError> {
        EnvironmentProxies::from_variables(|name| Some(variables.iter().find(|(key, _)| *key == name)?.1.into()))
    }

    /// What curl 7.88.1 does.
    #[test]
    fn the_first_variable_that_is_not_empty_counts() {
        for (variables, proxy) in [
            (&[][..], None),
            (&[("HTTP_PROXY", "http://a"), ("http_proxy", "http://b")], None),
            (&[("https_proxy", "a:1")], Some("http://a:1 (from https_proxy)")),
            (&[("HTTPS_PROXY", "a:1")], Some("http://a:1 (from HTTPS_PROXY)")),
            (&[("https_proxy", "a:1"), ("HTTPS_PROXY", "b:1")], Some("http://a:1 (from https_proxy)")),
            (&[("https_proxy", ""), ("HTTPS_PROXY", "b:1")], Some("http://b:1 (from HTTPS_PROXY)")),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "c:1")], Some("http://c:1 (from ALL_PROXY)")),
            (&[("HTTPS_PROXY", "b:1"), ("all_proxy", "c:1")], Some("http://b:1 (from HTTPS_PROXY)")),
            (&[("all_proxy", "socks5h://c"), ("ALL_PROXY", "d:1")], Some("socks5h://c:1080 (from all_proxy)")),
            (&[("https_proxy", "https://a")], Some("https://a:443 (from https_proxy)")),
        ] {
            let shown = read(variables).unwrap().proxy.map(|proxy| proxy.to_string());
            assert_eq!(shown.as_deref(), proxy, "{variables:?}");
        }
        let no_proxy = |variables: &[(&str, &str)]| read(variables).unwrap().no_proxy;
        let lower = ("a".to_owned(), "no_proxy");
        assert_eq!(no_proxy(&[("no_proxy", "a"), ("NO_PROXY", "b")]), Some(lower));
        assert_eq!(no_proxy(&[("no_proxy", ""), ("NO_PROXY", "b")]), Some(("b".to_owned(), "NO_PROXY")));
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_named_without_its_password() {
        for value in ["ftp://me:secret@proxy", "http://me:secret#1@proxy", "http://me:secret@proxy/path"] {
            let error = read(&[("HTTPS_PROXY", value)]).unwrap_err();
            let text = crate::types::chain(&error);
            assert!(text.contains("HTTPS_PROXY") && text.contains("proxy") && !text.contains("secret"), "{text}");
        }
        assert!(read(&[("HTTPS_PROXY", "a:1"), ("ALL_PROXY", "ftp://proxy")]).is_ok(), "it doesn't count");
    }
}
