//! Which frame of a batchexecute body answers which query?
//!
//! The body is `)]}'`, then arrays of frames, each after a line with its length (with `rt=c`) or just one array. The length counts UTF-16
//! units and is not needed: an array's end is where its bracket closes. A frame's payload is read where it lies, escaped as it is.

use playfast_guest::json::{Flow, Kind, Level, ReadError, Reader};
use playfast_guest::{Failure, Page, Query};

use crate::unreadable;

const PREFIX: &[u8] = b")]}'";

/// A frame's tag.
const TAG: &[u16] = &[6];

/// What a payload says to a query, where that is known; leaves the reader anywhere in it.
pub type ReadPayload<'q> = fn(&mut Reader<'_>, Option<&'q Query>) -> Result<Page, Failure>;

/// A frame that answers the rpc.
struct Answer {
    tag: Option<String>,
    page: Result<Page, Failure>,
}

/// Whether a body is of batchexecute.
pub(crate) fn is_answer(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(PREFIX)
}

/// What a body of batchexecute says about each of the queries, which all asked the same rpc. A tag is the index of its query in the exchange.
pub fn answers<'q>(queries: &'q [Query], body: &[u8], rpc: &str, read: ReadPayload<'q>) -> Vec<Result<Page, Failure>> {
    if !is_answer(body) {
        let missing = || Err(Failure::layout_changed("the answer is not one of batchexecute"));
        return queries.iter().map(|_| missing()).collect();
    }
    let (mut answers, end) = frames(body, rpc, queries, read);
    let unanswered = |error: &Result<(), ReadError>| match error {
        Err(error) => unreadable("the frames of batchexecute", *error),
        Ok(()) => Failure::layout_changed(format!("no frame answers the rpc {rpc}")),
    };
    if let ([_], [_]) = (queries, answers.as_slice()) {
        return answers.pop().map(|answer| answer.page).into_iter().collect();
    }
    let tags = (0..queries.len()).map(|index| index.to_string());
    tags.map(|tag| match answers.iter().position(|answer| answer.tag.as_deref() == Some(&tag)) {
        Some(found) => answers.swap_remove(found).page,
        None => Err(unanswered(&end)),
    })
    .collect()
}

