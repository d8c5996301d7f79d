//! Payloads and pages made from the catalogue, kept while there is room.
//!
//! Invariant: an answer depends on the seed, the query and the layout alone, so two that make it at once make the same.

mod clusters;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

pub(crate) use clusters::topic_of_token;

use crate::body::{Content, Part};
use crate::cache::Cache;
use crate::catalogue::{
    App, AppQuery, Catalogue, ChartQuery, ClusterQuery, Edits, ReviewQuery, SearchQuery, search, suggestions,
};
use crate::config::Layout;
use crate::error::Error;
use crate::page::{self, Chrome, DataPage};
use crate::token;
use crate::wire::{self, Mask, NULL, Node, SAFETY_PAGE_FIELDS, list};

/// Something that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Article {
    /// The payload of a chart call.
    Chart(ChartQuery),
    /// The payload of a details call.
    Details(AppQuery, Mask),
    /// The payload of a details call for the ratings alone.
    Ratings(AppQuery),
    /// An app's page.
    Page(AppQuery),
    /// The page of a search.
    Search(SearchQuery),
    /// The page of a cluster, from its first app on.
    Cluster(ClusterQuery),
    /// The payload of a call that continues a cluster.
    Continuation(PageRange<ClusterQuery>),
    /// The page on an app's data safety.
    DataSafety(AppQuery),
    /// The payload of a permissions call.
    Permissions(AppQuery),
    /// The payload of a call for suggestions: the term and the language.
    Suggestions(String, String),
    /// The payload of a reviews call.
    Reviews(PageRange<ReviewQuery>),
}

/// A page of a query's rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PageRange<Q> {
    pub(crate) query: Q,
    /// How many rows come before the page.
    pub(crate) skipped: usize,
    pub(crate) length: usize,
    /// How many rows come before the page that its token gets.
    pub(crate) next: usize,
}

/// What an answer is kept by: what is asked for, its layout, and the catalogue's edition.
type Key = (Article, Layout, u64);

/// The store's stock.
#[derive(Debug)]
pub(crate) struct Stock {
    pub(crate) catalogue: Catalogue,
    chrome: OnceLock<Chrome>,
    cache: Cache<Key, Content>,
    /// How often the catalogue was changed: what was made before is out of date.
    edition: AtomicU64,
}

impl Stock {
    /// The stock of a seed, with a cache of so many bytes.
    pub(crate) fn new(seed: u64, cache_bytes: usize) -> Self {
        Self {
            catalogue: Catalogue::new(seed),
            chrome: OnceLock::new(),
            cache: Cache::new(cache_bytes),
            edition: AtomicU64::new(0),
        }
    }

    /// The article, from the cache or made on a thread for such work; whether it was made is the second of the pair.
    pub(crate) async fn take(
        self: &Arc<Self>,
        article: Article,
        layout: Layout,
        gzip: bool,
    ) -> Result<(Content, bool), Error> {
        let key = (article, layout, self.edition.load(Ordering::Relaxed));
        if let Some(content) = self.cache.find(&key) {
            return Ok((content, false));
        }
        let stock = Arc::clone(self);
        let content = tokio::task::spawn_blocking(move || stock.produce(key, gzip)).await?;
        Ok((content, true))
    }

    /// Changes the catalogue.
    pub(crate) fn set_edits(&self, edits: Edits) {
        self.catalogue.set_edits(edits);
        self.edition.fetch_add(1, Ordering::Relaxed);
    }

    fn produce(&self, key: Key, gzip: bool) -> Content {
        let content = self.make(&key.0, key.1);
        if gzip {
            content.pack();
        }
        // The compressed form comes on top, at about a quarter of the plain one.
        let weight = self.own_weight(&key.0, &content);
        self.cache.keep(key, content.clone(), weight + weight / 4);
        content
    }

    fn own_weight(&self, article: &Article, content: &Content) -> usize {
        match article {
            Article::Page(_) | Article::Search(_) | Article::DataSafety(_) | Article::Cluster(_) => {
                page::own_weight(content, self.chrome())
            }
            _ => content.len(),
        }
    }

