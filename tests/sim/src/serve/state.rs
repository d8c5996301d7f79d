//! What all requests share: the settings, the stock, the overrides and the counters, each with one owner.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use crate::canned::Cans;
use crate::config::{Layout, StoreConfig};
use crate::faults::{Faults, Lot, Rate, Window, WindowUse};
use crate::saved::SavedPages;
use crate::stats::Counters;
use crate::stock::Stock;

/// What may be changed while the store runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) latency: Duration,
    pub(crate) faults: Faults,
    pub(crate) layout: Layout,
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) stock: Arc<Stock>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) cans: Cans,
    pub(crate) saved: SavedPages,
    seed: u64,
    settings: RwLock<Settings>,
    rate: Mutex<Rate>,
    window: Mutex<WindowUse>,
    reachable: watch::Sender<bool>,
    closing: watch::Receiver<bool>,
}

impl State {
    /// The state at the start.
    pub(crate) fn new(config: &StoreConfig, saved: SavedPages, closing: watch::Receiver<bool>) -> Self {
        let settings = Settings { latency: config.latency, faults: config.faults.clone(), layout: config.layout };
        Self {
            stock: Arc::new(Stock::new(config.seed, config.cache_bytes)),
            counters: Arc::default(),
            cans: Cans::default(),
            saved,
            seed: config.seed,
            settings: RwLock::new(settings),
            rate: Mutex::new(Rate::new()),
            window: Mutex::default(),
            reachable: watch::Sender::new(true),
            closing,
        }
    }

    /// The seed that the catalogue and its tokens follow from.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The settings as they stand.
    pub(crate) fn settings(&self) -> Settings {
        self.settings.read().clone()
    }

    /// Changes the settings for the requests to come.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings.write());
    }

    /// The lot of the request that just arrived.
    pub(crate) fn next_lot(&self, faults: &Faults) -> Lot {
        let number = self.counters.requests.fetch_add(1, Ordering::Relaxed);
        Lot::new(self.seed, number, faults.clone())
    }

    /// Whether the rate allows one more.
    pub(crate) fn within_rate(&self, per_second: Option<f64>) -> bool {
        per_second.is_none_or(|rate| self.rate.lock().take(rate, Instant::now()))
    }

    /// Admits one more request of a window, or says when the window ends.
    pub(crate) fn within_window(&self, window: Option<Window>) -> Result<(), Duration> {
        let Some(window) = window else { return Ok(()) };
        self.window.lock().admit(window, Instant::now())
    }

    /// Sets whether connections are served.
    pub(crate) fn set_reachable(&self, reachable: bool) {
        self.reachable.send_replace(reachable);
    }

    /// Whether connections are served, as it changes.
    pub(crate) fn reachable(&self) -> watch::Receiver<bool> {
        self.reachable.subscribe()
    }

    /// Waits until then, or until the store closes.
    pub(crate) async fn wait_until(&self, then: Instant) {
        if then <= Instant::now() {
            return;
        }
        let mut closing = self.closing.clone();
        tokio::select! {
            () = tokio::time::sleep_until(then.into()) => {}
            _ = closing.wait_for(|closed| *closed) => {}
        }
    }
}
