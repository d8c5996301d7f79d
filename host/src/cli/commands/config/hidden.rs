//! Secrets in the values of options, which are never printed.

/// What is printed instead of a secret.
const HIDDEN: &str = "***";

/// Parts of the names of headers whose values are secrets.
const SECRET_HEADERS: [&str; 6] = ["auth", "cookie", "key", "password", "secret", "token"];

/// The value of an option, without the secrets in it.
pub(super) fn hide(option: &str, value: &str) -> String {
    match option {
        "proxy" => hide_password(value),
        "cookie" => hide_after(value, '='),
        "request-header" if is_secret(value) => hide_after(value, ':'),
        _ => value.to_owned(),
    }
}

fn is_secret(header: &str) -> bool {
    let name = header.split(':').next().unwrap_or_default().to_lowercase();
    SECRET_HEADERS.iter().any(|part| name.contains(part))
}

fn hide_after(value: &str, separator: char) -> String {
    match value.split_once(separator) {
        Some((name, _)) if separator == ':' => format!("{name}: {HIDDEN}"),
        Some((name, _)) => format!("{name}{separator}{HIDDEN}"),
        None => HIDDEN.to_owned(),
    }
}

/// A proxy's address without its password, which ends at the last `@`: one that isn't encoded may hold any character.
fn hide_password(value: &str) -> String {
    let Some((before, host)) = value.rsplit_once('@') else { return value.to_owned() };
    let (scheme, credentials) = before
        .split_once("://")
        .map_or(("", before), |(_, rest)| (before.strip_suffix(rest).unwrap_or_default(), rest));
    match credentials.split_once(':') {
        Some((user, _)) => format!("{scheme}{user}:{HIDDEN}@{host}"),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_is_shown() {
        for (option, value, shown) in [
            ("proxy", "socks5h://me:pass@host:1080", "socks5h://me:***@host:1080"),
            ("proxy", "http://host:80", "http://host:80"),
            ("proxy", "me:pa#ss@host:80", "me:***@host:80"),
            ("proxy", "http://me:p@/ss@host:80", "http://me:***@host:80"),
            ("proxy", "http://me@host:80", "http://me@host:80"),
            ("cookie", "SID=secret", "SID=***"),
            ("request-header", "Authorization: Bearer x", "Authorization: ***"),
            ("request-header", "X-Api-Key:x", "X-Api-Key: ***"),
            ("request-header", "Accept-Language: en", "Accept-Language: en"),
            ("rate", "5", "5"),
        ] {
            assert_eq!(hide(option, value), shown, "{value}");
        }
    }
}
