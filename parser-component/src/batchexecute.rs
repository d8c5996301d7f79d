//! Bodies of batchexecute: frames, which answer queries or report errors.
//!
//! A body is `)]}'`, then arrays of frames, each after a line with its length (with `rt=c`) or just one array. The length counts UTF-16
//! units and is not needed: an array's end is where its bracket closes. A frame's payload is read where it lies, escaped as it is.
//!
//! Invariant: a missing frame is a failure of the store's and is retried; an empty frame is an answer.

use std::borrow::Cow;
use std::ops::ControlFlow;

use playfast_guest::json::{Kind, Nesting, ReadError, Reader};
use playfast_guest::{Failure, Page, Query};

mod status;
#[cfg(test)]
mod tests;

use crate::{PageResults, unreadable};
use status::{NOT_FOUND, call_failure, request_failure};

/// Start of a body, which keeps it from being run as a script.
const BODY_PREFIX: &[u8] = b")]}'";

/// Path of a frame's tag.
const TAG_PATH: &[u16] = &[6];

/// What a frame without payload is read as. It is not an empty message: for reviews the two mean different things.
const NO_PAYLOAD: &[u8] = b"null";

/// Parses a payload for a query, if that is known. It may leave the reader anywhere in the payload.
pub type ReadPayload<'q> = fn(&mut Reader<'_>, Option<&'q Query>) -> Result<Page, Failure>;

/// Answers a query whose frame says by its status that there is no such thing.
pub(crate) type AnswerAbsent = fn(&Query) -> Result<Page, Failure>;

/// Whether a body is one of batchexecute.
pub(crate) fn is_answer(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(BODY_PREFIX)
}

/// Parses a body of batchexecute for each of the queries, which all call the same rpc. A tag is the index of its query in the exchange.
pub fn answers<'q>(queries: &'q [Query], body: &[u8], rpc: &str, read: ReadPayload<'q>) -> PageResults {
    read_answers(queries, body, Answers::new(queries, rpc, read))
}

/// As [`answers`], with an answer instead of a failure for what a query's own frame says is absent. An error of the request stays a failure:
/// it tells nothing of any of its queries.
pub(crate) fn answers_or_absent<'q>(
    queries: &'q [Query],
    body: &[u8],
    rpc: &str,
    read: ReadPayload<'q>,
    absent: AnswerAbsent,
) -> PageResults {
    read_answers(queries, body, Answers { absent: Some(absent), ..Answers::new(queries, rpc, read) })
}

fn read_answers(queries: &[Query], body: &[u8], mut answers: Answers<'_, '_>) -> PageResults {
    if !is_answer(body) {
        let missing = || Err(Failure::layout_changed("the answer is not one of batchexecute"));
        return queries.iter().map(|_| missing()).collect();
    }
    let end = answers.read_body(body);
    answers.finish(end)
}

/// Content of a frame.
enum Frame {
    /// An answer to the rpc, or an error of its call, to the query with this tag.
    Answer { tag: Option<String>, page: Result<Page, Failure> },
    /// An error of the whole request.
    Error(Failure),
    /// An answer to the rpc that is not read: no query waits for it.
    Stray,
    /// An answer to another rpc.
    OtherRpc(String),
    /// The last frame of a body.
    End,
    /// Anything else.
    Note,
}

/// The answers found so far.
struct Answers<'q, 'r> {
    queries: &'q [Query],
    rpc: &'r str,
    read: ReadPayload<'q>,
    absent: Option<AnswerAbsent>,
    /// By the queries' tags.
    tagged: Vec<Option<Result<Page, Failure>>>,
    /// The first answer, if it has another tag, and how many others have: that of an only query, if it is the only one.
    stray: Option<Result<Page, Failure>>,
    strays: usize,
    /// Whether there was an answer.
    has_answer: bool,
    /// An error of the whole request.
    error: Option<Failure>,
    /// Another rpc that was answered.
    other: Option<String>,
}

