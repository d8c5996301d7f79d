//! The binary as one sees it from outside: what it is asked, what it says, and how much memory it has.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Shop, binary};

/// Until something must have happened.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines that the binary wrote, as far as they were read by then.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<(usize, VecDeque<String>)>>);

impl Lines {
    /// Reads them in a thread of their own, so that the binary never waits.
    fn of(from: impl Read + Send + 'static, kept: usize) -> Self {
        let lines = Self::default();
        let read = lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                let (count, latest) = &mut *read.0.lock().unwrap();
                *count += 1;
                latest.push_back(line);
                if latest.len() > kept {
                    latest.pop_front();
                }
            }
        });
        lines
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().0
    }

    fn take(&self) -> Vec<String> {
        self.0.lock().unwrap().1.drain(..).collect()
    }
}

/// `playfast run`, which answers what comes on its standard input, with a parser that is watched.
pub(crate) struct Watched {
    child: Child,
    queries: Option<ChildStdin>,
    rows: Lines,
    said: Lines,
    folder: tempfile::TempDir,
}

impl Watched {
    pub(crate) fn start(shop: &Shop, parser: &[u8], cache: &tempfile::TempDir) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("parser.wasm");
        std::fs::write(&file, parser).unwrap();
        let mut command = binary();
        command
            .args(["run", "--queries", "-", "--rate=none", "--retries=0", "--watch", "--parser"])
            .arg(file)
            .args(shop.options());
        command.env("XDG_CACHE_HOME", cache.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let queries = child.stdin.take();
        let rows = Lines::of(child.stdout.take().unwrap(), 10);
        let said = Lines::of(child.stderr.take().unwrap(), 10_000);
        Self { child, queries, rows, said, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("parser.wasm")
    }

    /// Asks a query.
    pub(crate) fn ask(&mut self, query: &str) {
        writeln!(self.queries.as_mut().unwrap(), "{query}").unwrap();
    }

    /// Puts another parser's file in the parser's place, as `mv` does.
    pub(crate) fn replace(&self, parser: &[u8]) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, parser).unwrap();
        std::fs::rename(new, self.file()).unwrap();
    }

    /// How many rows came so far.
    pub(crate) fn rows(&self) -> usize {
        self.rows.count()
    }

    /// What it said since this was asked last.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.take()
    }

    /// Waits until this is so.
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "{what}: {} rows, {:?}", self.rows(), self.said());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until it says something with this in it.
    pub(crate) fn until_it_says(&self, part: &str) {
        let (start, mut said) = (Instant::now(), Vec::new());
        while !said.iter().any(|line: &String| line.contains(part)) {
            assert!(start.elapsed() < PATIENCE, "{part:?} is not in {said:?}");
            said = self.said();
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// A number of kilobytes out of `/proc/PID/status`, in MiB.
    pub(crate) fn mebibytes(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
    }

    /// Asks nothing more.
    pub(crate) fn close(&mut self) {
        self.queries = None;
    }

    /// Asks nothing more, and waits for its end.
    pub(crate) fn end(mut self) -> i32 {
        self.queries = None;
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Ended already, mostly.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
