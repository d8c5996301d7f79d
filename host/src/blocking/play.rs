//! Blocking calls of [`crate::play`], each for a whole batch.

use super::{BlockingError, block};
use crate::play;
use crate::play::{App, Chart, PlayError};
use crate::result::Grouped;
use crate::types::Failure;

/// As [`play::fetch_category_lists`].
///
/// ```no_run
/// for chart in playfast::blocking::play::fetch_category_lists(["us", "kr", "jp"], ["GAME_ACTION", "SOCIAL"], 100)? {
///     println!("{} {}: {} apps", chart.country(), chart.category(), chart.apps.len());
/// }
/// # Ok::<(), playfast::blocking::BlockingError>(())
/// ```
///
/// # Errors
/// As there, and in async code.
pub fn fetch_category_lists(
    countries: impl IntoIterator<Item = impl AsRef<str>>,
    categories: impl IntoIterator<Item = impl AsRef<str>>,
    num: u32,
) -> Result<Vec<Chart>, BlockingError> {
    wait_for(play::fetch_category_lists(countries, categories, num))
}

/// As [`play::fetch_top_apps`].
///
/// ```no_run
/// let charts = playfast::blocking::play::fetch_top_apps(["us", "kr"], ["GAME_ACTION", "SOCIAL"], 100)?;
/// println!("{:?}", charts.at("us", "GAME_ACTION").and_then(|chart| chart.apps.first()));
/// # Ok::<(), playfast::blocking::BlockingError>(())
/// ```
///
/// # Errors
/// As there, and in async code.
pub fn fetch_top_apps(
    countries: impl IntoIterator<Item = impl AsRef<str>>,
    categories: impl IntoIterator<Item = impl AsRef<str>>,
    num: u32,
) -> Result<Grouped<Grouped<Chart>>, BlockingError> {
    wait_for(play::fetch_top_apps(countries, categories, num))
}

/// As [`play::fetch_apps`].
///
/// # Errors
/// As there, and in async code.
pub fn fetch_apps(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Result<App, Failure>>, BlockingError> {
    wait_for(play::fetch_apps(app_ids))
}

/// As [`play::fetch_multi_country_apps`].
///
/// # Errors
/// As there, and in async code.
pub fn fetch_multi_country_apps(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    countries: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Grouped<Result<App, Failure>>>, BlockingError> {
    wait_for(play::fetch_multi_country_apps(app_ids, countries))
}

/// Fetcher of batches with common defaults: [`play::BatchFetcher::blocking`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct BatchFetcher(play::BatchFetcher);

impl play::BatchFetcher {
    /// The same with blocking calls.
    ///
    /// ```no_run
    /// use playfast::blocking::Host;
    /// use playfast::play::BatchFetcher;
    ///
    /// let host = Host::builder().build()?;
    /// let fetcher = BatchFetcher::with_host(&host).with_num(50).blocking();
    /// let charts = fetcher.top_apps(["us", "kr"], ["GAME_ACTION"])?;
    /// # Ok::<(), playfast::blocking::BlockingError>(())
    /// ```
    pub fn blocking(self) -> BatchFetcher {
        BatchFetcher(self)
    }
}

impl BatchFetcher {
    /// As [`play::BatchFetcher::category_lists`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn category_lists(
        &self,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
        categories: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<Chart>, BlockingError> {
        wait_for(self.0.category_lists(countries, categories))
    }

    /// As [`play::BatchFetcher::top_apps`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn top_apps(
        &self,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
        categories: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Grouped<Chart>>, BlockingError> {
        wait_for(self.0.top_apps(countries, categories))
    }

    /// As [`play::BatchFetcher::apps`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn apps(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Result<App, Failure>>, BlockingError> {
        wait_for(self.0.apps(app_ids))
    }

    /// As [`play::BatchFetcher::multi_country_apps`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn multi_country_apps(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Grouped<Result<App, Failure>>>, BlockingError> {
        wait_for(self.0.multi_country_apps(app_ids, countries))
    }
}

fn wait_for<T>(answer: impl Future<Output = Result<T, PlayError>>) -> Result<T, BlockingError> {
    Ok(block(answer)??)
}
