//! Fetcher of batches with common defaults, from the program's own host or the shared one.

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};

use super::answer::{Chart, Records, only};
use super::defaults::{
    APP, AVAILABILITY, DATA_SAFETY, DEVELOPER, Defaults, Given, Kind, LIST, PERMISSIONS, REVIEWS, SEARCH, SIMILAR,
    SUGGEST, given,
};
use super::{App, Availability, ChartApp, DataSafetyPage, GroupPermissions, Review, Suggestion, shared};
use crate::environment::EnvironmentError;
use crate::host::{Host, HostError};
use crate::query::{Plan, PlanError};
use crate::result::{Grouped, Outcome};
use crate::runtime::RuntimeError;
use crate::types::Failure;

/// Why nothing was asked. The failure of a single query is in its result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// A value is invalid.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The environment's variables for the shared host are invalid.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The shared host can't be built.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The shared host's threads can't be started.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

/// Fetcher of batches with common defaults. What isn't set has the default of the parser's description.
///
/// ```no_run
/// # async fn fetch() -> Result<(), playfast::play::PlayError> {
/// use playfast::play::BatchFetcher;
///
/// let fetcher = BatchFetcher::new().with_language("en").with_collection("topgrossing").with_num(50);
/// let west = fetcher.top_apps(["us", "gb"], ["GAME_ACTION", "SOCIAL"]).await?;
/// let east = fetcher.top_apps(["kr", "jp"], ["GAME_ACTION", "SOCIAL"]).await?;
/// for charts in [west, east] {
///     for (country, categories) in &charts {
///         println!("{country}: {:?}", categories.get("SOCIAL").and_then(|chart| chart.apps.first()));
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct BatchFetcher {
    /// `None` for the shared host.
    host: Option<Host>,
    defaults: Defaults,
}

impl BatchFetcher {
    /// A fetcher from the host that the process shares. It is built when it is first needed, with the environment's variables
    /// ([`crate::HostBuilder::environment`]) and the built-in parser.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fetcher from the program's own host: an async one, or the one behind a blocking one.
    pub fn with_host(host: impl Into<Host>) -> Self {
        Self { host: Some(host.into()), ..Self::default() }
    }

    /// Sets the language of texts.
    pub fn with_language(self, language: impl Into<String>) -> Self {
        self.with("language", language.into())
    }

    /// Sets the collection, which is the chart of a category.
    pub fn with_collection(self, collection: impl Into<String>) -> Self {
        self.with("collection", collection.into())
    }

    /// Sets the number of a chart's apps, of reviews, or of apps that are found.
    pub fn with_num(self, num: u32) -> Self {
        self.with("num", num.to_string())
    }

    /// Sets the country of apps for which none is given.
    pub fn with_country(self, country: impl Into<String>) -> Self {
        self.with("country", country.into())
    }

    /// Sets how an app's details are read: by the `rpc` behind its page, from its `page`, or from the page only if the rpc fails to answer (`auto`, the
    /// default).
    pub fn with_via(self, via: impl Into<String>) -> Self {
        self.with("via", via.into())
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.defaults = self.defaults.with(name, value);
        self
    }

    /// The charts of all these categories in all these countries: those of the first category first.
    ///
    /// # Errors
    /// If a value is invalid or the shared host can't be built. Nothing was sent then.
    pub async fn category_lists(
        &self,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
        categories: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<Chart>, PlayError> {
        let outcomes = self.ask(&LIST, &[given("country", countries), given("category", categories)]).await?;
        Ok(outcomes.into_iter().map(Chart::from_outcome).collect())
    }

    /// The charts of all these categories in all these countries, grouped by country and then by category.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn top_apps(
        &self,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
        categories: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Grouped<Chart>>, PlayError> {
        let outcomes = self.ask(&LIST, &[given("country", countries), given("category", categories)]).await?;
        Ok(Grouped::by("country", outcomes).map(|outcomes| under("category", outcomes, Chart::from_outcome)))
    }

    /// Apps by their ids, in one country ([`BatchFetcher::with_country`]).
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn apps(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Result<App, Failure>>, PlayError> {
        let outcomes = self.ask(&APP, &[given("app_id", app_ids)]).await?;
        Ok(under("app_id", outcomes, |outcome| only(&outcome)))
    }

    /// Apps in each of these countries, grouped by country and then by id.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn multi_country_apps(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Grouped<Result<App, Failure>>>, PlayError> {
        let outcomes = self.ask(&APP, &[given("app_id", app_ids), given("country", countries)]).await?;
        let apps = |outcomes| under("app_id", outcomes, |outcome| only(&outcome));
        Ok(Grouped::by("country", outcomes).map(apps))
    }

    /// Reviews of apps in one language ([`BatchFetcher::with_language`]), by their ids: as many of each as [`BatchFetcher::with_num`] says.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn reviews(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<Review>>, PlayError> {
        let outcomes = self.ask(&REVIEWS, &[given("app_id", app_ids)]).await?;
        Ok(under("app_id", outcomes, Records::from_outcome))
    }