    fn make(&self, article: &Article, layout: Layout) -> Content {
        let changed = layout == Layout::Changed;
        match article {
            Article::Chart(query) => payload(&self.chart(query, changed)),
            Article::Details(query, mask) => self.details(query, |app| wire::details(app, mask, changed)),
            Article::Ratings(query) => self.details(query, |app| wire::ratings_alone(app, changed)),
            Article::Page(query) => self.page(query, layout),
            Article::Search(query) => self.search(query, changed),
            Article::Cluster(query) => self.cluster_page(query, changed),
            Article::Continuation(range) => whole(self.continuation(range), changed),
            Article::DataSafety(query) => self.data_safety(query, changed),
            Article::Permissions(query) => whole(self.permissions(query), changed),
            Article::Suggestions(term, language) => {
                whole(wire::suggestions(&suggestions(self.catalogue.seed(), term, language)), changed)
            }
            Article::Reviews(range) => payload(&self.reviews(range, changed)),
        }
    }

    fn chart(&self, query: &ChartQuery, changed: bool) -> String {
        self.catalogue.chart(query).map_or_else(wire::no_chart, |apps| wire::chart(&apps, changed))
    }

    fn search(&self, query: &SearchQuery, changed: bool) -> Content {
        let found = search(&self.catalogue, query);
        let subject = format!("{query:?}");
        let next = found.as_ref().filter(|found| found.token).map(|_| token::issue(self.catalogue.seed(), &subject, 1));
        let data = wire::search(found.as_ref(), next.as_deref(), changed);
        let own = vec![("lGYRle", list![list![list![], list![&query.term]]], data)];
        self.data_page(DataPage { subject: &subject, title: &query.term, language: &query.language, own })
    }

    /// The page on data safety; an app that doesn't exist has one with an empty block (PLAY.md, section 6).
    fn data_safety(&self, query: &AppQuery, changed: bool) -> Content {
        let mask = Mask::new(SAFETY_PAGE_FIELDS.to_vec());
        let data = self.app(query).map_or_else(|| list![], |app| wire::details(&app, &mask, changed));
        let fields: Node = SAFETY_PAGE_FIELDS.iter().map(|field| *field as i64).collect();
        let request = list![NULL, NULL, list![fields], NULL, NULL, list![wire::app_key(&query.id)]];
        let own = vec![("Ws7gDc", request, data)];
        self.data_page(DataPage { subject: &query.id, title: "Data safety", language: &query.language, own })
    }

    fn data_page(&self, page: DataPage<'_>) -> Content {
        page::data_page(self.chrome(), self.catalogue.seed(), page)
    }

    fn permissions(&self, query: &AppQuery) -> Node {
        self.app(query).map_or_else(wire::no_permissions, |app| wire::permissions(&app.permissions))
    }

    fn reviews(&self, range: &PageRange<ReviewQuery>, changed: bool) -> String {
        let reviews = self.catalogue.reviews(&range.query);
        if reviews.len() == 0 {
            return wire::no_reviews();
        }
        let token = (range.next < reviews.len()).then(|| token::issue(self.catalogue.seed(), &range.query, range.next));
        wire::reviews(&reviews.read(range.skipped, range.length), token.as_deref(), changed)
    }

    fn details(&self, query: &AppQuery, write: impl Fn(&App) -> wire::Node) -> Content {
        self.app(query).map_or_else(Content::default, |app| payload(&write(&app).json()))
    }

    fn page(&self, query: &AppQuery, layout: Layout) -> Content {
        let seed = self.catalogue.seed();
        let page =
            |app: App| page::app_page(self.chrome(), seed, &app, self.rows(&app, query), &query.language, layout);
        self.app(query).map_or_else(Content::default, page)
    }

    /// The app of a query, if there is one.
    pub(crate) fn app(&self, query: &AppQuery) -> Option<App> {
        self.catalogue.app(query)
    }

    fn chrome(&self) -> &Chrome {
        self.chrome.get_or_init(|| Chrome::new(self.catalogue.seed()))
    }
}

/// A payload that is one message, moved if the layout has changed.
fn whole(message: Node, changed: bool) -> Content {
    payload(&if changed { message.moved() } else { message }.json())
}

/// JSON as the inside of a frame's string.
fn payload(json: &str) -> Content {
    Part::new(wire::nested(json)).into()
}
