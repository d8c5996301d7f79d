//! Stream of pages, as they come or in the order of the queries.
//!
//! Dropping the stream aborts the run. Invariants: open queries and waiting pages are bounded in number; each query has an outcome, even if a
//! task of the run panics.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures::Stream;
use futures::future::{BoxFuture, FutureExt};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::control::RunControl;
use super::dispatcher::{Dispatcher, describe};
use super::intake::Input;
use crate::exchange::context::ExchangeContext;
use crate::jobs::job::Resume;
use crate::jobs::open_queries::OpenQueries;
use crate::jobs::reader::Reader;
use crate::jobs::run_state::Run;
use crate::result::compressed_rows::PLAIN_BYTES;
use crate::result::page_result::PageResult;
use crate::result::reorder_buffer::ReorderBuffer;
use crate::result::run_stats::StatsRecorder;

/// Pages in the channel to the reader.
const CHANNEL_PAGES: usize = 2;

/// Most open queries. There are many, so that those of other hosts continue while one is slow, and requests are shared.
const OPEN: usize = 8192;

/// Most open queries of a run whose rows raise follow-up queries, some hundred each, which are open too.
const RAISING_OPEN: usize = 256;

/// Stream of pages: [`Outcomes::pages`](super::Outcomes::pages).
pub struct PageResults {
    receiver: mpsc::Receiver<PageResult>,
    room: Arc<Semaphore>,
    /// The dispatcher until it is started. The lock, which is never taken, makes it `Sync`.
    start: Mutex<Option<BoxFuture<'static, Result<(), String>>>>,
    /// The dispatcher's task, which is aborted with all of its tasks when this is dropped.
    tasks: JoinSet<Result<(), String>>,
    /// Queries that have no outcome yet.
    open_queries: Arc<OpenQueries>,
    /// Failures of queries that a panic left without an outcome.
    left: VecDeque<PageResult>,
    reader: Arc<Reader>,
    control: RunControl,
    pub(super) order: Option<ReorderBuffer>,
    /// Number of open queries by root, if it isn't one.
    open: HashMap<usize, usize>,
}

impl ExchangeContext {
    /// Answers the queries, from when the stream is first polled.
    pub(crate) fn run(self, input: Input, resume: Resume) -> PageResults {
        let (sender, receiver) = mpsc::channel(CHANNEL_PAGES);
        let open = if input.follow_up.is_some() { RAISING_OPEN } else { OPEN };
        let (room, stats_recorder) = (Arc::new(Semaphore::new(open)), Arc::new(StatsRecorder::new()));
        let (stop, stopped) = watch::channel(false);
        let control =
            RunControl { stop: Arc::new(stop), stats: Arc::clone(&stats_recorder), scheduler: self.scheduler.clone() };
        let queue = self.scheduler.add_run();
        let (reader, open_queries) = (Arc::new(queue.reader()), Arc::new(OpenQueries::default()));
        let (run_reader, open) = (Arc::clone(&reader), Arc::clone(&open_queries));
        let places = Arc::clone(&room);
        let start = async move {
            let per_run = self.scheduler.config().retries.run_deadline;
            let deadline = per_run.and_then(|time| Instant::now().checked_add(time));
            let follow_up = input.follow_up.clone();
            let run = Run { sender, stats_recorder, open, deadline, resume, follow_up, reader: run_reader };
            Dispatcher::new(self, run, input, places, queue, stopped).dispatch().await
        };
        PageResults {
            receiver,
            room,
            start: Mutex::new(Some(start.boxed())),
            tasks: JoinSet::new(),
            open_queries,
            left: VecDeque::new(),
            reader,
            control,
            order: None,
            open: HashMap::new(),
        }
    }
}

impl PageResults {
    /// Pages in the order of the queries, each query followed by its follow-up queries. While more than some megabytes of rows wait for a query,
    /// only that one is sent.
    #[must_use]
    pub fn ordered(self) -> Self {
        self.in_order(PLAIN_BYTES)
    }

    /// As [`Self::ordered`], with this many bytes of JSON that may wait uncompressed.
    pub(super) fn in_order(mut self, waiting_rows: usize) -> Self {
        self.order = Some(ReorderBuffer::new(waiting_rows));
        self
    }

    /// The handle that stops the run and reads its statistics.
    #[must_use]
    pub fn control(&self) -> RunControl {
        self.control.clone()
    }

    fn begin(&mut self) {
        if let Some(start) = self.start.get_mut().ok().and_then(Option::take) {
            self.tasks.spawn(start);
        }
    }

    /// Adds a page to the reorder buffer, or returns it if it needn't wait.
    fn accept(&mut self, page_result: PageResult) -> Option<PageResult> {
        let closes = self.closes(&page_result);
        match &mut self.order {
            Some(order) => {
                order.insert(page_result, closes);
                None
            }
            None => {
                self.room.add_permits(usize::from(closes));
                Some(page_result)
            }
        }
    }

    /// The next page in order, if it is there.
    fn next_in_order(&mut self) -> Option<PageResult> {
        let order = self.order.as_mut()?;
        let next = order.next();
        if let Some(head) = order.head_to_wait_for() {
            self.reader.set_head(head);
        }
        let (page_result, is_over) = next?;
        self.room.add_permits(usize::from(is_over));
        Some(page_result)
    }

    /// A failure of a query that a panic left without an outcome, once the dispatcher has ended.
    fn poll_left(&mut self, context: &mut Context<'_>) -> Poll<Option<PageResult>> {
        if let Some(ended) = ready!(self.tasks.poll_join_next(context)) {
            let fault = ended.unwrap_or_else(|error| Err(describe(error))).err();
            let why = fault.as_deref().map_or_else(
                || "the run ended without an outcome".to_owned(),
                |fault| format!("a task of the run ended: {fault}"),
            );
            self.left = self.open_queries.fail_all(&why).into();
            self.left.iter().for_each(|page_result| self.control.stats.record(page_result));
            let fault = fault.or_else(|| (!self.left.is_empty()).then_some(why));
            self.control.stats.update(|stats| stats.fault = fault);
        }
        Poll::Ready(self.left.pop_front())
    }

    /// Whether a page is the last of its root.
    fn closes(&mut self, page_result: &PageResult) -> bool {
        if !page_result.is_last {
            return false;
        }
        let root = page_result.query_path.root;
        let open = self.open.remove(&root).unwrap_or(1) + page_result.follow_up_count - 1;
        if open > 0 {
            self.open.insert(root, open);
        }
        open == 0
    }
}

impl Stream for PageResults {
    type Item = PageResult;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<PageResult>> {
        self.begin();
        loop {
            if let Some(page_result) = self.next_in_order() {
                return Poll::Ready(Some(page_result));
            }
            let page_result = match ready!(self.receiver.poll_recv(context)) {
                Some(page_result) => page_result,
                None => match ready!(self.poll_left(context)) {
                    Some(page_result) => page_result,
                    None => return Poll::Ready(None),
                },
            };
            if let Some(page_result) = self.accept(page_result) {
                return Poll::Ready(Some(page_result));
            }
        }
    }
}

impl std::fmt::Debug for PageResults {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PageResults").field("order", &self.order).finish_non_exhaustive()
    }
}
