//! Pages and answers that tests build around messages, and whole answers of the parser to them.

use playfast_guest::{Failure, HttpResponse, Page, Parser as _, Query};
use playfast_play::Play;
use serde_json::Value;

use crate::oracle::blocks;

/// A query of this kind with these parameters.
pub(crate) fn query(kind: &str, params: &[(&str, &str)]) -> Query {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Query { kind: kind.to_owned(), params, state: None }
}

/// The query continued with this state.
pub(crate) fn continued(query: &Query, state: &str) -> Query {
    Query { state: Some(state.to_owned()), ..query.clone() }
}

/// What the parser says to one query of a body.
pub(crate) fn page_of(query: &Query, body: &[u8]) -> Result<Page, Failure> {
    let response = HttpResponse { status: 200, body: body.to_vec(), ..HttpResponse::default() };
    Play::parse(std::slice::from_ref(query), &response)?.remove(0)
}

/// The records of a page.
pub(crate) fn records(page: &Page) -> Vec<Value> {
    page.records.iter().map(|record| serde_json::from_str(record).unwrap()).collect()
}

/// A whole page that says of each block which rpc it answers.
pub(crate) fn page(blocks: &[(&str, &Value)]) -> Vec<u8> {
    let requests: Vec<_> =
        (0..).zip(blocks).map(|(key, (rpc, _))| format!("'ds:{key}' : {{id:'{rpc}',request:[]}}")).collect();
    let scripts = (0..).zip(blocks).map(|(key, (_, message))| {
        format!(
            "<script>AF_initDataCallback({{key: 'ds:{key}', hash: '1', data:{message}, sideChannel: {{}}}});</script>"
        )
    });
    let scripts: String = scripts.collect();
    format!("<!doctype html><script>var AF_dataServiceRequests = {{{}}};</script>{scripts}</html>", requests.join(","))
        .into_bytes()
}

/// The message of the saved page's block in which `holds` finds what is looked for.
pub(crate) fn block(body: &[u8], holds: impl Fn(&Value) -> bool) -> Value {
    let blocks = blocks(std::str::from_utf8(body).unwrap());
    blocks.into_iter().map(|(.., message)| message).find(holds).expect("the page has the block")
}

/// The saved page with its blocks in each other order by rotation, and one at a time left out, unless `needed` is in it.
pub(crate) fn shuffled(body: &[u8], needed: impl Fn(&Value) -> bool) -> Vec<Vec<u8>> {
    let mut all: Vec<Value> =
        blocks(std::str::from_utf8(body).unwrap()).into_iter().map(|(.., message)| message).collect();
    let mut pages = Vec::new();
    for _ in 0..all.len() {
        all.rotate_left(1);
        let written = |messages: &mut dyn Iterator<Item = &Value>| -> Vec<u8> {
            let scripts = (0..).zip(messages).map(|(key, message)| {
                format!("<script>AF_initDataCallback({{key: 'ds:{key}', hash: '1', data:{message}, sideChannel: {{}}}});</script>")
            });
            scripts.collect::<String>().into_bytes()
        };
        pages.push(written(&mut all.iter()));
        if !needed(&all[0]) {
            pages.push(written(&mut all[1..].iter()));
        }
    }
    pages
}
