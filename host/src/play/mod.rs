//! Google Play: typed requests and answers.
//!
//! A typed interface to the built-in parser, in three levels:
//!
//! - [`fetch_category_lists`], [`fetch_top_apps`], [`fetch_apps`], [`fetch_reviews`], [`search_apps`], [`fetch_availability`] and the others ask a
//!   host that the process shares, with the defaults of the parser's description.
//! - [`BatchFetcher`] has defaults for several batches, and can ask the program's own host.
//! - [`BatchRequestBuilder`] builds queries for [`crate::Host::run`] one by one, with shared texts.
//!
//! Values are checked against the parser's description before anything is sent. A query that fails afterwards is a [`Chart`] with a failure, or an
//! `Err` in place of an [`App`]; [`Records`] have both rows and a failure if further ones could not be had.
//!
//! [`crate::Host`] offers all kinds of the parser. `playfast::blocking::play` is the same without async.

mod answer;
mod defaults;
mod fetch;
mod fetcher;
mod requests;
mod shared;

pub use answer::{Chart, Record, Records};
pub use fetch::{
    fetch_apps, fetch_availability, fetch_category_lists, fetch_data_safety, fetch_developer_apps,
    fetch_multi_country_apps, fetch_permissions, fetch_reviews, fetch_similar_apps, fetch_suggestions, fetch_top_apps,
    search_apps,
};
pub use fetcher::{BatchFetcher, PlayError};
pub use playfast_play::record::{
    App, Availability, Category, ChartApp, Criterion, DataSafety, DataSafetyPage, GroupPermissions, PermissionGroup,
    Practice, Review, Suggestion, UsedData,
};
pub use requests::{BatchRequestBuilder, BatchRequests, Memory};
