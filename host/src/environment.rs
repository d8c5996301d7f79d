//! Variables of the environment that configure a host.
//!
//! Three direct an unchanged program to a store on this machine; curl's variables name proxies. The process's variables are read in one place.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::fetch::{ConnectTo, ConnectToError, EnvironmentProxies, ProxyVariableError};
use crate::host::HostBuilder;
use crate::schedule::{Rate, RateError};

/// Other addresses for hosts, separated by commas or spaces.
const CONNECT_TO: &str = "PLAYFAST_CONNECT_TO";

/// A file of certificate authorities, in PEM.
const AUTHORITY_VARIABLE: &str = "PLAYFAST_CACERT";

/// How fast sites are asked.
const RATE_VARIABLE: &str = "PLAYFAST_RATE";

/// Why the environment can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A variable isn't Unicode text.
    #[error("{0} is not Unicode")]
    NotText(&'static str),
    /// An address can't be read.
    #[error("{CONNECT_TO} is not a list of addresses")]
    ConnectTo(#[from] ConnectToError),
    /// The authority can't be read.
    #[error("failed to read {}, which {AUTHORITY_VARIABLE} names", file.display())]
    Authority {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The rate can't be read.
    #[error("{RATE_VARIABLE} is not a rate")]
    Rate(#[from] RateError),
    /// A proxy can't be used.
    #[error(transparent)]
    Proxy(#[from] ProxyVariableError),
}

impl HostBuilder {
    /// Applies the variables of the environment: `PLAYFAST_CONNECT_TO` (as [`HostBuilder::with_connect_to`]; several are
    /// separated by commas or spaces), `PLAYFAST_CACERT` (a file for [`HostBuilder::with_certificate_authority`]), `PLAYFAST_RATE` (as
    /// [`HostBuilder::with_rate`]), and the proxies of `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` ([`EnvironmentProxies`]). A variable that is
    /// unset or empty has no effect.
    ///
    /// ```
    /// # fn led() -> Result<(), Box<dyn std::error::Error>> {
    /// let builder = playfast::Host::builder().environment()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If a variable is invalid; the error names it.
    pub fn environment(self) -> Result<Self, EnvironmentError> {
        Ok(Environment::read(std::env::var_os::<&str>)?.apply(self))
    }
}

/// Values of the variables.
#[derive(Debug, Default)]
struct Environment {
    connect_to: Vec<ConnectTo>,
    authority: Option<Vec<u8>>,
    rate: Option<Rate>,
    proxies: EnvironmentProxies,
}

impl Environment {
    fn read(variable: impl Fn(&'static str) -> Option<OsString>) -> Result<Self, EnvironmentError> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let text =
            |name| set(name).map(|value| value.into_string().map_err(|_| EnvironmentError::NotText(name))).transpose();
        let addresses = text(CONNECT_TO)?.unwrap_or_default();
        let addresses = addresses.split([',', ' ']).filter(|address| !address.is_empty());
        Ok(Self {
            connect_to: addresses.map(str::parse).collect::<Result<_, _>>()?,
            authority: set(AUTHORITY_VARIABLE).map(PathBuf::from).map(read).transpose()?,
            rate: text(RATE_VARIABLE)?.map(|rate| rate.parse()).transpose()?,
            proxies: EnvironmentProxies::from_variables(&variable)?,
        })
    }

    fn apply(self, builder: HostBuilder) -> HostBuilder {
        let builder = self.connect_to.into_iter().fold(builder, HostBuilder::with_connect_to);
        let builder = self.authority.into_iter().fold(builder, HostBuilder::with_certificate_authority);
        let builder = self.rate.into_iter().fold(builder, HostBuilder::with_rate);
        builder.environment_proxies(self.proxies)
    }
}

fn read(file: PathBuf) -> Result<Vec<u8>, EnvironmentError> {
    std::fs::read(&file).map_err(|source| EnvironmentError::Authority { file, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, EnvironmentError> {
        Environment::read(|name| Some(variables.iter().find(|(key, _)| *key == name)?.1.into()))
    }

    #[test]
    fn what_is_unset_or_empty_says_nothing() {
        for variables in [&[][..], &[(CONNECT_TO, ""), (AUTHORITY_VARIABLE, ""), (RATE_VARIABLE, "")]] {
            let environment = read(variables).unwrap();
            assert!(environment.connect_to.is_empty());
            assert!(environment.authority.is_none() && environment.rate.is_none());
        }
    }

    #[test]
    fn addresses_are_separated_by_commas_or_spaces() {
        let environment = read(&[(CONNECT_TO, "a.example:443:127.0.0.1:1,b.example:443:[::1]:2  ::c:3")]).unwrap();
        let wanted = ["a.example:443:127.0.0.1:1", "b.example:443:[::1]:2", "::c:3"].map(|text| text.parse().unwrap());
        assert_eq!(environment.connect_to, wanted);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, value) in [
            (CONNECT_TO, "nowhere"),
            (RATE_VARIABLE, "fast"),
            (AUTHORITY_VARIABLE, "/no/such/file"),
            ("HTTPS_PROXY", "ftp://p"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
