//! Bodies of batchexecute: which frame answers which query, and what the frames that report errors mean.
//!
//! A body is `)]}'`, then arrays of frames, each after a line with its length (with `rt=c`) or just one array. The length counts UTF-16
//! units and is not needed: an array's end is where its bracket closes. A frame's payload is read where it lies, escaped as it is.
//!
//! Invariant: a frame that is missing is a failure of the store's, and asked for again; a frame that is there and empty is an answer.

use std::borrow::Cow;
use std::ops::ControlFlow;

use playfast_guest::json::{Kind, Nesting, ReadError, Reader};
use playfast_guest::{Failure, Page, Query};

use crate::{PageResults, unreadable};

const PREFIX: &[u8] = b")]}'";

/// A frame's tag.
const TAG: &[u16] = &[6];

/// What stands for the payload of a frame without one: an empty message.
const NO_PAYLOAD: &[u8] = b"[]";

/// What a payload says to a query, if that is known; leaves the reader anywhere in it. An empty message stands for no payload.
pub type ReadPayload<'q> = fn(&mut Reader<'_>, Option<&'q Query>) -> Result<Page, Failure>;

/// Whether a body is of batchexecute.
pub(crate) fn is_answer(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(PREFIX)
}

/// What a body of batchexecute says about each of the queries, which all asked the same rpc. A tag is the index of its query in the exchange.
pub fn answers<'q>(queries: &'q [Query], body: &[u8], rpc: &str, read: ReadPayload<'q>) -> PageResults {
    if !is_answer(body) {
        let missing = || Err(Failure::layout_changed("the answer is not one of batchexecute"));
        return queries.iter().map(|_| missing()).collect();
    }
    let mut answers = Answers::new(queries, rpc, read);
    let end = answers.read_body(body);
    answers.finish(end)
}

/// What one frame says.
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
        Self { queries, rpc, read, tagged, stray: None, strays: 0, has_answer: false, error: None, other: None }
    }

    /// Reads the frames to the body's end, and says whether it is whole. With lengths a cut between two arrays shows in nothing but the
    /// lack of the last frame, `["e",…]`.
    fn read_body(&mut self, body: &[u8]) -> Result<(), ReadError> {
        let start = body.windows(PREFIX.len()).position(|bytes| bytes == PREFIX).map_or(0, |at| at + PREFIX.len());
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
            Frame::Answer { tag, page } => self.keep(tag.as_deref(), page),
            Frame::Stray => self.strays += 1,
            Frame::Error(failure) => self.error = self.error.take().or(Some(failure)),
            Frame::OtherRpc(rpc) => self.other = self.other.take().or(Some(rpc)),
            Frame::End => return Ok(true),
            Frame::Note => {}
        }
        Ok(false)
    }

    /// Keeps the first answer with each tag.
    fn keep(&mut self, tag: Option<&str>, page: Result<Page, Failure>) {
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
            _ => whole.get(TAG)?.and_then(Reader::text).and_then(|tag| self.waiting(&tag)),
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
                    failure = code.map(|code| call_failure(code, *value));
                }
                6 => tag = value.text().map(Cow::into_owned),
                _ => {}
            }
            Ok(flow)
        })?;
        if !is_own || query.is_none() {
            return Ok(found);
        }
        let page = page.or(failure.map(Err));
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
                other.chars().take(LONGEST_RPC).collect::<String>()
            )),
            _ if self.queries.len() > 1 => {
                Failure::unavailable(format!("the answer lacks the frame of the rpc {rpc} with the tag {tag}"))
            }
            _ => Failure::unavailable(format!("the answer lacks the frame of the rpc {rpc}")),
        }
    }
}

/// The most of an rpc's name that a message shows, in characters.
const LONGEST_RPC: usize = 20;

