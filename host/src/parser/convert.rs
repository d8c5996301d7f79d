//! Conversion between the contract's types and the host's, with the checks of results.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::bindings::wit;
use super::sandbox::Call;
use crate::parser::Description;
use crate::types::{Exchange, Failure, FailureKind, Page, Query, Request, Requests, Response, header_texts, one_line};

/// Bytes of a further query or a state: a run may hold thousands of them.
const MAX_QUERY_BYTES: usize = 64 << 10;

/// Pairs of a name and a value, borrowed.
type Pairs<'p> = Vec<(&'p str, &'p str)>;

/// The parameter that selects fields, and its value.
type Selected<'d> = (&'d str, Arc<str>);

/// The fields that queries select, as the parameter that tells the parser: one for each query that selects some.
pub(super) fn selections<'d>(queries: &[Query], description: &'d Description) -> Vec<Option<Selected<'d>>> {
    // Queries of a batch select the same fields.
    let mut last: Option<(&Query, Option<Selected<'d>>)> = None;
    let selection = |query: &Query| {
        let selection = description.kind(query.kind())?.selection(query)?;
        Some((selection.param, Arc::from(selection.fields.join(","))))
    };
    let of_query = |query| match &last {
        Some((before, selected)) if Query::selects_as(before, query) => selected.clone(),
        _ => {
            let selected = selection(query);
            last = Some((query, selected.clone()));
            selected
        }
    };
    queries.iter().map(of_query).collect()
}

/// The parameters of queries and what they select, from which [`to_wit_queries`] borrows.
pub(super) fn params<'q>(queries: &'q [Query], selections: &'q [Option<Selected<'q>>]) -> Vec<Pairs<'q>> {
    let selected = |selection: &'q Option<Selected<'q>>| selection.as_ref().map(|(name, fields)| (*name, &**fields));
    let of_query = |(query, selection): (&'q Query, _)| query.params().chain(selected(selection)).collect();
    queries.iter().zip(selections).map(of_query).collect()
}

/// Queries in the contract's types, with the parameters that [`params`] returns.
pub(super) fn to_wit_queries<'q>(queries: &'q [Query], params: &'q [Pairs<'q>]) -> Vec<wit::QueryParam<'q>> {
    let to_wit_queries = |(query, params): (&'q Query, &'q Pairs<'q>)| wit::QueryParam {
        kind: query.kind(),
        params,
        state: query.state(),
    };
    queries.iter().zip(params).map(to_wit_queries).collect()
}

/// The headers of a response, from which [`to_wit_response`] borrows.
pub(super) fn headers(response: &Response) -> Vec<(&str, Cow<'_, str>)> {
    header_texts(&response.headers).collect()
}

/// Borrows the result of [`headers`].
pub(super) fn pairs<'h>(headers: &'h [(&'h str, Cow<'h, str>)]) -> Pairs<'h> {
    headers.iter().map(|(name, value)| (*name, &**value)).collect()
}

/// A response in the contract's types, with the headers that [`pairs`] returns.
pub(super) fn to_wit_response<'r>(response: &'r Response, headers: &'r [(&'r str, &'r str)]) -> wit::HttpResponse<'r> {
    let since = response.received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    wit::HttpResponse {
        url: &response.url,
        status: response.status.as_u16(),
        headers,
        body: &response.body,
        received_at: since.as_millis().try_into().unwrap_or(u64::MAX),
    }
}

impl From<wit::QueryResult> for Query {
    fn from(query: wit::QueryResult) -> Self {
        let params = query.params.into_iter().map(|(name, value)| (Arc::from(name), Arc::from(value)));
        let plain = Self::new(query.kind, params);
        match query.state {
            Some(state) => plain.with_state(&state),
            None => plain,
        }
    }
}

impl From<wit::Failure> for Failure {
    fn from(failure: wit::Failure) -> Self {
        let kind = match failure.kind {
            wit::FailureKind::InvalidQuery => FailureKind::InvalidQuery,
            wit::FailureKind::NotFound => FailureKind::NotFound,
            wit::FailureKind::Blocked => FailureKind::Blocked,
            wit::FailureKind::Unavailable => FailureKind::Unavailable,
            wit::FailureKind::LayoutChanged => FailureKind::LayoutChanged,
        };
        Self { retry_after: failure.retry_after_ms.map(Duration::from_millis), ..Self::new(kind, failure.message) }
    }
}

