//! When has the parser's file changed, and what came of it?
//!
//! The folder is watched, not the file: editors and `mv` replace it, and a folder's link may be pointed elsewhere. What the system's events
//! miss is seen by looking every second. A file that is no component yet may be half written, and is given time before it is refused.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::ArgMatches;
use futures::StreamExt;
use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::exit::{Exit, say};
use crate::parser::{Digest, LoadError};
use crate::{Host, SwapError};

/// Files are written in bursts of events.
const SETTLE: Duration = Duration::from_millis(20);

/// How often the file is looked at without an event.
const LOOK: Duration = Duration::from_secs(1);

/// How long after its last change a file may still be half written.
const WRITING: Duration = Duration::from_millis(800);

/// Swaps the parser whenever its file changes, and says what happens to it, until it is dropped.
pub(super) struct Watch {
    _watcher: notify::RecommendedWatcher,
    _tasks: JoinSet<()>,
}

/// Watches the parser's file for a host, where the general options say so.
///
/// # Errors
/// When the folder can't be watched.
pub(super) fn start(matches: &ArgMatches, host: &Host) -> Result<Option<Watch>, Exit> {
    let file = matches.get_one::<PathBuf>("parser").filter(|_| matches.get_flag("watch"));
    file.map(|file| watch(host, file)).transpose()
}

fn watch(host: &Host, file: &Path) -> Result<Watch, Exit> {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    let refused = |error| Exit::config(format!("failed to watch {}: {error}", folder.display()));
    let (sender, changes) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |_| sender.try_send(()).unwrap_or_default()).map_err(refused)?;
    watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(refused)?;
    let mut tasks = JoinSet::new();
    let events = host.events();
    tasks.spawn(async move { events.for_each(|event| async move { say(&event.to_string()) }).await });
    tasks.spawn(follow(host.clone(), file, changes));
    Ok(Watch { _watcher: watcher, _tasks: tasks })
}

async fn follow(host: Host, file: PathBuf, mut changes: mpsc::Receiver<()>) {
    let mut seen = Seen { digest: host.parser().digest(), stamp: None };
    loop {
        // Without an event the time is what wakes it; that the watcher is gone means that this task is too.
        drop(tokio::time::timeout(LOOK, changes.recv()).await);
        while let Some(component) = seen.look(&file).await {
            if is_half_written(&host, &component, &file).await {
                tokio::time::sleep(SETTLE).await;
                continue;
            }
            seen.digest = Digest::of(&component);
            // What came of it is said by the events.
            drop::<Result<_, SwapError>>(host.swap(component).await);
        }
    }
}

/// The file as it was when it was looked at last.
struct Seen {
    digest: Digest,
    stamp: Option<Stamp>,
}

/// What changes when a file does: when, how long it is, and where links lead.
type Stamp = (Option<SystemTime>, u64, Option<PathBuf>);

impl Seen {
    /// The file's content, where it isn't what was seen last. A file that isn't there is none.
    async fn look(&mut self, file: &Path) -> Option<Vec<u8>> {
        let now = stamp(file).await?;
        if self.stamp.as_ref() == Some(&now) {
            return None;
        }
        tokio::time::sleep(SETTLE).await;
        let component = tokio::fs::read(file).await.ok()?;
        if stamp(file).await.as_ref() == Some(&now) && Digest::of(&component) == self.digest {
            self.stamp = Some(now);
            return None;
        }
        (Digest::of(&component) != self.digest).then_some(component)
    }
}

async fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = tokio::fs::metadata(file).await.ok()?;
    Some((metadata.modified().ok(), metadata.len(), tokio::fs::canonicalize(file).await.ok()))
}

/// Whether the file is no component, but was written to just now.
async fn is_half_written(host: &Host, component: &[u8], file: &Path) -> bool {
    let modified = tokio::fs::metadata(file).await.and_then(|metadata| metadata.modified());
    let is_fresh = modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age < WRITING));
    is_fresh
        && matches!(
            host.parser().engine().load(component).await,
            Err(LoadError::NotWasm { .. } | LoadError::Compile(_))
        )
}
