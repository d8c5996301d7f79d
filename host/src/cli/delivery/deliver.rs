//! Delivery of answers: rows are written as they come, failures reported, progress shown, and at the end a summary.
//!
//! However a run ends, what was written stays, and can be resumed if there is a journal.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures::{Stream, StreamExt};
use serde_json::Value;

use crate::cli::args::{Options, RunArgs};
use crate::cli::delivery::details::Details;
use crate::cli::delivery::shutdown_signal::ShutdownSignal;
use crate::cli::delivery::sink::{self, Finish, Sink, SinkError, StoreError, asked};
use crate::cli::exit::{self, ExitStatus, print_message};
use crate::cli::input::{Carried, Refusals};
use crate::cli::report::coverage::Coverage;
use crate::cli::report::number::{counted, long, size};
use crate::cli::report::progress::{self, Prices, Progress, Total};
use crate::cli::report::remedy::with_option;
use crate::cli::report::repeated::Repeated;
use crate::cli::report::summary::Summary;
use crate::host::{Estimate, Estimator, Host};
use crate::output::FileCheckpointError;
use crate::result::PageResult;
use crate::robots::Robots;
use crate::run::{Input, PageResults, RunStats};
use crate::types::{FailureKind, Query, QueryEnd, chain};

/// What is known of queries before they are asked.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct InputStats {
    pub(in crate::cli) total: Total,
    pub(in crate::cli) duplicates: Arc<AtomicUsize>,
    /// Lines that ask nothing.
    pub(in crate::cli) refusals: Refusals,
    /// What rows carry of the lines that asked.
    pub(in crate::cli) carried: Option<Arc<Carried>>,
}

impl InputStats {
    /// Nothing yet. Lines that ask nothing are kept if the options name a file for failures.
    pub(in crate::cli) fn new(options: &Options) -> Self {
        Self { refusals: Refusals::new(options.output.failures.is_some()), ..Self::default() }
    }

    /// Whether there was nothing to take, once all was read.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.total.is_zero() && self.refusals.count() == 0
    }
}

/// Answers queries as the options say.
pub(in crate::cli) async fn deliver(
    options: &Options,
    host: &Host,
    input: Input,
    taken: &InputStats,
    mut sink: Sink,
) -> Result<ExitStatus, ExitStatus> {
    exit::start_log();
    let start = Instant::now();
    let (prices, input) = if progress::is_wanted(&options.global.general) {
        let (prices, input) = Prices::count(host, input);
        (Some(prices), input)
    } else {
        (None, input)
    };
    let page_results = host.resumed(input, sink.resume_filter());
    // A table is written when all is there: then it may as well be in order.
    let page_results = if options.output.ordered || sink.is_table() { page_results.ordered() } else { page_results };
    let control = page_results.control();
    let interrupt = ShutdownSignal::listen(&control);
    let shown = progress::show(prices, host, &control, &taken.total);
    let mut coverage = Coverage::default();
    sink.set_carried(taken.carried.clone());
    let is_replacing = sink.is_replacing();
    let (journal, summary_file) = (sink.is_resumable(), sink.take_summary());
    let (hint, rows) = (sink.failures_hint(), sink.rows_written());
    let delivery =
        Delivery { coverage: &mut coverage, interrupt: &interrupt, run: &options.run, refusals: &taken.refusals, hint };
    let written = delivery.write(page_results, sink, shown).await;
    let (stats, time) = (control.stats(), start.elapsed());
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let (duplicates, refused) = (count(&taken.duplicates), taken.refusals.count());
    let rows = rows.load(Ordering::Relaxed);
    let summary = Summary { stats: &stats, time, coverage: &coverage, duplicates, rows, refused };
    summary.print(options.global.general.verbose > 0);
    if options.speed.robots == Some(Robots::Obey) && stats.failed.contains_key(&FailureKind::Forbidden) {
        print_message("playfast doctor shows what robots.txt allows, and the parameters with which that is asked");
    }
    if let Some(mut file) = summary_file {
        let text = format!("{:#}\n", summary.json(host));
        file.write_all(text.as_bytes()).map_err(|error| ExitStatus::unwritten("the summary", &error))?;
    }
    let resume = match (journal, is_replacing) {
        (true, _) => "; --resume continues from here",
        (_, true) => "; with --existing replace, the next run starts again",
        _ => "",
    };
    // Rows of a partial query are an answer too.
    let answered = usize::try_from(stats.answered + stats.partials() + stats.answered_before).unwrap_or(usize::MAX);
    if let Some(fault) = &stats.fault {
        return Ok(ExitStatus::internal(internal_error(fault, resume)));
    }
    match (written, interrupt.code()) {
        (Err(SinkError::Rows(StoreError::File(FileCheckpointError::Rows(error)))), _)
            if error.kind() == io::ErrorKind::BrokenPipe =>
        {
            Ok(ExitStatus::done())
        }
        (Err(error), _) => Err(ExitStatus::config(format!("{}{resume}", chain(&error)))),
        (Ok(()), Some(code)) => {
            let answers = counted(answered as u64, "answer", "answers");
            Ok(ExitStatus::stopped(code, format!("stopped after {answers}{resume}")))
        }
        (Ok(()), None) => {
            if journal && is_left(&stats, &options.run) {
                print_message("--resume asks those again that failed for now, and continues those that are partial");
            }
            Ok(ExitStatus::from_counts(answered, unaccepted(&stats, &options.run).saturating_add(refused)))
        }
    }
}

