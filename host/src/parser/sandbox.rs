//! Limits of one call of a parser: memory, time, stack and output.
//!
//! Time counts in ticks of the engine's epoch while the guest runs, so that a call that waits for a core isn't charged for it. A guest
//! that waits in a host call makes no ticks: for it there is a limit on the clock. Why a call was stopped is noted where it is stopped,
//! and not read out of messages afterwards.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use wasmtime::{ResourceLimiter, Trap, UpdateDeadline};
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::cpu_slots::{FREE_TICKS, Lane};
use super::engine::{CORE_INSTANCES, MEMORIES, STACK, TABLES};
use super::wasi::DenyAllWasi;
use crate::types::{Failure, FailureKind};

/// What one call may use.
///
/// ```
/// use std::time::Duration;
/// use playfast::parser::Limits;
/// use playfast::Host;
///
/// let strict = Limits::default().with_memory(64 << 20).with_time(Duration::from_millis(50));
/// let builder = Host::builder().with_limits(strict);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Linear memory, in bytes.
    pub memory: usize,
    /// Elements of tables.
    pub table_elements: usize,
    /// Time on a core.
    pub time: Duration,
    /// What it may return, in bytes.
    pub output: usize,
    /// Records, notes and further queries that it may return together.
    pub items: usize,
}

impl Default for Limits {
    /// Generous for pages of megabytes: those of Play take 4 MB and a millisecond.
    fn default() -> Self {
        let time = Duration::from_millis(250);
        Self { memory: 256 << 20, table_elements: 200_000, time, output: 64 << 20, items: 100_000 }
    }
}

impl Limits {
    /// With so many bytes of linear memory.
    #[must_use]
    pub const fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// With so many elements of tables.
    #[must_use]
    pub const fn with_table_elements(mut self, elements: usize) -> Self {
        self.table_elements = elements;
        self
    }

    /// With so much time on a core.
    #[must_use]
    pub const fn with_time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// With so many records, notes and further queries together.
    #[must_use]
    pub const fn with_items(mut self, items: usize) -> Self {
        self.items = items;
        self
    }

    /// With results of so many bytes.
    #[must_use]
    pub const fn with_output(mut self, bytes: usize) -> Self {
        self.output = bytes;
        self
    }
}

/// How often the engine's epoch ticks while a guest runs: the grain of the time limit, and how long a guest holds its core at a time.
pub(super) const TICK: Duration = Duration::from_millis(2);

/// A guest that sleeps in a host call is cut off after so many times its time limit.
pub(super) const ASLEEP_FACTOR: u32 = 20;

impl Limits {
    /// Whole ticks, rounded up, and one more for the tick that was under way.
    pub(super) fn ticks(&self) -> u64 {
        let ticks = self.time.as_micros().div_ceil(TICK.as_micros());
        u64::try_from(ticks).unwrap_or(u64::MAX - 1) + 1
    }
}

/// Which parser does what, and for queries of which kind: what every failure of its names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) parser: &'a str,
    pub(super) name: &'static str,
    /// Empty where it isn't about queries.
    pub(super) kind: &'a str,
    /// Told when it isn't quick.
    pub(super) slow: Option<&'a Notify>,
}

impl Call<'_> {
    /// A failure of this call.
    pub(super) fn failed(self, kind: FailureKind, what: impl fmt::Display) -> Failure {
        Failure::new(kind, format!("{self} {what}"))
    }
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parser, name, kind, .. } = self;
        write!(formatter, "`{name}` of the parser {parser}")?;
        if kind.is_empty() { Ok(()) } else { write!(formatter, " for {kind}") }
    }
}

/// What stopped a call.
#[derive(Clone, Copy, Debug)]
enum LimitHit {
    Time,
    Memory,
    Table,
}

/// What a store holds.
pub(super) struct State {
    limits: Limits,
    ticks: u64,
    lane: Arc<Lane>,
    stop: Option<LimitHit>,
    /// Whether the guest asked for more than it declares to need itself: it is told so, and goes on.
    beyond_its_own: bool,
    wasi: Option<DenyAllWasi>,
}

impl State {
    pub(super) const fn new(limits: Limits, lane: Arc<Lane>) -> Self {
        Self { limits, ticks: 0, lane, stop: None, beyond_its_own: false, wasi: None }
    }

    /// Another call starts in the same store.
    pub(super) const fn restart(&mut self) {
        self.ticks = 0;
    }

    /// The guest's tick is over: it yields its core, or it is over itself.
    pub(super) fn tick(&mut self) -> UpdateDeadline {
        self.ticks += 1;
        if self.ticks > self.limits.ticks() {
            self.stop = Some(LimitHit::Time);
            return UpdateDeadline::Interrupt;
        }
        if self.ticks == FREE_TICKS {
            let lane = Arc::clone(&self.lane);
            return UpdateDeadline::YieldCustom(1, Box::pin(async move { lane.enter().await }));
        }
        UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))
    }

    /// Logs what the parser printed.
    pub(super) fn log(&self, parser: &str) {
        if let Some(wasi) = &self.wasi {
            wasi.log(parser);
        }
    }

    /// The failure of a call that ended with `error`.
    pub(super) fn failure(&self, call: Call<'_>, error: &wasmtime::Error) -> Failure {
        let limits = &self.limits;
        let (kind, what) = match (self.stop, error.downcast_ref::<Trap>()) {
            (Some(LimitHit::Time), _) => {
                (FailureKind::ParserTimeout, format!("ran longer than the limit of {:?} on a core", limits.time))
            }
            (Some(LimitHit::Memory), _) => {
                (FailureKind::ParserMemory, format!("wanted more memory than the limit of {} bytes", limits.memory))
            }
            (Some(LimitHit::Table), _) => (
                FailureKind::ParserMemory,
                format!("wanted larger tables than the limit of {} elements", limits.table_elements),
            ),
            (None, Some(Trap::StackOverflow)) => {
                (FailureKind::ParserStack, format!("overflowed its stack, whose limit is {STACK} bytes"))
            }
            (None, Some(trap)) => (FailureKind::ParserTrap, format!("trapped: {trap}")),
            (None, None) if is_output(error) => {
                (FailureKind::ParserOutput, format!("returned more than the limit of {} bytes", limits.output))
            }
            (None, None) => (FailureKind::ParserTrap, format!("failed: {}", error.root_cause())),
        };
        call.failed(kind, what)
    }
}

/// wasmtime 48 has no type for it, and says it so.
fn is_output(error: &wasmtime::Error) -> bool {
    format!("{error:#}").contains("fuel allocated for hostcalls")
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, _current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.beyond_its_own = maximum.is_some_and(|maximum| desired > maximum);
        if desired > self.limits.memory && !self.beyond_its_own {
            self.stop = Some(LimitHit::Memory);
            return Err(wasmtime::Error::msg("the memory limit is reached"));
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        if self.beyond_its_own {
            return Ok(());
        }
        self.stop = Some(LimitHit::Memory);
        Err(error)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.limits.table_elements {
            self.stop = Some(LimitHit::Table);
            return Err(wasmtime::Error::msg("the table limit is reached"));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.get_or_insert_default().view()
    }
}
