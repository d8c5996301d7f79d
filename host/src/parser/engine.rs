//! Engine that compiles and runs components.
//!
//! A host has one engine. Address space for a pool of instances is reserved once; if that fails, instances are created on demand. The epoch
//! is incremented by a thread, which sleeps while no guest runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Thread};

use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Config, EngineWeak, PoolingAllocationConfig};

use super::cpu_slots::CpuSlot;
use super::digest::Digest;
use super::sandbox::{Call, Limits, State, TICK, WALL_CLOCK_FACTOR};
use crate::types::{Failure, FailureKind};

/// Instances at once: about the default concurrency, so that guests that wait for a CPU slot don't delay others. From 128 memories on
/// wasmtime's pool keeps warm slots per thread (its `ShardLayout`), which doubles the memory on two cores.
const POOL_INSTANCES: u32 = 60;

/// Core instances of a component: a parser in JavaScript or Python has dozens.
pub(super) const MAX_CORE_INSTANCES: u32 = 40;
/// Linear memories of a component.
pub(super) const MAX_MEMORIES: u32 = 2;
/// Tables of a component.
pub(super) const MAX_TABLES: u32 = 8;
/// Bytes of wasmtime's own data of an instance.
const MAX_INSTANCE_BYTES: usize = 8 << 20;

/// Bytes of linear memory that stay mapped between two instances: about what the Play parser touches for a page of 1.2 MB.
const RESIDENT_MEMORY_BYTES: usize = 3 << 20;
/// Bytes of stack that stay mapped between two instances.
const RESIDENT_STACK_BYTES: usize = 64 << 10;

/// Mapped pool slots per core that are reserved for the component which used them last. More would let every swap map further slots.
const WARM_SLOTS_PER_CORE: u32 = 3;

/// The guest's stack. The Play parser needs a tenth.
pub(super) const GUEST_STACK_BYTES: usize = 512 << 10;
/// Stack of a fiber, which holds the guest's stack and the host's frames.
const ASYNC_STACK_BYTES: usize = 1 << 20;

/// Options of an engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineOptions {
    /// Limits of one call of a parser.
    pub limits: Limits,
    /// Folder of the cache of compiled components; no cache if None.
    pub cache: Option<PathBuf>,
    /// Whether a component that imports anything is refused.
    pub pure_only: bool,
    /// Pinned digests: only these components are loaded. If empty, any is.
    pub digests: Vec<Digest>,
}

impl EngineOptions {
    /// Sets the limits of one call.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the folder of the cache of compiled components. Only the user may have access to it.
    #[must_use]
    pub fn with_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Pins a further digest.
    #[must_use]
    pub fn with_pinned_digest(mut self, digest: Digest) -> Self {
        self.digests.push(digest);
        self
    }

    /// Sets whether components that import anything are refused.
    #[must_use]
    pub const fn with_pure_parsers_only(mut self, pure_only: bool) -> Self {
        self.pure_only = pure_only;
        self
    }
}

/// Why an engine can't be created.
#[derive(Debug, thiserror::Error)]
#[error("failed to start the WebAssembly engine")]
pub struct EngineError(#[source] pub(super) Box<dyn std::error::Error + Send + Sync>);

/// Compiles and runs components. Cloning it is cheap.
///
/// A [`Host`](crate::host::Host) creates its own. By itself an engine inspects parsers and runs them on saved responses:
///
/// ```
/// use playfast::parser::{Engine, EngineOptions};
/// use playfast::PLAY;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new(EngineOptions::default().with_pure_parsers_only(true))?;
/// let parser = engine.load(PLAY).await?;
/// assert_eq!(parser.description().hosts, ["play.google.com"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Engine(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) wasmtime: wasmtime::Engine,
    pub(super) linker: Linker<State>,
    pub(super) options: EngineOptions,
    slots: Semaphore,
    /// Permits of guests to start: see `cpu_slots`.
    start_permits: Arc<Semaphore>,
    cpu_slots: Arc<Semaphore>,
    clock: Clock,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine with these options.
    ///
    /// # Errors
    /// If the machine can't run WebAssembly.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let wasmtime = wasmtime_engine(options.limits).map_err(|error| EngineError(error.into()))?;
        let mut linker = Linker::new(&wasmtime);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(|error| EngineError(error.into()))?;
        let clock = Clock::start(wasmtime.weak()).map_err(|error| EngineError(error.into()))?;
        let slots = Semaphore::new(POOL_INSTANCES as usize);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (start_permits, cpu_slots) = (Arc::new(Semaphore::new(cores + 1)), Arc::new(Semaphore::new(cores)));
        Ok(Self(Arc::new(Inner { wasmtime, linker, options, slots, start_permits, cpu_slots, clock })))
    }

    /// Limits of one call of a parser.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.options.limits
    }
}

