//! Canned responses by the beginning of the address.

use parking_lot::RwLock;

/// A response that is always the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Canned {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body as it is, never compressed.
    pub body: Vec<u8>,
}

impl Canned {
    /// A page of HTML.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())],
            body: body.into(),
        }
    }

    /// The same with one more header, or another value for it.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The canned responses of a store, the newest first.
#[derive(Debug, Default)]
pub(crate) struct Cans(RwLock<Vec<(String, Canned)>>);

impl Cans {
    /// Adds one, for addresses that start so: with a path, on any host, or with `https://`.
    pub(crate) fn put(&self, prefix: &str, canned: Canned) {
        self.0.write().insert(0, (prefix.to_owned(), canned));
    }

    /// Takes all away.
    pub(crate) fn clear(&self) {
        self.0.write().clear();
    }

    /// The one for an address.
    pub(crate) fn find(&self, host: &str, path_and_query: &str) -> Option<Canned> {
        let cans = self.0.read();
        let matches = |prefix: &str| {
            path_and_query.starts_with(prefix) || format!("https://{host}{path_and_query}").starts_with(prefix)
        };
        cans.iter().find(|(prefix, _)| matches(prefix)).map(|(_, canned)| canned.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_that_matches_is_served() {
        let cans = Cans::default();
        cans.put("/store", Canned::new(500, "old"));
        cans.put("https://play.google.com/store/apps", Canned::new(503, "new"));
        assert_eq!(cans.find("play.google.com", "/store/apps?x").unwrap().status, 503);
        assert_eq!(cans.find("localhost", "/store/apps?x").unwrap().status, 500);
        assert_eq!(cans.find("localhost", "/"), None);
    }
}
