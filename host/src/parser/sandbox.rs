//! Limits of one call of a parser: memory, time, stack and output.
//!
//! Time is counted in epoch ticks while the guest runs, so that a call isn't charged for waiting for a core. A guest that sleeps in a host call
//! makes no ticks: for it there is a limit in wall-clock time. The store records which limit was hit; no error message is searched for it,
//! except for the output limit.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use wasmtime::{ResourceLimiter, Trap, UpdateDeadline};
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::cpu_slots::{CpuSlot, TICKS_WITHOUT_SLOT};
use super::engine::{GUEST_STACK_BYTES, MAX_CORE_INSTANCES, MAX_MEMORIES, MAX_TABLES};
use super::wasi::DenyAllWasi;
use crate::types::{Failure, FailureKind};

/// Limits of one call of a parser.
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
    /// Elements of a table.
    pub table_elements: usize,
    /// Time on a core.
    pub time: Duration,
    /// Returned data, in bytes.
    pub output: usize,
    /// Records, notes and further queries that it returns, in total.
    pub items: usize,
}

impl Default for Limits {
    /// Limits with ample room: a chart of Google Play takes 4 MB and a millisecond.
    fn default() -> Self {
        let time = Duration::from_millis(250);
        Self { memory: 256 << 20, table_elements: 200_000, time, output: 64 << 20, items: 100_000 }
    }
}

impl Limits {
    /// Sets the linear memory, in bytes.
    #[must_use]
    pub const fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets the elements of a table.
    #[must_use]
    pub const fn with_table_elements(mut self, elements: usize) -> Self {
        self.table_elements = elements;
        self
    }

    /// Sets the time on a core.
    #[must_use]
    pub const fn with_time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// Sets the records, notes and further queries, in total.
    #[must_use]
    pub const fn with_items(mut self, items: usize) -> Self {
        self.items = items;
        self
    }

    /// Sets the returned data, in bytes.
    #[must_use]
    pub const fn with_output(mut self, bytes: usize) -> Self {
        self.output = bytes;
        self
    }
}

/// Interval of epoch ticks while a guest runs: the resolution of the time limit, and the time slice of a guest.
pub(super) const TICK: Duration = Duration::from_millis(2);

/// Limit in wall-clock time as a multiple of the time on a core, for guests that sleep in a host call.
pub(super) const WALL_CLOCK_FACTOR: u32 = 20;

impl Limits {
    /// The time in ticks, rounded up, and one more for the tick that is under way.
    pub(super) fn ticks(&self) -> u64 {
        let ticks = self.time.as_micros().div_ceil(TICK.as_micros());
        u64::try_from(ticks).unwrap_or(u64::MAX - 1) + 1
    }
}

/// A call of a parser, as its failures name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) parser: &'a str,
    pub(super) name: &'static str,
    /// Kind of the queries; empty if the call has none.
    pub(super) kind: &'a str,
    /// Notified if the call takes long.
    pub(super) slow: Option<&'a Notify>,
}

impl Call<'_> {
    /// A failure of this call.
    pub(super) fn failure(self, kind: FailureKind, what: impl fmt::Display) -> Failure {
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

/// The limit that stopped a call.
#[derive(Clone, Copy, Debug)]
enum LimitHit {
    Time,
    Memory,
    Table,
}

/// Host state of a store.
pub(super) struct State {
    limits: Limits,
    ticks: u64,
    cpu_slot: Arc<CpuSlot>,
    limit_hit: Option<LimitHit>,
    /// Whether the guest wants more memory than its own declared maximum: the growth fails, and the guest continues.
    exceeds_declared_maximum: bool,
    wasi: Option<DenyAllWasi>,
}

impl State {
    pub(super) const fn new(limits: Limits, cpu_slot: Arc<CpuSlot>) -> Self {
        Self { limits, ticks: 0, cpu_slot, limit_hit: None, exceeds_declared_maximum: false, wasi: None }
    }

    /// Resets the time for another call in the same store.
    pub(super) const fn restart(&mut self) {
        self.ticks = 0;
    }

    /// Ends a time slice: the guest yields its core, or is stopped at its limit.
    pub(super) fn tick(&mut self) -> UpdateDeadline {
        self.ticks += 1;
        if self.ticks > self.limits.ticks() {
            self.limit_hit = Some(LimitHit::Time);
            return UpdateDeadline::Interrupt;
        }
        if self.ticks == TICKS_WITHOUT_SLOT {
            let cpu_slot = Arc::clone(&self.cpu_slot);
            return UpdateDeadline::YieldCustom(1, Box::pin(async move { cpu_slot.acquire().await }));
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
        let (kind, what) = match (self.limit_hit, error.downcast_ref::<Trap>()) {
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
                (FailureKind::ParserStack, format!("overflowed its stack, whose limit is {GUEST_STACK_BYTES} bytes"))
            }
            (None, Some(trap)) => (FailureKind::ParserTrap, format!("trapped: {trap}")),
            (None, None) if is_output_limit(error) => {
                (FailureKind::ParserOutput, format!("returned more than the limit of {} bytes", limits.output))
            }
            (None, None) => (FailureKind::ParserTrap, format!("failed: {}", error.root_cause())),
        };
        call.failure(kind, what)
    }
}

/// Whether a call hit the limit of returned data. wasmtime 48 has no type for that error, so its message is searched.
fn is_output_limit(error: &wasmtime::Error) -> bool {
    format!("{error:#}").contains("fuel allocated for hostcalls")
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, _current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.exceeds_declared_maximum = maximum.is_some_and(|maximum| desired > maximum);
        if desired > self.limits.memory && !self.exceeds_declared_maximum {
            self.limit_hit = Some(LimitHit::Memory);
            return Err(wasmtime::Error::msg("the memory limit is reached"));
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        if self.exceeds_declared_maximum {
            return Ok(());
        }
        self.limit_hit = Some(LimitHit::Memory);
        Err(error)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.limits.table_elements {
            self.limit_hit = Some(LimitHit::Table);
            return Err(wasmtime::Error::msg("the table limit is reached"));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_CORE_INSTANCES as usize
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES as usize
    }

    fn tables(&self) -> usize {
        MAX_TABLES as usize
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.get_or_insert_default().view()
    }
}
