//! A hook that sees each exchange, for those who keep raw requests and responses.

use std::fmt;
use std::sync::Arc;

use crate::types::{Failure, Request, Response};

/// An exchange that is over. Neither the user's headers nor any cookies of hers are in it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "the command line alone records"))]
pub(crate) struct Recording<'e> {
    /// What the parser asked for.
    pub(crate) request: &'e Request,
    /// What came back, after redirects and decompressed, or why nothing did.
    pub(crate) result: Result<&'e Response, &'e Failure>,
}

/// Sees each exchange, on the task that makes it.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<dyn Fn(Recording<'_>) + Send + Sync>);

impl Recorder {
    /// Calls this for each exchange.
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
