//! `playfast run`: answers queries of a file or a pipe as they come.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::StreamExt;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;
use tokio::sync::mpsc;

use super::args::{Options, RunCommand};
use super::delivery::{Taken, deliver, dry_run};
use super::exit::{Exit, say};
use super::queries::{Asked, Form, Growing, Names, Records};
use super::sink::{Columns, Sink};
use crate::batch::{Input, split_kind};
use crate::output::Format;
use crate::{Host, Plan, Priority, Query, QueryKey, Slot};

/// Chunks of queries that wait to be taken.
const WAITING: usize = 8;

/// Queries of a file that are given on together: those that share a request must be there together.
const CHUNK: usize = 256;

pub(super) async fn run(command: &RunCommand, options: &Options, host: &Host) -> Result<Exit, Exit> {
    let file = command.queries.clone();
    let taken = Taken::default();
    let (sender, receiver) = mpsc::channel(WAITING);
    let follow = command.follow;
    let is_pipe = file.as_os_str() == "-";
    // Where a run goes on and on, what is asked again is meant to be.
    let seen = if follow || options.run.watch { None } else { Some(HashSet::new()) };
    // From a pipe, or a file that grows, each is given on at once.
    let chunk = if follow || is_pipe { 1 } else { CHUNK };
    let (host_of, taken_of, waiting) = (host.clone(), taken.clone(), Vec::new());
    let size =
        if follow { None } else { std::fs::metadata(&file).ok().map(|file| file.len()).filter(|size| *size > 0) };
    let mut reader =
        Reader { host: host_of, sender, taken: taken_of, seen, count: 0, waiting, chunk, size, read: Arc::default() };
    let default_kind = command.kind.clone();
    let names = names(host, default_kind.as_deref(), options.run.watch)?;
    let lines = lines(&file, follow, &reader)?;
    let form = Form::of_file(&file);
    // A pipe can't be made to stop waiting: the thread ends with the process.
    let thread = std::thread::spawn(move || reader.read(Records::new(lines, form, default_kind, names)));
    let chunks = futures::stream::unfold((receiver, thread), |(mut chunks, thread)| async {
        match chunks.recv().await {
            Some(chunk) => Some((chunk, (chunks, thread))),
            // The thread is at its end. If it panicked, the list isn't: the run fails with it.
            None => match thread.join() {
                Ok(()) => None,
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    });
    let mut queries = Box::pin(chunks.flat_map(futures::stream::iter).peekable());
    // A file is read at once: a list without a query is a mistake that is told before anything is opened for writing.
    let is_file = !follow && !is_pipe;
    if is_file && queries.as_mut().peek().await.is_none() && taken.refused.load(Ordering::Relaxed) == 0 {
        return Err(Exit::config(format!("{} holds no queries", file.display())));
    }
    if options.run.dry_run {
        return dry_run(queries, &taken).await;
    }
    let columns = || {
        let parsers: Vec<_> = host.slots().iter().map(Slot::description).collect();
        Columns::new(&parsers, None)
    };
    let input = Input { queries, is_at_hand: size.is_some() };
    let exit = deliver(options, host, input, &taken, Sink::open(&options.output, Format::Ndjson, columns)?).await?;
    if taken.is_empty() {
        // A pipe may well have nothing to say: that is no error.
        say(&if is_pipe { "stdin held no queries".to_owned() } else { format!("{} held no queries", file.display()) });
    }
    Ok(exit)
}

/// The names that a header can have, of the kind that is asked where a query says none, or of all. While parsers are watched the kind may
/// come later.
fn names(host: &Host, kind: Option<&str>, is_watched: bool) -> Result<Names, Exit> {
    let Some(kind) = kind else {
        let parsers: Vec<_> = host.slots().iter().map(Slot::description).collect();
        return Ok(Names::of_kinds(parsers.iter().flat_map(|parser| &parser.kinds)));
    };
    // Of nothing but the kind, whatever else is needed to ask it.
    match host.partial_plan(kind, []).and_then(|_| host.slot_of(kind)) {
        Ok(slot) => Ok(slot.description().kind(split_kind(kind).1).map(Names::of_kind).unwrap_or_default()),
        Err(_) if is_watched => Ok(Names::default()),
        Err(error) => Err(Exit::config(format!("--kind: {error}"))),
    }
}

/// The text of the queries.
fn lines(file: &Path, follow: bool, reader: &Reader) -> Result<Box<dyn BufRead + Send>, Exit> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let refused = |error: io::Error| Exit::config(format!("failed to read {}: {error}", file.display()));
    if !follow {
        let opened = File::open(file).map_err(refused)?;
        return Ok(Box::new(BufReader::new(Counted { file: opened, read: Arc::clone(&reader.read) })));
    }
    let sender = reader.sender.clone();
    let growing = Growing::open(file, move || sender.is_closed());
    Ok(Box::new(BufReader::new(growing.map_err(refused)?)))
}

/// A file of which is known how much was read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(bytes)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Reads queries, and gives them on.
struct Reader {
    host: Host,
    sender: mpsc::Sender<Vec<Query>>,
    taken: Taken,
    /// What was asked already, where that isn't asked again.
    seen: Option<HashSet<QueryKey>>,
    count: usize,
    /// What isn't given on yet, and from how many on it is.
    waiting: Vec<Query>,
    chunk: usize,
    /// The file's bytes, where it doesn't grow, and how many of them were read.
    size: Option<u64>,
    read: Arc<AtomicU64>,
}

impl Reader {
    fn read(&mut self, records: Records<Box<dyn BufRead + Send>>) {
        for (line, asked) in records {
            match asked.and_then(|asked| self.plan(asked)) {
                Ok((plan, priority)) => {
                    if !self.send_all(&plan, priority) {
                        return;
                    }
                }
                Err(reason) => {
                    self.taken.refused.fetch_add(1, Ordering::Relaxed);
                    say(&format!("line {line} of the queries: {reason}"));
                }
            }
        }
        self.give_on();
        self.taken.total.set(self.count);
    }

    /// Gives the queries of a plan on. Says whether anybody takes them.
    fn send_all(&mut self, plan: &Plan, priority: Priority) -> bool {
        for query in plan.queries() {
            if self.seen.as_mut().is_some_and(|seen| !seen.insert(query.key())) {
                self.taken.duplicates.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            self.count += 1;
            self.waiting.push(query.with_priority(priority));
            if self.waiting.len() >= CHUNK && !self.give_on() {
                return false;
            }
        }
        self.waiting.len() < self.chunk || self.give_on()
    }

    /// Says whether anybody takes them.
    fn give_on(&mut self) -> bool {
        self.guess();
        self.waiting.is_empty() || self.sender.blocking_send(std::mem::take(&mut self.waiting)).is_ok()
    }

    /// About how many queries the file holds, if it goes on as it has.
    fn guess(&self) {
        let read = self.read.load(Ordering::Relaxed);
        if let Some(size) = self.size.filter(|_| read > 0) {
            self.taken.total.guess((self.count as f64 * size as f64 / read as f64) as u64);
        }
    }

    fn plan(&self, asked: Asked) -> Result<(Plan, Priority), String> {
        let Asked { kind, mut params, priority } = asked;
        let described = self.host.slot_of(&kind).map_err(|error| error.to_string())?.description();
        let kind_of = described.kind(split_kind(&kind).1);
        let is_param = kind_of.is_some_and(|kind| kind.params.get("priority").is_some());
        let priority = match priority {
            Some(text) if is_param => {
                params.push(("priority".to_owned(), text));
                Priority::Normal
            }
            Some(text) => read_priority(&text)?,
            None => Priority::Normal,
        };
        let params = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Ok((self.host.plan(&kind, params).map_err(|error| error.to_string())?, priority))
    }
}

fn read_priority(text: &str) -> Result<Priority, String> {
    let priority: Result<_, ValueError> = Priority::deserialize(text.into_deserializer());
    priority.map_err(|_| format!("its priority can't be {text:?}: give high, normal or low"))
}
