//! How are queries answered for somebody at a command line? Rows are written as they come, failures told, progress shown, and at the end
//! what came of it; however it ends, what was written stays and can be gone on with.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures::{Stream, StreamExt};

use super::args::Options;
use super::coverage::Coverage;
use super::exit::{Exit, say};
use super::input::{Carried, Refusals};
use super::interrupt::Interrupt;
use super::memory;
use super::progress::{self, Total};
use super::sink::{self, Before, Sink, SinkError, asked};
use super::summary::Summary;
use super::watch;
use crate::batch::Input;
use crate::types::chain;
use crate::{FailureKind, Host, Part, Parts, Query};

/// What is told of queries before they are asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    pub(super) total: Total,
    pub(super) duplicates: Arc<AtomicUsize>,
    /// Lines that ask nothing.
    pub(super) refusals: Refusals,
    /// What rows carry of the lines that asked.
    pub(super) carried: Option<Arc<Carried>>,
}

impl Taken {
    /// Nothing yet. Lines that ask nothing are kept if the options name a file for failures.
    pub(super) fn new(options: &Options) -> Self {
        Self { refusals: Refusals::new(options.output.failures.is_some()), ..Self::default() }
    }

    /// Whether there was nothing to take, once all was read.
    pub(super) fn is_empty(&self) -> bool {
        self.total.is_zero() && self.refusals.count() == 0
    }
}

/// Answers queries as the general options say.
pub(super) async fn deliver(
    options: &Options,
    host: &Host,
    input: Input,
    taken: &Taken,
    (mut sink, before): (Sink, Before),
) -> Result<Exit, Exit> {
    let _watch = watch::start(options, host)?;
    memory::give_back_code();
    let start = Instant::now();
    let parts = host.resumed(input, Arc::new(move |query| before.left(query)));
    // A table is written when all is there: then it may as well be in order.
    let parts = if options.output.ordered || sink.is_table() { parts.ordered() } else { parts };
    let control = parts.control();
    let interrupt = Interrupt::heed(&control);
    let shown = progress::show(&options.global.general, host, &control, &taken.total);
    let mut coverage = Coverage::default();
    let is_journaled = sink.is_journaled();
    let summary_file = sink.take_summary();
    let written = write(parts, sink, host, taken, (&mut coverage, &interrupt)).await;
    drop(shown);
    let (stats, time) = (control.stats(), start.elapsed());
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let (duplicates, refused) = (count(&taken.duplicates), taken.refusals.count());
    let summary = Summary { stats: &stats, time, coverage: &coverage, duplicates, refused };
    summary.say(options.global.general.verbose > 0);
    if let Some(mut file) = summary_file {
        let text = format!("{:#}\n", summary.json(host));
        file.write_all(text.as_bytes()).map_err(|error| Exit::unwritten("the summary", &error))?;
    }
    let resume = if is_journaled { "; --resume goes on from here" } else { "" };
    let failed = usize::try_from(stats.failures()).unwrap_or(usize::MAX).saturating_add(refused);
    let answered = usize::try_from(stats.answered + stats.done_before).unwrap_or(usize::MAX);
    if let Some(fault) = &stats.fault {
        return Ok(Exit::internal(internal_error(fault, resume)));
    }
    match (written, interrupt.code()) {
        (Err(SinkError::Rows(error)), _) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::done()),
        (Err(error), _) => Err(Exit::config(format!("{}{resume}", chain(&error)))),
        (Ok(()), Some(code)) => Ok(Exit::stopped(code, format!("stopped after {answered} answers{resume}"))),
        (Ok(()), None) => {
            if failed > 0 && is_journaled {
                say("--resume tries those again that failed");
            }
            Ok(Exit::of(answered, failed))
        }
    }
}

/// What a person is told of a fault of this program.
fn internal_error(fault: &str, resume: &str) -> String {
    format!("internal error: {fault}; queries that were open failed as \"internal\": please report it{resume}")
}

async fn write(
    mut parts: Parts,
    mut sink: Sink,
    host: &Host,
    taken: &Taken,
    (coverage, interrupt): (&mut Coverage, &Interrupt),
) -> Result<(), SinkError> {
    let mut all_answered = true;
    while let Some(mut part) = parts.next().await {
        tell(&part);
        if let Ok(slot) = host.slot_for(&part.query) {
            coverage.note(&slot.description(), part.query.kind(), &part.rows);
        }
        all_answered &= part.failure.is_none();
        if let Some(carried) = &taken.carried {
            part.rows = carried.rows(&part.query, part.rows, part.is_last);
        }
        sink.write_failures(taken.refusals.drain())?;
        sink.take(&mut part)?;
    }
    sink.write_failures(taken.refusals.drain())?;
    let is_through = all_answered && interrupt.code().is_none() && parts.control().stats().fault.is_none();
    let dropped = sink.finish(is_through)?;
    if !dropped.is_empty() {
        say(&format!("CSV has no columns for {}: --fields names those that are wanted", dropped.join(", ")));
    }
    Ok(())
}

/// Notes and failures, as lines on stderr. That a run was stopped is said once.
fn tell(part: &Part) {
    part.notes.iter().for_each(|note| say(&format!("{}: note: {}", part.query, note.escape_debug())));
    if let Some(failure) = part.failure.as_ref().filter(|failure| failure.kind != FailureKind::Cancelled) {
        say(&format!("{}: {failure}", part.query));
    }
}

/// Writes the queries that would be asked, and sends nothing.
pub(super) async fn dry_run(queries: impl Stream<Item = Query>, taken: &Taken) -> Result<Exit, Exit> {
    // Never to the file of the rows.
    let mut out = BufWriter::new(sink::stdout());
    let mut queries = std::pin::pin!(queries);
    let mut count = 0_u64;
    while let Some(query) = queries.next().await {
        let line = serde_json::Value::from(asked(&query));
        match writeln!(out, "{line}") {
            Ok(()) => count += 1,
            Err(error) => return Err(Exit::unwritten("queries", &error)),
        }
    }
    out.flush().map_err(|error| Exit::unwritten("queries", &error))?;
    say(&format!("{count} queries would be asked; nothing was sent"));
    Ok(Exit::of(1, taken.refusals.count()))
}
