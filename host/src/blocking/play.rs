//! Blocking calls of [`crate::play`], each for a whole batch.

use super::{BlockingError, block};
use crate::play;
use crate::play::{
    App, Availability, Chart, ChartApp, DataSafetyPage, GroupPermissions, PlayError, Records, Review, Suggestion,
};
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

/// As [`play::fetch_reviews`].
///
/// # Errors
/// As there, and in async code.
pub fn fetch_reviews(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    num: u32,
) -> Result<Grouped<Records<Review>>, BlockingError> {
    wait_for(play::fetch_reviews(app_ids, num))
}

/// As [`play::search_apps`].
///
/// # Errors
/// As there, and in async code.
pub fn search_apps(
    terms: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<ChartApp>>, BlockingError> {
    wait_for(play::search_apps(terms))
}

/// As [`play::fetch_similar_apps`].
///
/// # Errors
/// As there, and in async code.
pub fn fetch_similar_apps(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<ChartApp>>, BlockingError> {
    wait_for(play::fetch_similar_apps(app_ids))
}

/// As [`play::fetch_developer_apps`].
///
/// # Errors
/// As there, and in async code.
pub fn fetch_developer_apps(
    developer_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<ChartApp>>, BlockingError> {
    wait_for(play::fetch_developer_apps(developer_ids))
}

/// As [`play::fetch_suggestions`].
///
/// # Errors
/// As there, and in async code.
pub fn fetch_suggestions(
    terms: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<Suggestion>>, BlockingError> {
    wait_for(play::fetch_suggestions(terms))
}

/// As [`play::fetch_permissions`].
///
/// # Errors
/// As there, and in async code.
pub fn fetch_permissions(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<GroupPermissions>>, BlockingError> {
    wait_for(play::fetch_permissions(app_ids))
}

/// As [`play::fetch_data_safety`].
///
/// # Errors
/// As there, and in async code.
pub fn fetch_data_safety(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Result<DataSafetyPage, Failure>>, BlockingError> {
    wait_for(play::fetch_data_safety(app_ids))
}

/// As [`play::fetch_availability`].
///
/// # Errors
/// As there, and in async code.
pub fn fetch_availability(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    countries: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Grouped<Result<Availability, Failure>>>, BlockingError> {
    wait_for(play::fetch_availability(app_ids, countries))
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

    /// As [`play::BatchFetcher::reviews`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn reviews(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<Review>>, BlockingError> {
        wait_for(self.0.reviews(app_ids))
    }

    /// As [`play::BatchFetcher::search`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn search(
        &self,
        terms: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<ChartApp>>, BlockingError> {
        wait_for(self.0.search(terms))
    }

    /// As [`play::BatchFetcher::similar_apps`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn similar_apps(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<ChartApp>>, BlockingError> {
        wait_for(self.0.similar_apps(app_ids))
    }

    /// As [`play::BatchFetcher::developer_apps`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn developer_apps(
        &self,
        developer_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<ChartApp>>, BlockingError> {
        wait_for(self.0.developer_apps(developer_ids))
    }

    /// As [`play::BatchFetcher::suggestions`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn suggestions(
        &self,
        terms: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<Suggestion>>, BlockingError> {
        wait_for(self.0.suggestions(terms))
    }

    /// As [`play::BatchFetcher::permissions`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn permissions(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Records<GroupPermissions>>, BlockingError> {
        wait_for(self.0.permissions(app_ids))
    }

    /// As [`play::BatchFetcher::data_safety`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn data_safety(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Result<DataSafetyPage, Failure>>, BlockingError> {
        wait_for(self.0.data_safety(app_ids))
    }

    /// As [`play::BatchFetcher::availability`].
    ///
    /// # Errors
    /// As there, and in async code.
    pub fn availability(
        &self,
        app_ids: impl IntoIterator<Item = impl AsRef<str>>,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Grouped<Grouped<Result<Availability, Failure>>>, BlockingError> {
        wait_for(self.0.availability(app_ids, countries))
    }
}

fn wait_for<T>(answer: impl Future<Output = Result<T, PlayError>>) -> Result<T, BlockingError> {
    Ok(block(answer)??)
}
