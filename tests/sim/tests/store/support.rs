//! A client that trusts it, and the requests of PLAY.md.

use playfast_sim::{Store, StoreConfig};
use reqwest::{Certificate, Client, ClientBuilder, Response};

/// What a details call asks for when it wants everything.
pub(crate) const FIELDS: &str = "1,9,10,11,13,14,19,20,38,43,47,49,52,58,59,63,69,70,73,74,75,78,79,80,91,92,95,96,97,100,101,103,106,112,\
    119,129,137,138,140,139,141,145,146,149,151,155,169,183,187,193";

/// A store with a client for it.
pub(crate) struct Shop {
    pub(crate) store: Store,
    pub(crate) client: Client,
}

impl Shop {
    pub(crate) async fn open(config: StoreConfig) -> Self {
        Self::with(config, |client| client).await
    }

    pub(crate) async fn with(config: StoreConfig, build: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        // Another test of the process may have done it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let store = Store::start(config).await.unwrap();
        let certificate = Certificate::from_pem(store.ca_pem().as_bytes()).unwrap();
        let mut builder =
            Client::builder().tls_certs_only([certificate]).no_proxy().redirect(reqwest::redirect::Policy::none());
        for host in ["play.google.com", "www.google.com", "consent.google.com"] {
            builder = builder.resolve(host, store.address());
        }
        Self { client: build(builder).build().unwrap(), store }
    }

    /// The address of a path of the store.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://play.google.com:{}{path}", self.store.address().port())
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    /// Posts calls, each with its index as the tag.
    pub(crate) async fn post(&self, query: &str, calls: &[(&str, String)]) -> Response {
        self.try_post(query, calls).await.unwrap()
    }

    pub(crate) async fn try_post(&self, query: &str, calls: &[(&str, String)]) -> reqwest::Result<Response> {
        let calls: Vec<_> = calls
            .iter()
            .enumerate()
            .map(|(tag, (rpc, inner))| serde_json::json!([rpc, inner, null, tag.to_string()]))
            .collect();
        let json = serde_json::json!([calls]).to_string();
        let body = format!("f.req={}", url::form_urlencoded::byte_serialize(json.as_bytes()).collect::<String>());
        let url = self.url(&format!("/_/PlayStoreUi/data/batchexecute?{query}"));
        self.client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded;charset=UTF-8")
            .body(body)
            .send()
            .await
    }

    /// A chart's answer in lines.
    pub(crate) async fn chart(&self, category: &str, num: usize) -> String {
        self.post("hl=en&gl=us&rt=c", &[chart_call(category, "topselling_free", num)]).await.text().await.unwrap()
    }
}

/// A chart call in its long form.
pub(crate) fn chart_call(category: &str, collection: &str, num: usize) -> (&'static str, String) {
    ("vyAe2", format!("[[null,[[8,[20,{num}]],true,null,[96,108]],[2,\"{collection}\",\"{category}\"]]]"))
}

/// A details call.
pub(crate) fn details_call(id: &str, fields: &str) -> (&'static str, String) {
    ("Ws7gDc", format!("[null,null,[[{fields}]],[[1]],null,[[\"{id}\",7]]]"))
}
