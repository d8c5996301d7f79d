//! What does an error of the client mean, and what can be done about it?

use std::error::Error;
use std::io;

use reqwest::Url;

use super::resolve::{NoAddress, Private};
use crate::{Failure, FailureKind};

/// The failure of a request to `url`.
pub(super) fn of(url: &Url, error: &reqwest::Error) -> Failure {
    let host = url.host_str().unwrap_or_default();
    let cause = root_cause(error);
    if let Some(private) = find::<Private>(error) {
        let message = format!("{host}: {private}; if that is meant, say so with --connect-to");
        return Failure::new(FailureKind::Forbidden, message);
    }
    if let Some(missing) = find::<NoAddress>(error) {
        return Failure::new(FailureKind::Network, format!("{host}: {missing}; is there a network?"));
    }
    if cause.contains("certificate") {
        let message = format!(
            "{host} shows a certificate that is not trusted: {cause}; a private authority is given with --cacert"
        );
        return Failure::new(FailureKind::Network, message);
    }
    if let Some(io::ErrorKind::ConnectionRefused) = find::<io::Error>(error).map(io::Error::kind) {
        let message = format!("{host} refuses connections: does a server run at that address?");
        return Failure::new(FailureKind::Network, message);
    }
    let (kind, what) = match error {
        error if error.is_timeout() => (FailureKind::Timeout, "did not answer in time"),
        error if error.is_connect() => (FailureKind::Network, "can't be reached"),
        error if error.is_decode() => (FailureKind::Http, "sent a body that can't be decompressed, or broke off"),
        error if error.is_body() => (FailureKind::Network, "broke off"),
        _ => (FailureKind::Network, "did not answer"),
    };
    Failure::new(kind, format!("{host} {what}: {cause}"))
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
