//! Progress line on stderr, on a terminal only.
//!
//! Invariant: nothing else is printed while the line is visible; [`aside`] hides it first. It is never wider than the terminal.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;
use tokio::task::JoinSet;

use crate::cli::args::GeneralArgs;
use crate::cli::report::status_line::Status;
use crate::host::{Estimate, Estimator, Host};
use crate::run::{Input, RunControl, RunStats};

/// How often the line is drawn.
const DRAW_INTERVAL: Duration = Duration::from_millis(250);

/// How long a run takes before the line is drawn: what is over at once needs none.
const FIRST_DRAW_DELAY: Duration = Duration::from_millis(400);

/// Drawings of the line for each estimate of what the run costs, which asks the parser.
const TICKS_PER_ESTIMATE: u64 = 20;

/// Columns of the bar.
const BAR_COLUMNS: usize = 16;

/// Columns of a terminal from which there is room for the bar.
const MIN_BAR_COLUMNS: usize = 100;

/// A total that isn't known.
const UNKNOWN_TOTAL: u64 = u64::MAX;

/// The line that is shown, if one is.
static SHOWN_BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes to the terminal while the line is hidden.
pub(in crate::cli) fn suspended<R>(write: impl FnOnce() -> R) -> R {
    let shown = SHOWN_BAR.lock().clone();
    match shown {
        Some(line) => line.suspend(write),
        None => write(),
    }
}

/// How many queries there are, as soon as that is known, and about how many before.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Total(Arc<(AtomicU64, AtomicBool)>);

impl Default for Total {
    fn default() -> Self {
        Self(Arc::new((AtomicU64::new(UNKNOWN_TOTAL), AtomicBool::new(false))))
    }
}

impl Total {
    pub(in crate::cli) fn set(&self, total: usize) {
        self.put(total as u64, true);
    }

    /// Forgets the number.
    pub(in crate::cli) fn clear(&self) {
        self.put(UNKNOWN_TOTAL, false);
    }

    pub(in crate::cli) fn guess(&self, total: u64) {
        self.put(total, false);
    }

    fn put(&self, total: u64, is_exact: bool) {
        self.0.0.store(total, Ordering::Relaxed);
        self.0.1.store(is_exact, Ordering::Relaxed);
    }

    /// Whether there are none.
    pub(in crate::cli) fn is_zero(&self) -> bool {
        self.known() == Some((0, true))
    }

    /// The number, and whether it is more than a guess.
    fn known(&self) -> Option<(u64, bool)> {
        let (total, is_exact) = &*self.0;
        Some((total.load(Ordering::Relaxed), is_exact.load(Ordering::Relaxed)))
            .filter(|(total, _)| *total != UNKNOWN_TOTAL)
    }
}

/// What the queries that were taken so far cost.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Prices(Arc<Mutex<Estimator>>);

impl Prices {
    /// Counts queries as they are taken from an input.
    pub(in crate::cli) fn count(host: &Host, input: Input) -> (Self, Input) {
        let prices = Self(Arc::new(Mutex::new(Estimator::new(host))));
        let counted = prices.clone();
        let queries = input.queries.inspect(move |query| drop(counted.0.lock().add(query)));
        (prices, Input { queries: queries.boxed(), ..input })
    }

    /// What `total` queries cost, if the others cost as much as those so far.
    async fn estimate(&self, total: Option<u64>) -> Option<Estimate> {
        let estimator = self.0.lock().clone();
        let estimate = estimator.finish().await;
        let factor = total? as f64 / estimate.queries as f64;
        let scale = |count: u64| (count as f64 * factor).round() as u64;
        let scaled = Estimate { requests: scale(estimate.requests), bytes: estimate.bytes.map(scale), ..estimate };
        (estimate.queries > 0).then_some(scaled)
    }
}

/// The line, as long as this lives.
pub(in crate::cli) struct Progress {
    _task: Option<JoinSet<()>>,
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(line) = SHOWN_BAR.lock().take() {
            line.finish_and_clear();
        }
    }
}

/// Whether the line is to be shown: on a terminal, unless options say otherwise. Log lines would stand in its way.
pub(in crate::cli) fn is_wanted(general: &GeneralArgs) -> bool {
    !general.no_progress && !general.quiet && general.verbose == 0 && std::io::stderr().is_terminal()
}

/// Shows the line until it is dropped. Without `prices` it isn't wanted.
pub(in crate::cli) fn show(prices: Option<Prices>, host: &Host, control: &RunControl, total: &Total) -> Progress {
    let Some(prices) = prices else { return Progress { _task: None } };
    let (host, control, total) = (host.clone(), control.clone(), total.clone());
    let mut task = JoinSet::new();
    task.spawn(async move {
        tokio::time::sleep(FIRST_DRAW_DELAY).await;
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style(false));
        *SHOWN_BAR.lock() = Some(line.clone());
        let start = Instant::now().checked_sub(FIRST_DRAW_DELAY).unwrap_or_else(Instant::now);
        let mut estimate = None;
        for tick in 0_u64.. {
            let (stats, known) = (control.stats(), total.known());
            if tick.is_multiple_of(TICKS_PER_ESTIMATE) {
                estimate = prices.estimate(known.map(|(total, _)| total)).await;
            }
            draw(
                &line,
                &Status {
                    stats: &stats,
                    total: known,
                    estimate: estimate.as_ref(),
                    elapsed: start.elapsed(),
                    generation: host.generation(),
                },
            );
            tokio::time::sleep(DRAW_INTERVAL).await;
        }
    });
    Progress { _task: Some(task) }
}

/// Draws the line, with a bar if the terminal has room for it.
fn draw(line: &ProgressBar, status: &Status<'_>) {
    let columns = terminal_size::terminal_size_of(std::io::stderr());
    let columns = columns.map_or(MIN_BAR_COLUMNS, |(columns, _)| usize::from(columns.0));
    let has_bar = status.total.is_some() && columns >= MIN_BAR_COLUMNS;
    line.set_style(style(has_bar));
    // The last column stays free: some terminals wrap when it is written.
    line.set_message(status.line(columns.saturating_sub(1 + if has_bar { BAR_COLUMNS + 1 } else { 0 })));
    let done = finished(status.stats);
    if let Some((total, _)) = status.total {
        line.set_length(total.max(done));
    }
    line.set_position(done);
}

/// Queries that are done.
pub(super) fn finished(stats: &RunStats) -> u64 {
    stats.ended() + stats.answered_before
}

fn style(has_bar: bool) -> ProgressStyle {
    // What doesn't fit is cut: a line that wraps can't be cleared.
    let template = if has_bar { format!("{{bar:{BAR_COLUMNS}}} {{wide_msg}}") } else { "{wide_msg}".to_owned() };
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Estimate of the remaining time, from the rate so far.
pub(super) fn left(stats: &RunStats, total: Option<(u64, bool)>, elapsed: Duration) -> Option<Duration> {
    let done = stats.ended();
    let open = total?.0.saturating_sub(finished(stats));
    let seconds = elapsed.as_secs_f64() / done as f64 * open as f64;
    (done > 0 && open > 0).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
}
