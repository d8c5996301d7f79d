//! TLS of all clients: cryptography and trusted certificate authorities.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::client::ClientError;

/// Variables that replace the system's authorities. If one is set, its files must be readable.
const AUTHORITY_VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Protocols that are offered to a server (ALPN), the preferred first.
const APPLICATION_PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A configuration that trusts the system's authorities and `pems`. The clients that share it resume each other's TLS sessions.
pub(in crate::fetch) fn client_config(pems: &[Vec<u8>]) -> Result<rustls::ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    for pem in pems {
        add_authorities(pem, &mut roots)?;
    }
    add_system_authorities(&mut roots)?;
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Client(error.into()))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = APPLICATION_PROTOCOLS.map(<[u8]>::to_vec).into();
    Ok(config)
}

/// Ring starts faster and builds in seconds; AWS-LC has FIPS modules and post-quantum key exchange.
fn provider() -> Arc<CryptoProvider> {
    #[cfg(not(feature = "aws-lc-rs"))]
    let provider = rustls::crypto::ring::default_provider();
    #[cfg(feature = "aws-lc-rs")]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    Arc::new(provider)
}

/// Adds the system's authorities. Those that rustls can't read are left out, since systems carry ancient ones. A system without any isn't an error:
/// commands without network work there, and a request fails with its cure.
fn add_system_authorities(roots: &mut RootCertStore) -> Result<(), ClientError> {
    let mut found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    let Some(variable) = AUTHORITY_VARIABLES.into_iter().find(|variable| std::env::var_os(variable).is_some()) else {
        return Ok(());
    };
    match found.errors.pop() {
        // Its text has its source's in it.
        Some(error) => Err(ClientError::SystemAuthorities { variable, source: error.to_string().into() }),
        None if added == 0 => Err(ClientError::SystemAuthorities { variable, source: "there are none".into() }),
        None => Ok(()),
    }
}

/// Adds the authorities of a PEM bundle.
fn add_authorities(pem: &[u8], roots: &mut RootCertStore) -> Result<(), ClientError> {
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| ClientError::Authority(error.into()))?;
        roots.add(certificate).map_err(|error| ClientError::Authority(error.into()))?;
        count += 1;
    }
    if count == 0 {
        return Err(ClientError::Authority("there is no BEGIN CERTIFICATE".into()));
    }
    Ok(())
}

/// Whether the authorities of a PEM bundle can be trusted, so that a reader of several files can say which is wrong.
///
/// # Errors
/// If there is none, or one isn't a certificate.
#[cfg(feature = "cli")]
pub(crate) fn check_authority(pem: &[u8]) -> Result<(), ClientError> {
    add_authorities(pem, &mut RootCertStore::empty())
}
