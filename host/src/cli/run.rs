//! `playfast run`: queries as they come, answers as they are there.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::ArgMatches;
use serde_json::{Map, Value};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::exit::{Exit, say};
use super::{fetch, watch};
use crate::output::Format;
use crate::{Host, Plan, Query};

/// Queries that wait to be taken.
const WAITING: usize = 64;

/// How often a file that is followed is looked at for more.
const LOOK: Duration = Duration::from_millis(100);

pub(super) async fn run(matches: &ArgMatches, options: &ArgMatches, host: &Host) -> Result<Exit, Exit> {
    let file = options.get_one::<PathBuf>("queries").cloned().unwrap_or_else(|| "-".into());
    let writer = fetch::writer(matches, Format::Ndjson)?;
    let _watch = watch::start(matches, host)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let mut reader =
        Reader { host: host.clone(), sender, follow: options.get_flag("follow"), refused: Arc::default(), line: 0 };
    let refused = Arc::clone(&reader.refused);
    let mut tasks = JoinSet::new();
    if file.as_os_str() == "-" {
        tasks.spawn(async move { reader.read(BufReader::new(tokio::io::stdin())).await });
    } else {
        let opened = tokio::fs::File::open(&file).await;
        let opened = opened.map_err(|error| Exit::config(format!("failed to read {}: {error}", file.display())))?;
        tasks.spawn(async move { reader.read(BufReader::new(opened)).await });
    }
    let queries = futures::stream::unfold(receiver, |mut queries| async { Some((queries.recv().await?, queries)) });
    match fetch::write(host.run_stream(queries), writer).await {
        Ok((answered, failed)) => Ok(Exit::of(answered, failed + refused.load(Ordering::Relaxed))),
        Err(error) => fetch::stopped(&error),
    }
}

/// Reads queries, and gives them on.
struct Reader {
    host: Host,
    sender: mpsc::Sender<Query>,
    follow: bool,
    /// Lines that ask nothing.
    refused: Arc<AtomicUsize>,
    line: usize,
}

impl Reader {
    async fn read(&mut self, mut lines: impl AsyncBufRead + Unpin) {
        let mut line = Vec::new();
        loop {
            match lines.read_until(b'\n', &mut line).await {
                // The last line of a file that grows may not be whole yet.
                Ok(0) if self.follow => tokio::time::sleep(LOOK).await,
                Ok(_) if self.follow && !line.ends_with(b"\n") => {}
                Ok(0) if line.is_empty() => return,
                Ok(read) => {
                    self.take(&line).await;
                    line.clear();
                    if read == 0 {
                        return;
                    }
                }
                Err(error) => return say(&format!("failed to read queries: {error}")),
            }
        }
    }

    async fn take(&mut self, line: &[u8]) {
        self.line += 1;
        if line.trim_ascii().is_empty() {
            return;
        }
        match self.plan(line) {
            Ok(plan) => {
                for query in plan.queries() {
                    if self.sender.send(query).await.is_err() {
                        return;
                    }
                }
            }
            Err(reason) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                say(&format!("line {} of the queries: {reason}", self.line));
            }
        }
    }

    /// The queries of a line: `{"kind": "list", "country": "us,kr", "num": 10}`.
    fn plan(&self, line: &[u8]) -> Result<Plan, String> {
        let mut asked: Map<String, Value> =
            serde_json::from_slice(line).map_err(|error| format!("it is no JSON object: {error}"))?;
        let kind = asked.remove("kind").ok_or("it has no \"kind\"")?;
        let kind = kind.as_str().ok_or_else(|| format!("its kind is {kind}, not a name"))?;
        let params: Vec<_> =
            asked.iter().flat_map(|(name, value)| texts(value).map(move |text| (name, text))).collect();
        let params = params.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        self.host.plan(kind, params).map_err(|error| error.to_string())
    }
}

/// A parameter's values: of an array each of its elements, of `null` none.
fn texts(value: &Value) -> impl Iterator<Item = String> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        Value::Null => &[],
        value => std::slice::from_ref(value),
    };
    values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}
