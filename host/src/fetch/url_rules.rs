//! Rules of URLs: which a parser may ask, and which redirects are followed.

use std::net::IpAddr;

use reqwest::Url;

use super::ConnectTo;
use crate::types::{Failure, FailureKind, Remedy};

/// Bytes of a URL; servers accept little more.
const MAX_URL_BYTES: usize = 16 << 10;

/// Characters of a URL in a message.
const MAX_SHOWN_CHARS: usize = 200;

/// Parses a URL, which must be https to one of `hosts` on the default port. An IP address is allowed only by `connect_to`.
pub(super) fn checked(url: &str, hosts: &[String], connect_to: &[ConnectTo]) -> Result<Url, Failure> {
    let forbidden = |what: &str| forbidden("ask", url, what);
    if url.len() > MAX_URL_BYTES {
        return Err(forbidden(&format!("the address has {} bytes, above the limit of {MAX_URL_BYTES}", url.len())));
    }
    let parsed = Url::parse(url).map_err(|error| forbidden(&error.to_string()))?;
    let host = parsed.host_str().unwrap_or_default();
    if parsed.scheme() != "https" {
        return Err(forbidden("it is not https"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(forbidden("it has a user name"));
    }
    if parsed.port().is_some() {
        return Err(forbidden("it names a port"));
    }
    if !hosts.iter().any(|allowed| allowed == host) {
        return Err(forbidden(&format!("it declares {} alone", hosts.join(", "))));
    }
    match literal(&parsed).filter(|address| !connect_to.iter().any(|to| to.allows(*address))) {
        Some(_) => {
            let remedy = Remedy::ConnectTo { host: host.to_owned() };
            Err(forbidden("a host must have a name").with_remedy(remedy))
        }
        None => Ok(parsed),
    }
}

/// Target of a redirect.
#[derive(Debug)]
pub(super) enum Redirect {
    /// A host that may be asked.
    Follow(Url),
    /// Another host. The parser decides whether that is a block page.
    Leave,
}

/// The target of a redirect from `url`. A redirect to an IP address or to this machine fails, since no site sends one.
pub(super) fn redirect(
    url: &Url,
    location: &str,
    hosts: &[String],
    connect_to: &[ConnectTo],
) -> Result<Redirect, Failure> {
    let Ok(target) = url.join(location) else { return Ok(Redirect::Leave) };
    match checked(target.as_str(), hosts, connect_to) {
        Ok(target) => Ok(Redirect::Follow(target)),
        Err(_) if is_local(&target) => {
            let what = format!("{} redirects there, and it is no public host", url.host_str().unwrap_or_default());
            Err(forbidden("follow", target.as_str(), &what))
        }
        Err(_) => Ok(Redirect::Leave),
    }
}

/// Whether a URL names an IP address, or this machine (RFC 6761).
fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    literal(url).is_some() || host == "localhost" || host.ends_with(".localhost")
}

/// The IP address of a URL, in any notation.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn forbidden(verb: &str, url: &str, what: &str) -> Failure {
    let shown: String = url.escape_debug().take(MAX_SHOWN_CHARS).collect();
    Failure::new(FailureKind::Forbidden, format!("it may not {verb} {shown}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_hosts_over_https() {
        let hosts = ["play.google.com".to_owned()];
        let checked = |url: &str| checked(url, &hosts, &[]);
        assert!(checked("https://play.google.com/store?id=a").is_ok());
        assert!(checked("https://PLAY.google.com:443/").is_ok());
        for url in [
            "http://play.google.com/",
            "https://google.com/",
            "https://play.google.com.evil.example/",
            "https://play.google.com@evil.example/",
            "https://user@play.google.com/",
            "https://play.google.com:8443/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "file:///etc/passwd",
            "play.google.com",
            "",
        ] {
            assert!(checked(url).is_err(), "{url}");
        }
    }

    #[test]
    fn an_address_in_place_of_a_name_is_the_users_to_allow() {
        let hosts = ["127.0.0.1", "0.0.0.1", "8.8.8.8", "[::1]", "localhost"].map(str::to_owned);
        let allowed: [ConnectTo; 2] =
            ["127.0.0.1:443:127.0.0.1:443", "[::1]:443:[::1]:443"].map(|to| to.parse().unwrap());
        for url in
            ["https://127.0.0.1/", "https://0x7f.1/", "https://2130706433/", "https://[::1]/", "https://[0:0::1]/"]
        {
            let refused = checked(url, &hosts, &[]).unwrap_err();
            assert!(refused.message.contains("a host must have a name"), "{refused}");
            assert!(checked(url, &hosts, &allowed).is_ok(), "{url}");
        }
        for url in ["https://8.8.8.8/", "https://1/"] {
            assert!(checked(url, &hosts, &allowed).is_err(), "{url}");
        }
        assert!(checked("https://localhost/", &hosts, &[]).is_ok(), "where that leads, the resolver looks at");
    }

    #[test]
    fn a_redirect_is_followed_left_or_refused() {
        let hosts = ["a.example".to_owned(), "b.example".to_owned()];
        let url = Url::parse("https://a.example/x").unwrap();
        let to = |location: &str| redirect(&url, location, &hosts, &[]);
        for location in ["/y", "//b.example/", "https://b.example/z"] {
            assert!(matches!(to(location), Ok(Redirect::Follow(_))), "{location}");
        }
        for location in
            ["https://consent.example/", "http://b.example/", "https://b.example:1/", "mailto:me", "https://["]
        {
            assert!(matches!(to(location), Ok(Redirect::Leave)), "{location}");
        }
        for location in [
            "https://127.0.0.1/",
            "http://0x7f.1/",
            "//[::1]/",
            "https://8.8.8.8",
            "https://localhost./",
            "http://A.localhost:80/",
        ] {
            let failure = to(location).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Forbidden, "{location}");
        }
    }
}
