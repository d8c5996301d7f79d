//! Pages of apps: whatever comes, the answer is one record, or a failure.
#![no_main]

use libfuzzer_sys::fuzz_target;
use playfast_guest::{HttpResponse, Parser, Query};
use playfast_play::Play;

fuzz_target!(|data: &[u8]| {
    let params = [("app_id", "com.a.b"), ("via", "page")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let query = Query { kind: "app".to_owned(), params: params.to_vec(), state: None };
    let response = HttpResponse {
        url: "https://play.google.com/store/apps/details?id=com.a.b".to_owned(),
        status: 200,
        headers: Vec::new(),
        body: data.to_vec(),
        received_at: 0,
    };
    let Ok(pages) = Play::parse(&[query], &response) else { return };
    for record in pages.iter().flatten().flat_map(|page| &page.records) {
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(record).expect("a record is a JSON object");
    }
});