/// The frames that answer the rpc, and how the body ended.
fn frames<'q>(
    body: &[u8],
    rpc: &str,
    queries: &'q [Query],
    read: ReadPayload<'q>,
) -> (Vec<Answer>, Result<(), ReadError>) {
    let mut answers = Vec::new();
    let start = body.windows(PREFIX.len()).position(|bytes| bytes == PREFIX).map_or(0, |at| at + PREFIX.len());
    let mut reader = Reader::new(body, start, Level::Plain);
    let end = loop {
        match reader.kind() {
            Ok(Kind::Number) => match reader.skip() {
                Ok(()) => {}
                Err(error) => break Err(error),
            },
            Ok(_) => {
                let chunk = reader.elements(|_, frame| {
                    answers.extend(self::frame(frame, rpc, queries, read)?);
                    Ok(Flow::Continue)
                });
                match chunk {
                    Ok(()) => {}
                    Err(error) => break Err(error),
                }
            }
            Err(ReadError::Truncated) if ends_whole(body, start) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    (answers, end)
}

/// Whether the body's last array is complete and, where there are lengths, the one that ends a body: `[["e",…]]`. A cut between two
/// arrays shows in that alone.
fn ends_whole(body: &[u8], start: usize) -> bool {
    let arrays = body.get(start..).unwrap_or_default().trim_ascii();
    let last_line = arrays.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    arrays.ends_with(b"]") && (arrays.starts_with(b"[") || last_line.starts_with(b"[[\"e\","))
}

/// Reads one frame: `["wrb.fr", RPC, PAYLOAD, null, null, ERROR, TAG]`. Where several queries were asked, the tag is looked for first, so
/// that a payload can be held against its query.
fn frame<'q>(
    frame: &mut Reader<'_>,
    rpc: &str,
    queries: &'q [Query],
    read: ReadPayload<'q>,
) -> Result<Option<Answer>, ReadError> {
    let query = match queries {
        [only] => Some(only),
        _ => frame.get(TAG)?.and_then(Reader::text).and_then(|tag| queries.get(tag.parse::<usize>().ok()?)),
    };
    let (mut page, mut failure, mut tag, mut wanted) = (None, None, None, false);
    frame.elements(|slot, value| {
        match slot {
            0 => wanted = value.text().is_some_and(|text| text == "wrb.fr"),
            1 => wanted &= value.text().is_some_and(|text| text == rpc),
            2 if let Some(mut payload) = value.inside_string() => {
                page = Some(read(&mut payload, query));
                *value = payload.leave_string()?;
            }
            6 => tag = value.text().map(std::borrow::Cow::into_owned),
            5 => {
                failure = value.get(&[0])?.and_then(|code| code.number()?.parse().ok()).map(|code| status(code, *value))
            }
            _ => {}
        }
        Ok(if wanted { Flow::Continue } else { Flow::Done })
    })?;
    let page = match (page, failure) {
        (Some(page), _) => page,
        (None, Some(failure)) => Err(failure),
        (None, None) => Err(Failure::unavailable(format!("the store left the rpc {rpc} without an answer"))),
    };
    Ok(wanted.then_some(Answer { tag, page }))
}

/// What a gRPC status means (codes of google.rpc.Code; a `PlayGatewayError` detail is transient).
fn status(code: u32, mut error: Reader<'_>) -> Failure {
    let transient = has_text(&mut error, "PlayGatewayError", 0).unwrap_or(false);
    match code {
        5 => Failure::not_found("the store has no such thing, at least in this country"),
        8 => Failure::blocked("the store's quota is used up"),
        3 if !transient => Failure::invalid_query("the store says: invalid argument"),
        code => Failure::unavailable(format!("the store failed with gRPC status {code}")),
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
            Ok(if found { Flow::Done } else { Flow::Continue })
        })?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use playfast_guest::FailureKind;

    use super::*;

    fn text(payload: &mut Reader<'_>, _: Option<&Query>) -> Result<Page, Failure> {
        let text = payload.get(&[0]).map_err(|error| unreadable("the payload", error))?.and_then(Reader::text);
        let text = text.ok_or_else(|| Failure::layout_changed("no text"))?;
        Ok(Page { records: vec![text.into_owned()], ..Page::default() })
    }

    fn ask(count: usize, body: &str) -> Vec<Result<String, FailureKind>> {
        let queries = vec![Query::default(); count];
        let pages = answers(&queries, body.as_bytes(), "R", text);
        pages.into_iter().map(|page| page.map(|page| page.records.concat()).map_err(|failure| failure.kind)).collect()
    }

    #[test]
    fn answers_go_to_their_tags_in_any_order() {
        let body = ")]}'\n\n[[\"wrb.fr\",\"R\",\"[\\\"b\\\\\\\"]\\\"]\",null,null,null,\"1\"],[\"wrb.fr\",\"X\",\"[\\\"x\\\"]\",null,null,null,\"0\"],\
                    [\"wrb.fr\",\"R\",null,null,null,[5],\"2\"],[\"wrb.fr\",\"R\",\"[\\\"a\\\"]\",null,null,null,\"0\"],[\"di\",5],[\"e\",4,null,null,1]]";
        let expected =
            [Ok("a".to_owned()), Ok("b\"]".to_owned()), Err(FailureKind::NotFound), Err(FailureKind::LayoutChanged)];
        assert_eq!(ask(4, body), expected);
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
            ("[3]", FailureKind::InvalidQuery),
            ("[5]", FailureKind::NotFound),
            ("[13,null,[[\"type.googleapis.com/x.PlayGatewayError\",[]]]]", FailureKind::Unavailable),
            ("[3,null,[[\"type.googleapis.com/x.PlayGatewayError\",[]]]]", FailureKind::Unavailable),
            ("null", FailureKind::Unavailable),
        ];
        for (error, kind) in cases {
            let body = format!(")]}}'\n\n[[\"wrb.fr\",\"R\",null,null,null,{error},\"generic\"]]");
            assert_eq!(ask(1, &body), [Err(kind)], "{error}");
        }
    }
}
