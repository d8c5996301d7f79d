//! Exports of a component, from a parser's type. On WebAssembly only.

wit_bindgen::generate!({
    path: "wit",
    world: "playfast-parser",
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "playfast_guest::component",
});

use crate::{FailureKind, Method, Parser};
use exports::playfast::parser::parser as wit;

/// Names the parser whose functions are exported.
pub trait Component {
    type Parser: Parser;
}

impl<C: Component> wit::Guest for C {
    fn describe() -> String {
        C::Parser::describe()
    }

    fn request(queries: Vec<wit::Query>, per_request: u32) -> wit::Requests {
        let queries: Vec<_> = queries.into_iter().map(Into::into).collect();
        C::Parser::request(&queries, per_request).into()
    }

    fn parse(
        queries: Vec<wit::Query>,
        response: wit::HttpResponse,
    ) -> Result<Vec<Result<wit::Page, wit::Failure>>, wit::Failure> {
        let queries: Vec<_> = queries.into_iter().map(Into::into).collect();
        let pages = C::Parser::parse(&queries, &response.into())?;
        Ok(pages.into_iter().map(|page| Ok(page?.into())).collect())
    }
}

impl From<wit::Query> for crate::Query {
    fn from(query: wit::Query) -> Self {
        Self { kind: query.kind, params: query.params, state: query.state }
    }
}

impl From<crate::Query> for wit::Query {
    fn from(query: crate::Query) -> Self {
        Self { kind: query.kind, params: query.params, state: query.state }
    }
}

impl From<wit::HttpResponse> for crate::HttpResponse {
    fn from(response: wit::HttpResponse) -> Self {
        let wit::HttpResponse { url, status, headers, body, received_at } = response;
        Self { url, status, headers, body, received_at }
    }
}

impl From<crate::Requests> for wit::Requests {
    fn from(requests: crate::Requests) -> Self {
        Self {
            exchanges: requests.exchanges.into_iter().map(Into::into).collect(),
            refused: requests.refused.into_iter().map(|(index, failure)| (index, failure.into())).collect(),
        }
    }
}

impl From<crate::Exchange> for wit::Exchange {
    fn from(exchange: crate::Exchange) -> Self {
        let crate::HttpRequest { method, url, headers, body } = exchange.request;
        let method = match method {
            Method::Get => wit::Method::Get,
            Method::Post => wit::Method::Post,
        };
        Self { request: wit::HttpRequest { method, url, headers, body }, queries: exchange.queries }
    }
}

impl From<crate::Page> for wit::Page {
    fn from(page: crate::Page) -> Self {
        let crate::Page { records, next, follow, notes } = page;
        Self { records, next, follow: follow.into_iter().map(Into::into).collect(), notes }
    }
}

impl From<crate::Failure> for wit::Failure {
    fn from(failure: crate::Failure) -> Self {
        let kind = match failure.kind {
            FailureKind::InvalidQuery => wit::FailureKind::InvalidQuery,
            FailureKind::NotFound => wit::FailureKind::NotFound,
            FailureKind::Blocked => wit::FailureKind::Blocked,
            FailureKind::Unavailable => wit::FailureKind::Unavailable,
            FailureKind::LayoutChanged => wit::FailureKind::LayoutChanged,
        };
        Self { kind, message: failure.message, retry_after_ms: failure.retry_after_ms }
    }
}
