//! Its site, path, parameters and form, read once.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, HOST};
use hyper::{Method, Request};

use crate::catalogue::AppQuery;

/// The longest form that is read, in bytes: room for the 24,576 calls for one field that the real store answered (PLAY.md, section 6).
const LONGEST_FORM: usize = 8 << 20;

/// Which of the hosts is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    Play,
    Search,
    Consent,
}

/// A request, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Inquiry {
    pub(crate) host: String,
    pub(crate) post: bool,
    pub(crate) path: String,
    pub(crate) path_and_query: String,
    pub(crate) gzip: bool,
    pub(crate) form: Bytes,
    params: Vec<(String, String)>,
}

impl Inquiry {
    /// Reads a request; nothing if its body breaks off or is too long.
    pub(crate) async fn read(request: Request<Incoming>) -> Option<Self> {
        let (head, body) = request.into_parts();
        let form = Limited::new(body, LONGEST_FORM).collect().await.ok()?.to_bytes();
        let named = head.headers.get(HOST).and_then(|value| value.to_str().ok());
        let host = head.uri.host().or(named).unwrap_or_default();
        let accepted = head.headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        Some(Self {
            host: host.split(':').next().unwrap_or_default().to_ascii_lowercase(),
            post: head.method == Method::POST,
            path: head.uri.path().to_owned(),
            path_and_query: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            gzip: accepted.flat_map(|value| value.split(',')).any(takes_gzip),
            form,
            params: pairs(head.uri.query().unwrap_or_default()),
        })
    }

    /// The host's site; anything but the walls' hosts is the store.
    pub(crate) fn site(&self) -> Site {
        match self.host.as_str() {
            "www.google.com" => Site::Search,
            "consent.google.com" => Site::Consent,
            _ => Site::Play,
        }
    }

    /// A parameter of the query string.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// `hl`, English if absent.
    pub(crate) fn language(&self) -> String {
        self.param("hl").unwrap_or("en").to_owned()
    }

    /// `gl` in small letters, the United States if absent.
    pub(crate) fn country(&self) -> String {
        self.param("gl").unwrap_or("us").to_ascii_lowercase()
    }

    /// An app in the request's language and country.
    pub(crate) fn app(&self, id: &str) -> AppQuery {
        AppQuery { id: id.to_owned(), language: self.language(), country: self.country() }
    }
}

/// Whether an entry of `Accept-Encoding` takes gzip: `gzip` without `q=0`.
fn takes_gzip(entry: &str) -> bool {
    let mut parts = entry.split(';').map(str::trim);
    let named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case("gzip") || coding == "*");
    named && !parts.any(|part| part.starts_with("q=0") && part.trim_start_matches(['q', '=', '0', '.']).is_empty())
}

/// The pairs of a query string, decoded.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_unless_refused() {
        for entry in ["gzip", " gzip;q=0.5", "*"] {
            assert!(takes_gzip(entry), "{entry}");
        }
        for entry in ["br", "gzip;q=0", "gzip; q=0.0", ""] {
            assert!(!takes_gzip(entry), "{entry}");
        }
    }
}
