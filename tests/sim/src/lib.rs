//! A Google Play store on loopback, for Playfast's demo, tests and benchmarks: real TLS, real HTTP/2, and answers of the true shape and
//! size, all of them generated from a seed.
//!
//! ```no_run
//! # async fn demo() -> Result<(), playfast_sim::Error> {
//! use playfast_sim::{ChartQuery, FaultKind, Faults, Store, StoreConfig};
//!
//! let store = Store::start(StoreConfig::default().seed(7)).await?;
//! let chart = ChartQuery::new("us", "GAME_PUZZLE", "topselling_free");
//! store.prepare(std::slice::from_ref(&chart), &[]).await?;
//! store.set_faults(Faults::none().with(FaultKind::TooManyRequests, 0.1));
//! let expected = store.chart(&chart);
//! # let _ = expected;
//! # Ok(())
//! # }
//! ```
//!
//! A client is led here with [`Store::connect_to`] and trusts [`Store::ca_pem`]. What it should read is what [`Store::chart`],
//! [`Store::app`] and their like say. Everything follows from the seed; some ids and terms choose what they get:
//!
//! | id or term | what it is |
//! |---|---|
//! | `missing.…` | an app that never existed: status 5, or a 404 |
//! | `removed.…`, `listed.CC.…` | an app without a page (in any country but CC): an empty frame, or a 404 |
//! | `only.CC.…` | an app with a page that says that it can't be had, in any country but CC |
//! | `soon.…` | an app to be preregistered for |
//! | `bare.…` | an app that asks for no permissions and declares that it collects and shares nothing |
//! | `silent.…` | an app without a declaration on data |
//! | `….reviewsN` | an app with exactly N reviews in English |
//! | a search for an app's id, or for one word `w` | has an exact match: that app, or `com.w` |
//! | a search for `pandaaa` | shows results for `panda` |
//! | a search for `!?` | finds nothing |
//!
//! The crate depends on nothing of the project's own.

mod batch;
mod body;
mod cache;
mod canned;
mod catalogue;
mod config;
mod dice;
mod error;
mod faults;
mod page;
mod saved;
mod serve;
mod stats;
mod stock;
mod store;
mod tls;
mod token;
mod truth;
mod wire;

pub use canned::Canned;
pub use catalogue::{
    AppQuery, ChartQuery, ClusterQuery, Device, Edits, Price, ReviewQuery, ReviewSort, SearchQuery, Topic,
};
pub use config::{Layout, Protocol, StoreConfig};
pub use error::Error;
pub use faults::{CallLimit, FOREIGN_APP, FaultKind, Faults, UnknownFault, Window};
pub use stats::Stats;
pub use store::Store;
