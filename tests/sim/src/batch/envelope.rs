//! The envelope around answers, as the store has it: lines with lengths for `rt=c`, one array without.
//!
//! Invariant: a length counts UTF-16 units with the newline before and the one after; TOTAL is the whole body's count of bytes.

use bytes::Bytes;

use crate::body::Content;
use crate::wire::quoted;

/// What every answer starts with.
const GUARD: &str = ")]}'\n\n";

/// Whether the client asked for lines with lengths (`rt=c`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Lines,
    Array,
}

/// What a call is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The payload, escaped as it stands within the frame's string.
    Payload(Content),
    /// A gRPC status instead of a payload.
    Status(u8),
    /// A passing failure behind the store's own gateway.
    GatewayError,
    /// Neither a payload nor a status.
    Nothing,
    /// An `er` frame with this HTTP status.
    Error(u16),
}

/// An answer with the call it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) rpc: String,
    pub(crate) tag: String,
    pub(crate) answer: Answer,
}

/// The whole body.
pub(crate) fn envelope(frames: &[Frame], framing: Framing) -> Content {
    match framing {
        Framing::Lines => lines(frames),
        Framing::Array => array(frames),
    }
}

fn array(frames: &[Frame]) -> Content {
    let mut content = Content::from(format!("{GUARD}["));
    for frame in frames {
        write_frame(&mut content, frame);
        content.own(",");
    }
    content.own(format!("{}]", closing(frames)));
    content
}

fn lines(frames: &[Frame]) -> Content {
    let mut content = Content::from(GUARD.to_owned());
    for frame in frames {
        let mut inner = Content::default();
        write_frame(&mut inner, frame);
        content.own(format!("{}\n[", units_of(&inner) + 4));
        write_frame(&mut content, frame);
        content.own("]\n");
    }
    content.own(line(&format!("[{}]", closing(frames))));
    content.own(last_line(content.len()));
    content
}

/// A line with its length before it.
fn line(json: &str) -> String {
    format!("{}\n{json}\n", utf16_units(json.as_bytes()) + 2)
}

/// The line that holds the byte count of the body it ends: found by trying, since the number's own digits count.
fn last_line(before: usize) -> String {
    let mut end = line(&total(before));
    while end != line(&total(before + end.len())) {
        end = line(&total(before + end.len()));
    }
    end
}

fn total(bytes: usize) -> String {
    format!("[[\"e\",4,null,null,{bytes}]]")
}

/// The server's notes on its own timing.
fn closing(frames: &[Frame]) -> String {
    let time = 40 + frames.len();
    format!("[\"di\",{time}],[\"af.httprm\",{time},\"5131086513201452277\",17]")
}

fn write_frame(content: &mut Content, frame: &Frame) {
    let mut head = String::from("[\"wrb.fr\",");
    quoted(&mut head, &frame.rpc);
    let mut tag = String::new();
    quoted(&mut tag, &frame.tag);
    match &frame.answer {
        Answer::Payload(payload) => {
            content.own(format!("{head},\""));
            content.append(payload);
            content.own(format!("\",null,null,null,{tag}]"));
        }
        Answer::Nothing => content.own(format!("{head},null,null,null,null,{tag}]")),
        Answer::Error(code) => {
            content.own(format!("[\"er\",null,null,null,null,{code},{tag},null,null,{}]", grpc_of(*code)));
        }
        Answer::Status(status) => content.own(format!("{head},null,null,null,[{status}],{tag}]")),
        Answer::GatewayError => {
            content.own(format!("{head},null,null,null,[13,null,[[\"{GATEWAY_ERROR}\",[1]]]],{tag}]"))
        }
    }
}

/// The gRPC code that goes with an HTTP status, as the store's `er` frames have it (google.rpc.Code).
fn grpc_of(status: u16) -> u8 {
    match status {
        400 => 3,
        403 => 7,
        404 => 5,
        429 => 8,
        503 => 14,
        _ => 13,
    }
}

/// The detail that names a failure of the gateway.
const GATEWAY_ERROR: &str = "type.googleapis.com/com.google.play.gateway.proto.PlayGatewayError";

fn units_of(content: &Content) -> usize {
    content.plain().iter().map(Bytes::as_ref).map(utf16_units).sum()
}

/// How many UTF-16 units a piece of UTF-8 text has: one a character, two for those of four bytes.
fn utf16_units(text: &[u8]) -> usize {
    text.iter().map(|byte| usize::from(*byte & 0xc0 != 0x80) + usize::from(*byte >= 0xf0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> [Frame; 3] {
        let frame = |tag: &str, answer| Frame { rpc: "vyAe2".into(), tag: tag.into(), answer };
        [
            frame("1", Answer::Payload("[\\\"é🐱\\\"]".to_owned().into())),
            frame("a\"b", Answer::Status(5)),
            frame("3", Answer::GatewayError),
        ]
    }

    #[test]
    fn lengths_and_total_are_true() {
        let body = String::from_utf8(envelope(&frames(), Framing::Lines).plain().concat()).unwrap();
        let lines: Vec<_> = body.strip_prefix(GUARD).unwrap().split('\n').collect();
        assert_eq!(lines.len(), 2 * 5 + 1);
        for pair in lines.chunks_exact(2) {
            assert_eq!(pair[0].parse::<usize>().unwrap(), pair[1].encode_utf16().count() + 2);
        }
        assert_eq!(lines[9], format!("[[\"e\",4,null,null,{}]]", body.len()));
    }

    #[test]
    fn the_array_holds_the_same_frames() {
        let body = String::from_utf8(envelope(&frames(), Framing::Array).plain().concat()).unwrap();
        let parsed: serde_json::Value = serde_json::from_str(body.strip_prefix(GUARD).unwrap()).unwrap();
        assert_eq!(parsed[0][2], "[\"é🐱\"]");
        assert_eq!((&parsed[1][5][0], &parsed[1][6]), (&5.into(), &"a\"b".into()));
        assert_eq!(parsed[2][5][0], 13);
    }

    #[test]
    fn the_total_counts_its_own_digits() {
        for before in [0, 60, 72, 99, 9_960, 9_972, 99_999] {
            let end = last_line(before);
            assert!(end.contains(&format!("null,{}]", before + end.len())), "{before}: {end}");
        }
    }
}