/// What the status of a call means (codes of google.rpc.Code; a `PlayGatewayError` detail is transient).
fn call_failure(code: u32, mut error: Reader<'_>) -> Failure {
    let transient = has_text(&mut error, "PlayGatewayError", 0).unwrap_or(false);
    match code {
        5 => Failure::not_found("the store has no such thing, at least in this country"),
        8 => Failure::blocked("the store's quota is used up"),
        3 if !transient => Failure::invalid_query("the store says: invalid argument"),
        code => Failure::unavailable(format!("the store failed with gRPC status {code}")),
    }
}

/// What the statuses of an `er` frame mean: that of HTTP, else that of gRPC.
fn request_failure(http: Option<u32>, grpc: Option<u32>) -> Failure {
    let code = match (http, grpc) {
        (Some(http), Some(grpc)) => format!("the store answered with the error {http} (gRPC status {grpc})"),
        (Some(code), None) | (None, Some(code)) => format!("the store answered with the error {code}"),
        (None, None) => "the store answered with an error".to_owned(),
    };
    match (http.filter(|status| *status >= 100), grpc.or(http)) {
        (Some(400), _) | (None, Some(3)) => Failure::invalid_query(code),
        (Some(404), _) | (None, Some(5)) => Failure::not_found(code),
        (Some(403 | 429), _) | (None, Some(7 | 8)) => Failure::blocked(code),
        (Some(408 | 425), _) => Failure::unavailable(code),
        (Some(400..=499), _) | (None, Some(12 | 16)) => Failure::layout_changed(code),
        _ => Failure::unavailable(code),
    }
}

/// Deep enough for a status with its details.
const STATUS_DEPTH: u8 = 6;

