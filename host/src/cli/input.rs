//! Inputs: queries from typed values, files and pipes, as one stream.
//!
//! A source holds ids one a line, or rows (NDJSON, CSV, JSON lines of an array, each also as gzip), of which the columns that are parameters of the
//! kind are taken. Queries are handed on while the source still comes; equal ones are asked once. Memory: 16 bytes a query for that.

mod carried;
mod ignored;
mod limit;
pub(in crate::cli) mod nearest;
pub(in crate::cli) mod queries;
mod reader;
mod refusals;
mod resolver;
mod source;
mod values;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use crate::cli::delivery::deliver::InputStats;
use crate::cli::exit::ExitStatus;
use crate::cli::input::queries::{Names, Records};
use crate::host::Host;
use crate::query::KindName;
use crate::run::Input;
use crate::swap::ParserSlot;
use crate::types::Query;
pub(in crate::cli) use carried::Carried;
use ignored::Ignored;
pub(in crate::cli) use limit::limit_params;
use reader::{Part, Reader};
pub(in crate::cli) use refusals::Refusals;
pub(in crate::cli) use resolver::AskedKind;
use resolver::Resolver;
pub(in crate::cli) use source::Source;
pub(in crate::cli) use values::{Expanded, Segment, Typed};

/// Chunks of queries that wait to be taken.
const MAX_WAITING_CHUNKS: usize = 8;

/// What is to be asked, and how it is read.
#[derive(Debug)]
pub(in crate::cli) struct Request {
    pub(in crate::cli) kind: AskedKind,
    /// Parameters that were typed, for all records.
    pub(in crate::cli) params: Vec<(String, String)>,
    /// Where queries come from, in their order.
    pub(in crate::cli) segments: Vec<Segment>,
    /// Columns that are copied into the rows of the answers.
    pub(in crate::cli) carry: Vec<String>,
    /// Whether a repeated query is asked again, as in a run that never ends.
    pub(in crate::cli) asks_again: bool,
    /// Whether parsers may come later that have the kinds that are asked.
    pub(in crate::cli) is_watched: bool,
}

/// Opens the sources and begins to read them. Records that can't be asked are reported to `taken`, and never end the reading. What rows carry of
/// the records is left there too.
///
/// # Errors
/// Before anything is asked: if a file can't be opened or holds no query, or if parameters or carried columns can't be used.
pub(in crate::cli) async fn open(request: Request, host: &Host, taken: &mut InputStats) -> Result<Input, ExitStatus> {
    let names = names(host, request.kind.name(), request.is_watched)?;
    check_params(&request, host)?;
    let Request { kind, params, mut segments, carry, asks_again, .. } = request;
    let mut resolver = Resolver { host: host.clone(), kind, params, carry };
    if !resolver.carry.is_empty() {
        check_carry(&resolver, &segments)?;
        let gathered;
        (resolver, segments, gathered) = gather_in_thread(resolver, segments, names.clone()).await?;
        taken.carried = Some(Arc::new(gathered));
    }
    let sizes: Option<Vec<_>> = sources(&segments).map(Source::size).collect();
    let is_at_hand = sources(&segments).all(Source::is_at_hand);
    let (sender, receiver) = mpsc::channel(MAX_WAITING_CHUNKS);
    let read = Arc::new(AtomicU64::new(0));
    check_files(&segments, &resolver, &names)?;
    let parts = open_parts(segments, &resolver, &read, &sender)?;
    let reader = Reader {
        resolver,
        names,
        sender,
        taken: taken.clone(),
        seen: if asks_again && taken.carried.is_none() { None } else { Some(HashSet::new()) },
        is_prompt: !is_at_hand,
        size: sizes.map(|sizes| sizes.iter().sum()),
        read,
        ignored: Ignored::default(),
        count: 0,
        waiting: Vec::new(),
    };
    let chunks = chunks(reader, parts, receiver);
    Ok(Input::new(chunks.flat_map(futures::stream::iter).boxed(), is_at_hand))
}

