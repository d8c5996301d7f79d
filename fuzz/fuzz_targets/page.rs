//! Pages of the kinds that ask for pages: whatever comes, the answer is records, or a failure.
#![no_main]

use libfuzzer_sys::fuzz_target;
use playfast_guest::{HttpResponse, Parser, Query};
use playfast_play::Play;

fuzz_target!(|data: &[u8]| {
    let params = [("app_id", "com.a.b"), ("via", "page"), ("term", "a"), ("developer_id", "5700313618786177705")];
    let params = params.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let query = |kind: &str, state: Option<&str>| Query {
        kind: kind.to_owned(),
        params: params.to_vec(),
        state: state.map(str::to_owned),
    };
    let cluster = "/store/apps/collection/cluster?gsr=a";
    let queries = [
        query("app", None),
        query("search", None),
        query("developer", None),
        query("similar", None),
        query("similar", Some(cluster)),
        query("datasafety", None),
    ];
    let response = HttpResponse {
        url: "https://play.google.com/store/apps/details?id=com.a.b".to_owned(),
        status: 200,
        headers: Vec::new(),
        body: data.to_vec(),
        received_at: 0,
    };
    for query in queries {
        let Ok(pages) = Play::parse(&[query], &response) else { continue };
        for record in pages.iter().flatten().flat_map(|page| &page.records) {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(record)
                .expect("a record is a JSON object");
        }
    }
});
