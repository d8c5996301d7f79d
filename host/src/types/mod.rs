//! Types of queries, requests, responses and failures, which depend on no other module.

mod address;
mod chain;
mod exchange;
mod failure;
mod key;
mod kind_name;
mod pace;
mod page;
mod query;
mod query_end;
mod record_key;
mod row;

pub(crate) use address::{address_host, query_param};
pub(crate) use chain::chain;
pub use exchange::{Exchange, Request, Requests, Response};
pub(crate) use exchange::{header_texts, host_of, path_of};
pub(crate) use failure::one_line;
pub use failure::{Failure, FailureKind, Remedy};
pub use key::{QueryKey, QueryKeyError};
pub use kind_name::KindName;
pub use pace::{Interval, Pace, PaceError};
pub use page::Page;
pub use query::{Priority, Query};
pub use query_end::QueryEnd;
pub use record_key::RecordKey;
pub use row::Row;
pub(crate) use row::value_text;