/// Runs the reader in a thread, and gives its chunks. A pipe can't be made to stop waiting: the thread ends with the process.
fn chunks(reader: Reader, parts: Vec<Part>, receiver: mpsc::Receiver<Vec<Query>>) -> BoxStream<'static, Vec<Query>> {
    let thread = std::thread::spawn(move || reader.read(parts));
    let chunks = futures::stream::unfold((receiver, thread), |(mut chunks, thread)| async {
        match chunks.recv().await {
            Some(chunk) => Some((chunk, (chunks, thread))),
            // The thread is at its end. If it panicked, the input isn't: the run fails with it.
            None => match thread.join() {
                Ok(()) => None,
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    });
    chunks.boxed()
}

fn sources(segments: &[Segment]) -> impl Iterator<Item = &Source> {
    segments.iter().filter_map(|segment| match segment {
        Segment::Source(source) => Some(source),
        Segment::Values(_) => None,
    })
}

/// The names that a header can have: those of the kind that is asked where a record says none, or of all kinds. While parsers are watched the
/// kind may come later.
fn names(host: &Host, kind: Option<&KindName>, is_watched: bool) -> Result<Names, ExitStatus> {
    let Some(kind) = kind else {
        let parsers: Vec<_> = host.slots().iter().map(ParserSlot::description).collect();
        return Ok(Names::of_kinds(parsers.iter().flat_map(|parser| &parser.kinds)));
    };
    // Only the kind is looked up, whatever else is needed to ask it.
    let declared = |slot: ParserSlot| Host::partial_plan_in(&slot, kind, []).map(|_| slot.description());
    match host.slot_of(kind).and_then(declared) {
        Ok(description) => Ok(description.kind(kind.kind()).map(Names::of_kind).unwrap_or_default()),
        Err(_) if is_watched => Ok(Names::default()),
        Err(error) => Err(ExitStatus::config(format!("--kind: {error}"))),
    }
}

/// Refuses typed parameters that no record could be asked with.
fn check_params(request: &Request, host: &Host) -> Result<(), ExitStatus> {
    let params = || request.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    if let Some(kind) = request.kind.name() {
        return match host.slot_of(kind).and_then(|slot| Host::partial_plan_in(&slot, kind, params())) {
            Err(error) if !request.is_watched => Err(ExitStatus::config(error.to_string())),
            _ => Ok(()),
        };
    }
    let parsers: Vec<_> = host.slots().iter().map(ParserSlot::description).collect();
    let kinds = || parsers.iter().flat_map(|parser| parser.kinds.iter().map(move |kind| (parser, kind)));
    for (name, _) in params() {
        let values = params().filter(|(other, _)| *other == name);
        match kinds().find(|(_, kind)| kind.params.get(name).is_some()) {
            Some((parser, kind)) => {
                crate::query::Plan::partial(parser, &kind.name.as_str().into(), values)
                    .map_err(|error| ExitStatus::config(error.to_string()))?;
            }
            None if request.is_watched => {}
            None => return Err(ExitStatus::config(format!("--param: no kind has a parameter {name:?}"))),
        }
    }
    Ok(())
}

fn check_carry(resolver: &Resolver, segments: &[Segment]) -> Result<(), ExitStatus> {
    if sources(segments).any(|source| matches!(source, Source::Growing(_))) {
        let reason =
            "--carry needs the whole input before the first answer, and --follow never has it: leave one of them out";
        return Err(ExitStatus::config(reason.to_owned()));
    }
    let parsers: Vec<_> = resolver.host.slots().iter().map(ParserSlot::description).collect();
    let only = match &resolver.kind {
        AskedKind::Fixed(kind) => Some(kind.kind()),
        AskedKind::Default(_) => None,
    };
    let kinds =
        parsers.iter().flat_map(|parser| &parser.kinds).filter(|kind| only.is_none_or(|only| kind.name == only));
    carried::check_names(&resolver.carry, kinds.flat_map(carried::fields_of)).map_err(ExitStatus::config)
}

/// As [`gather`], in a thread that may wait.
async fn gather_in_thread(
    resolver: Resolver,
    segments: Vec<Segment>,
    names: Names,
) -> Result<(Resolver, Vec<Segment>, Carried), ExitStatus> {
    let gathered = tokio::task::spawn_blocking(move || gather(resolver, segments, &names)).await;
    gathered.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// Reads all sources for what their records carry. Pipes are held for the second reading.
fn gather(
    resolver: Resolver,
    segments: Vec<Segment>,
    names: &Names,
) -> Result<(Resolver, Vec<Segment>, Carried), ExitStatus> {
    let (mut carried, mut columns) = (Carried::new(resolver.carry.clone()), HashSet::new());
    let mut reopenable = Vec::new();
    for segment in segments {
        let Segment::Source(source) = segment else {
            reopenable.push(segment);
            continue;
        };
        let source = source.reopenable()?;
        gather_source(&resolver, &source, names, (&mut carried, &mut columns))?;
        reopenable.push(Segment::Source(source));
    }
    if let Some(missing) = resolver.carry.iter().find(|name| !columns.contains(name.as_str()) && !columns.is_empty()) {
        let mut columns: Vec<_> = columns.into_iter().collect();
        columns.sort_unstable();
        let columns = columns.join(", ");
        return Err(ExitStatus::config(format!("--carry: the input has no column {missing:?}; there are {columns}")));
    }
    Ok((resolver, reopenable, carried))
}

fn gather_source(
    resolver: &Resolver,
    source: &Source,
    names: &Names,
    (carried, columns): (&mut Carried, &mut HashSet<Arc<str>>),
) -> Result<(), ExitStatus> {
    let text = source.open(&Arc::default(), || true)?;
    let records = Records::new(text, source.form(), resolver.kind.name().map(ToString::to_string), names.clone());
    // What is wrong with a record is said when it is read to be asked.
    for record in records.filter_map(|(_, record)| record.ok()) {
        for (name, _) in &record.0 {
            if !columns.contains(name) {
                columns.insert(Arc::clone(name));
            }
        }
        if let Ok(resolved) = resolver.resolve(&record, &mut Ignored::muted()) {
            resolved.plan.queries().for_each(|query| carried.add(query.key(), &resolved.carried));
        }
    }
    Ok(())
}

/// Refuses files without a record. A file is there at once: if it asks nothing, that is a mistake. A pipe may well have nothing to say.
fn check_files(segments: &[Segment], resolver: &Resolver, names: &Names) -> Result<(), ExitStatus> {
    for source in sources(segments).filter(|source| source.size().is_some()) {
        let text = source.open(&Arc::default(), || true)?;
        let kind = resolver.kind.name().map(ToString::to_string);
        if Records::new(text, source.form(), kind, names.clone()).next().is_none() {
            return Err(ExitStatus::config(format!("{source} holds no queries")));
        }
    }
    Ok(())
}

/// Opens the sources, so that one that isn't there is refused before anything is asked.
fn open_parts(
    segments: Vec<Segment>,
    resolver: &Resolver,
    read: &Arc<AtomicU64>,
    sender: &mpsc::Sender<Vec<Query>>,
) -> Result<Vec<Part>, ExitStatus> {
    let part = |segment| match segment {
        Segment::Values(values) => Ok(Part::Plan(typed_plan(resolver, values)?)),
        Segment::Source(source) => {
            let sender = sender.clone();
            // A file that grows is at its end when nobody takes its queries any more.
            let text = source.open(read, move || sender.is_closed())?;
            Ok(Part::Text(source, text))
        }
    };
    segments.into_iter().map(part).collect()
}

fn typed_plan(resolver: &Resolver, values: Vec<String>) -> Result<crate::query::Plan, ExitStatus> {
    let Some(kind) = resolver.kind.name() else { return Err(ExitStatus::config("values need a kind".to_owned())) };
    resolver.plan(kind, &values).map_err(ExitStatus::config)
}