impl<'q, 'r> Answers<'q, 'r> {
    fn new(queries: &'q [Query], rpc: &'r str, read: ReadPayload<'q>) -> Self {
        let tagged = queries.iter().map(|_| None).collect();
        Self {
            queries,
            rpc,
            read,
            absent: None,
            tagged,
            stray: None,
            strays: 0,
            has_answer: false,
            error: None,
            other: None,
        }
    }

    /// Reads the frames to the body's end, and says whether it is whole. With lengths a cut between two arrays shows in nothing but the
    /// lack of the last frame, `["e",…]`.
    fn read_body(&mut self, body: &[u8]) -> Result<(), ReadError> {
        let start = body
            .windows(BODY_PREFIX.len())
            .position(|bytes| bytes == BODY_PREFIX)
            .map_or(0, |at| at + BODY_PREFIX.len());
        let mut reader = Reader::new(body, start, Nesting::Plain);
        let (mut has_lengths, mut has_array, mut has_ended) = (false, false, false);
        loop {
            match reader.kind() {
                Ok(Kind::Number) => {
                    has_lengths = true;
                    reader.skip()?;
                }
                Ok(_) => {
                    (has_array, has_ended) = (true, false);
                    reader.elements(|_, frame| {
                        has_ended = self.read_frame(frame)?;
                        Ok(ControlFlow::Continue(()))
                    })?;
                }
                Err(ReadError::Truncated) if has_ended || (has_array && !has_lengths) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads one frame, and says whether it is the last one of a body.
    fn read_frame(&mut self, frame: &mut Reader<'_>) -> Result<bool, ReadError> {
        match self.frame(frame)? {
            Frame::Answer { tag, page } => self.store(tag.as_deref(), page),
            Frame::Stray => self.strays += 1,
            Frame::Error(failure) => self.error = self.error.take().or(Some(failure)),
            Frame::OtherRpc(rpc) => self.other = self.other.take().or(Some(rpc)),
            Frame::End => return Ok(true),
            Frame::Note => {}
        }
        Ok(false)
    }

    /// Keeps the first answer with each tag.
    fn store(&mut self, tag: Option<&str>, page: Result<Page, Failure>) {
        self.has_answer = true;
        let own = tag.and_then(|tag| self.tagged.get_mut(tag.parse::<usize>().ok()?));
        match own {
            Some(answer) => *answer = answer.take().or(Some(page)),
            None => {
                self.stray = Some(page);
                self.strays += 1;
            }
        }
    }

    /// Reads one frame: `["wrb.fr", RPC, PAYLOAD, null, null, ERROR, TAG]`, `["er", RPC or null, null, null, null, STATUS, TAG or null, …]`
    /// or `["e", …]`. The tag is looked for first, so that a payload is held against its query, and only read if one waits for it; the first
    /// answer to an only query is read whatever its tag.
    fn frame(&self, frame: &mut Reader<'_>) -> Result<Frame, ReadError> {
        let whole = *frame;
        let query = match self.queries {
            [only] if !self.has_answer => Some(only),
            _ => whole.get(TAG_PATH)?.and_then(Reader::text).and_then(|tag| self.waiting(&tag)),
        };
        let (mut page, mut failure, mut tag, mut found, mut is_own) = (None, None, None, Frame::Note, false);
        frame.elements(|slot, value| {
            let mut flow = ControlFlow::Continue(());
            match slot {
                0 => match value.text().as_deref() {
                    Some("wrb.fr") => {}
                    Some("er") => (found, flow) = (self.error(whole)?, ControlFlow::Break(())),
                    Some("e") => (found, flow) = (Frame::End, ControlFlow::Break(())),
                    _ => flow = ControlFlow::Break(()),
                },
                1 => match value.text() {
                    Some(rpc) if rpc == self.rpc => (found, is_own) = (Frame::Stray, true),
                    Some(rpc) => (found, flow) = (Frame::OtherRpc(rpc.into_owned()), ControlFlow::Break(())),
                    None => flow = ControlFlow::Break(()),
                },
                _ if query.is_none() => flow = ControlFlow::Break(()),
                2 => {
                    if let Some(mut payload) = value.inside_string() {
                        page = Some((self.read)(&mut payload, query));
                        *value = payload.leave_string()?;
                    }
                }
                5 => {
                    let code = value.get(&[0])?.and_then(|code| code.number()?.parse().ok());
                    // Details of a status say what went wrong, so it isn't that there is nothing.
                    failure = match (code, self.absent, query) {
                        (Some(NOT_FOUND), Some(absent), Some(query)) if value.slot_count()? == 1 => Some(absent(query)),
                        (code, ..) => code.map(|code| Err(call_failure(code, *value))),
                    };
                }
                6 => tag = value.text().map(Cow::into_owned),
                _ => {}
            }
            Ok(flow)
        })?;
        if !is_own || query.is_none() {
            return Ok(found);
        }
        let page = page.or(failure);
        let page = page.unwrap_or_else(|| (self.read)(&mut Reader::new(NO_PAYLOAD, 0, Nesting::Plain), query));
        Ok(Frame::Answer { tag, page })
    }

    /// The query with this tag, if it has no answer yet.
    fn waiting(&self, tag: &str) -> Option<&'q Query> {
        let index = tag.parse::<usize>().ok()?;
        self.tagged.get(index)?.is_none().then(|| self.queries.get(index)).flatten()
    }

    /// The query with this tag.
    fn query(&self, tag: &str) -> Option<&'q Query> {
        self.queries.get(tag.parse::<usize>().ok()?)
    }

    /// What an `er` frame means: of a query if it has its tag, else of all. Slot 5 is a status of HTTP, slot 9 one of gRPC.
    fn error(&self, frame: Reader<'_>) -> Result<Frame, ReadError> {
        let text = |slot| Ok::<_, ReadError>(frame.get(&[slot])?.and_then(Reader::text));
        let number = |slot| Ok::<_, ReadError>(frame.get(&[slot])?.and_then(|code| code.number()?.parse().ok()));
        if let Some(rpc) = text(1)?.filter(|rpc| rpc != self.rpc) {
            return Ok(Frame::OtherRpc(rpc.into_owned()));
        }
        let failure = request_failure(number(5)?, number(9)?);
        Ok(match text(6)?.filter(|tag| self.query(tag).is_some()) {
            Some(tag) => Frame::Answer { tag: Some(tag.into_owned()), page: Err(failure) },
            None => Frame::Error(failure),
        })
    }

    /// The answer to each query, when the body ended so.
    fn finish(mut self, end: Result<(), ReadError>) -> PageResults {
        if let ([answer @ None], 1) = (self.tagged.as_mut_slice(), self.strays) {
            *answer = self.stray.take();
        }
        let mut tagged = std::mem::take(&mut self.tagged);
        let answered = tagged.iter().any(Option::is_some);
        let unanswered = |tag: usize| match (&self.error, end) {
            (Some(failure), _) => failure.clone(),
            (None, Err(error)) => unreadable("the frames of batchexecute", error),
            (None, Ok(())) => self.missing(tag, answered),
        };
        tagged
            .iter_mut()
            .enumerate()
            .map(|(tag, answer)| answer.take().unwrap_or_else(|| Err(unanswered(tag))))
            .collect()
    }

    /// Why a whole body has no frame for a query. Where another rpc is answered and this one never, the rpc is not what it was.
    fn missing(&self, tag: usize, answered: bool) -> Failure {
        let rpc = self.rpc;
        match &self.other {
            Some(other) if !answered && self.strays == 0 => Failure::layout_changed(format!(
                "no frame answers the rpc {rpc}: the body answers {}",
                other.chars().take(MAX_RPC_CHARS).collect::<String>()
            )),
            _ if self.queries.len() > 1 => {
                Failure::unavailable(format!("the answer lacks the frame of the rpc {rpc} with the tag {tag}"))
            }
            _ => Failure::unavailable(format!("the answer lacks the frame of the rpc {rpc}")),
        }
    }
}

/// Characters of an rpc's name in a message.
const MAX_RPC_CHARS: usize = 20;
