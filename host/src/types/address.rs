//! Addresses as people write them: host and query string.

use percent_encoding::percent_decode_str;

use super::host_of;

/// The host of a text that is an address: with a scheme, or starting with one of `hosts`. `None` if it is none.
pub(crate) fn address_host(text: &str, hosts: &[String]) -> Option<String> {
    let is_web = ["https://", "http://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let host = host_of(text);
    (is_web || (text.contains('/') && hosts.contains(&host))).then_some(host)
}

/// The first value with this name in the query string of an address, decoded; `None` if there is none.
pub(crate) fn query_param(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    let value = query.split('&').find_map(|pair| pair.split_once('=').filter(|(own, _)| *own == name))?.1;
    let spaced = value.replace('+', " ");
    Some(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_names() {
        let hosts = ["play.google.com".to_owned()];
        for (text, host) in [
            ("https://play.google.com/store/apps/details?id=a.b", Some("play.google.com")),
            ("HTTPS://Play.Google.com", Some("play.google.com")),
            ("http://example.org/", Some("example.org")),
            ("play.google.com/store/apps/details?id=a.b", Some("play.google.com")),
            ("play.google.com", None),
            ("example.org/store", None),
            ("com.a.b", None),
            ("", None),
        ] {
            assert_eq!(address_host(text, &hosts).as_deref(), host, "{text}");
        }
    }

    #[test]
    fn query_strings_are_decoded() {
        let address = "https://example.org/a?xid=1&id=a%2Eb+c&id=2#id=3";
        assert_eq!(query_param(address, "id").as_deref(), Some("a.b c"));
        assert_eq!(query_param(address, "hl"), None);
        assert_eq!(query_param("https://example.org/id=5", "id"), None);
    }
}
