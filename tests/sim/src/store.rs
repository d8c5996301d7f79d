//! A running store: started on the current runtime, changed while it runs, stopped with its value.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::canned::Canned;
use crate::catalogue::{
    AppQuery, ChartQuery, ClusterQuery, Edits, ReviewQuery, SearchQuery, cluster, search, suggestions,
};
use crate::config::{Layout, Protocol, StoreConfig};
use crate::error::Error;
use crate::faults::Faults;
use crate::saved::SavedPages;
use crate::serve::{State, accept, bind, builder, listen};
use crate::stats::Stats;
use crate::stock::Article;
use crate::tls::{HOSTS, identity};
use crate::truth;
use crate::wire::Mask;

/// More apps than any cluster has.
const LONGEST_CLUSTER: usize = 1_000;

/// A running store; it stops when dropped.
#[derive(Debug)]
pub struct Store {
    address: SocketAddr,
    ca_pem: String,
    further: Vec<String>,
    state: Arc<State>,
    closing: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Store {
    /// Starts a store on the current tokio runtime.
    pub async fn start(config: StoreConfig) -> Result<Self, Error> {
        let identity = identity(config.protocol, &config.hosts)?;
        let saved = saved_pages(&config).await?;
        let (socket, address) = bind(config.port, !config.opens_after.is_zero())?;
        let (closing, closed) = watch::channel(false);
        let state = Arc::new(State::new(&config, saved, closed));
        let mut builder = builder(config.max_concurrent_streams);
        if config.protocol == Protocol::Http1 {
            builder = builder.http1_only();
        }
        let (acceptor, builder, shared) = (TlsAcceptor::from(identity.server), Arc::new(builder), Arc::clone(&state));
        let accepting = if config.opens_after.is_zero() {
            let listener = listen(socket, address.port(), Duration::ZERO).await?;
            tokio::spawn(accept(listener, acceptor, builder, shared))
        } else {
            tokio::spawn(async move {
                // The port is bound: nothing but a lack of memory keeps it from being listened to.
                if let Ok(listener) = listen(socket, address.port(), config.opens_after).await {
                    accept(listener, acceptor, builder, shared).await;
                }
            })
        };
        Ok(Self { address, ca_pem: identity.ca_pem, further: config.hosts, state, closing, accepting })
    }

    /// Where it listens: 127.0.0.1 and a port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of its authority, which a client must trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The values for `--connect-to`, as curl has it, that lead the store's hosts here.
    pub fn connect_to(&self) -> Vec<String> {
        let further = self.further.iter().map(String::as_str);
        HOSTS.into_iter().chain(further).map(|host| format!("{host}:443:{}", self.address)).collect()
    }

    /// Sets the latency of the requests to come.
    pub fn set_latency(&self, latency: Duration) {
        self.state.change(|settings| settings.latency = latency);
    }

    /// Sets what goes wrong with the requests to come.
    pub fn set_faults(&self, faults: Faults) {
        self.state.change(|settings| settings.faults = faults);
    }

    /// Sets where the data stands in the answers to come.
    pub fn set_layout(&self, layout: Layout) {
        self.state.change(|settings| settings.layout = layout);
    }

    /// Sets what has changed since it was made, for the requests to come.
    pub fn set_edits(&self, edits: Edits) {
        self.state.stock.set_edits(edits);
    }

    /// Sets whether it can be reached. If not, open connections break off, and new ones do before TLS.
    pub fn set_reachable(&self, reachable: bool) {
        self.state.set_reachable(reachable);
    }

    /// What it has done so far.
    pub fn stats(&self) -> Stats {
        self.state.counters.snapshot()
    }

    /// Makes and compresses the answers for these charts and apps (pages and details calls), so that serving them costs next to nothing.
    pub async fn prepare(&self, charts: &[ChartQuery], apps: &[AppQuery]) -> Result<(), Error> {
        let layout = self.state.settings().layout;
        let charts = charts.iter().cloned().map(Article::Chart);
        let apps = apps.iter().flat_map(|app| {
            [
                Article::Page(app.clone()),
                Article::Details(app.clone(), Mask::page()),
                Article::Details(app.clone(), Mask::page_with_safety()),
            ]
        });
        for article in charts.chain(apps) {
            let (content, _) = self.state.stock.take(article, layout, true).await?;
            // What was made before for a client without gzip isn't compressed yet.
            tokio::task::spawn_blocking(move || content.pack()).await?;
        }
        Ok(())
    }

    /// The records that a parser should read from a chart; empty if there is no such chart.
    pub fn chart(&self, query: &ChartQuery) -> Vec<Value> {
        self.state.stock.catalogue.chart(query).unwrap_or_default().iter().map(truth::item).collect()
    }

    /// The record that a parser should read from an app's page; nothing if the country has no page of it.
    ///
    /// Some ids say how the store has them: `missing.…` never existed, `removed.…` has no page any more, `listed.de.…` has a page in Germany
    /// alone, `only.de.…` can be had in Germany alone and has a page everywhere, `soon.…` can be preregistered for.
    pub fn app(&self, query: &AppQuery) -> Option<Value> {
        self.state.stock.app(query).as_ref().map(truth::details)
    }

    /// Whether an app can be had in a country: `available`, `preregister`, `not-in-country` or `no-listing`.
    pub fn availability(&self, query: &AppQuery) -> &'static str {
        truth::availability_status(self.state.stock.app(query).as_ref())
    }

