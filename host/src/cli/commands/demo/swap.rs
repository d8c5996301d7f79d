//! `playfast demo --swap`: a store changes its layout under a running batch, and a fixed parser is dropped next to the running host.
//!
//! Nothing is played: the store serves the other layout from a moment on, the parser reports it, and the fixed one comes as a file that is
//! moved to where the host watches for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt};
use parking_lot::Mutex;
use playfast_sim::Layout;
use tokio::sync::watch as signal;

use super::store::{self, APPS, DemoStore};
use crate::cli::delivery::watch;
use crate::cli::exit::{ExitStatus, print, print_message};
use crate::parser::Parser;
use crate::query::Plan;
use crate::result::Outcome;
use crate::types::{FailureKind, Query};

/// The Play parser, which also knows the store's other layout: `parser-component/examples/moved_layout.rs`, by `cargo xtask component`.
const FIXED_PARSER: &[u8] = include_bytes!("../../../../parser/moved_layout.wasm");

/// How long each part lasts at least.
const PART_TIME: Duration = Duration::from_millis(1500);

/// The time between two queries.
const QUERY_INTERVAL: Duration = Duration::from_millis(25);

/// What takes longer than this has failed.
const MAX_WAIT: Duration = Duration::from_secs(30);

pub(in crate::cli) async fn run(parser: Parser) -> Result<ExitStatus, ExitStatus> {
    let folder = tempfile::tempdir().map_err(store::failed)?;
    let file = folder.path().join("play.wasm");
    let charts = store::charts(&parser, 5, 3)?;
    print_message("starting a store on this machine, and a host that asks it for 40 charts a second");
    let shop = DemoStore::open(parser, &charts).await?;
    let _watch = watch::file(&shop.host, &file)?;
    let (stop, stopped) = signal::channel(false);
    let story = Arc::new(Story::new());
    let batch = tokio::spawn({
        let (outcomes, story) = (shop.host.run_stream(queries(charts, stopped)), Arc::clone(&story));
        outcomes.for_each(move |outcome| {
            story.note(&outcome);
            std::future::ready(())
        })
    });
    let told = tell(&shop, folder.path(), &file, &story).await;
    stop.send_replace(true);
    batch.await.map_err(store::failed)?;
    told.and_then(|took| story.end(took))
}

/// The charts, over and over, one in every [`QUERY_INTERVAL`].
fn queries(charts: Plan, stopped: signal::Receiver<bool>) -> impl Stream<Item = Query> + Send {
    let ticks = tokio::time::interval(QUERY_INTERVAL);
    futures::stream::unfold((ticks, 0), move |(mut ticks, index)| {
        let query = charts.query(index % charts.len()).filter(|_| !*stopped.borrow());
        async move {
            ticks.tick().await;
            Some((query?, (ticks, index + 1)))
        }
    })
}

/// Lets things happen. Gives the time from the fixed parser's coming to its first chart.
async fn tell(shop: &DemoStore, folder: &Path, file: &Path, story: &Story) -> Result<Duration, ExitStatus> {
    tokio::time::sleep(PART_TIME).await;
    story.report("the store changes its layout");
    shop.store.set_layout(Layout::Changed);
    story.has(|counts| counts.layout_changed > 0).await?;
    tokio::time::sleep(PART_TIME).await;
    let new = folder.join("new");
    std::fs::write(&new, FIXED_PARSER).map_err(store::failed)?;
    story.report("a fixed parser is dropped in beside the host");
    std::fs::rename(&new, file).map_err(store::failed)?;
    let start = Instant::now();
    story.has(|counts| counts.answered.len() > 1).await?;
    let took = start.elapsed();
    tokio::time::sleep(PART_TIME).await;
    Ok(took)
}

/// What happened, and when.
struct Story {
    start: Instant,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Whole charts, by the generation of the parser that gave them.
    answered: BTreeMap<u64, usize>,
    layout_changed: usize,
    others: usize,
}

impl Story {
    fn new() -> Self {
        Self { start: Instant::now(), counts: Mutex::default() }
    }

    /// A line on stderr, with the time.
    fn report(&self, line: &str) {
        print_message(&format!("{:5.2} s  {line}", self.start.elapsed().as_secs_f64()));
    }

    /// Counts an outcome, and says what is new.
    fn note(&self, outcome: &Outcome) {
        let mut counts = self.counts.lock();
        match &outcome.failure {
            None if outcome.rows.len() == APPS => {
                let Some(generation) = outcome.generation else { return };
                let charts = counts.answered.entry(generation).or_default();
                *charts += 1;
                if *charts == 1 {
                    let parser = outcome.source.as_ref().map(|source| source.parser.to_string()).unwrap_or_default();
                    self.report(&format!("charts come, by {parser}, generation {generation}"));
                }
            }
            Some(failure) if failure.kind == FailureKind::LayoutChanged => {
                counts.layout_changed += 1;
                if counts.layout_changed == 1 {
                    self.report(&format!("{}: {failure}", outcome.query));
                }
            }
            other => {
                counts.others += 1;
                self.report(&format!("{}: {} apps, {other:?}", outcome.query, outcome.rows.len()));
            }
        }
    }

    /// Waits until the counts are so.
    async fn has(&self, so: impl Fn(&Counts) -> bool) -> Result<(), ExitStatus> {
        let start = Instant::now();
        while !so(&self.counts.lock()) {
            if start.elapsed() > MAX_WAIT {
                return Err(store::failed(format!("nothing came of it in {MAX_WAIT:?}")));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    fn end(&self, took: Duration) -> Result<ExitStatus, ExitStatus> {
        let counts = self.counts.lock();
        let (old, new) = (counts.answered.first_key_value(), counts.answered.last_key_value());
        let charts = |generation: Option<(&u64, &usize)>| generation.map_or(0, |(_, charts)| *charts);
        print(&format!(
            "charts of the old parser     {}\nreported as layout-changed   {}\ncharts of the fixed parser   {}\nother failures               {}\n\
            from the file's coming to its first chart: {:.2} s; nothing was restarted\n",
            charts(old),
            counts.layout_changed,
            charts(new),
            counts.others,
            took.as_secs_f64(),
        ))?;
        if counts.others > 0 { Ok(ExitStatus::from_counts(1, counts.others)) } else { Ok(ExitStatus::done()) }
    }
}
