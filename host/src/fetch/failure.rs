//! What does an error of the client mean, and what can be done about it?

use std::error::Error;
use std::io;

use reqwest::Url;

use super::names::NoAddress;
use super::resolve::Private;
use crate::{Failure, FailureKind};

/// What hyper says where an answer isn't HTTP, or not of a size that anybody sends. It tells its errors apart by their texts alone here.
const BROKEN: [&str; 5] =
    ["message head is too large", "invalid HTTP", "invalid URI", "unexpected message", "invalid content-length"];

/// The same of a proxy that wants to know who asks, over HTTP and over SOCKS5.
const WHO: [&str; 3] =
    ["proxy authorization required", "does not support user/pass authentication", "credentials not accepted"];

/// What there is between the client and hosts.
#[derive(Clone, Debug, Default)]
pub(super) struct Failing {
    /// The proxy, without its password.
    pub(super) proxy: Option<String>,
}

impl Failing {
    /// The failure of a request to `url`.
    pub(super) fn of(&self, url: &Url, error: &reqwest::Error) -> Failure {
        let host = url.host_str().unwrap_or_default();
        if let Some(private) = find::<Private>(error) {
            let message = format!("{host}: {private}; if that is meant, say so with --connect-to");
            return Failure::new(FailureKind::Forbidden, message);
        }
        let cause = root_cause(error);
        if cause.contains("certificate") {
            let message = format!(
                "{host} shows a certificate that is not trusted: {cause}; a private authority is given with --cacert"
            );
            return Failure::new(FailureKind::Network, message);
        }
        let of_proxy = self.proxy.as_deref().filter(|_| error.is_connect());
        if let Some(message) = of_proxy.and_then(|proxy| proxys(proxy, host, error, &cause)) {
            return Failure::new(FailureKind::Network, message);
        }
        if let Some(missing) = find::<NoAddress>(error) {
            return Failure::new(FailureKind::Network, format!("{host}: {missing}; is there a network?"));
        }
        if is_refused(error) {
            let message = format!("{host} refuses connections: does a server run at that address?");
            return Failure::new(FailureKind::Network, message);
        }
        let (kind, what) = what(error, &cause);
        Failure::new(kind, format!("{host} {what}: {cause}"))
    }
}

fn what(error: &reqwest::Error, cause: &str) -> (FailureKind, &'static str) {
    match error {
        error if error.is_timeout() => (FailureKind::Timeout, "did not answer in time"),
        error if error.is_connect() => (FailureKind::Network, "can't be reached"),
        error if error.is_decode() => (FailureKind::Http, "sent a body that can't be decompressed, or broke off"),
        error if error.is_body() => (FailureKind::Network, "broke off"),
        _ if BROKEN.iter().any(|text| cause.contains(text)) => (FailureKind::Http, "sent what is no answer"),
        _ => (FailureKind::Network, "did not answer"),
    }
}

/// What a proxy is to blame for.
fn proxys(proxy: &str, host: &str, error: &reqwest::Error, cause: &str) -> Option<String> {
    let chain = causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
    if WHO.iter().any(|text| chain.contains(text)) {
        let at = proxy.split_once("://").map_or(("http", proxy), |parts| parts);
        let (scheme, address) = at;
        return Some(format!(
            "the proxy {proxy} wants another user name and password: give them with --proxy {scheme}://USER:PASSWORD@{address}"
        ));
    }
    if is_refused(error) || chain.contains("failed to create underlying connection") {
        return Some(format!("the proxy {proxy} can't be reached ({cause}): does it run at that address?"));
    }
    if find::<NoAddress>(error).is_some() {
        return Some(format!("the proxy {proxy} or {host} has no address: {cause}"));
    }
    let is_proxys = chain.contains("tunnel") || chain.contains("SOCKS") || chain.contains("socks");
    is_proxys.then(|| format!("the proxy {proxy} doesn't lead to {host}: {cause}; may it be asked of this proxy?"))
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

/// What the innermost error says.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