fn wasmtime_engine(limits: Limits) -> wasmtime::Result<wasmtime::Engine> {
    let mut config = Config::new();
    config.concurrency_support(false).epoch_interruption(true);
    config.max_wasm_stack(GUEST_STACK_BYTES).async_stack_size(ASYNC_STACK_BYTES);
    config.allocation_strategy(pool(limits));
    match wasmtime::Engine::new(&config) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(
                "too little address space for a pool of instances: each is created on demand, which is slower: {error:#}"
            );
            config.allocation_strategy(wasmtime::InstanceAllocationStrategy::OnDemand);
            // No reservation of 4 GiB for each memory: slower, but it fits a small address space.
            config.memory_reservation(0).memory_guard_size(0).memory_reservation_for_growth(16 << 20);
            wasmtime::Engine::new(&config)
        }
    }
}

fn pool(limits: Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(POOL_INSTANCES).total_core_instances(POOL_INSTANCES * MAX_CORE_INSTANCES);
    pool.total_memories(POOL_INSTANCES * MAX_MEMORIES)
        .total_tables(POOL_INSTANCES * MAX_TABLES)
        .total_stacks(POOL_INSTANCES);
    pool.max_core_instances_per_component(MAX_CORE_INSTANCES).max_memories_per_component(MAX_MEMORIES);
    pool.max_tables_per_component(MAX_TABLES).table_elements(limits.table_elements);
    pool.max_component_instance_size(MAX_INSTANCE_BYTES).max_core_instance_size(MAX_INSTANCE_BYTES);
    pool.max_memory_size(limits.memory);
    pool.max_unused_warm_slots(WARM_SLOTS_PER_CORE);
    pool.linear_memory_keep_resident(RESIDENT_MEMORY_BYTES).async_stack_keep_resident(RESIDENT_STACK_BYTES);
    pool
}

impl Inner {
    /// Runs one call in a new store, under all limits.
    pub(super) async fn call<R>(
        &self,
        call: Call<'_>,
        guest: impl AsyncFnOnce(&mut wasmtime::Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        // The semaphores are never closed.
        let start_permit = Arc::clone(&self.start_permits).acquire_owned().await.ok();
        let _slot = self.slots.acquire().await.ok();
        let _running = self.clock.run();
        let limits = self.options.limits;
        // Created before the store and dropped after it: the next guest starts when this one's memory is returned.
        let cpu_slot = Arc::new(CpuSlot::new(Arc::clone(&self.cpu_slots), start_permit));
        let mut store = self.store(Arc::clone(&cpu_slot));
        let wall_clock_limit = limits.time.saturating_mul(WALL_CLOCK_FACTOR);
        let result = cpu_slot.run_within(wall_clock_limit, call.slow, guest(&mut store)).await;
        store.data().log(call.parser);
        match result {
            Some(result) => result.map_err(|error| store.data().failure(call, &error)),
            None => Err(call.failure(
                FailureKind::ParserTimeout,
                format!("did not return within the limit of {wall_clock_limit:?}"),
            )),
        }
    }

    /// A store under all limits, for a guest without a start permit.
    pub(super) fn unscheduled_store(&self) -> wasmtime::Store<State> {
        self.store(Arc::new(CpuSlot::new(Arc::clone(&self.cpu_slots), None)))
    }

    /// A store under all limits, for a guest with these permits.
    fn store(&self, cpu_slot: Arc<CpuSlot>) -> wasmtime::Store<State> {
        let limits = self.options.limits;
        let mut store = wasmtime::Store::new(&self.wasmtime, State::new(limits, cpu_slot));
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.output);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().tick()));
        store
    }
}

/// Ticks without a guest after which the clock sleeps: waking it costs a guest a system call.
const IDLE_TICKS: u32 = 25;

/// Increments the engine's epoch while guests run.
struct Clock {
    running: Arc<AtomicUsize>,
    thread: Thread,
}

impl Clock {
    fn start(engine: EngineWeak) -> std::io::Result<Self> {
        let running = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&running);
        let thread = thread::Builder::new().name("playfast-epoch".to_owned()).spawn(move || tick(&engine, &count))?;
        Ok(Self { running, thread: thread.thread().clone() })
    }

    /// Keeps the clock ticking until the guard is dropped.
    fn run(&self) -> Running<'_> {
        if self.running.fetch_add(1, Ordering::AcqRel) == 0 {
            self.thread.unpark();
        }
        Running(&self.running)
    }
}

fn tick(engine: &EngineWeak, running: &AtomicUsize) {
    let mut idle = 0;
    loop {
        idle = if running.load(Ordering::Acquire) == 0 { idle + 1 } else { 0 };
        if idle > IDLE_TICKS {
            thread::park();
            idle = 0;
        } else {
            thread::sleep(TICK);
        }
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.thread.unpark();
    }
}

struct Running<'c>(&'c AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
