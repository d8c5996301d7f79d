//! Bodies of batchexecute: whatever comes, each query has a page of JSON objects, or a failure.
#![no_main]

use libfuzzer_sys::fuzz_target;
use playfast_guest::{HttpResponse, Parser, Query};
use playfast_play::Play;

fn query(kind: &str, name: &str, value: &str) -> Query {
    Query { kind: kind.to_owned(), params: vec![(name.to_owned(), value.to_owned())], state: None }
}

fuzz_target!(|data: &[u8]| {
    let response = HttpResponse {
        url: "https://play.google.com/_/PlayStoreUi/data/batchexecute".to_owned(),
        status: 200,
        headers: Vec::new(),
        body: [b")]}'\n\n".as_slice(), data].concat(),
        received_at: 0,
    };
    let charts = [query("list", "num", "10"), query("list", "num", "20")];
    let apps = [query("app", "app_id", "com.a.b"), query("app", "app_id", "com.c.d")];
    let masked = Query {
        params: vec![("app_id".to_owned(), "com.a.b".to_owned()), ("fields".to_owned(), "genre_id,price".to_owned())],
        ..query("app", "app_id", "com.a.b")
    };
    let others = ["availability", "reviews", "permissions"].map(|kind| query(kind, "app_id", "com.a.b"));
    let continued = [("reviews", "1000 1000 a"), ("reviews", "listing"), ("similar", "a"), ("developer", "a")]
        .map(|(kind, state)| Query { state: Some(state.to_owned()), ..query(kind, "app_id", "com.a.b") });
    let single = others.into_iter().chain(continued).chain([
        masked,
        query("suggest", "term", "a"),
        query("search", "term", "a"),
    ]);
    let single: Vec<_> = single.collect();
    let several = [charts.as_slice(), &charts[..1], apps.as_slice(), &apps[..1]];
    for queries in several.into_iter().chain(single.chunks(1)) {
        let Ok(pages) = Play::parse(queries, &response) else { continue };
        assert_eq!(pages.len(), queries.len());
        for record in pages.iter().flatten().flat_map(|page| &page.records) {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(record)
                .expect("a record is a JSON object");
        }
    }
});
