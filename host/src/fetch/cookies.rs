//! Cookies of requests.
//!
//! They are the parser's, the user's and, if the user wants that, those that the host set; of several with one name, the first in this order. They
//! are combined for each hop, so that a redirect carries the cookies of its own host.

use std::fmt;

use parking_lot::{Mutex, MutexGuard};
use reqwest::Url;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

use super::ClientError;

/// Bytes of set cookies after which the jar is emptied, so that a host can't fill memory. Hosts set some hundred bytes at a time.
const MAX_JAR_BYTES: usize = 4 << 20;

/// Cookies for all requests.
pub(super) struct Cookies {
    /// The user's, in the form of a header.
    given: Vec<String>,
    jar: Option<Mutex<Kept>>,
}

/// Cookies that hosts set, and their bytes since the jar was emptied.
#[derive(Default)]
struct Kept {
    jar: Jar,
    bytes: usize,
}

impl Cookies {
    /// The user's cookies, with a jar if hosts' cookies are kept.
    pub(super) fn new<'c>(given: impl Iterator<Item = &'c str>, keep: bool) -> Result<Self, ClientError> {
        let given = given.map(|cookie| checked(cookie).map(str::to_owned)).collect::<Result<_, _>>()?;
        Ok(Self { given, jar: keep.then(Mutex::default) })
    }

    /// Adds cookies to a request's headers, after the parser's own.
    pub(super) fn add(&self, url: &Url, headers: &mut HeaderMap) {
        let kept = self.kept().and_then(|kept| kept.jar.cookies(url));
        if self.given.is_empty() && kept.is_none() {
            return;
        }
        let own = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let kept = kept.as_ref().and_then(|value| value.to_str().ok());
        let all = merged(own.chain(self.given.iter().map(String::as_str)).chain(kept));
        if let Ok(value) = HeaderValue::try_from(all) {
            headers.insert(COOKIE, value);
        }
    }

    /// Stores the cookies that a response sets.
    pub(super) fn store(&self, url: &Url, headers: &HeaderMap) {
        let Some(mut kept) = self.kept() else { return };
        let set = headers.get_all(SET_COOKIE);
        kept.bytes += set.iter().map(HeaderValue::len).sum::<usize>();
        if kept.bytes > MAX_JAR_BYTES {
            *kept = Kept::default();
        }
        kept.jar.set_cookies(&mut set.iter(), url);
    }

    fn kept(&self) -> Option<MutexGuard<'_, Kept>> {
        self.jar.as_ref().map(|jar| jar.lock())
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cookies").field("kept", &self.jar.is_some()).finish_non_exhaustive()
    }
}

/// Reads one cookie, `NAME=VALUE`.
fn checked(cookie: &str) -> Result<&str, ClientError> {
    let cookie = cookie.trim();
    let (name, value) = cookie.split_once('=').unwrap_or_default();
    let is_fit = |text: &str| text.chars().all(|character| character.is_ascii_graphic() && character != ';');
    match !name.is_empty() && is_fit(name) && is_fit(value) {
        true => Ok(cookie),
        // Its value may be a secret.
        false => Err(ClientError::Cookie { name: name.escape_debug().to_string() }),
    }
}

/// Combines cookies into one header. Of several with one name, the first counts.
fn merged<'c>(headers: impl Iterator<Item = &'c str>) -> String {
    let mut all: Vec<&str> = Vec::new();
    let name = |cookie: &'c str| cookie.split('=').next();
    for cookie in headers.flat_map(|header| header.split(';')).map(str::trim).filter(|cookie| !cookie.is_empty()) {
        if !all.iter().any(|other| name(other) == name(cookie)) {
            all.push(cookie);
        }
    }
    all.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn borne(cookies: &Cookies, to: &str, own: Option<&str>) -> Option<String> {
        let own = own.map(|own| (COOKIE, HeaderValue::from_str(own).unwrap()));
        let mut headers: HeaderMap = own.into_iter().collect();
        cookies.add(&url(to), &mut headers);
        headers.get(COOKIE).map(|value| value.to_str().unwrap().to_owned())
    }

    fn sets(cookies: &Cookies, from: &str, cookie: &str) {
        let set = (SET_COOKIE, HeaderValue::from_str(cookie).unwrap());
        cookies.store(&url(from), &[set].into_iter().collect());
    }

    #[test]
    fn the_parsers_go_before_the_users_and_these_before_the_hosts() {
        let cookies = Cookies::new(["a=1", "b=1"].into_iter(), true).unwrap();
        sets(&cookies, "https://x.example/", "b=2; Secure");
        sets(&cookies, "https://x.example/", "c=2; Path=/");
        assert_eq!(borne(&cookies, "https://x.example/", Some("a=0; d=0")).unwrap(), "a=0; d=0; b=1; c=2");
        assert_eq!(borne(&cookies, "https://y.example/", None).unwrap(), "a=1; b=1");
    }

    #[test]
    fn nothing_is_kept_where_nobody_asked_for_it() {
        let cookies = Cookies::new([].into_iter(), false).unwrap();
        sets(&cookies, "https://x.example/", "b=2");
        assert_eq!(borne(&cookies, "https://x.example/", None), None);
        assert_eq!(borne(&cookies, "https://x.example/", Some("a=1")).unwrap(), "a=1");
    }

    #[test]
    fn what_hosts_set_does_not_pile_up() {
        let cookies = Cookies::new([].into_iter(), true).unwrap();
        for number in 0..2000 {
            sets(&cookies, "https://x.example/", &format!("c{number}={}", "x".repeat(4000)));
        }
        assert!(borne(&cookies, "https://x.example/", None).unwrap().len() <= MAX_JAR_BYTES);
    }

    #[test]
    fn what_is_no_cookie_is_refused() {
        for text in ["", "a", "=b", "a=b; c=d", "a=b\r\nhost: x", "ä=b"] {
            assert!(Cookies::new([text].into_iter(), false).is_err(), "{text:?}");
        }
    }
}
