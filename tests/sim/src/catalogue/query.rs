//! The queries, in the words of the requests.

/// A chart: who leads a category in a country.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChartQuery {
    /// `gl`, such as `us`.
    pub country: String,
    /// `hl`, such as `en`.
    pub language: String,
    /// `APPLICATION`, `GAME`, `GAME_PUZZLE`, …
    pub category: String,
    /// `topselling_free`, `topselling_paid`, `topgrossing`, `topselling_new_free`, `topselling_new_paid` or `movers_shakers`.
    pub collection: String,
    /// How many apps; the store never gives more than 200.
    pub num: usize,
}

impl ChartQuery {
    /// A chart of a hundred apps, in English.
    pub fn new(country: &str, category: &str, collection: &str) -> Self {
        let (country, category, collection) = (country.to_owned(), category.to_owned(), collection.to_owned());
        Self { country, language: "en".to_owned(), category, collection, num: 100 }
    }

    /// The same chart with so many apps.
    #[must_use]
    pub fn num(self, num: usize) -> Self {
        Self { num, ..self }
    }

    /// The same chart in another language.
    #[must_use]
    pub fn language(self, language: &str) -> Self {
        Self { language: language.to_owned(), ..self }
    }
}

/// An app's details in a language and a country.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppQuery {
    /// The package name.
    pub id: String,
    /// `hl`, such as `en`.
    pub language: String,
    /// `gl`, such as `us`.
    pub country: String,
}

impl AppQuery {
    /// The details of an app.
    pub fn new(id: &str, language: &str, country: &str) -> Self {
        Self { id: id.to_owned(), language: language.to_owned(), country: country.to_owned() }
    }
}

/// The order of reviews, by the numbers of the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReviewSort {
    /// SORT 1.
    MostHelpful,
    /// SORT 2.
    #[default]
    Newest,
    /// SORT 3: the best score first.
    Rating,
}

/// The device that a review was written on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Device {
    /// 2 in a request.
    #[default]
    Phone,
    /// 3 in a request.
    Tablet,
    /// 5 in a request.
    Chromebook,
    /// 6 in a request.
    Tv,
}

/// An app's reviews in one language; the country does nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReviewQuery {
    /// The package name.
    pub app_id: String,
    /// `hl`, such as `en`.
    pub language: String,
    /// The order.
    pub sort: ReviewSort,
    /// Only reviews of this score, 1 to 5.
    pub stars: Option<u8>,
    /// Only reviews written on this device.
    pub device: Option<Device>,
}

impl ReviewQuery {
    /// All reviews in a language, the newest first.
    pub fn new(app_id: &str, language: &str) -> Self {
        let (app_id, language) = (app_id.to_owned(), language.to_owned());
        Self { app_id, language, sort: ReviewSort::Newest, stars: None, device: None }
    }

    /// The reviews in this order.
    #[must_use]
    pub fn sort(self, sort: ReviewSort) -> Self {
        Self { sort, ..self }
    }

    /// Only those of this score.
    #[must_use]
    pub fn stars(self, stars: u8) -> Self {
        Self { stars: Some(stars), ..self }
    }

    /// Only those from this device.
    #[must_use]
    pub fn device(self, device: Device) -> Self {
        Self { device: Some(device), ..self }
    }
}

impl ReviewSort {
    /// The order of a request's number.
    pub(crate) fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::MostHelpful),
            2 => Some(Self::Newest),
            3 => Some(Self::Rating),
            _ => None,
        }
    }
}

impl Device {
    /// The device of a request's number.
    pub(crate) fn from_number(number: u64) -> Option<Self> {
        match number {
            2 => Some(Self::Phone),
            3 => Some(Self::Tablet),
            5 => Some(Self::Chromebook),
            6 => Some(Self::Tv),
            _ => None,
        }
    }
}

/// Which apps a search finds, by the numbers of the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Price {
    /// 0: all.
    #[default]
    All,
    /// 1: those that are free.
    Free,
    /// 2: those that cost something.
    Paid,
}

/// A search for apps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SearchQuery {
    /// `q`.
    pub term: String,
    /// `hl`, such as `en`.
    pub language: String,
    /// `gl`, such as `us`.
    pub country: String,
    /// `price`.
    pub price: Price,
}

impl SearchQuery {
    /// A search for all apps.
    pub fn new(term: &str, language: &str, country: &str) -> Self {
        let (term, language, country) = (term.to_owned(), language.to_owned(), country.to_owned());
        Self { term, language, country, price: Price::All }
    }

    /// The same search with a price filter.
    #[must_use]
    pub fn price(self, price: Price) -> Self {
        Self { price, ..self }
    }
}

/// What the apps of a cluster have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// They are similar to this app.
    Similar(String),
    /// They are by this developer: a number or a name.
    Developer(String),
}

/// The apps of a cluster, as shown in one edition of the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClusterQuery {
    /// What they have in common.
    pub topic: Topic,
    /// `hl`, such as `en`.
    pub language: String,
    /// `gl`, such as `us`.
    pub country: String,
}

impl ClusterQuery {
    /// The apps that are similar to this one.
    pub fn similar(app_id: &str, language: &str, country: &str) -> Self {
        Self::new(Topic::Similar(app_id.to_owned()), language, country)
    }

    /// The apps of a developer: a number or a name.
    pub fn developer(id: &str, language: &str, country: &str) -> Self {
        Self::new(Topic::Developer(id.to_owned()), language, country)
    }

    fn new(topic: Topic, language: &str, country: &str) -> Self {
        Self { topic, language: language.to_owned(), country: country.to_owned() }
    }

    /// An app in the same edition.
    pub(crate) fn app(&self, id: &str) -> AppQuery {
        AppQuery::new(id, &self.language, &self.country)
    }
}
