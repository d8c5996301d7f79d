//! Runs the store by hand: `cargo run --profile quick -p playfast-sim --example serve`, until Ctrl-C or the end of stdin.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use playfast_sim::{FaultKind, Faults, Store, StoreConfig};

const USAGE: &str = "serve [--pages DIR] [--port N] [--latency-ms N] [--seed N] [--max-streams N] [--fault NAME=P]... \
    [--fault-for APP=NAME]... [--poison APP=STATUS]... [--max-calls N=STATUS] [--window N=SECONDS] [--opens-after-ms N] [--error-code N] \
    [--retry-after SECONDS] [--stall-ms N] [--max-in-flight N] [--per-second N] [--largest-review-page N] [--ca FILE]";

/// What the command line says.
#[derive(Default)]
struct Options {
    config: StoreConfig,
    ca: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("serve: {problem}; usage: {USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: failed to {error}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
        options = set(options, &name, &value)?;
    }
    Ok(options)
}

fn set(options: Options, name: &str, value: &str) -> Result<Options, String> {
    let Options { config, ca } = options;
    let config = match name {
        "--ca" => return Ok(Options { config, ca: Some(value.into()) }),
        "--pages" => config.pages(value),
        "--port" => config.port(number(name, value)?),
        "--seed" => config.seed(number(name, value)?),
        "--latency-ms" => config.latency(Duration::from_millis(number(name, value)?)),
        "--max-streams" => config.max_concurrent_streams(number(name, value)?),
        "--opens-after-ms" => config.opens_after(Duration::from_millis(number(name, value)?)),
        "--fault-for" | "--poison" | "--max-calls" | "--window" => {
            let faults = of_calls(config.faults.clone(), name, value)?;
            config.faults(faults)
        }
        "--retry-after"
        | "--stall-ms"
        | "--max-in-flight"
        | "--per-second"
        | "--error-code"
        | "--largest-review-page" => {
            let faults = limit(config.faults.clone(), name, value)?;
            config.faults(faults)
        }
        "--fault" => {
            let faults = fault(config.faults.clone(), value)?;
            config.faults(faults)
        }
        _ => return Err(format!("no option {name}")),
    };
    Ok(Options { config, ca })
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} {value} is no number that fits"))
}

fn limit(faults: Faults, name: &str, value: &str) -> Result<Faults, String> {
    Ok(match name {
        "--retry-after" => faults.retry_after(Duration::from_secs(number(name, value)?)),
        "--stall-ms" => faults.stall_for(Duration::from_millis(number(name, value)?)),
        "--error-code" => faults.error_code(number(name, value)?),
        "--largest-review-page" => faults.largest_review_page(number(name, value)?),
        "--max-in-flight" => faults.max_in_flight(number(name, value)?),
        _ => faults.per_second(number(name, value)?),
    })
}

/// An option that has two parts: `--poison APP=STATUS` and the like.
fn of_calls(faults: Faults, name: &str, value: &str) -> Result<Faults, String> {
    let (what, how) = value.split_once('=').ok_or_else(|| format!("{name} {value} has no ="))?;
    Ok(match name {
        "--fault-for" => faults.for_app(what, kind(how)?),
        "--poison" => faults.poisoned(what, number(name, how)?),
        "--max-calls" => faults.max_calls(number(name, what)?, number(name, how)?),
        _ => faults.window(number(name, what)?, Duration::from_secs(number(name, how)?)),
    })
}

fn kind(name: &str) -> Result<FaultKind, String> {
    name.parse().map_err(|_| format!("no fault {name}, but {}", FaultKind::ALL.map(FaultKind::name).join(", ")))
}

fn fault(faults: Faults, value: &str) -> Result<Faults, String> {
    let (name, chance) = value.split_once('=').ok_or_else(|| format!("--fault {value} is not NAME=P"))?;
    let kind = kind(name)?;
    let chance: f64 = number("--fault", chance)?;
    if !(0.0..=1.0).contains(&chance) {
        return Err(format!("--fault {value} is not between 0 and 1"));
    }
    Ok(faults.with(kind, chance))
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::start(options.config).await?;
    let port = store.address().port();
    let ca = options.ca.unwrap_or_else(|| std::env::temp_dir().join(format!("playfast-sim-{port}.pem")));
    std::fs::write(&ca, store.ca_pem()).map_err(|error| format!("write {}: {error}", ca.display()))?;
    println!("{}", store.address());
    let options: String = store.connect_to().iter().map(|value| format!("--connect-to {value} ")).collect();
    println!("{options}--cacert {}", ca.display());
    std::io::stdout().flush()?;
    until_told().await;
    store.shutdown().await;
    Ok(())
}

/// Waits for Ctrl-C or the end of stdin, which is read on a thread that ends with the process.
async fn until_told() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = end => {}
    }
}
