//! Answers of the parser to whole responses, one for each query.

use playfast_guest::{Failure, FailureKind, HttpResponse, Page, Parser as _, Query};
use playfast_play::Play;
use serde_json::Value;

/// The records for one query.
pub(crate) type Answer = Result<Vec<Value>, Failure>;

/// A query of this kind without parameters.
pub(crate) fn query(kind: &str) -> Query {
    Query { kind: kind.to_owned(), ..Query::default() }
}

/// The answers to these queries.
pub(crate) fn ask(queries: &[Query], response: &HttpResponse) -> Result<Vec<Answer>, Failure> {
    let records = |page: Page| page.records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
    Ok(Play::parse(queries, response)?.into_iter().map(|page| page.map(records)).collect())
}

/// The kind of the failure, whether of the response or of its only query.
pub(crate) fn failure(kind: &str, response: &HttpResponse) -> FailureKind {
    ask(&[query(kind)], response).and_then(|mut answers| answers.remove(0)).unwrap_err().kind
}
