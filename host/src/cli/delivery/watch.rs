//! Watcher of parsers' files, which swaps in those that change.
//!
//! The folder is watched, not the file: editors and `mv` replace it, and a folder's link may be pointed elsewhere. What the system's events
//! miss is seen by looking every second. A file that is no component yet may be half written, and is given time before it is refused.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use futures::StreamExt;
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::cli::args::Options;
use crate::cli::exit::{ExitStatus, print_message};
use crate::cli::parsers;
use crate::host::Host;
use crate::parser::{Digest, LoadError};
use crate::swap::{Candidate, Check, ParserSlot, SwapError};

/// Files are written in bursts of events.
const SETTLE: Duration = Duration::from_millis(20);

/// How often the file is looked at without an event.
const LOOK: Duration = Duration::from_secs(1);

/// How long a file must be missing before that is said: editors and builds remove a file to write it again.
const GONE: Duration = Duration::from_secs(2);

/// How long after its last change a file may still be half written.
const WRITING: Duration = Duration::from_millis(800);

/// Swaps parsers whenever their files change, and says what happens to them, until it is dropped.
pub(in crate::cli) struct Watch {
    _watcher: notify::RecommendedWatcher,
    _tasks: JoinSet<()>,
}

/// What is watched.
enum Watched {
    /// The file of the host's only parser.
    File(PathBuf),
    /// The files of a folder, each under its own name.
    Folder(PathBuf),
}

/// Watches the files of a host's parsers, where the general options say so.
///
/// # Errors
/// When no file is named, or the folder can't be watched.
pub(in crate::cli) fn start(options: &Options, host: &Host) -> Result<Option<Watch>, ExitStatus> {
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let named = |path: &Option<PathBuf>| path.as_ref().map(absolute);
    let parser = &options.global.parser;
    if !options.run.watch {
        return Ok(None);
    }
    let watched = match (named(&parser.parser), named(&parser.parsers)) {
        (Some(file), _) => Watched::File(file),
        (None, Some(folder)) => Watched::Folder(folder),
        (None, None) => return Err(ExitStatus::config("--watch needs --parser FILE or --parsers FOLDER".to_owned())),
    };
    watch(host, watched, options.run.force).map(Some)
}

/// Watches the file of a host's only parser.
///
/// # Errors
/// When its folder can't be watched.
#[cfg(feature = "demo")]
pub(in crate::cli) fn file(host: &Host, file: &Path) -> Result<Watch, ExitStatus> {
    watch(host, Watched::File(file.to_owned()), false)
}

fn watch(host: &Host, watched: Watched, force: bool) -> Result<Watch, ExitStatus> {
    let folder = watched.folder();
    let refused = |error| ExitStatus::config(format!("failed to watch {}: {error}", folder.display()));
    let (sender, changes) = mpsc::channel(1);
    let wake = move |event: notify::Result<notify::Event>| {
        if !event.is_ok_and(|event| is_reading(event.kind)) {
            sender.try_send(()).unwrap_or_default();
        }
    };
    let mut watcher = notify::recommended_watcher(wake).map_err(refused)?;
    watcher.watch(folder, RecursiveMode::NonRecursive).map_err(refused)?;
    let mut tasks = JoinSet::new();
    let events = host.events();
    tasks.spawn(async move { events.for_each(|event| async move { print_message(&event.to_string()) }).await });
    let seen = watched.files(host).into_iter().map(|file| (file.path.clone(), Seen::of(&file))).collect();
    tasks.spawn(Follower { host: host.clone(), watched, force, seen }.follow(changes));
    Ok(Watch { _watcher: watcher, _tasks: tasks })
}

/// Whether an event is only that something was opened or read, as this process does itself when it looks.
fn is_reading(event: EventKind) -> bool {
    !matches!(event, EventKind::Access(AccessKind::Close(AccessMode::Write))) && event.is_access()
}

/// A parser's file.
struct File {
    name: String,
    path: PathBuf,
    /// Where its parser is, if there is one.
    slot: Option<ParserSlot>,
}

impl Watched {
    fn folder(&self) -> &Path {
        match self {
            Self::File(file) => file.parent().unwrap_or(Path::new(".")),
            Self::Folder(folder) => folder,
        }
    }

