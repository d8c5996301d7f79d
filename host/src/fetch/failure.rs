//! Classification of the client's errors as failures.

use std::error::Error;
use std::io;
use std::sync::Arc;

use reqwest::{StatusCode, Url, Version};
use rustls::CertificateError;

use crate::fetch::dns::dns_cache::ResolveError;
use crate::fetch::dns::resolver::PrivateAddress;
use crate::fetch::proxy::address::Proxy;
use crate::fetch::proxy::route::Routes;
use crate::types::{Failure, FailureKind, Remedy};

/// Messages of hyper for responses that aren't HTTP or have oversized heads. Here it distinguishes errors only by their texts.
const MALFORMED_RESPONSE_ERRORS: [&str; 5] =
    ["message head is too large", "invalid HTTP", "invalid URI", "unexpected message", "invalid content-length"];

/// Messages for a proxy that requires credentials, over HTTP and SOCKS5.
const PROXY_AUTH_ERRORS: [&str; 3] =
    ["proxy authorization required", "does not support user/pass authentication", "credentials not accepted"];

/// Classifier of errors, which knows the routes.
#[derive(Clone, Debug)]
pub(super) struct ErrorClassifier {
    /// Routes to hosts.
    pub(super) routes: Arc<Routes>,
}

impl ErrorClassifier {
    /// The failure of a request to `url`.
    pub(super) fn classify(&self, url: &Url, error: &reqwest::Error) -> Failure {
        let host = url.host_str().unwrap_or_default();
        if let Some(private) = find::<PrivateAddress>(error) {
            let remedy = Remedy::ConnectTo { host: host.to_owned() };
            return Failure::new(FailureKind::Forbidden, format!("{host}: {private}")).with_remedy(remedy);
        }
        let cause = root_cause(error);
        if cause.contains("certificate") {
            let what = match find::<rustls::Error>(error) {
                Some(rustls::Error::InvalidCertificate(error)) => distrust(error),
                _ => None,
            };
            let failure = |what: &str| Failure::new(FailureKind::Network, format!("{host} {what}")).permanent();
            return match what {
                // Another authority doesn't help against an expired certificate, or one for another name.
                Some(what) => failure(&what),
                None => failure(&format!("shows a certificate that is not trusted: {cause}"))
                    .with_remedy(Remedy::CertificateAuthority),
            };
        }
        let of_proxy = self.routes.proxy_for(host).filter(|_| error.is_connect());
        if let Some(failure) = of_proxy.and_then(|proxy| proxy_failure(proxy, host, error, &cause)) {
            return failure;
        }
        if let Some(missing) = find::<ResolveError>(error) {
            return Failure::new(FailureKind::Network, format!("{host}: {missing}; is there a network?"));
        }
        if is_refused(error) {
            let message = format!("{host} refuses connections: does a server run at that address?");
            return Failure::new(FailureKind::Network, message);
        }
        if let Some(failure) = find::<h2::Error>(error).and_then(|error| of_http2(host, error)) {
            return failure;
        }
        let (kind, what) = what(error, &cause);
        Failure::new(kind, format!("{host} {what}: {cause}"))
    }
}

impl ErrorClassifier {
    /// The failure of a request whose tunnel the proxy refused with this status.
    pub(super) fn of_tunnel(&self, host: &str, status: u16) -> Failure {
        let proxy = self.routes.proxy_for(host).map(ToString::to_string).unwrap_or_default();
        let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
        let what = format!("the proxy {proxy} answered {status} {name} to CONNECT {host}:443");
        let what = what.replace("  ", " ");
        let cure = match status {
            403 | 405 => "; may it be asked of this proxy?",
            _ => "",
        };
        Failure::new(FailureKind::Network, format!("{what}{cure}"))
    }
}

/// Whether a proxy refused a CONNECT without asking for credentials.
pub(super) fn is_refused_tunnel(error: &reqwest::Error) -> bool {
    causes(error).any(|error| error.to_string() == "tunnel error: unsuccessful")
}

/// Why a certificate isn't trusted, if a further authority wouldn't help.
fn distrust(error: &CertificateError) -> Option<String> {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => Some(format!(
            "shows a certificate that expired on {}: is this machine's clock right?",
            date(not_after.as_secs())?
        )),
        CertificateError::NotValidYetContext { not_before, .. } => Some(format!(
            "shows a certificate that is valid only from {}: is this machine's clock right?",
            date(not_before.as_secs())?
        )),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Some(format!("shows a certificate for another name: {error}"))
        }
        _ => None,
    }
}

