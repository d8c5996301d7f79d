//! `playfast bench`: the study's table, measured here.

use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::cli::args::BenchCommand;
use crate::cli::commands::demo::store::{self, APPS, DemoStore};
use crate::cli::exit::{ExitStatus, print, print_message};
use crate::output::terminal::{self, View};
use crate::parser::Parser;
use crate::query::Plan;
use crate::runtime::Workers;
use crate::types::{Query, Row};

/// Columns of the table.
const WIDTH: usize = 100;

/// Countries and categories whose charts are asked: 9, 15 and 25 requests.
const SIZES: [(usize, usize); 3] = [(3, 3), (5, 3), (5, 5)];

/// How the requests of one size are sent.
#[derive(Clone, Copy)]
enum Method {
    /// One after another, each in a `block_on` of its own.
    Sequential,
    /// So many threads, of which each takes the next request and blocks on it.
    Threads(usize),
    /// Batches of this size, one after another.
    Chunks(usize),
    /// One batch, one `block_on`.
    All,
    /// A task for each request in another tokio program's runtime.
    Async,
}

const METHODS: [Method; 7] = [
    Method::Sequential,
    Method::Threads(5),
    Method::Threads(10),
    Method::Chunks(3),
    Method::Chunks(5),
    Method::All,
    Method::Async,
];

impl Method {
    fn name(self) -> String {
        match self {
            Self::Sequential => "Sequential".to_owned(),
            Self::Threads(count) => format!("ThreadPool-{count}"),
            Self::Chunks(size) => format!("Batch-{size}chunk"),
            Self::All => "Batch-ALL".to_owned(),
            Self::Async => "Async".to_owned(),
        }
    }

    /// Sends the requests, blocking this thread, which is none of the runtime's.
    fn send(self, shop: &DemoStore, runtime: &Handle, queries: Vec<Query>) -> Result<(), ExitStatus> {
        match self {
            Self::Sequential => queries.into_iter().try_for_each(|query| block(shop, runtime, vec![query])),
            Self::Threads(count) => threads(shop, runtime, queries, count),
            Self::Chunks(size) => queries.chunks(size).try_for_each(|chunk| block(shop, runtime, chunk.to_vec())),
            Self::All => block(shop, runtime, queries),
            Self::Async => elsewhere(shop, runtime, queries),
        }
    }
}

fn block(shop: &DemoStore, runtime: &Handle, queries: Vec<Query>) -> Result<(), ExitStatus> {
    runtime.block_on(shop.all(queries)).map(drop)
}

fn threads(shop: &DemoStore, runtime: &Handle, queries: Vec<Query>, count: usize) -> Result<(), ExitStatus> {
    let queue = Mutex::new(queries);
    let next = || queue.lock().map_or(None, |mut queue| queue.pop());
    let work = || std::iter::from_fn(next).try_for_each(|query| block(shop, runtime, vec![query]));
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(store::failed("a thread panicked"))))
    })
}

fn elsewhere(shop: &DemoStore, runtime: &Handle, queries: Vec<Query>) -> Result<(), ExitStatus> {
    let other = tokio::runtime::Builder::new_current_thread().build().map_err(store::failed)?;
    let tasks = queries.into_iter().map(|query| {
        let host = shop.host.clone();
        let task = runtime.spawn(async move { futures::StreamExt::collect::<Vec<_>>(host.run([query])).await });
        async move {
            let outcomes = task.await.map_err(store::failed)?;
            let whole = outcomes.iter().all(|outcome| outcome.failure.is_none() && outcome.rows.len() == APPS);
            whole.then_some(()).ok_or_else(|| store::failed("a chart is missing"))
        }
    });
    other.block_on(try_join_all(tasks)).map(drop)
}

/// One line of the result.
struct Timing {
    method: Method,
    requests: usize,
    seconds: f64,
    speedup: f64,
}

pub(in crate::cli) async fn run(command: &BenchCommand, parser: Parser) -> Result<ExitStatus, ExitStatus> {
    let latency = command.latency.duration();
    let runs = usize::try_from(command.runs).unwrap_or(1);
    let plans: Vec<Plan> = SIZES
        .iter()
        .map(|(countries, categories)| store::charts(&parser, *countries, *categories))
        .collect::<Result<_, _>>()?;
    let largest = plans.last().ok_or_else(|| store::failed("no sizes"))?;
    let shop = DemoStore::open(parser, largest).await?;
    shop.slow_down(latency);
    let runtime = Handle::current();
    let timed = tokio::task::spawn_blocking(move || time_all(&shop, &runtime, &plans, runs));
    let timings = timed.await.map_err(store::failed)??;
    if command.json {
        let results: Vec<_> = timings.iter().map(Timing::json).collect();
        let document = json!({"latency_ms": latency.as_millis() as u64, "cores": Workers::All.count(), "runs": runs, "results": results});
        print(&format!("{document:#}\n"))?;
    } else {
        for (countries, categories) in SIZES {
            let requests = countries * categories;
            let rows: Vec<_> = timings.iter().filter(|timing| timing.requests == requests).map(Timing::row).collect();
            let fields = rows.first().map(|row| row.keys().cloned().collect());
            let view = View { fields, ..View::new(WIDTH) };
            print(&format!("{requests} requests\n{}\n", terminal::render(&rows, &view)))?;
        }
    }
    Ok(ExitStatus::done())
}

fn time_all(shop: &DemoStore, runtime: &Handle, plans: &[Plan], runs: usize) -> Result<Vec<Timing>, ExitStatus> {
    let mut timings = Vec::new();
    for plan in plans {
        let mut sequential = None;
        for method in METHODS {
            let requests = plan.len();
            print_message(&format!("{requests} requests, {}", method.name()));
            let seconds = median(runs, || time(method, shop, runtime, plan))?;
            let speedup = sequential.get_or_insert(seconds).to_owned() / seconds;
            timings.push(Timing { method, requests, seconds, speedup });
        }
    }
    Ok(timings)
}

fn time(method: Method, shop: &DemoStore, runtime: &Handle, plan: &Plan) -> Result<f64, ExitStatus> {
    let queries = plan.queries().collect();
    let start = Instant::now();
    method.send(shop, runtime, queries)?;
    Ok(start.elapsed().as_secs_f64())
}

fn median(runs: usize, time: impl FnMut() -> Result<f64, ExitStatus>) -> Result<f64, ExitStatus> {
    let mut times: Vec<f64> = std::iter::repeat_with(time).take(runs).collect::<Result<_, _>>()?;
    times.sort_by(f64::total_cmp);
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}

impl Timing {
    fn json(&self) -> Value {
        json!({"requests": self.requests, "method": self.method.name(), "seconds": self.seconds, "requests_per_second": self.rate(),
            "apps_per_second": self.rate() * APPS as f64, "speedup": self.speedup})
    }

    fn row(&self) -> Row {
        let texts = [
            ("method", self.method.name()),
            ("time", format!("{:.2} s", self.seconds)),
            ("requests/s", format!("{:.1}", self.rate())),
            ("apps/s", format!("{:.0}", self.rate() * APPS as f64)),
            ("speedup", format!("{:.2}x", self.speedup)),
        ];
        texts.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect()
    }

    fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}
