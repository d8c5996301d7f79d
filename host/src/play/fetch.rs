//! Functions for each kind, which ask the host that the process shares.
//!
//! [`BatchFetcher`] has the same with defaults, and for the program's own host.

use super::{
    App, Availability, BatchFetcher, Chart, ChartApp, DataSafetyPage, GroupPermissions, PlayError, Records, Review,
    Suggestion,
};
use crate::result::Grouped;
use crate::types::Failure;

/// The charts of all these categories in all these countries, with `num` apps each, in one batch.
///
/// ```no_run
/// # async fn charts() -> Result<(), playfast::play::PlayError> {
/// for chart in playfast::play::fetch_category_lists(["us", "kr", "jp"], ["GAME_ACTION", "SOCIAL"], 100).await? {
///     match &chart.failure {
///         None => println!("{} {}: {} apps", chart.country(), chart.category(), chart.apps.len()),
///         Some(failure) => eprintln!("{}: {failure}", chart.query),
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If a value is invalid or the shared host can't be built. Nothing was sent then.
pub async fn fetch_category_lists(
    countries: impl IntoIterator<Item = impl AsRef<str>>,
    categories: impl IntoIterator<Item = impl AsRef<str>>,
    num: u32,
) -> Result<Vec<Chart>, PlayError> {
    BatchFetcher::new().with_num(num).category_lists(countries, categories).await
}

/// As [`fetch_category_lists`], grouped by country and then by category.
///
/// ```no_run
/// # async fn charts() -> Result<(), playfast::play::PlayError> {
/// let charts = playfast::play::fetch_top_apps(["us", "kr", "jp"], ["GAME_ACTION", "SOCIAL"], 100).await?;
/// if let Some(chart) = charts.at("us", "GAME_ACTION") {
///     println!("{:?}", chart.apps.first().map(|app| &app.title));
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_top_apps(
    countries: impl IntoIterator<Item = impl AsRef<str>>,
    categories: impl IntoIterator<Item = impl AsRef<str>>,
    num: u32,
) -> Result<Grouped<Grouped<Chart>>, PlayError> {
    BatchFetcher::new().with_num(num).top_apps(countries, categories).await
}

/// Apps by their ids, in the parser's default country, the United States.
///
/// ```no_run
/// # async fn apps() -> Result<(), playfast::play::PlayError> {
/// for (app_id, app) in playfast::play::fetch_apps(["com.spotify.music", "com.example.gone"]).await? {
///     match app {
///         Ok(app) => println!("{}: {:?} installs", app.title, app.real_installs),
///         Err(failure) => eprintln!("{app_id}: {failure}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_apps(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Result<App, Failure>>, PlayError> {
    BatchFetcher::new().apps(app_ids).await
}

/// Apps in each of these countries, grouped by country and then by id.
///
/// ```no_run
/// # async fn prices() -> Result<(), playfast::play::PlayError> {
/// let apps = playfast::play::fetch_multi_country_apps(["com.mojang.minecraftpe"], ["us", "kr"]).await?;
/// for (country, apps) in &apps {
///     if let Some(Ok(app)) = apps.get("com.mojang.minecraftpe") {
///         println!("{country}: {:?}", app.price_text);
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_multi_country_apps(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    countries: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Grouped<Result<App, Failure>>>, PlayError> {
    BatchFetcher::new().multi_country_apps(app_ids, countries).await
}

/// Reviews of apps in English, by their ids: up to `num` of each.
///
/// ```no_run
/// # async fn reviews() -> Result<(), playfast::play::PlayError> {
/// for (app_id, reviews) in playfast::play::fetch_reviews(["com.spotify.music"], 5000).await? {
///     println!("{app_id}: {} reviews, {:?}", reviews.records.len(), reviews.failure);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_reviews(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    num: u32,
) -> Result<Grouped<Records<Review>>, PlayError> {
    BatchFetcher::new().with_num(num).reviews(app_ids).await
}

/// The apps that the store finds for each of these terms.
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn search_apps(
    terms: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<ChartApp>>, PlayError> {
    BatchFetcher::new().search(terms).await
}

/// The apps that the store calls similar to each of these.
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_similar_apps(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<ChartApp>>, PlayError> {
    BatchFetcher::new().similar_apps(app_ids).await
}

/// The apps of developers, by their numbers or names: [`App::developer_id`].
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_developer_apps(
    developer_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<ChartApp>>, PlayError> {
    BatchFetcher::new().developer_apps(developer_ids).await
}

/// The searches that the store suggests for the beginnings of terms.
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_suggestions(
    terms: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<Suggestion>>, PlayError> {
    BatchFetcher::new().suggestions(terms).await
}

/// The permissions that apps ask for, by their groups.
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_permissions(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Records<GroupPermissions>>, PlayError> {
    BatchFetcher::new().permissions(app_ids).await
}

/// What apps declare to share and collect.
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_data_safety(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Result<DataSafetyPage, Failure>>, PlayError> {
    BatchFetcher::new().data_safety(app_ids).await
}

/// Whether apps can be had in countries, grouped by country and then by id.
///
/// # Errors
/// As [`fetch_category_lists`].
pub async fn fetch_availability(
    app_ids: impl IntoIterator<Item = impl AsRef<str>>,
    countries: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Grouped<Grouped<Result<Availability, Failure>>>, PlayError> {
    BatchFetcher::new().availability(app_ids, countries).await
}