/// Whether a later run may answer more: queries failed for now, or are partial and that isn't accepted.
fn is_left(stats: &RunStats, run: &RunArgs) -> bool {
    let is_partial = |kind: &FailureKind| !run.accepts(QueryEnd::Partial(*kind));
    stats.failed.keys().any(|kind| !kind.is_final()) || stats.partial.keys().any(is_partial)
}

/// Queries that failed, or are partial, and aren't accepted.
fn unaccepted(stats: &RunStats, run: &RunArgs) -> usize {
    let failed = stats.failed.iter().map(|(kind, count)| (QueryEnd::Failed(*kind), *count));
    let partial = stats.partial.iter().map(|(kind, count)| (QueryEnd::Partial(*kind), *count));
    let unaccepted = failed.chain(partial).filter(|(end, _)| !run.accepts(*end)).map(|(_, count)| count);
    usize::try_from(unaccepted.sum::<u64>()).unwrap_or(usize::MAX)
}

/// What a person is told of a fault of this program.
fn internal_error(fault: &str, resume: &str) -> String {
    format!("internal error: {fault}; queries that were open failed as \"internal\": please report it{resume}")
}

/// What takes the parts of a run.
struct Delivery<'d> {
    coverage: &'d mut Coverage,
    interrupt: &'d ShutdownSignal,
    run: &'d RunArgs,
    refusals: &'d Refusals,
    hint: String,
}

