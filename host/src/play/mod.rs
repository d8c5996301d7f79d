//! Google Play: typed requests and answers.
//!
//! A typed interface to the built-in parser, in three levels:
//!
//! - [`fetch_category_lists`], [`fetch_top_apps`], [`fetch_apps`] and [`fetch_multi_country_apps`] ask a host that the process shares,
//!   with the defaults of the parser's description.
//! - [`BatchFetcher`] has defaults for several batches, and can ask the program's own host.
//! - [`BatchRequestBuilder`] builds queries for [`crate::Host::run`] one by one, with shared texts.
//!
//! Values are checked against the parser's description before anything is sent. A query that fails afterwards is a [`Chart`] with a failure, or an
//! `Err` in place of an [`App`].
//!
//! [`crate::Host`] offers all kinds of the parser. `playfast::blocking::play` is the same without async.

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
