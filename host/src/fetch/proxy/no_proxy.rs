//! `NO_PROXY`: hosts that are reached directly although there is a proxy, as curl reads it.

use hyper_util::client::proxy::matcher::Matcher;

/// Hosts that are reached directly: names with their subdomains, addresses and networks, or all hosts.
#[derive(Debug)]
pub(in crate::fetch) enum NoProxy {
    /// Only `*` was given.
    All,
    /// A matcher that intercepts every other host.
    Listed(Box<Matcher>),
}

/// A proxy for the matcher, of which only the match counts.
const ANY_PROXY: &str = "http://proxy";

impl NoProxy {
    /// Reads a list that is separated by commas or blanks. A name matches itself and all names below it, with or without a dot before it; a
    /// name with a port matches nothing, and `*` among others neither.
    pub(in crate::fetch) fn parse(list: &str) -> Self {
        if list == "*" {
            return Self::All;
        }
        let entries = list.split([',', ' ', '\t']).map(|entry| entry.trim_end_matches('.'));
        let entries: Vec<_> = entries.filter(|entry| !matches!(*entry, "" | "*")).collect();
        Self::Listed(Box::new(Matcher::builder().all(ANY_PROXY).no(entries.join(",")).build()))
    }

    /// Whether a host is reached directly.
    pub(in crate::fetch) fn matches(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed(matcher) => {
                let url = format!("https://{}/", host.trim_end_matches('.')).parse();
                url.is_ok_and(|url| matcher.intercept(&url).is_none())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What curl 7.88.1 does with `https://a.example.org/`.
    #[test]
    fn names_match_as_in_curl() {
        for (list, is_direct) in [
            ("*", true),
            ("a.example.org", true),
            ("A.Example.ORG", true),
            ("example.org", true),
            (".example.org", true),
            ("org", true),
            ("example.org.", true),
            (".example.org.", true),
            ("x, example.org", true),
            ("x example.org", true),
            ("x\texample.org", true),
            (",,example.org", true),
            ("", false),
            (" ", false),
            (" * ", false),
            ("*,b", false),
            ("b,*", false),
            ("ample.org", false),
            ("b.a.example.org", false),
            ("*.example.org", false),
            ("example.org:443", false),
        ] {
            assert_eq!(NoProxy::parse(list).matches("a.example.org"), is_direct, "{list:?}");
        }
        assert!(NoProxy::parse("example.org").matches("a.example.org."));
    }

    #[test]
    fn addresses_match_by_themselves_or_their_network() {
        for (list, host, is_direct) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.0/8", "127.0.0.1", true),
            ("127.0.0.1/32", "127.0.0.1", true),
            ("::1", "[::1]", true),
            ("2001:db8::/32", "[2001:db8::1]", true),
            ("10.0.0.0/8", "127.0.0.1", false),
            ("127.0.0.1/33", "127.0.0.1", false),
            ("127.1", "127.0.0.1", false),
            ("0.0.1", "127.0.0.1", false),
        ] {
            assert_eq!(NoProxy::parse(list).matches(host), is_direct, "{list:?}");
        }
    }
}
