//! Tests of bodies.

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
        for length in BODY_PREFIX.len()..body.trim_end().len() {
            for answer in pages(3, &body[..length]).into_iter().filter_map(Result::err) {
                assert_eq!(answer.kind, Unavailable, "{length} of {body}");
                assert!(answer.message.contains("cut short"), "{length} of {body}: {answer}");
            }
        }
    }
}

#[test]
fn chunks_with_lengths_are_read_alike_and_one_query_needs_no_tag() {
    let body =
        ")]}'\n\n50\n[[\"wrb.fr\",\"R\",\"[\\\"a\\\"]\",null,null,null,\"generic\"]]\n20\n[[\"e\",4,null,null,99]]\n";
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