impl Delivery<'_> {
    async fn write(self, mut page_results: PageResults, mut sink: Sink, shown: Progress) -> Result<(), SinkError> {
        let (mut repeated, mut notes) = (Repeated::default(), Repeated::of_notes());
        let mut written = Ok(());
        while let Some(mut page_result) = page_results.next().await {
            self.report(&page_result, &mut repeated, &mut notes);
            if let Some(slot) = &page_result.slot {
                self.coverage.record(&slot.description(), &page_result.query, &page_result.rows);
            }
            if page_result.failure.is_some() && page_result.end().is_some_and(|end| self.run.accepts(end)) {
                sink.accept();
            }
            written = sink.write_failures(self.refusals.drain()).and_then(|()| sink.write_page(&mut page_result));
            if written.is_err() {
                break;
            }
        }
        drop(shown);
        repeated.print_counts(&self.hint);
        notes.print_counts("");
        written?;
        sink.write_failures(self.refusals.drain())?;
        let stats = page_results.control().stats();
        let is_settled = !is_left(&stats, self.run);
        let is_through = is_settled && self.interrupt.code().is_none() && stats.fault.is_none();
        let Finish { dropped } = sink.finish(is_through)?;
        if !dropped.is_empty() {
            print_message(&format!(
                "CSV has no columns for {}: --fields names those that are wanted",
                dropped.join(", ")
            ));
        }
        Ok(())
    }

    /// Reports notes and failures, as lines on stderr. That a run was stopped is said once.
    fn report(&self, page_result: &PageResult, repeated: &mut Repeated, notes: &mut Repeated) {
        let query = page_result.query.to_string();
        for note in &page_result.notes {
            notes.report("note", &format!("note: {note}"), &query, || short(page_result));
        }
        let failure = page_result.failure.as_ref().filter(|failure| failure.kind != FailureKind::Cancelled);
        let Some((failure, end)) = failure.zip(page_result.end()).filter(|(_, end)| !self.run.accepts(*end)) else {
            return;
        };
        let kind = end.failure_text().unwrap_or_default();
        let cause = format!("{kind}: {}", with_option(failure));
        repeated.report(&kind, &cause, &query, || short(page_result));
    }
}

/// A query by the values that tell it from others: those of required and positional parameters, if there are any.
fn short(page: &PageResult) -> Option<String> {
    let (query, description) = (&page.query, page.slot.as_ref()?.description());
    let params = &description.kind(query.kind())?.params;
    let is_telling = |name: &str| {
        params.required.iter().any(|required| required == name)
            || params.get(name).is_some_and(|param| param.positional)
    };
    let telling: Vec<_> = query.params().filter(|(name, _)| is_telling(name)).map(|(_, value)| value).collect();
    (!telling.is_empty()).then(|| telling.join(" "))
}

/// Writes the queries that would be asked, and their price with that of the details of their rows. Sends nothing.
pub(in crate::cli) async fn dry_run(
    host: &Host,
    queries: impl Stream<Item = Query>,
    details: Option<&Details>,
    taken: &InputStats,
) -> Result<ExitStatus, ExitStatus> {
    // Never to the file of the rows.
    let mut out = BufWriter::new(sink::stdout());
    let (mut estimator, mut of_details) = (Estimator::new(host), Estimator::new(host));
    let mut queries = std::pin::pin!(queries);
    while let Some(query) = queries.next().await {
        let slot = estimator.add(&query);
        for expected in details.into_iter().flat_map(|details| details.expected(host, &query)) {
            of_details.add(&expected.with_shared_fields(query.shared_fields()));
        }
        let line = Value::from(asked(&query, slot.as_ref()));
        writeln!(out, "{line}").map_err(|error| ExitStatus::unwritten("queries", &error))?;
    }
    out.flush().map_err(|error| ExitStatus::unwritten("queries", &error))?;
    let mut text = price(&estimator.finish().await);
    if let Some(details) = details {
        let price = price(&of_details.finish().await);
        text.push_str(&format!(
            "; then the details would be asked as {} for each {}, at most {price}",
            details.kind(),
            details.subject()
        ));
    }
    print_message(&format!("{text}; nothing was sent"));
    Ok(ExitStatus::from_counts(1, taken.refusals.count()))
}

/// What queries take: `500 queries in about 10 requests, about 8.0 MB, 10s at the pace`.
fn price(estimate: &Estimate) -> String {
    let Estimate { queries, requests, bytes, time } = estimate;
    let (queries, requests) = (counted(*queries, "query", "queries"), counted(*requests, "request", "requests"));
    let bytes = bytes.map(|bytes| format!(", about {}", size(bytes as f64))).unwrap_or_default();
    let wait = if time.as_secs() == 0 { "no wait".to_owned() } else { long(*time) };
    format!("{queries} in about {requests}{bytes}, {wait} at the pace")
}
