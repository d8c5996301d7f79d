//! Engine that compiles and runs components.
//!
//! One engine a host. Its pool of memories is reserved once; where that much address space can't be had, instances are made on demand.
//! The epoch ticks in a thread of its own, which sleeps while no guest runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Thread};

use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Config, EngineWeak, PoolingAllocationConfig};

use super::cpu_slots::Lane;
use super::digest::Digest;
use super::sandbox::{ASLEEP_FACTOR, Call, Limits, State, TICK};
use crate::types::{Failure, FailureKind};

/// Instances at once: about as many as requests under way where nothing else is said, so that guests that wait for a lane hold nobody up. From
/// 128 memories on wasmtime's pool keeps slots warm for each thread (its `ShardLayout`), which is twice the memory on two cores.
const POOL_SLOTS: u32 = 60;

/// Memory and tables of one component: a parser in JavaScript or Python has dozens of core instances.
pub(super) const CORE_INSTANCES: u32 = 40;
pub(super) const MEMORIES: u32 = 2;
pub(super) const TABLES: u32 = 8;
const INSTANCE_SIZE: usize = 8 << 20;

/// What stays mapped of a slot's memory between two instances, in bytes: as much as the Play parser touches on a page of 1.2 MB.
const MEMORY_KEPT: usize = 3 << 20;
const STACK_KEPT: usize = 64 << 10;

/// Slots with what they keep that wait for the component that was in them before. A new one takes the place of another then: else each swap
/// would warm a slot more, up to all of them.
const WARM_SLOTS_PER_CORE: u32 = 3;

/// The guest's stack, in bytes; a parser needs a tenth.
pub(super) const STACK: usize = 512 << 10;
const ASYNC_STACK: usize = 1 << 20;

/// How an engine is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineOptions {
    /// What one call may use.
    pub limits: Limits,
    /// The folder for compiled components; none is used where it is absent.
    pub cache: Option<PathBuf>,
    /// Whether a component that imports anything is refused.
    pub pure_only: bool,
    /// The digests that components may have. Where there is none, any may be loaded.
    pub digests: Vec<Digest>,
}

impl EngineOptions {
    /// With these limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With this folder for compiled components, which must be the user's own.
    #[must_use]
    pub fn with_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// With one more digest that components may have.
    #[must_use]
    pub fn with_pinned_digest(mut self, digest: Digest) -> Self {
        self.digests.push(digest);
        self
    }

    /// With a refusal of components that import anything, or without.
    #[must_use]
    pub const fn with_pure_parsers_only(mut self, pure_only: bool) -> Self {
        self.pure_only = pure_only;
        self
    }
}

/// An engine couldn't be made.
#[derive(Debug, thiserror::Error)]
#[error("failed to start the WebAssembly engine")]
pub struct EngineError(#[source] pub(super) Box<dyn std::error::Error + Send + Sync>);

/// Compiles and runs components. Cloning it is cheap.
///
/// A [`Host`](crate::host::Host) makes its own. By itself it serves to look into parsers, and to run them on responses that are there already:
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
    /// Guests that have just started.
    starts: Arc<Semaphore>,
    lanes: Arc<Semaphore>,
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
    /// When the machine can't run WebAssembly at all.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let wasmtime = wasmtime_engine(options.limits).map_err(|error| EngineError(error.into()))?;
        let mut linker = Linker::new(&wasmtime);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(|error| EngineError(error.into()))?;
        let clock = Clock::start(wasmtime.weak()).map_err(|error| EngineError(error.into()))?;
        let slots = Semaphore::new(POOL_SLOTS as usize);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (starts, lanes) = (Arc::new(Semaphore::new(cores + 1)), Arc::new(Semaphore::new(cores)));
        Ok(Self(Arc::new(Inner { wasmtime, linker, options, slots, starts, lanes, clock })))
    }

    /// What one call may use.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.options.limits
    }
}

fn wasmtime_engine(limits: Limits) -> wasmtime::Result<wasmtime::Engine> {
    let mut config = Config::new();
    config.concurrency_support(false).epoch_interruption(true);
    config.max_wasm_stack(STACK).async_stack_size(ASYNC_STACK);
    config.allocation_strategy(pool(limits));
    match wasmtime::Engine::new(&config) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(
                "no address space for a pool of instances, so each is made on demand, which is slower: {error:#}"
            );
            config.allocation_strategy(wasmtime::InstanceAllocationStrategy::OnDemand);
            // Memories without a reservation of 4 GiB each: slower, but they fit where address space is short.
            config.memory_reservation(0).memory_guard_size(0).memory_reservation_for_growth(16 << 20);
            wasmtime::Engine::new(&config)
        }
    }
}

fn pool(limits: Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(POOL_SLOTS).total_core_instances(POOL_SLOTS * CORE_INSTANCES);
    pool.total_memories(POOL_SLOTS * MEMORIES).total_tables(POOL_SLOTS * TABLES).total_stacks(POOL_SLOTS);
    pool.max_core_instances_per_component(CORE_INSTANCES).max_memories_per_component(MEMORIES);
    pool.max_tables_per_component(TABLES).table_elements(limits.table_elements);
    pool.max_component_instance_size(INSTANCE_SIZE).max_core_instance_size(INSTANCE_SIZE);
    pool.max_memory_size(limits.memory);
    pool.max_unused_warm_slots(WARM_SLOTS_PER_CORE);
    pool.linear_memory_keep_resident(MEMORY_KEPT).async_stack_keep_resident(STACK_KEPT);
    pool
}

impl Inner {
    /// Runs one call in a store of its own, under all limits.
    pub(super) async fn call<R>(
        &self,
        call: Call<'_>,
        guest: impl AsyncFnOnce(&mut wasmtime::Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        // Neither is ever closed.
        let leave = Arc::clone(&self.starts).acquire_owned().await.ok();
        let _slot = self.slots.acquire().await.ok();
        let _running = self.clock.run();
        let limits = self.options.limits;
        // Made before the store, and gone after it: the next starts when what this one took is given back.
        let lane = Arc::new(Lane::new(Arc::clone(&self.lanes), leave));
        let mut store = self.store(Arc::clone(&lane));
        let asleep = limits.time.saturating_mul(ASLEEP_FACTOR);
        let result = lane.run_within(asleep, call.slow, guest(&mut store)).await;
        store.data().log(call.parser);
        match result {
            Some(result) => result.map_err(|error| store.data().failure(call, &error)),
            None => {
                Err(call.failed(FailureKind::ParserTimeout, format!("did not return within the limit of {asleep:?}")))
            }
        }
    }

    /// A store under all limits, for a guest that starts without leave.
    pub(super) fn free_store(&self) -> wasmtime::Store<State> {
        self.store(Arc::new(Lane::new(Arc::clone(&self.lanes), None)))
    }

    /// A store under all limits, for a guest in this lane.
    fn store(&self, lane: Arc<Lane>) -> wasmtime::Store<State> {
        let limits = self.options.limits;
        let mut store = wasmtime::Store::new(&self.wasmtime, State::new(limits, lane));
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.output);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().tick()));
        store
    }
}

/// How many ticks the clock goes on without a guest before it sleeps: waking it takes a guest a system call.
const IDLE_TICKS: u32 = 25;

/// Ticks the epoch while guests run.
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

    /// Keeps the clock ticking until the guard goes.
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