/// Date in UTC.
fn date(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok()?;
    Some(time::OffsetDateTime::from_unix_timestamp(seconds).ok()?.date().to_string())
}

/// The failure of an HTTP/2 error of the server, or of its violation of the protocol.
fn of_http2(host: &str, error: &h2::Error) -> Option<Failure> {
    let reason = error.reason()?;
    if error.is_library() {
        let message = format!("{host} broke the protocol (HTTP/2, {})", code(reason));
        return Some(Failure::new(FailureKind::Http, message));
    }
    if !error.is_remote() {
        return None;
    }
    // Streams up to the last one that a GOAWAY names go on: what fails by it was not processed (RFC 9113, section 6.8).
    let is_unprocessed = error.is_go_away() || reason == h2::Reason::REFUSED_STREAM;
    let (kind, what) = match reason {
        h2::Reason::ENHANCE_YOUR_CALM => (FailureKind::Blocked, "wants to be asked more slowly"),
        _ if is_unprocessed => (FailureKind::Network, "did not process the request"),
        _ => (FailureKind::Network, "broke off"),
    };
    let frame = if error.is_go_away() { "GOAWAY" } else { "RST_STREAM" };
    let message = format!("{host} {what} (HTTP/2 {frame}, {})", code(reason));
    Some(Failure { is_unprocessed, ..Failure::new(kind, message) })
}

/// The name of an error code in RFC 9113, section 7.
fn code(reason: h2::Reason) -> String {
    format!("{reason:?}")
}

/// Whether a response over a reused HTTP/1.1 connection is 408, which the server sent before this request (RFC 9110, section 15.5.9). Over HTTP/2
/// it belongs to the request.
pub(super) fn is_idle_timeout(response: &reqwest::Response) -> bool {
    response.status() == StatusCode::REQUEST_TIMEOUT && response.version() < Version::HTTP_2
}

/// The failure of a request on a connection that the server was closing.
pub(super) fn closed_while_idle(url: &Url) -> Failure {
    let host = url.host_str().unwrap_or_default();
    let message = format!("{host} closed an idle connection (408 Request Timeout) as the request was sent");
    Failure { is_unprocessed: true, ..Failure::new(FailureKind::Network, message) }
}

fn what(error: &reqwest::Error, cause: &str) -> (FailureKind, &'static str) {
    match error {
        error if error.is_timeout() => (FailureKind::Timeout, "did not answer in time"),
        error if error.is_connect() => (FailureKind::Network, "can't be reached"),
        error if error.is_decode() => (FailureKind::Http, "sent a body that can't be decompressed, or broke off"),
        error if error.is_body() => (FailureKind::Network, "broke off"),
        _ if MALFORMED_RESPONSE_ERRORS.iter().any(|text| cause.contains(text)) => {
            (FailureKind::Http, "sent what is no answer")
        }
        _ => (FailureKind::Network, "did not answer"),
    }
}

/// Faults of a proxy.
fn proxy_failure(proxy: &Proxy, host: &str, error: &reqwest::Error, cause: &str) -> Option<Failure> {
    let failure = |message| Failure::new(FailureKind::Network, message);
    let chain = causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
    if PROXY_AUTH_ERRORS.iter().any(|text| chain.contains(text)) {
        let message = format!("the proxy {proxy} wants another user name and password");
        return Some(failure(message).permanent().with_remedy(proxy.credentials_remedy()));
    }
    if is_refused(error) || chain.contains("failed to create underlying connection") {
        return Some(failure(format!("the proxy {proxy} can't be reached ({cause}): does it run at that address?")));
    }
    if find::<ResolveError>(error).is_some() {
        return Some(failure(format!("the proxy {proxy} or {host} has no address: {cause}")));
    }
    let is_proxys = chain.contains("tunnel") || chain.contains("SOCKS") || chain.contains("socks");
    is_proxys
        .then(|| failure(format!("the proxy {proxy} doesn't lead to {host}: {cause}; may it be asked of this proxy?")))
}

fn is_refused(error: &reqwest::Error) -> bool {
    find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// The error's causes, from the outermost.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| {
        let error: &'e (dyn Error + 'static) = *error;
        // An io::Error hides what it was made of from `source` where that has no source of its own.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as &(dyn Error + 'static)).or_else(move || error.source())
    })
}

fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    causes(error).filter_map(|error| error.downcast_ref()).last()
}

/// Message of the innermost error.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
