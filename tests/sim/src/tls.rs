//! By a fresh authority that signs a certificate for the store's hosts.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::config::Protocol;
use crate::error::Error;

/// The hosts that the store answers for.
pub(crate) const HOSTS: [&str; 3] = ["play.google.com", "www.google.com", "consent.google.com"];

/// The server's side of TLS, and the authority that clients should trust.
pub(crate) struct Identity {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) ca_pem: String,
}

/// A fresh identity for the store, and for further hosts.
pub(crate) fn identity(protocol: Protocol, further: &[String]) -> Result<Identity, Error> {
    let (ca_pem, issuer) = authority()?;
    let (chain, key) = leaf(&issuer, further)?;
    let provider = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?.with_no_client_auth();
    let mut server = builder.with_single_cert(vec![chain], key)?;
    server.alpn_protocols = alpn(protocol).iter().map(|name| name.to_vec()).collect();
    Ok(Identity { server: Arc::new(server), ca_pem })
}

fn alpn(protocol: Protocol) -> &'static [&'static [u8]] {
    match protocol {
        Protocol::Any => &[b"h2", b"http/1.1"],
        Protocol::Http1 => &[b"http/1.1"],
        Protocol::Http2 => &[b"h2"],
    }
}

fn authority() -> Result<(String, Issuer<'static, KeyPair>), Error> {
    let mut params = lasting(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Playfast simulated store");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    let pem = params.self_signed(&key)?.pem();
    Ok((pem, Issuer::new(params, key)))
}

fn leaf(
    issuer: &Issuer<'static, KeyPair>,
    further: &[String],
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), Error> {
    let names = HOSTS.into_iter().chain(["localhost", "127.0.0.1"]).map(str::to_owned);
    let mut params = lasting(names.chain(further.iter().cloned()).collect())?;
    params.distinguished_name.push(DnType::CommonName, "play.google.com");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
}

/// Valid for as long as anyone may run this: the key is gone with the process.
fn lasting(names: Vec<String>) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(names)?;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}
