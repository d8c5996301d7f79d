//! `playfast demo`: shows what the program is for on a machine without a network.

pub(super) mod store;
mod swap;

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use playfast_sim::{Store, StoreConfig};

use crate::cli::args::DemoCommand;
use crate::cli::delivery::shutdown_signal;
use crate::cli::exit::{ExitStatus, print, print_message};
use crate::output::terminal::{self, View};
use crate::parser::Parser;
use crate::result::Outcome;
use crate::runtime::Workers;
use crate::types::Row;
use store::{APPS, DemoStore};

/// Rows of each chart that are shown.
const SHOWN_ROWS: usize = 5;

pub(in crate::cli) async fn run(command: &DemoCommand, parser: Parser) -> Result<ExitStatus, ExitStatus> {
    let latency = command.latency.duration();
    if command.serve {
        return serve(command, latency).await;
    }
    if command.swap {
        return swap::run(parser).await;
    }
    let charts = store::charts(&parser, 5, 3)?;
    print_message(&format!("starting a store on this machine that answers after {latency:?}, over TLS and HTTP/2"));
    let shop = DemoStore::open(parser, &charts).await?;
    shop.slow_down(latency);
    let queries: Vec<_> = charts.queries().collect();

    print_message(&format!("{} charts of {APPS} apps, one after another…", queries.len()));
    let (start, processor) = (Instant::now(), ProcessTime::now());
    shop.one_by_one(queries.clone()).await?;
    let (apart, work) = (start.elapsed(), processor.elapsed());

    print_message("the same as one batch…");
    let start = Instant::now();
    let outcomes = shop.all(queries).await?;
    let together = start.elapsed();

    let bound = bound(outcomes.len(), latency, work);
    print(&format!(
        "one after another  {:.2} s\none batch          {:.2} s\nspeedup            {:.1} times of {bound:.1} possible here\n\n{}",
        apart.as_secs_f64(),
        together.as_secs_f64(),
        apart.as_secs_f64() / together.as_secs_f64(),
        side_by_side(&outcomes),
    ))?;
    Ok(ExitStatus::done())
}

/// How many times faster a batch can be: `N(L + c) / (L + Nc / cores)`, where `c` is the work of client and server for one chart.
fn bound(charts: usize, latency: Duration, work: Duration) -> f64 {
    let (charts, cores) = (charts as f64, Workers::All.count() as f64);
    let (latency, each) = (latency.as_secs_f64(), work.as_secs_f64() / charts);
    charts * (latency + each) / (latency + charts * each / cores)
}

/// The first rows of the first category in the first two countries, next to one another.
fn side_by_side(outcomes: &[Outcome]) -> String {
    let category = outcomes.first().and_then(|outcome| outcome.query.param("category"));
    let charts = outcomes.iter().filter(|outcome| outcome.query.param("category") == category).take(2);
    let rows: Vec<Row> = charts.flat_map(|chart| chart.rows.iter().take(SHOWN_ROWS)).cloned().collect();
    let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
    let view = View {
        params: names(["category", "country"]),
        pivot: Some("country".to_owned()),
        fields: Some(names(["title", "score"])),
        ..View::new(crate::cli::delivery::sink::width())
    };
    terminal::render(&rows, &view)
}

/// Runs only the store.
async fn serve(command: &DemoCommand, latency: Duration) -> Result<ExitStatus, ExitStatus> {
    let port = command.port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
    let mut config = StoreConfig::default().port(port).latency(latency);
    if let Some(pages) = &command.pages {
        config = config.pages(pages);
    }
    let store = Store::start(config).await.map_err(store::failed)?;
    // A folder that nobody else can write to, under a name that nobody knows before: no link can wait there.
    let folder = private_folder().map_err(store::failed)?;
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, store.ca_pem()).map_err(store::failed)?;
    // Before anybody can know that there is something to end.
    let mut signals = shutdown_signal::Signals::listen().map_err(store::failed)?;
    let connect: Vec<_> = store.connect_to().iter().map(|to| format!("--connect-to {to}")).collect();
    print(&format!("{} --cacert {} --rate none\n", connect.join(" "), authority.display()))?;
    print_message(&format!("a store listens on {}; give playfast the options above; Ctrl-C ends it", store.address()));
    signals.next().await;
    folder.close().map_err(store::failed)?;
    store.shutdown().await;
    Ok(ExitStatus::done())
}

fn private_folder() -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("playfast-store-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}
