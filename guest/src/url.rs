//! URLs and forms, percent-encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What RFC 3986 calls unreserved stays as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `name=value&…`, percent-encoded: a query string, or a form's body.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name, ENCODED));
        text.push('=');
        text.extend(utf8_percent_encode(value, ENCODED));
    }
    text
}

/// A URL with a query string.
pub fn with_query<'a>(base: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    format!("{base}?{}", query(pairs))
}

/// The decoded value of a parameter in a URL's query string.
#[must_use]
pub fn param(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or(query);
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
}

/// The host of an absolute URL.
#[must_use]
pub fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    host.split(':').next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let url = with_query("https://example.org/a", [("q", "Käse & \"Brot\"+1"), ("id", "a.b_c")]);
        assert_eq!(url, "https://example.org/a?q=K%C3%A4se%20%26%20%22Brot%22%2B1&id=a.b_c");
        assert_eq!(param(&url, "q").unwrap(), "Käse & \"Brot\"+1");
        assert_eq!(param("/store/apps/developer?id=A+B%2C&x=1#f", "id").unwrap(), "A B,");
        assert_eq!(param(&url, "i"), None);
    }

    #[test]
    fn a_host_is_what_stands_between() {
        assert_eq!(host("https://user@www.google.com:443/sorry?a=b"), Some("www.google.com"));
        assert_eq!(host("/store"), None);
    }
}