    /// The apps that the store finds for each of these terms.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn search(
        &self,
        terms: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<ChartApp>>, PlayError> {
        let outcomes = self.ask_each(&SEARCH, given("term", terms)).await?;
        Ok(under("term", outcomes, Records::from_outcome))
    }

    /// The apps that the store calls similar to each of these.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn similar_apps(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<ChartApp>>, PlayError> {
        let outcomes = self.ask(&SIMILAR, &[given("app_id", app_ids)]).await?;
        Ok(under("app_id", outcomes, Records::from_outcome))
    }

    /// The apps of developers, by their numbers or names: [`App::developer_id`].
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn developer_apps(
        &self,
        developer_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<ChartApp>>, PlayError> {
        let outcomes = self.ask_each(&DEVELOPER, given("developer_id", developer_ids)).await?;
        Ok(under("developer_id", outcomes, Records::from_outcome))
    }

    /// The searches that the store suggests for the beginnings of terms.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn suggestions(
        &self,
        terms: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<Suggestion>>, PlayError> {
        let outcomes = self.ask_each(&SUGGEST, given("term", terms)).await?;
        Ok(under("term", outcomes, Records::from_outcome))
    }

    /// The permissions that apps ask for, by their groups.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn permissions(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<GroupPermissions>>, PlayError> {
        let outcomes = self.ask(&PERMISSIONS, &[given("app_id", app_ids)]).await?;
        Ok(under("app_id", outcomes, Records::from_outcome))
    }

    /// What apps declare to share and collect.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn data_safety(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Result<DataSafetyPage, Failure>>, PlayError> {
        let outcomes = self.ask(&DATA_SAFETY, &[given("app_id", app_ids)]).await?;
        Ok(under("app_id", outcomes, |outcome| only(&outcome)))
    }

    /// Whether apps can be had in countries, grouped by country and then by id.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn availability(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Grouped<Result<Availability, Failure>>>, PlayError> {
        let outcomes = self.ask(&AVAILABILITY, &[given("app_id", app_ids), given("country", countries)]).await?;
        let apps = |outcomes| under("app_id", outcomes, |outcome| only(&outcome));
        Ok(Grouped::by("country", outcomes).map(apps))
    }

    /// All outcomes of one batch.
    async fn ask(&self, kind: &Kind, given: &[Given]) -> Result<Vec<Outcome>, PlayError> {
        self.ask_all(kind, &[given]).await
    }

    /// All outcomes of one batch of a kind that takes one value of a parameter a query.
    async fn ask_each(&self, kind: &Kind, (name, values): Given) -> Result<Vec<Outcome>, PlayError> {
        let given: Vec<_> = values.into_iter().map(|value| [(name, vec![value])]).collect();
        self.ask_all(kind, &given.iter().map(<[_; 1]>::as_slice).collect::<Vec<_>>()).await
    }

    /// All outcomes of one batch of several plans.
    fn ask_all<'a>(
        &'a self,
        kind: &'a Kind,
        given: &'a [&'a [Given]],
    ) -> BoxFuture<'a, Result<Vec<Outcome>, PlayError>> {
        async move {
            let queries = |host: &Host| {
                let description = host.description();
                let plans = given.iter().map(|given| self.defaults.plan(&description, kind, given));
                let plans = plans.collect::<Result<Vec<_>, _>>()?;
                Ok::<Vec<_>, PlayError>(plans.iter().flatten().flat_map(Plan::queries).collect())
            };
            if let Some(host) = &self.host {
                return Ok(host.run(queries(host)?).collect().await);
            }
            let host = shared::host().await?;
            let queries = queries(host)?;
            Ok(shared::run_on_own_runtime(async move { host.run(queries).collect().await }).await?)
        }
        .boxed()
    }
}

/// Maps outcomes, grouped by a parameter.
fn under<T>(name: &str, outcomes: Vec<Outcome>, says: impl Fn(Outcome) -> T) -> Grouped<T> {
    let value = |outcome: &Outcome| outcome.query.param(name).unwrap_or_default().into();
    outcomes.into_iter().map(|outcome| (value(&outcome), says(outcome))).collect()
}
