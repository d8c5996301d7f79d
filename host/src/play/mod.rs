//! Google Play: typed requests and answers.
//!
//! A typed front for the parser that comes along, in three levels:
//!
//! - [`fetch_category_lists`], [`fetch_top_apps`], [`fetch_apps`] and [`fetch_multi_country_apps`] ask a host that the process shares, as
//!   the parser and its description have it where nothing is said.
//! - [`BatchFetcher`] has defaults that several batches share, and asks a host of the program's own where it is given one.
//! - [`BatchRequestBuilder`] makes queries for [`crate::Host::run`], one by one and with shared texts.
//!
//! Values are checked against the parser's description before anything is sent. From then on a query that fails is a value in its place: a
//! [`Chart`] with a failure, or an `Err` where an [`App`] would be.
//!
//! Below lies [`crate::host::Host`], which knows all that the parser knows. Without async there is `playfast::blocking::play`.

mod answer;
mod defaults;
mod fetch;
mod fetcher;
mod requests;
mod shared;

pub use answer::Chart;
pub use fetch::{fetch_apps, fetch_category_lists, fetch_multi_country_apps, fetch_top_apps};
pub use fetcher::{BatchFetcher, PlayError};
pub use playfast_play::record::{App, Category, ChartApp, DataSafety, PermissionGroup, Practice, UsedData};
pub use requests::{BatchRequestBuilder, BatchRequests, Memory};
