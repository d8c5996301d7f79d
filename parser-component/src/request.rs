//! Requests of queries: an rpc is a call in a batchexecute POST, an app's page is a GET.

use playfast_guest::json::Writer;
use playfast_guest::{Exchange, HttpRequest, Query, Requests, group, url};

use crate::kinds;

/// Path of the endpoint for rpcs.
pub(crate) const RPC_PATH: &str = "/_/PlayStoreUi/data/batchexecute";

/// Address of the store.
pub(crate) const STORE: &str = "https://play.google.com";

/// Builds the requests of queries, in the order of their first queries. Calls of one rpc, language and country share a batchexecute POST; a page
/// is a request of its own.
pub(crate) fn requests(queries: &[Query], per_request: u32) -> Requests {
    let mut requests = Requests::default();
    let mut calls = Vec::new();
    for (index, query) in (0..).zip(queries) {
        let locale = Locale::new(query);
        match kinds::find(&query.kind).and_then(|kind| (kind.ask)(query)) {
            Ok(QueryRequest::Page { address, params }) => {
                let request = page(&address, &params, &[("hl", locale.language), ("gl", locale.country)]);
                requests.exchanges.push(Exchange { request, queries: vec![index] });
            }
            Ok(QueryRequest::PageInLanguage { address, params }) => {
                let request = page(&address, &params, &[("hl", locale.language)]);
                requests.exchanges.push(Exchange { request, queries: vec![index] });
            }
            Ok(QueryRequest::Call { rpc, argument }) => calls.push((index, Call { locale, rpc, argument })),
            Err(failure) => requests.refused.push((index, failure)),
        }
    }
    for ((locale, _), group) in group::by_key(&calls, per_request, |(_, call)| (call.locale, call.rpc)) {
        let chosen: Vec<_> = group.iter().filter_map(|at| calls.get(*at as usize)).collect();
        let request = post(locale, &chosen.iter().map(|(_, call)| call).collect::<Vec<_>>());
        requests.exchanges.push(Exchange { request, queries: chosen.iter().map(|(index, _)| *index).collect() });
    }
    requests.exchanges.sort_by_key(|exchange| exchange.queries.first().copied());
    requests
}

/// The request of one query.
pub(crate) enum QueryRequest {
    /// A GET of this address, to which language and country are added.
    Page { address: String, params: Vec<(&'static str, String)> },
    /// A GET of this address, to which the language is added: the page is the same for all countries.
    PageInLanguage { address: String, params: Vec<(&'static str, String)> },
    /// A call of batchexecute.
    Call { rpc: &'static str, argument: String },
}

/// A call of batchexecute.
struct Call<'q> {
    locale: Locale<'q>,
    rpc: &'static str,
    argument: String,
}

/// Language and country, which all calls of a request share.
#[derive(Clone, Copy, PartialEq)]
struct Locale<'q> {
    language: &'q str,
    country: &'q str,
}

impl<'q> Locale<'q> {
    fn new(query: &'q Query) -> Self {
        Self { language: query.param("language").unwrap_or("en"), country: query.param("country").unwrap_or("us") }
    }
}

/// A GET of a page.
fn page(address: &str, params: &[(&str, String)], locale: &[(&str, &str)]) -> HttpRequest {
    let own = params.iter().map(|(name, value)| (*name, value.as_str()));
    HttpRequest::get(url::with_query(address, own.chain(locale.iter().copied())))
}

/// One POST with a call for each query, whose tag is its place among them.
fn post(locale: Locale<'_>, calls: &[&Call<'_>]) -> HttpRequest {
    let pairs = [("hl", locale.language), ("gl", locale.country), ("rt", "c")];
    let address = url::with_query(&format!("{STORE}{RPC_PATH}"), pairs);
    let calls: Vec<_> = calls.iter().enumerate().map(|(tag, call)| call.json(tag)).collect();
    HttpRequest::form(address, [("f.req", format!("[[{}]]", calls.join(",")).as_str())])
}

impl Call<'_> {
    /// `[RPC, ARGUMENT as a string, null, TAG]`.
    fn json(&self, tag: usize) -> String {
        format!("[{},{},null,{}]", string(self.rpc), string(&self.argument), string(&tag.to_string()))
    }
}

/// A JSON string.
pub(crate) fn string(text: &str) -> String {
    let mut writer = Writer::new();
    writer.string(text);
    let object = writer.finish();
    object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default().to_owned()
}

/// What the page's own calls ask of an app: options of its message.
pub(crate) const OPTIONS: &str = "[[1,null,1],null,[[[]]],null,null,null,null,[null,2],null,null,null,null,null,null,null,null,null,null,null,null,\
    null,null,[1]],[null,[[[]]],null,null,[1]],[null,[[[]]],null,[1]],[null,[[[]]]],null,null,null,null,[[[[]]]],[[[[]]]]";

#[cfg(test)]
mod tests {
    use playfast_guest::Method;
    use serde_json::Value;

    use super::*;
    use crate::kinds::{BY_PAGE, SHORT_FORM};

    fn query(kind: &str, params: &[(&str, &str)]) -> Query {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Query { kind: kind.to_owned(), params, state: None }
    }