    /// What a details call adds to the record when it asks for field 138.
    pub fn data_safety(&self, query: &AppQuery) -> Option<Value> {
        self.state.stock.app(query).filter(|app| app.safety.declared).as_ref().map(truth::data_safety)
    }

    /// The record that a parser should read from the page on an app's data safety; nothing if there is no such app.
    ///
    /// Ids `bare.…` declare that they collect and share nothing: their lists are empty. Ids `silent.…` declare nothing: theirs are `null`.
    pub fn data_safety_page(&self, query: &AppQuery) -> Option<Value> {
        self.state.stock.app(query).as_ref().map(truth::data_safety_page)
    }

    /// The records that a parser should read from a search, an exact match first.
    ///
    /// A term of one word, or an app's id, has an exact match; a term without letters and digits finds nothing.
    pub fn search(&self, query: &SearchQuery) -> Vec<Value> {
        let Some(found) = search(&self.state.stock.catalogue, query) else { return Vec::new() };
        found.exact.iter().map(truth::card).chain(found.items.iter().map(truth::item)).collect()
    }

    /// The records that a parser should read from all pages of a cluster; empty if there is none.
    ///
    /// A developer's name is what an app's record has as `developer_id`; numbers stand for other studios than those of the apps that have them.
    pub fn cluster(&self, query: &ClusterQuery) -> Vec<Value> {
        cluster(&self.state.stock.catalogue, query, LONGEST_CLUSTER)
            .unwrap_or_default()
            .iter()
            .map(truth::item)
            .collect()
    }

    /// The term that the store searches for instead of a misspelt one, which has a character three times in a row.
    pub fn corrected_term(&self, query: &SearchQuery) -> Option<String> {
        search(&self.state.stock.catalogue, query)?.corrected
    }

    /// The records that a parser should read from all pages of an app's reviews; empty if there are none.
    ///
    /// An id whose last label is `reviews` and a number, such as `com.example.reviews5785`, has so many reviews in English.
    pub fn reviews(&self, query: &ReviewQuery) -> Vec<Value> {
        self.state.stock.catalogue.reviews(query).read(0, usize::MAX).iter().map(truth::review).collect()
    }

    /// The records that a parser should read from an app's permissions: none for an app that asks for nothing (`bare.…`), nothing if there is
    /// no such app.
    pub fn permissions(&self, query: &AppQuery) -> Option<Vec<Value>> {
        self.state.stock.app(query).as_ref().map(truth::permissions)
    }

    /// What is suggested for a term.
    pub fn suggestions(&self, term: &str, language: &str) -> Vec<String> {
        suggestions(self.state.stock.catalogue.seed(), term, language)
    }

    /// Answers every address that starts so with the same, before anything else; the last one put in wins.
    ///
    /// `prefix` is a path with its query on any host, or begins with `https://` and a host.
    pub fn respond_with(&self, prefix: &str, canned: Canned) -> Result<(), Error> {
        for (name, value) in &canned.headers {
            let valid = name.parse::<hyper::header::HeaderName>().is_ok()
                && value.parse::<hyper::header::HeaderValue>().is_ok();
            if !valid {
                return Err(Error::Header { name: name.clone() });
            }
        }
        self.state.cans.put(prefix, canned);
        Ok(())
    }

    /// Takes the canned responses away.
    pub fn clear_canned(&self) {
        self.state.cans.clear();
    }

    /// Serves a saved file for these parameters, written as in the index (`app_id=…&language=…&country=…`); `file` is its name there,
    /// or its stem.
    pub fn serve_page(&self, params: &str, file: &str) -> Result<(), Error> {
        self.state.saved.choose(params, file)
    }

    /// Stops: no more connections, and those that are open are closed.
    pub async fn shutdown(mut self) {
        self.stop();
        // An aborted task ends with an error that says so.
        let _ = (&mut self.accepting).await;
    }

    fn stop(&self) {
        self.closing.send_replace(true);
        self.accepting.abort();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn saved_pages(config: &StoreConfig) -> Result<SavedPages, Error> {
    match config.pages.clone() {
        Some(folder) => tokio::task::spawn_blocking(move || SavedPages::read(&folder)).await?,
        None => Ok(SavedPages::default()),
    }
}
