use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::sync::mpsc;

use proptest::prelude::*;

use super::*;

type Told = Vec<(usize, Result<Asked, String>)>;

fn read(text: &[u8], default_kind: Option<&str>) -> Told {
    Records::new(text, None, default_kind.map(str::to_owned)).collect()
}

fn list(params: &[(&str, &str)]) -> Asked {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Asked { kind: "list".to_owned(), params: params.collect(), priority: None }
}

fn refused(read: &Told) -> Vec<(usize, &str)> {
    read.iter().filter_map(|(line, asked)| Some((*line, asked.as_ref().err()?.as_str()))).collect()
}

#[test]
fn a_line_of_json_asks_what_it_says() {
    let line = br#"{"_failure": "blocked", "num": 10, "country": ["us", "kr"], "kind": "list", "x": null, "priority": "high"}"#;
    let expected = list(&[("num", "10"), ("country", "us"), ("country", "kr")]);
    assert_eq!(asked(line, None), Ok(Asked { priority: Some("high".to_owned()), ..expected }));
    assert_eq!(asked(b"{\"num\": 1}", Some("list")), Ok(list(&[("num", "1")])));
    for (line, reason) in [
        (&b"[]"[..], "no JSON object"),
        (b"{\"kind\": \"list\"", "no JSON object"),
        (b"{\"kind\": \"\xff\"}", "no JSON object"),
        (b"{\"num\": 1}", "no \"kind\""),
        (b"{\"kind\": \"\"}", "no \"kind\""),
        (b"{\"kind\": 5}", "its kind is 5"),
        (b"{\"kind\": \"list\", \"priority\": [\"high\", \"low\"]}", "more than one priority"),
    ] {
        let error = asked(line, None).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn both_forms_ask_the_same() {
    let json = b"\n \n{\"kind\": \"list\", \"country\": \"us,kr\"}\r\n\n{\"kind\": \"list\", \"num\": 3}";
    let csv = b"\xef\xbb\xbfkind,country,_note,num,\r\nlist,\"us,kr\",x,,\r\n\r\nlist,,\"a\r\n\"\"b\"\"\",3,y";
    let expected = [list(&[("country", "us,kr")]), list(&[("num", "3")])];
    let queries = |read: Told| read.into_iter().map(|(_, asked)| asked.unwrap()).collect::<Vec<_>>();
    assert_eq!(queries(read(json, None)), expected);
    assert_eq!(queries(read(csv, None)), expected);
    assert_eq!(queries(read(b"{\"num\": 3}", Some("list"))), expected[1..]);
    assert_eq!(queries(read(b"num\n3\n", Some("list"))), expected[1..]);
    assert!(
        read(b"", None).is_empty() && read(b"\xef\xbb\xbf \n", None).is_empty() && read(b"kind\n", None).is_empty()
    );
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    let lines = |text: &[u8]| read(text, None).iter().map(|(line, _)| *line).collect::<Vec<_>>();
    assert_eq!(lines(b"\n\n{\"kind\": \"a\"}\n\n{\n"), [3, 5]);
    assert_eq!(lines(b"\nkind,x\na,\"\n\n\"\n\na,1\n"), [3, 7]);
}

#[test]
fn what_is_wrong_with_a_record_is_told_and_the_next_one_is_read() {
    let csv = read(b"kind,num\nlist,1,2\nlist\n,5\nlist,\xff\nlist,7\n", None);
    let cells = "the header has 2 columns, and it has 3";
    let reasons =
        [(2, cells), (3, "the header has 2 columns, and it has 1"), (4, "it has no \"kind\""), (5, "it is not UTF-8")];
    assert_eq!(refused(&csv), reasons);
    assert_eq!(csv.last(), Some(&(6, Ok(list(&[("num", "7")])))));
    let json = read(b"{\"kind\": \xff}\n{}\n{\"kind\": \"list\"}\n", None);
    assert_eq!(refused(&json).iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(json.last(), Some(&(3, Ok(list(&[])))));
}

#[test]
fn a_header_that_names_no_kind_ends_the_reading() {
    let read = read(b"country,num\nus,1\nkr,2\n", None);
    assert_eq!(refused(&read), [(1, "the header country,num has no column \"kind\"")]);
    assert_eq!(read.len(), 1);
}

#[test]
fn a_record_that_is_too_long_is_passed_over_whole() {
    let long = "x".repeat(3 << 20);
    let json = format!("{{\"kind\": \"list\"}}\n{{\"kind\": \"{long}\"}}\n{{\"kind\": \"list\"}}\n");
    let csv = format!("kind,num\nlist,\nlist,\"{}\"\nlist,\n", long.replace("xx", "\n,"));
    for (text, place) in [(json, 2), (csv, 3)] {
        let read = read(text.as_bytes(), None);
        assert_eq!(refused(&read), [(place, "it is longer than 1048576 bytes")]);
        assert_eq!(read.len(), 3);
        assert_eq!(read[2].1, Ok(list(&[])));
    }
}

#[test]
fn a_record_that_is_torn_asks_nothing() {
    let read = read(b"kind,num\nlist,1\nlist,\"2\n", None);
    assert_eq!(refused(&read), [(3, "its last cell lacks the closing quote")]);
}

#[test]
fn the_files_name_counts_more_than_its_first_character() {
    let form = Form::of_file(Path::new("a.csv"));
    let read: Told = Records::new(&b"{,kind\n1,list\n"[..], form, None).collect();
    assert_eq!(read, [(2, Ok(list(&[("{", "1")])))]);
}

/// Gives what is sent to it, and ends with the sender.
struct Pipe(mpsc::Receiver<&'static [u8]>);

impl Read for Pipe {
    fn read(&mut self, mut bytes: &mut [u8]) -> io::Result<usize> {
        self.0.recv().map_or(Ok(0), |sent| bytes.write(sent))
    }
}

#[test]
fn a_record_is_there_as_soon_as_its_line_ends() {
    let (sender, pipe) = mpsc::channel();
    let mut records = Records::new(BufReader::new(Pipe(pipe)), None, None);
    for piece in [&b"\xef"[..], b"\xbb", b"\xbfkind,", b"num\nlis", b"t,\"1\"", b"\nlist"] {
        sender.send(piece).unwrap();
    }
    assert_eq!(records.next(), Some((2, Ok(list(&[("num", "1")])))));
    sender.send(b",2\n").unwrap();
    assert_eq!(records.next(), Some((3, Ok(list(&[("num", "2")])))));
    drop(sender);
    assert_eq!(records.next(), None);
}

#[test]
fn a_file_that_grows_is_read_on() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"{\"kind\": \"li").unwrap();
    let (sender, over) = mpsc::channel::<()>();
    let is_over = move || matches!(over.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    let growing = BufReader::new(Growing::new(file.reopen().unwrap(), is_over));
    let reading = std::thread::spawn(move || Records::new(growing, None, None).collect::<Told>());
    std::thread::sleep(std::time::Duration::from_millis(20));
    file.write_all(b"st\"}\n").unwrap();
    drop(sender);
    assert_eq!(reading.join().unwrap(), [(1, Ok(list(&[])))]);
}

proptest! {
    #[test]
    fn records_end_where_the_csv_crate_says(text in "[,\"a\n]{0,40}") {
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let expected: Vec<Vec<String>> =
            reader.into_records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        let mut texts = Texts::new(text.as_bytes());
        let (mut read, mut open) = (Vec::new(), false);
        while let Some((_, text)) = texts.next(Form::Csv).unwrap() {
            open = text.is_err();
            read.extend(text.ok().filter(|text| !text.is_empty()).map(|text| cells(&text).unwrap()));
        }
        // The crate takes what lacks its closing quote for a record.
        prop_assert_eq!(&read, &expected[..expected.len() - usize::from(open)]);
    }
}
