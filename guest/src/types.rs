//! What passes between a host and a parser: the contract's types as plain Rust.

/// A parser of one site's responses. All three functions are pure: what they return depends on their arguments alone.
pub trait Parser {
    /// The description: a JSON document that fits `description.schema.json`.
    fn describe() -> String;

    /// The requests that ask for `queries`, at most `per_request` of them in each. [`Requests::one_each`] and [`crate::group`] help.
    fn request(queries: &[Query], per_request: u32) -> Requests;

    /// What the response says about each of `queries`, in their order.
    ///
    /// # Errors
    /// One failure for the response as a whole: a wall, a server's error.
    fn parse(queries: &[Query], response: &HttpResponse) -> Result<Vec<Result<Page, Failure>>, Failure>;
}

/// One question: a kind that the parser describes, with its parameters as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    /// One of the description's kinds.
    pub kind: String,
    /// Names and values, as the description's schema allows them.
    pub params: Vec<(String, String)>,
    /// What the parser gave itself to go on with ([`Page::next`]).
    pub state: Option<String>,
}

impl Query {
    /// The value of a parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// How a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

/// A request. It only reads: the host may repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// How it asks.
    pub method: Method,
    /// https, to a host that the description names.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What a POST sends.
    pub body: Option<Vec<u8>>,
}

impl HttpRequest {
    /// A GET of `url`.
    #[must_use]
    pub const fn get(url: String) -> Self {
        Self { method: Method::Get, url, headers: Vec::new(), body: None }
    }

    /// A POST of a form's fields, percent-encoded.
    #[must_use]
    pub fn form<'a>(url: String, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let content_type = "application/x-www-form-urlencoded;charset=UTF-8";
        Self {
            method: Method::Post,
            url,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: Some(crate::url::query(fields).into_bytes()),
        }
    }
}

/// A request, and which of the queries (by index) it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What is sent.
    pub request: HttpRequest,
    /// Indices into the queries that [`Parser::request`] was given.
    pub queries: Vec<u32>,
}

/// The answer to [`Parser::request`]: every query is either in one exchange or refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// What is to be sent.
    pub exchanges: Vec<Exchange>,
    /// Queries that can't be asked, by index.
    pub refused: Vec<(u32, Failure)>,
}

impl Requests {
    /// A request of its own for each query.
    pub fn one_each(queries: &[Query], mut request: impl FnMut(&Query) -> Result<HttpRequest, Failure>) -> Self {
        let mut requests = Self::default();
        for (index, query) in (0..).zip(queries) {
            match request(query) {
                Ok(request) => requests.exchanges.push(Exchange { request, queries: vec![index] }),
                Err(failure) => requests.refused.push((index, failure)),
            }
        }
        requests
    }
}

/// A complete response, whatever its status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// Where it came from: redirects within the described hosts have been followed.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values byte by byte as Latin-1.
    pub headers: Vec<(String, String)>,
    /// Decompressed, otherwise as it came.
    pub body: Vec<u8>,
    /// When it was received, in milliseconds since 1970 UTC.
    pub received_at: u64,
}

impl HttpResponse {
    /// The first value of a header, whose name is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The `Retry-After` header in milliseconds, where it is given in seconds.
    #[must_use]
    pub fn retry_after_ms(&self) -> Option<u64> {
        self.header("retry-after")?.trim().parse::<u64>().ok()?.checked_mul(1000)
    }
}

/// What a response says about one query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// JSON objects in the response's order.
    pub records: Vec<String>,
    /// The state with which the same query goes on; absent at its end.
    pub next: Option<String>,
    /// Further queries that the answer raises.
    pub follow: Vec<Query>,
    /// For a person: what the site would not give, or gave otherwise than asked.
    pub notes: Vec<String>,
}

/// Why a query has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Can't be asked like this. Final.
    InvalidQuery,
    /// The site says that there is no such thing. Final.
    NotFound,
    /// A captcha, a consent page, a quota: slow down, then try again.
    Blocked,
    /// The site failed for now, or the body is cut short: try again.
    Unavailable,
    /// Laid out otherwise than this parser knows: another parser is needed.
    LayoutChanged,
}

/// A failure of one query, or of a response as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What to do about it.
    pub kind: FailureKind,
    /// For a person.
    pub message: String,
    /// When to try again, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after_ms: None }
    }

    /// [`FailureKind::InvalidQuery`].
    pub fn invalid_query(message: impl Into<String>) -> Self {
        Self::new(FailureKind::InvalidQuery, message)
    }

    /// [`FailureKind::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(FailureKind::NotFound, message)
    }

    /// [`FailureKind::Blocked`].
    pub fn blocked(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Blocked, message)
    }

    /// [`FailureKind::Unavailable`].
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unavailable, message)
    }

    /// [`FailureKind::LayoutChanged`].
    pub fn layout_changed(message: impl Into<String>) -> Self {
        Self::new(FailureKind::LayoutChanged, message)
    }

    /// The same, with the time after which the site may be asked again.
    #[must_use]
    pub const fn retry_after_ms(mut self, milliseconds: Option<u64>) -> Self {
        self.retry_after_ms = milliseconds;
        self
    }
}