impl TryFrom<wit::HttpRequest> for Request {
    /// Why a header is invalid.
    type Error = String;

    fn try_from(request: wit::HttpRequest) -> Result<Self, String> {
        let method = match request.method {
            wit::Method::Get => Method::GET,
            wit::Method::Post => Method::POST,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let (name, value) = header(name, value)?;
            headers.append(name, value);
        }
        Ok(Self { method, url: request.url, headers, body: request.body.map(Into::into) })
    }
}

/// Characters of a header's name in a message.
const MAX_SHOWN_CHARS: usize = 60;

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let invalid = |what: &str| {
        let name: String = name.escape_debug().take(MAX_SHOWN_CHARS).collect();
        format!("a request has the header {name}: {what}")
    };
    let name = HeaderName::try_from(name).map_err(|_| invalid("no header has such a name"))?;
    Ok((name, HeaderValue::from_str(value).map_err(|_| invalid("its value has characters that none may have"))?))
}

/// The requests for `count` queries.
///
/// # Errors
/// Every query must be in just one exchange, or refused.
pub(super) fn requests(requests: wit::Requests, count: usize, call: Call<'_>) -> Result<Requests, Failure> {
    let indices = requests.exchanges.iter().flat_map(|exchange| &exchange.queries);
    let mut named: Vec<_> = indices.chain(requests.refused.iter().map(|(index, _)| index)).copied().collect();
    named.sort_unstable();
    if !named.iter().copied().eq((0..).take(count)) {
        let what = format!("must name each of {count} queries once, but named {}", named.len());
        return Err(call.failure(FailureKind::ParserInvalid, what));
    }
    let refused = requests.refused.into_iter().map(|(index, failure)| (index as usize, failure.into()));
    let mut checked = Requests { exchanges: Vec::new(), refused: refused.collect() };
    // An exchange without queries isn't sent.
    for exchange in requests.exchanges.into_iter().filter(|exchange| !exchange.queries.is_empty()) {
        let queries = exchange.queries.into_iter().map(|index| index as usize);
        match Request::try_from(exchange.request) {
            Ok(request) => checked.exchanges.push(Exchange { request, queries: queries.collect() }),
            Err(what) => {
                let failure = call.failure(FailureKind::ParserInvalid, what);
                checked.refused.extend(queries.map(|index| (index, failure.clone())));
            }
        }
    }
    Ok(checked)
}

/// One result for each of `count` queries, with at most `items` records, notes and further queries in all.
///
/// # Errors
/// The failure of the response as a whole; a wrong number of results, or too large ones.
pub(super) fn pages(
    pages: Result<Vec<Result<wit::Page, wit::Failure>>, wit::Failure>,
    count: usize,
    items: usize,
    call: Call<'_>,
) -> Result<Vec<Result<Page, Failure>>, Failure> {
    let pages = pages?;
    if pages.len() != count {
        let what = format!("must give {count} results, but gave {}", pages.len());
        return Err(call.failure(FailureKind::ParserInvalid, what));
    }
    let returned = pages.iter().flatten().map(|page| page.records.len() + page.notes.len() + page.follow.len());
    let returned: usize = returned.sum();
    if returned > items {
        let what = format!("returned {returned} records, notes and further queries, above the limit of {items}");
        return Err(call.failure(FailureKind::ParserOutput, what));
    }
    if let Some(length) = pages.iter().flatten().flat_map(further_query_bytes).find(|length| *length > MAX_QUERY_BYTES)
    {
        let what = format!("wants to go on with a query of {length} bytes, above the limit of {MAX_QUERY_BYTES}");
        return Err(call.failure(FailureKind::ParserOutput, what));
    }
    Ok(pages.into_iter().map(|page| Ok(page?.into())).collect())
}

/// Bytes of a page's state and of each of its further queries.
fn further_query_bytes(page: &wit::Page) -> impl Iterator<Item = usize> {
    let params =
        |query: &wit::QueryResult| query.params.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    let state = |state: &Option<String>| state.as_ref().map_or(0, String::len);
    let follow = page.follow.iter().map(move |query| query.kind.len() + params(query) + state(&query.state));
    follow.chain([state(&page.next)])
}

impl From<wit::Page> for Page {
    fn from(page: wit::Page) -> Self {
        let follow = page.follow.into_iter().map(Into::into).collect();
        // A note is one line in a log.
        let notes = page.notes.iter().map(|note| one_line(note)).collect();
        Self { records: page.records, next: page.next, follow, notes }
    }
}
