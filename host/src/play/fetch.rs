//! Functions for what is asked of Play most.
//!
//! They ask the host that the process shares. [`BatchFetcher`] has the same with defaults, and for a host of the program's own.

use super::{App, BatchFetcher, Chart, PlayError};
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
/// When a value can't be asked for, or the shared host can't be made; nothing was asked then.
pub async fn fetch_category_lists(
    countries: impl IntoIterator<Item = impl AsRef<str>>,
    categories: impl IntoIterator<Item = impl AsRef<str>>,
    num: u32,
) -> Result<Vec<Chart>, PlayError> {
    BatchFetcher::new().with_num(num).category_lists(countries, categories).await
}

/// As [`fetch_category_lists`], under the countries and then the categories.
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

/// Apps under their ids, as in the country that the parser takes where none is given: the United States.
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

/// Apps as in each of these countries, under the countries and then their ids.
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
