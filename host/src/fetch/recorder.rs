//! Recorder of exchanges, for programs that keep raw requests and responses.

use std::fmt;
use std::sync::Arc;

use crate::types::{Failure, Request, Response};

/// A finished exchange, without the user's headers and cookies.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "the command line alone records"))]
pub(crate) struct Recording<'e> {
    /// The parser's request.
    pub(crate) request: &'e Request,
    /// The response after redirects, decompressed, or the failure.
    pub(crate) result: Result<&'e Response, &'e Failure>,
}

/// Hook that is called for each exchange, on its task.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<dyn Fn(Recording<'_>) + Send + Sync>);

impl Recorder {
    /// A recorder that calls `record` for each exchange.
    #[cfg(feature = "cli")]
    pub(crate) fn new(record: impl Fn(Recording<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(record))
    }

    pub(super) fn record(&self, recording: Recording<'_>) {
        (self.0)(recording);
    }
}

impl PartialEq for Recorder {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Recorder {}

impl fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recorder").finish_non_exhaustive()
    }
}