fn has_text(value: &mut Reader<'_>, part: &str, depth: u8) -> Result<bool, ReadError> {
    if value.text().is_some_and(|text| text.contains(part)) {
        return Ok(true);
    }
    let mut found = false;
    if depth < STATUS_DEPTH && value.kind()? == Kind::Array {
        let mut inner = *value;
        inner.elements(|_, element| {
            found |= has_text(element, part, depth + 1)?;
            Ok(if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use FailureKind::{Blocked, InvalidQuery, LayoutChanged, NotFound, Unavailable};
    use playfast_guest::FailureKind;

    use super::*;

    /// The text in a message, or that it is empty.
    fn text(payload: &mut Reader<'_>, _: Option<&Query>) -> Result<Page, Failure> {
        let text = payload.get(&[0]).map_err(|error| unreadable("the payload", error))?.and_then(Reader::text);
        let text = text.ok_or_else(|| Failure::not_found("nothing"))?;
        Ok(Page { records: vec![text.into_owned()], ..Page::default() })
    }

    fn pages(count: usize, body: &str) -> Vec<Result<String, Failure>> {
        let queries = vec![Query::default(); count];
        let pages = answers(&queries, body.as_bytes(), "R", text);
        pages.into_iter().map(|page| page.map(|page| page.records.concat())).collect()
    }

    fn ask(count: usize, body: &str) -> Vec<Result<String, FailureKind>> {
        pages(count, body).into_iter().map(|page| page.map_err(|failure| failure.kind)).collect()
    }

    /// A frame that answers R with one text.
    fn frame(text: &str, tag: &str) -> String {
        format!(r#"["wrb.fr","R","[\"{text}\"]",null,null,null,"{tag}"]"#)
    }

    /// A body without lengths.
    fn array(frames: &[String]) -> String {
        format!(")]}}'\n\n[{},[\"di\",5],[\"af.httprm\",5,\"1\",2]]", frames.join(","))
    }

    #[test]
    fn answers_go_to_their_tags_in_any_order() {
        let body = ")]}'\n\n[[\"wrb.fr\",\"R\",\"[\\\"b\\\\\\\"]\\\"]\",null,null,null,\"1\"],[\"wrb.fr\",\"X\",\"[\\\"x\\\"]\",null,null,null,\"0\"],\
                    [\"wrb.fr\",\"R\",null,null,null,[5],\"2\"],[\"wrb.fr\",\"R\",\"[\\\"a\\\"]\",null,null,null,\"0\"],[\"di\",5],[\"e\",4,null,null,1]]";
        let expected = [Ok("a".to_owned()), Ok("b\"]".to_owned()), Err(NotFound), Err(Unavailable)];
        assert_eq!(ask(4, body), expected);
    }

    #[test]
    fn a_missing_frame_fails_its_query_alone_and_is_named() {
        let body = array(&[frame("a", "0"), frame("c", "2")]);
        let answers = pages(3, &body);
        assert_eq!((answers[0].as_deref(), answers[2].as_deref()), (Ok("a"), Ok("c")));
        let missing = answers[1].as_ref().unwrap_err();
        assert_eq!(missing.kind, Unavailable);
        assert!(missing.message.contains("rpc R with the tag 1"), "{missing}");
        assert_eq!(ask(1, ")]}'\n\n[[\"di\",5],[\"e\",4,null,null,1]]"), [Err(Unavailable)]);
        assert_eq!(ask(2, ")]}'\n\n[]"), [Err(Unavailable), Err(Unavailable)]);
    }

    #[test]
    fn a_frame_without_content_is_an_answer() {
        for payload in ["null", "\"[]\"", "\"[null]\""] {
            let body = array(&[frame("a", "0"), format!("[\"wrb.fr\",\"R\",{payload},null,null,null,\"1\"]")]);
            assert_eq!(ask(2, &body), [Ok("a".to_owned()), Err(NotFound)], "{payload}");
        }
    }

    #[test]
    fn an_answer_to_another_rpc_is_another_layout() {
        let body = array(&["[\"wrb.fr\",\"Other\",\"[]\",null,null,null,\"0\"]".to_owned()]);
        for count in [1, 2] {
            for answer in pages(count, &body) {
                let failure = answer.unwrap_err();
                assert_eq!(failure.kind, LayoutChanged);
                assert!(failure.message.contains("no frame answers the rpc R: the body answers Other"), "{failure}");
            }
        }
    }

    #[test]
    fn an_only_query_needs_no_tag() {
        for tag in ["generic", "0", "7", ""] {
            assert_eq!(ask(1, &array(&[frame("a", tag)])), [Ok("a".to_owned())], "{tag}");
        }
        assert_eq!(ask(1, &array(&[frame("b", "1"), frame("a", "0")])), [Ok("a".to_owned())]);
        assert_eq!(ask(1, &array(&[frame("b", "1"), frame("a", "2")])), [Err(Unavailable)]);
    }

    /// The same frames in the ways in which the store closes its arrays.
    fn bodies(frames: &[String]) -> [String; 3] {
        let lengths = |close: &str| {
            let chunks = frames.iter().map(String::as_str).chain(["[\"di\",5]", "[\"e\",4,null,null,99]"]);
            let chunks = chunks.map(|frame| format!("{}\n[{frame}{close}\n", frame.len() + 4));
            format!(")]}}'\n\n{}", chunks.collect::<String>())
        };
        [array(frames), lengths("]"), lengths("\n]")]
    }

    #[test]
    fn a_whole_body_is_known_however_its_arrays_close() {
        for body in bodies(&[frame("a", "0")]) {
            assert_eq!(ask(1, &body), [Ok("a".to_owned())], "{body}");
            let answers = pages(2, &body);
            assert!(answers[1].as_ref().unwrap_err().message.contains("lacks the frame"), "{body}");
        }
        for body in bodies(&["[\"wrb.fr\",\"Other\",\"[]\",null,null,null,\"0\"]".to_owned()]) {
            assert_eq!(ask(1, &body), [Err(LayoutChanged)], "{body}");
        }
    }

    #[test]
    fn a_cut_body_is_worth_another_try_wherever_it_is_cut() {
        for body in bodies(&[frame("a", "0"), frame("b", "1")]) {
            for length in PREFIX.len()..body.trim_end().len() {
                for answer in pages(3, &body[..length]).into_iter().filter_map(Result::err) {
                    assert_eq!(answer.kind, Unavailable, "{length} of {body}");
                    assert!(answer.message.contains("cut short"), "{length} of {body}: {answer}");
                }
            }
        }
    }

    #[test]
    fn chunks_with_lengths_are_read_alike_and_one_query_needs_no_tag() {
        let body = ")]}'\n\n50\n[[\"wrb.fr\",\"R\",\"[\\\"a\\\"]\",null,null,null,\"generic\"]]\n20\n[[\"e\",4,null,null,99]]\n";
        assert_eq!(ask(1, body), [Ok("a".to_owned())]);
        for length in 0..body.find("generic").unwrap() {
            let cut = ask(1, &body[..length]);
            assert!(matches!(cut.as_slice(), [Err(_)]), "{length}: {cut:?}");
        }
    }

    #[test]
    fn a_status_says_whether_to_try_again() {
        let cases = [
            ("[3]", InvalidQuery),
            ("[5]", NotFound),
            ("[8]", Blocked),
            ("[13,null,[[\"type.googleapis.com/x.PlayGatewayError\",[]]]]", Unavailable),
            ("[3,null,[[\"type.googleapis.com/x.PlayGatewayError\",[]]]]", Unavailable),
        ];
        for (error, kind) in cases {
            let body = format!(")]}}'\n\n[[\"wrb.fr\",\"R\",null,null,null,{error},\"generic\"]]");
            assert_eq!(ask(1, &body), [Err(kind)], "{error}");
        }
    }

    #[test]
    fn an_error_frame_names_its_status_and_says_whether_to_try_again() {
        let cases = [
            ("400,null,null,null,3", InvalidQuery, "400 (gRPC status 3)"),
            ("404,null,null,null,5", NotFound, "404 (gRPC status 5)"),
            ("429,null,null,null,8", Blocked, "429 (gRPC status 8)"),
            ("500,null,null,null,13", Unavailable, "500 (gRPC status 13)"),
            ("503,null,null,null,14", Unavailable, "503 (gRPC status 14)"),
            ("408", Unavailable, "408"),
            ("401,null,null,null,16", LayoutChanged, "401 (gRPC status 16)"),
            ("14", Unavailable, "14"),
            ("5", NotFound, "5"),
            ("null,null,null,null,13", Unavailable, "13"),
            ("null", Unavailable, "an error"),
        ];
        for (codes, kind, named) in cases {
            let body = format!(")]}}'\n\n[[\"er\",null,null,null,null,{codes}],[\"di\",17]]");
            for answer in pages(1, &body).into_iter().chain(pages(3, &body)) {
                let failure = answer.unwrap_err();
                assert_eq!(failure.kind, kind, "{codes}");
                assert!(failure.message.contains(named), "{codes}: {failure}");
            }
        }
    }

    #[test]
    fn an_error_frame_strikes_its_query_or_those_without_an_answer() {
        let of_one = "[\"er\",null,null,null,null,503,\"1\",null,null,14]".to_owned();
        let body = array(&[of_one, frame("a", "0"), frame("c", "2")]);
        assert_eq!(ask(3, &body), [Ok("a".to_owned()), Err(Unavailable), Ok("c".to_owned())]);
        let of_all = "[\"er\",null,null,null,null,400,null,null,null,3]".to_owned();
        assert_eq!(ask(2, &array(&[of_all, frame("a", "0")])), [Ok("a".to_owned()), Err(InvalidQuery)]);
    }

    #[test]
    fn what_is_no_batchexecute_is_another_layout() {
        assert_eq!(ask(2, "<html></html>"), [Err(LayoutChanged), Err(LayoutChanged)]);
    }
}
