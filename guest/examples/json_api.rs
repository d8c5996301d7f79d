//! A parser for another site than Google Play: books, out of the JSON that the search of openlibrary.org answers.
//!
//! `cargo xtask component --example json_api --out books.wasm` makes the component, and `playfast --parser books.wasm book --help` says
//! what it answers. The tests below need no wasm.

use std::ops::ControlFlow;

use playfast_guest::json::{Nesting, ReadError, Reader, Writer};
use playfast_guest::{Failure, HttpRequest, HttpResponse, Page, Parser, Query, Requests, url};

/// The parser of openlibrary.org.
#[derive(Debug)]
pub struct Books;

playfast_guest::export!(Books);

/// Books that one response has, unless there are no more.
const PER_PAGE: usize = 100;

const DESCRIPTION: &str = r#"{
    "name": "books", "version": "1.0.0", "summary": "Books of openlibrary.org",
    "hosts": ["openlibrary.org"], "pace": {"burst": 5, "per_minute": 60},
    "kinds": [{
        "name": "book", "summary": "Books that a search finds", "per_request": {"default": 1, "max": 1},
        "params": {"required": ["about"], "properties": {
            "about": {"type": "string", "description": "What to search for", "x-positional": true, "x-many": true}}},
        "record": {"required": ["id", "title"], "properties": {
            "id": {"type": "string"}, "title": {"type": "string"}, "year": {"type": "integer"},
            "authors": {"type": "array", "items": {"type": "string"}}}}
    }]
}"#;

impl Parser for Books {
    fn describe() -> String {
        DESCRIPTION.to_owned()
    }

    fn request(queries: &[Query], _per_request: u32) -> Requests {
        Requests::one_each(queries, |query| {
            let about = query.param("about").ok_or_else(|| Failure::invalid_query("books about what?"))?;
            let page = query.state.as_deref().unwrap_or("1");
            let params = [("q", about), ("page", page), ("fields", "key,title,author_name,first_publish_year")];
            Ok(HttpRequest::get(url::with_query("https://openlibrary.org/search.json", params)))
        })
    }

    fn parse(queries: &[Query], response: &HttpResponse) -> Result<Vec<Result<Page, Failure>>, Failure> {
        match response.status {
            200 => Ok(queries.iter().map(|query| page(query, &response.body)).collect()),
            429 => Err(Failure::blocked("too many requests").retry_after_ms(response.retry_after_ms())),
            status => Err(Failure::unavailable(format!("the site answers with the status {status}"))),
        }
    }
}

/// The books of one response, and the number of the next page as the state to go on with.
fn page(query: &Query, body: &[u8]) -> Result<Page, Failure> {
    let found = Reader::new(body, 0, Nesting::Plain).member("docs")?;
    let mut found = found.ok_or_else(|| Failure::layout_changed("the answer has no docs"))?;
    let mut records = Vec::new();
    found.items(|book| {
        records.push(record(*book)?);
        Ok(ControlFlow::Continue(()))
    })?;
    let page: usize = query.state.as_deref().and_then(|state| state.parse().ok()).unwrap_or(1);
    let next = (records.len() >= PER_PAGE).then(|| (page + 1).to_string());
    Ok(Page { records, next, ..Page::default() })
}

fn record(book: Reader<'_>) -> Result<String, ReadError> {
    let mut record = Writer::new();
    record.key("id").copy_text(book.member("key")?);
    record.key("title").copy_text(book.member("title")?);
    match book.member("first_publish_year")?.and_then(Reader::number) {
        Some(year) => record.key("year").number(year),
        None => record.key("year").null(),
    }
    let authors = book.member("author_name")?;
    record.key("authors").array(|record| {
        authors.map_or(Ok(()), |mut authors| {
            authors.items(|author| {
                record.copy_text(Some(*author));
                Ok(ControlFlow::Continue(()))
            })
        })
    })?;
    Ok(record.finish())
}

#[cfg(test)]
mod tests {
    use playfast_guest::FailureKind;
    use serde_json::{Value, json};

    use super::*;

    fn query(state: Option<&str>) -> Query {
        let params = vec![("about".to_owned(), "sea & sky".to_owned())];
        Query { kind: "book".to_owned(), params, state: state.map(str::to_owned) }
    }

    fn parse(query: Query, status: u16, body: &str) -> Result<Page, Failure> {
        let response = HttpResponse { status, body: body.as_bytes().to_vec(), ..HttpResponse::default() };
        Books::parse(&[query], &response)?.remove(0)
    }

    #[test]
    fn every_book_is_a_record() {
        let body = json!({"numFound": 2, "docs": [
            {"key": "/works/1", "title": "Sea \"and\" Sky", "author_name": ["A", "B"], "first_publish_year": 1952},
            {"key": "/works/2", "title": "Sky"}]});
        let page = parse(query(None), 200, &body.to_string()).unwrap();
        let records: Vec<Value> = page.records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
        let expected = [
            json!({"id": "/works/1", "title": "Sea \"and\" Sky", "year": 1952, "authors": ["A", "B"]}),
            json!({"id": "/works/2", "title": "Sky", "year": null, "authors": []}),
        ];
        assert_eq!((records.as_slice(), page.next), (&expected[..], None));
    }

    #[test]
    fn a_full_page_is_followed_by_the_next() {
        let book = json!({"key": "/works/1", "title": "Sea"});
        let body = json!({"docs": vec![book; PER_PAGE]}).to_string();
        assert_eq!(parse(query(None), 200, &body).unwrap().next.as_deref(), Some("2"));
        assert_eq!(parse(query(Some("2")), 200, &body).unwrap().next.as_deref(), Some("3"));
        let requests = Books::request(&[query(Some("2"))], 1);
        let url = &requests.exchanges[0].request.url;
        assert!(url.starts_with("https://openlibrary.org/search.json?q=sea%20%26%20sky&page=2"), "{url}");
    }

    #[test]
    fn what_is_no_answer_says_why() {
        let kind = |status, body| parse(query(None), status, body).unwrap_err().kind;
        assert_eq!(kind(429, ""), FailureKind::Blocked);
        assert_eq!(kind(503, ""), FailureKind::Unavailable);
        assert_eq!(kind(200, r#"{"docs": [{"key""#), FailureKind::Unavailable);
        assert_eq!(kind(200, "<html>"), FailureKind::LayoutChanged);
        assert_eq!(kind(200, r#"{"books": []}"#), FailureKind::LayoutChanged);
    }
}
