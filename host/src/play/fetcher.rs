//! Fetcher of batches with the same defaults, from a host of the program's own or from the shared one.

use futures::future::{BoxFuture, FutureExt};

use super::answer::{Chart, app};
use super::defaults::{APP, Defaults, Given, Kind, LIST, given};
use super::{App, shared};
use crate::environment::EnvironmentError;
use crate::host::{Host, HostError};
use crate::query::PlanError;
use crate::result::{Grouped, Outcome};
use crate::runtime::RuntimeError;
use crate::types::Failure;

/// Why nothing was asked. What fails of a query alone is a value in its place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// It can't be asked like this.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The environment leads the shared host nowhere.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The shared host can't be made.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The shared host's threads can't be started.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

/// Asks batches with the same defaults. What isn't set is as the parser's description has it.
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
    /// The shared one, where there is none.
    host: Option<Host>,
    defaults: Defaults,
}

impl BatchFetcher {
    /// Asks the host that the process shares. It is made when it is first needed, as the environment says
    /// ([`crate::HostBuilder::environment`]), and has the parser that comes along.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks a host of the program's own: an async one, or what stands behind a blocking one.
    pub fn with_host(host: impl Into<Host>) -> Self {
        Self { host: Some(host.into()), ..Self::default() }
    }

    /// The language of texts.
    pub fn with_language(self, language: impl Into<String>) -> Self {
        self.with("language", language.into())
    }

    /// The chart of a category.
    pub fn with_collection(self, collection: impl Into<String>) -> Self {
        self.with("collection", collection.into())
    }

    /// The number of a chart's apps.
    pub fn with_num(self, num: u32) -> Self {
        self.with("num", num.to_string())
    }

    /// The country of apps where none is given.
    pub fn with_country(self, country: impl Into<String>) -> Self {
        self.with("country", country.into())
    }

    /// Where an app's details are read: by the `rpc` behind its page, from its `page`, or from the page only if the rpc fails to answer (`auto`, the
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
    /// When a value can't be asked for, or the shared host can't be made; nothing was asked then.
    pub async fn category_lists(
        &self,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
        categories: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<Chart>, PlayError> {
        let outcomes = self.ask(&LIST, &[given("country", countries), given("category", categories)]).await?;
        Ok(outcomes.into_iter().map(Chart::from_outcome).collect())
    }

    /// The charts of all these categories in all these countries, under their countries and then their categories.
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

    /// Apps under their ids, as in one country ([`BatchFetcher::with_country`]).
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn apps(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Result<App, Failure>>, PlayError> {
        let outcomes = self.ask(&APP, &[given("app_id", app_ids)]).await?;
        Ok(under("app_id", outcomes, |outcome| app(&outcome)))
    }

    /// Apps as in each of these countries, under the countries and then their ids.
    ///
    /// # Errors
    /// As [`BatchFetcher::category_lists`].
    pub async fn multi_country_apps(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Grouped<Result<App, Failure>>>, PlayError> {
        let outcomes = self.ask(&APP, &[given("app_id", app_ids), given("country", countries)]).await?;
        let apps = |outcomes| under("app_id", outcomes, |outcome| app(&outcome));
        Ok(Grouped::by("country", outcomes).map(apps))
    }

    /// All outcomes of one batch.
    fn ask<'a>(&'a self, kind: &'a Kind, given: &'a [Given]) -> BoxFuture<'a, Result<Vec<Outcome>, PlayError>> {
        async move {
            if let Some(host) = &self.host {
                return match self.defaults.plan(&host.description(), kind, given)? {
                    Some(plan) => Ok(host.batch(&plan).await),
                    None => Ok(Vec::new()),
                };
            }
            let host = shared::host().await?;
            match self.defaults.plan(&host.description(), kind, given)? {
                Some(plan) => Ok(shared::run_on_own_runtime(async move { host.batch(&plan).await }).await?),
                None => Ok(Vec::new()),
            }
        }
        .boxed()
    }
}

/// What each outcome says, under the value of a parameter.
fn under<T>(name: &str, outcomes: Vec<Outcome>, says: impl Fn(Outcome) -> T) -> Grouped<T> {
    let value = |outcome: &Outcome| outcome.query.param(name).unwrap_or_default().into();
    outcomes.into_iter().map(|outcome| (value(&outcome), says(outcome))).collect()
}
