//! Results: outcomes of queries and their pages, groups, and rows as values of a program's own type.

pub(crate) mod compressed_rows;
pub(crate) mod grouped;
pub(crate) mod outcome;
pub(crate) mod page_result;
pub(crate) mod record;
pub(crate) mod reorder_buffer;
pub(crate) mod run_stats;

pub use grouped::Grouped;
pub use outcome::{Outcome, Source};
pub use page_result::PageResult;
pub use record::RecordError;
pub use run_stats::{Latency, RunStats};
