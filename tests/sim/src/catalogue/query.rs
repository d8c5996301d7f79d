//! The two queries, in the words of the requests.

/// A chart: who leads a category in a country.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChartQuery {
    /// `gl`, such as `us`.
    pub country: String,
    /// `hl`, such as `en`.
    pub language: String,
    /// `APPLICATION`, `GAME`, `GAME_PUZZLE`, …
    pub category: String,
    /// `topselling_free`, `topselling_paid` or `topgrossing`.
    pub collection: String,
    /// How many apps; the store never gives more than 660.
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