    /// The files that are there. A folder that isn't there has none.
    fn files(&self, host: &Host) -> Vec<File> {
        let slots = host.slots();
        let slot = |name: &str| slots.iter().find(|slot| slot.name() == name).cloned();
        match self {
            Self::File(path) => {
                vec![File { name: String::new(), path: path.clone(), slot: slots.first().cloned() }]
            }
            Self::Folder(folder) => {
                let files = parsers::files(folder).unwrap_or_default().into_iter();
                files.map(|(name, path)| File { slot: slot(&name), name, path }).collect()
            }
        }
    }
}

/// Follows changes of files.
struct Follower {
    host: Host,
    watched: Watched,
    /// Whether a parser is taken that does worse.
    force: bool,
    seen: HashMap<PathBuf, Seen>,
}

impl Follower {
    async fn follow(mut self, mut changes: mpsc::Receiver<()>) {
        let mut wait = LOOK;
        loop {
            // Without an event the time is what wakes it; that the watcher is gone means that this task is too.
            drop(tokio::time::timeout(wait, changes.recv()).await);
            wait = LOOK;
            for file in self.watched.files(&self.host) {
                if self.look(file).await {
                    wait = SETTLE;
                }
            }
            self.say_what_is_gone();
        }
    }

    /// Reports each missing file once. Its parser continues to answer.
    fn say_what_is_gone(&mut self) {
        for (path, seen) in &mut self.seen {
            if path.exists() {
                seen.missing = Missing::No;
                continue;
            }
            seen.missing = match seen.missing {
                Missing::No => Missing::Since(Instant::now()),
                Missing::Since(since) if since.elapsed() >= GONE => {
                    print_message(&format!(
                        "{} is gone; its parser goes on until another one is there",
                        path.display()
                    ));
                    Missing::Said
                }
                missing => missing,
            };
        }
    }

    /// Swaps in a file's parser if it changed. Returns whether to look again soon.
    async fn look(&mut self, file: File) -> bool {
        let seen = self.seen.entry(file.path.clone()).or_default();
        let Some(mut candidate) = seen.look(&file.path).await else { return false };
        if is_half_written(&self.host, &mut candidate, &file.path).await {
            return true;
        }
        seen.digest = Some(candidate.digest());
        let check = if self.force { Check::Unchecked } else { Check::Preflight };
        // What came of it is said by the events.
        drop::<Result<_, SwapError>>(match file.slot {
            Some(slot) => slot.replace(candidate, check).await,
            None => self.host.add_candidate(&file.name, candidate).await,
        });
        true
    }
}

/// A file as it was when it was looked at last.
#[derive(Default)]
struct Seen {
    digest: Option<Digest>,
    stamp: Option<Stamp>,
    missing: Missing,
}

/// Whether a file that was there is missing.
#[derive(Clone, Copy, Default)]
enum Missing {
    #[default]
    No,
    Since(Instant),
    Said,
}

/// What changes when a file does: when, how long it is, and where links lead.
type Stamp = (Option<SystemTime>, u64, Option<PathBuf>);

impl Seen {
    /// A file whose parser answers, or was refused at the start.
    fn of(file: &File) -> Self {
        let digest = match &file.slot {
            Some(slot) => Some(slot.parser().digest()),
            None => std::fs::read(&file.path).ok().map(|component| Digest::compute(&component)),
        };
        Self { digest, ..Self::default() }
    }

    /// The file's component, if it changed since the last look. A missing file has none.
    async fn look(&mut self, file: &Path) -> Option<Candidate<'static>> {
        let now = stamp(file).await?;
        if self.stamp.as_ref() == Some(&now) {
            return None;
        }
        tokio::time::sleep(SETTLE).await;
        let candidate = Candidate::new(tokio::fs::read(file).await.ok()?);
        let is_new = Some(candidate.digest()) != self.digest;
        if !is_new && stamp(file).await.as_ref() == Some(&now) {
            self.stamp = Some(now);
        }
        is_new.then_some(candidate)
    }
}

async fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = tokio::fs::metadata(file).await.ok()?;
    Some((metadata.modified().ok(), metadata.len(), tokio::fs::canonicalize(file).await.ok()))
}

/// Whether the file is no component, but was written to just now.
async fn is_half_written(host: &Host, candidate: &mut Candidate<'_>, file: &Path) -> bool {
    let modified = tokio::fs::metadata(file).await.and_then(|metadata| metadata.modified());
    let is_fresh = modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age < WRITING));
    is_fresh
        && matches!(
            candidate.load(host.parser().engine()).await,
            Err(LoadError::NotWasm { .. } | LoadError::Digest { .. } | LoadError::Compile(_))
        )
}
