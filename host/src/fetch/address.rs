//! May this address be asked?

use reqwest::Url;

use crate::{Failure, FailureKind};

/// Bytes of an address: servers take little more.
const LONGEST: usize = 16 << 10;

/// Characters of it in a message.
const SHOWN: usize = 200;

/// The URL, if it is https to one of `hosts` on the usual port.
pub(super) fn checked(url: &str, hosts: &[String]) -> Result<Url, Failure> {
    let forbidden = |what: &str| {
        let shown: String = url.escape_debug().take(SHOWN).collect();
        Failure::new(FailureKind::Forbidden, format!("it may not ask {shown}: {what}"))
    };
    if url.len() > LONGEST {
        return Err(forbidden(&format!("the address has {} bytes, above the limit of {LONGEST}", url.len())));
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
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn only_declared_hosts_over_https() {
        let hosts = ["play.google.com".to_owned()];
        assert!(checked("https://play.google.com/store?id=a", &hosts).is_ok());
        assert!(checked("https://PLAY.google.com:443/", &hosts).is_ok());
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
            assert!(checked(url, &hosts).is_err(), "{url}");
        }
    }
}