    /// What a POST asks: the calls, with their arguments parsed.
    fn calls(request: &HttpRequest) -> Vec<(String, Value, String)> {
        let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
        let form = url::param(&format!("?{body}"), "f.req").unwrap();
        let calls: Value = serde_json::from_str(&form).unwrap();
        let calls = calls[0].as_array().unwrap().clone();
        let call = |call: Value| {
            let argument = serde_json::from_str(call[1].as_str().unwrap()).unwrap();
            (call[0].as_str().unwrap().to_owned(), argument, call[3].as_str().unwrap().to_owned())
        };
        calls.into_iter().map(call).collect()
    }

    #[test]
    fn charts_of_one_locale_share_a_post() {
        let queries = [("us", "GAME"), ("kr", "GAME"), ("us", "SOCIAL")]
            .map(|(country, category)| query("list", &[("country", country), ("category", category), ("num", "50")]));
        let requests = requests(&queries, 10);
        assert_eq!(
            requests.exchanges.iter().map(|exchange| exchange.queries.clone()).collect::<Vec<_>>(),
            [vec![0, 2], vec![1]]
        );
        let request = &requests.exchanges[0].request;
        assert_eq!(request.method, Method::Post);
        assert_eq!(request.url, "https://play.google.com/_/PlayStoreUi/data/batchexecute?hl=en&gl=us&rt=c");
        let calls = calls(request);
        let asked: Vec<_> = calls
            .iter()
            .map(|(rpc, argument, tag)| (rpc.as_str(), argument[0][2][2].as_str().unwrap(), tag.as_str()))
            .collect();
        assert_eq!(asked, [("vyAe2", "GAME", "0"), ("vyAe2", "SOCIAL", "1")]);
        assert_eq!(calls[0].1[0][1][0], serde_json::json!([8, [20, 50]]));
    }

    #[test]
    fn a_chart_is_asked_for_in_the_short_form_by_its_state() {
        let state = |state: Option<&str>| Query { state: state.map(str::to_owned), ..query("list", &[("num", "50")]) };
        let requests = requests(&[state(None), state(Some(SHORT_FORM)), state(Some("page-2"))], 10);
        let calls = calls(&requests.exchanges[0].request);
        assert_eq!(calls[0].1[0][1][0], serde_json::json!([8, [20, 50]]));
        assert_eq!(calls[1].1[0][1], serde_json::json!([[null, [null, 50]], null, null, [113]]));
        assert_eq!(calls[1].1[0][2], calls[0].1[0][2]);
        assert_eq!(requests.refused[0].0, 2);
        assert!(requests.refused[0].1.message.contains("page-2"));
    }

    #[test]
    fn queries_that_agree_share_one_request_in_their_order() {
        let app = |index: u32| {
            let id = format!("a.b{index}");
            query("app", &[("app_id", &id), ("via", "rpc"), ("country", "de")])
        };
        let mut queries: Vec<_> = (0..70).map(app).collect();
        queries.insert(1, query("app", &[("app_id", "a.c"), ("via", "page")]));
        let requests = requests(&queries, 50);
        let asked: Vec<Vec<u32>> = requests.exchanges.iter().map(|exchange| exchange.queries.clone()).collect();
        let first: Vec<_> = [0].into_iter().chain(2..51).collect();
        assert_eq!(asked, [first, vec![1], (51..71).collect()]);
        let calls = calls(&requests.exchanges[2].request);
        assert_eq!((calls[0].1[5][0][0].as_str().unwrap(), calls[0].2.as_str()), ("a.b50", "0"));
    }

    #[test]
    fn an_app_is_a_page_or_a_call() {
        let auto = query("app", &[("app_id", "a.b&c"), ("via", "auto"), ("language", "pt-BR")]);
        let by_page = Query { state: Some(BY_PAGE.to_owned()), ..auto.clone() };
        let page = query("app", &[("app_id", "a.b&c"), ("via", "page"), ("language", "pt-BR")]);
        for asked in requests(&[by_page, page], 1).exchanges {
            let address = "https://play.google.com/store/apps/details?id=a.b%26c&hl=pt-BR&gl=us";
            assert_eq!((asked.request.method, asked.request.url.as_str()), (Method::Get, address));
        }
        let rpc = query("app", &[("app_id", "a.b&c"), ("via", "rpc")]);
        for asked in requests(&[auto.clone(), rpc, query("app", &[("app_id", "a.b&c")])], 1).exchanges {
            let (rpc, argument, _) = calls(&asked.request).remove(0);
            assert_eq!((rpc.as_str(), &argument[5]), ("Ws7gDc", &serde_json::json!([["a.b&c", 7]])));
        }
        let unknown = Query { state: Some("page-2".to_owned()), ..auto };
        assert_eq!(requests(&[unknown], 1).refused.len(), 1);
    }

    #[test]
    fn a_post_asks_one_rpc() {
        let queries = [query("list", &[]), query("app", &[("app_id", "a.b"), ("via", "rpc")]), query("list", &[])];
        let requests = requests(&queries, 10);
        let asked: Vec<_> = requests.exchanges.iter().map(|exchange| exchange.queries.clone()).collect();
        assert_eq!(asked, [vec![0, 2], vec![1]]);
    }

    #[test]
    fn what_cant_be_asked_is_refused_alone() {
        let queries = [query("list", &[("num", "661")]), query("app", &[]), query("books", &[]), query("list", &[])];
        let requests = requests(&queries, 10);
        assert_eq!(requests.refused.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(requests.exchanges.len(), 1);
    }
}
