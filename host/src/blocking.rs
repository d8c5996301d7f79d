//! Blocking interface to a host, for programs without async.
//!
//! A call waits for a whole batch: waiting for each query on its own would answer them one after another. All calls run on one runtime of the
//! process, with a thread for each core.
//!
//! In async code a call would block the thread of other tasks: it returns [`BlockingError::Async`] and does nothing.

#[cfg(feature = "play")]
pub mod play;

use std::sync::Arc;

use futures::StreamExt;

use crate::host::HostError;
use crate::parser::Description;
use crate::query::{KindName, Plan, PlanError};
use crate::result::Outcome;
use crate::runtime::{RuntimeError, is_async, shared, wait};
use crate::swap::{SwapError, Swapped};
use crate::types::Query;

/// Why a call failed. The failure of a single query is in its [`Outcome`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockingError {
    /// It was called in async code.
    #[error(
        "async code can't wait without stalling its runtime: await the same of the async `playfast::Host`, or call this within `tokio::task::spawn_blocking`"
    )]
    Async,
    /// The process's own threads can't be started.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The host can't be built.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The new parser is refused.
    #[error(transparent)]
    Swap(#[from] SwapError),
    /// A call of `blocking::play` can't be asked.
    #[cfg(feature = "play")]
    #[error(transparent)]
    Play(#[from] crate::play::PlayError),
}

/// Waits for a future, unless this is async code.
fn block<F: Future>(future: F) -> Result<F::Output, BlockingError> {
    if is_async() { Err(BlockingError::Async) } else { Ok(wait(shared()?, future)) }
}

/// Builder of a blocking host: [`Host::builder`], or [`crate::HostBuilder::blocking`] with options.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct HostBuilder(crate::host::HostBuilder);

impl crate::host::HostBuilder {
    /// The builder of a blocking host with these options.
    ///
    /// ```no_run
    /// use playfast::{Host, Rate};
    ///
    /// let host = Host::builder().with_rate(Rate::per_second(2.0)?).blocking().build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn blocking(self) -> HostBuilder {
        HostBuilder(self)
    }
}

impl From<crate::host::HostBuilder> for HostBuilder {
    fn from(builder: crate::host::HostBuilder) -> Self {
        Self(builder)
    }
}

impl HostBuilder {
    /// Builds the host.
    ///
    /// # Errors
    /// As [`crate::HostBuilder::build`], and in async code.
    pub fn build(self) -> Result<Host, BlockingError> {
        Ok(Host(block(self.0.build())??))
    }
}

/// A host with blocking calls. Cloning it is cheap, and shares client, sandbox and parser.
///
/// ```no_run
/// use playfast::blocking::Host;
///
/// let host = Host::builder().build()?;
/// let plan = host.plan("list", [("country", "us,kr,jp"), ("category", "GAME_ACTION,SOCIAL")])?;
/// for outcome in host.batch(&plan)? {
///     println!("{}: {} apps", outcome.query, outcome.rows.len());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Host(crate::host::Host);

impl Host {
    /// A builder of a host with the parser for Google Play. For options there is [`crate::HostBuilder::blocking`].
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// As [`crate::Host::description`].
    #[must_use]
    pub fn description(&self) -> Arc<Description> {
        self.0.description()
    }

    /// As [`crate::Host::generation`].
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation()
    }

    /// As [`crate::Host::plan`].
    ///
    /// # Errors
    /// As [`crate::Host::plan`].
    pub fn plan<'p>(
        &self,
        kind: impl Into<KindName>,
        params: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Plan, PlanError> {
        self.0.plan(kind, params)
    }

    /// Answers a plan, and returns all outcomes in its order.
    ///
    /// # Errors
    /// In async code.
    pub fn batch(&self, plan: &Plan) -> Result<Vec<Outcome>, BlockingError> {
        block(self.0.batch(plan))
    }

    /// Answers queries, as many at once as the host allows, from when the first outcome is taken. Outcomes come in the order of the queries, each
    /// as soon as it and those before it are there. Dropping the iterator stops the run.
    ///
    /// ```no_run
    /// use playfast::blocking::Host;
    ///
    /// let host = Host::builder().build()?;
    /// let plan = host.plan("list", [("category", "all-games")])?;
    /// let best = host.run(plan.queries())?.filter_map(|outcome| outcome.rows.into_iter().next());
    /// for row in best {
    ///     println!("{}: {}", row["category"], row["title"]);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// In async code.
    pub fn run<Q>(&self, queries: Q) -> Result<Outcomes, BlockingError>
    where
        Q: IntoIterator<Item = Query>,
        Q::IntoIter: Send + 'static,
    {
        if is_async() {
            return Err(BlockingError::Async);
        }
        Ok(Outcomes { outcomes: self.0.run(queries), runtime: shared()? })
    }

    /// As [`crate::Host::swap`].
    ///
    /// # Errors
    /// If the new parser is refused, and in async code.
    pub fn swap(&self, component: impl AsRef<[u8]>) -> Result<Swapped, BlockingError> {
        Ok(block(self.0.swap(component))??)
    }

    /// As [`crate::Host::swap_unchecked`].
    ///
    /// # Errors
    /// If the new parser is refused, and in async code.
    pub fn swap_unchecked(&self, component: impl AsRef<[u8]>) -> Result<Swapped, BlockingError> {
        Ok(block(self.0.swap_unchecked(component))??)
    }

    /// As [`crate::Host::rollback`].
    ///
    /// # Errors
    /// As [`crate::Host::rollback`].
    pub fn rollback(&self) -> Result<Swapped, SwapError> {
        self.0.rollback()
    }
}

/// The async host behind it, which works in any runtime.
impl From<&Host> for crate::host::Host {
    fn from(host: &Host) -> Self {
        host.0.clone()
    }
}

/// Blocking iterator over outcomes, in the order of their queries.
#[derive(Debug)]
pub struct Outcomes {
    outcomes: crate::run::Outcomes,
    runtime: &'static tokio::runtime::Runtime,
}

impl Iterator for Outcomes {
    type Item = Outcome;

    /// Waits also in async code: a blocked task is noticed, and a lost outcome isn't.
    fn next(&mut self) -> Option<Outcome> {
        wait(self.runtime, self.outcomes.next())
    }
}
