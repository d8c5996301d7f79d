//! Options that help against a failure.

use crate::types::{Failure, Remedy};

/// A failure's message, and the option that helps.
pub(in crate::cli) fn with_option(failure: &Failure) -> String {
    match &failure.remedy {
        Some(Remedy::ConnectTo { host }) => {
            format!("{}; if that is meant, say so with --connect-to {host}:443:ADDRESS:PORT", failure.message)
        }
        Some(Remedy::CertificateAuthority) => {
            format!("{}; to trust a private certificate authority, use --cacert", failure.message)
        }
        Some(Remedy::ProxyCredentials { address, variable: None }) => {
            format!("{}: give them with --proxy {address}", failure.message)
        }
        Some(Remedy::ProxyCredentials { address, variable: Some(variable) }) => {
            format!("{}: give them with {variable}={address}", failure.message)
        }
        None => failure.message.clone(),
    }
}
