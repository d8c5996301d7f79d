//! Chunk by chunk without copying, to its end or broken off in the middle.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::stats::InFlight;

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Complete,
    /// Half of it, and then an error, at which hyper breaks the connection or the stream.
    Reset,
}

/// The error that breaks a body off.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("break the body off, as told")]
pub(crate) struct Broken;

/// How long a body pauses before it breaks off: what was sent should have arrived, since HTTP/2 drops what waits behind a reset.
const PAUSE: Duration = Duration::from_millis(50);

/// A body on its way.
#[derive(Debug)]
pub(crate) struct Stream {
    chunks: VecDeque<Bytes>,
    left: u64,
    /// How many bytes go before it breaks off.
    until: u64,
    pause: Option<Pin<Box<Sleep>>>,
    guard: InFlight,
}

impl Stream {
    /// A body of these chunks.
    pub(crate) fn new(chunks: Vec<Bytes>, ending: Ending, guard: InFlight) -> Self {
        let left = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        let until = if ending == Ending::Reset { left / 2 } else { u64::MAX };
        Self { chunks: chunks.into(), left, until, pause: None, guard }
    }

    fn next_chunk(&mut self) -> Option<Bytes> {
        let mut chunk = self.chunks.pop_front()?;
        chunk.truncate(usize::try_from(self.until).unwrap_or(usize::MAX));
        self.left = self.left.saturating_sub(chunk.len() as u64);
        self.until -= chunk.len() as u64;
        self.guard.sent(chunk.len());
        Some(chunk)
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.until == 0 {
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(PAUSE)));
            return pause.as_mut().poll(context).map(|()| Some(Err(Broken)));
        }
        Poll::Ready(self.next_chunk().map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && self.until > 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
