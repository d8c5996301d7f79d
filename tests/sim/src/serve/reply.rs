//! Status, headers and a content that is compressed if the client likes.

use hyper::Response;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, VARY};
use std::time::Duration;

use super::stream::{Ending, Stream};
use super::walls::NOT_FOUND;
use crate::body::Content;
use crate::canned::Canned;
use crate::stats::InFlight;

/// How much of a truncated body is left, in percent.
const KEPT: usize = 60;

/// An answer that has not been sent yet.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    content: Content,
    compressible: bool,
    ending: Ending,
    /// How long it is held back beyond the latency.
    pub(crate) stall: Duration,
}

impl Reply {
    /// A page.
    pub(crate) fn html(status: u16, content: impl Into<Content>) -> Self {
        Self::new(status, content.into(), "text/html; charset=utf-8")
    }

    /// What the store says of a page that it doesn't have.
    pub(crate) fn not_found() -> Self {
        Self::html(404, NOT_FOUND.to_owned())
    }

    /// A text.
    pub(crate) fn text(content: impl Into<Content>) -> Self {
        Self::new(200, content.into(), "text/plain; charset=utf-8")
    }

    /// A batchexecute answer.
    pub(crate) fn json(content: Content) -> Self {
        Self::new(200, content, "application/json; charset=utf-8")
    }

    fn new(status: u16, content: Content, media: &'static str) -> Self {
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static(media))];
        Self { status, headers, content, compressible: true, ending: Ending::Complete, stall: Duration::ZERO }
    }

    /// A redirect.
    pub(crate) fn redirect(status: u16, target: &str) -> Self {
        Self::html(status, format!("<a href=\"{}\">moved</a>", crate::catalogue::encode(target))).with(LOCATION, target)
    }

    /// A fixed response; headers that are none were refused when it was put in.
    pub(crate) fn canned(canned: Canned) -> Self {
        let mut content = Content::default();
        content.own(canned.body);
        let header = |(name, value): (String, String)| Some((name.parse().ok()?, value.parse().ok()?));
        let headers = canned.headers.into_iter().filter_map(header).collect();
        Self { headers, compressible: false, ..Self::new(canned.status, content, "") }
    }

    /// With one more header, unless its value can't be one.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(value.parse().ok().map(|value| (name, value)));
        self
    }

    /// With `Retry-After`, if there is a delay.
    pub(crate) fn retry_after(self, delay: Option<Duration>) -> Self {
        match delay {
            Some(delay) => self.with(RETRY_AFTER, &delay.as_secs().to_string()),
            None => self,
        }
    }

    /// With a body that breaks off.
    pub(crate) fn reset(self) -> Self {
        Self { ending: Ending::Reset, ..self }
    }

    /// With a body that is too short and looks complete; plain, since a compressed one would not unpack.
    pub(crate) fn truncated(mut self) -> Self {
        let whole = self.content.plain().concat();
        self.content = Content::default();
        self.content.own(whole.get(..whole.len() * KEPT / 100).unwrap_or_default().to_vec());
        Self { compressible: false, ..self }
    }

    /// The response, as the client takes it.
    pub(crate) fn response(self, gzip: bool, guard: InFlight) -> Response<Stream> {
        let gzip = gzip && self.compressible;
        let chunks = if gzip { self.content.gzip() } else { self.content.plain() };
        let mut response = Response::new(Stream::new(chunks, self.ending, guard));
        *response.status_mut() = self.status.try_into().unwrap_or_default();
        let headers = response.headers_mut();
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        if gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        response
    }
}
