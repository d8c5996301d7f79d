//! All of it follows from the seed; nothing is stored but pools of candidates.

mod app;
mod clusters;
mod contact;
mod declared;
mod edits;
mod genres;
mod listing;
mod locale;
mod make;
mod media;
mod numbers;
mod places;
mod prose;
mod query;
mod ranking;
mod reviews;
mod search;
mod speech;
mod suggestions;
mod traits;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

pub(crate) use app::{
    App, Availability, ContentRating, DataType, Discount, Image, Offer, PermissionGroup, Permissions, Rating, Tag,
    Video,
};
pub(crate) use clusters::{cluster, is_number};
pub(crate) use listing::{Listing, listing};
pub(crate) use locale::Locale;
pub(crate) use media::picture;
pub(crate) use prose::{encode, sentence};
use ranking::{Collection, is_category};
pub(crate) use traits::exists;

pub(crate) use reviews::{Review, ReviewPage};
pub(crate) use search::{SearchResults, search};
pub(crate) use suggestions::suggestions;

pub use edits::Edits;
pub use query::{AppQuery, ChartQuery, ClusterQuery, Device, Price, ReviewQuery, ReviewSort, SearchQuery, Topic};

type Pools = HashMap<(String, Collection), Arc<[String]>>;

/// The generated catalogue of one seed.
#[derive(Debug)]
pub(crate) struct Catalogue {
    seed: u64,
    pools: Mutex<Pools>,
    edits: Mutex<Arc<Edits>>,
}

impl Catalogue {
    /// The catalogue of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, pools: Mutex::default(), edits: Mutex::default() }
    }

    /// The seed that everything follows from.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// What has changed.
    fn edits(&self) -> Arc<Edits> {
        Arc::clone(&self.edits.lock())
    }

    /// Sets what has changed.
    pub(crate) fn set_edits(&self, edits: Edits) {
        *self.edits.lock() = Arc::new(edits);
    }

    /// The app of a query, if its country has a page of it.
    pub(crate) fn app(&self, query: &AppQuery) -> Option<App> {
        let listing = listing(&query.id, &query.country);
        let locale = Locale::of(&query.language, &query.country);
        let make = || self.edits().app(make::make(self.seed, &query.id, locale));
        match listing {
            Listing::None => None,
            Listing::Offered => Some(make()),
            Listing::NotInCountry => Some(App { availability: Availability::NotInCountry, ..make() }),
        }
    }

    /// The apps of a chart in their order; none if there is no such chart.
    pub(crate) fn chart(&self, query: &ChartQuery) -> Option<Vec<App>> {
        let collection = Collection::of(&query.collection).filter(|_| is_category(&query.category))?;
        let pool = self.pool(&query.category, collection);
        let locale = Locale::of(&query.language, &query.country);
        let edits = self.edits();
        let ids = ranking::ranked(self.seed, &pool, &query.country, query.num + edits.spare());
        let ids = edits.chart(ids.into_iter().map(str::to_owned).collect(), query.num.min(ranking::LONGEST_CHART));
        Some(ids.iter().map(|id| edits.app(make::make(self.seed, id, locale))).collect())
    }

    /// The reviews of an app, those that a query selects, in its order.
    pub(crate) fn reviews(&self, query: &ReviewQuery) -> ReviewPage<'_> {
        ReviewPage::new(self, query)
    }

    fn pool(&self, category: &str, collection: Collection) -> Arc<[String]> {
        let key = (category.to_owned(), collection);
        if let Some(pool) = self.pools.lock().get(&key) {
            return Arc::clone(pool);
        }
        // Made outside the lock: two threads may do the same work once, and none waits for another's.
        let pool: Arc<[String]> = ranking::pool(self.seed, category, collection).into();
        self.pools.lock().insert(key, Arc::clone(&pool));
        pool
    }
}

#[cfg(test)]
mod tests {
    use super::ranking::LONGEST_CHART;
    use super::*;

    fn ids(country: &str, num: usize) -> Vec<String> {
        let query = ChartQuery::new(country, "GAME_PUZZLE", "topselling_free").num(num);
        Catalogue::new(1).chart(&query).unwrap().into_iter().map(|app| app.id).collect()
    }

    #[test]
    fn countries_share_apps_in_another_order() {
        let (here, there) = (ids("us", 100), ids("de", 100));
        let shared = here.iter().filter(|id| there.contains(id)).count();
        assert_ne!(here, there);
        assert!((30..95).contains(&shared), "{shared}");
    }

    #[test]
    fn a_chart_is_as_long_as_asked_and_no_longer_than_the_server_gives() {
        assert_eq!(ids("us", 5).len(), 5);
        assert_eq!(ids("us", 5000).len(), LONGEST_CHART);
        assert_eq!(ids("us", 5), ids("us", 50).into_iter().take(5).collect::<Vec<_>>());
    }

    #[test]
    fn there_is_no_chart_of_an_unknown_category_or_collection() {
        let catalogue = Catalogue::new(1);
        assert!(catalogue.chart(&ChartQuery::new("us", "NOPE", "topselling_free")).is_none());
        assert!(catalogue.chart(&ChartQuery::new("us", "GAME", "newest")).is_none());
    }
}
