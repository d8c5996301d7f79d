use std::io::{BufReader, Write};
use std::path::Path;
use std::sync::mpsc;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

type Read = Vec<Numbered<Record>>;

fn read(text: &[u8], default_kind: Option<&str>) -> Read {
    Records::new(text, None, default_kind.map(str::to_owned), names(default_kind)).collect()
}

/// The names of a kind `app`, which takes ids, or of `list`.
fn names(kind: Option<&str>) -> Names {
    let description = crate::parser::Description::parse(
        r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60}, "kinds": [
            {"name": "app", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1}, "params": {"required": ["app_id"],
                "properties": {"app_id": {"type": "string", "x-positional": true}, "country": {"type": "string"}}}},
            {"name": "list", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1}, "params": {
                "properties": {"country": {"type": "string"}, "num": {"type": "integer"}}}}]}"#,
    )
    .unwrap();
    kind.map_or_else(|| Names::of_kinds(&description.kinds), |kind| Names::of_kind(description.kind(kind).unwrap()))
}

/// A record with these texts; null for an empty one.
fn record(fields: &[(&str, &str)]) -> Record {
    let value = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
    Record(fields.iter().map(|(name, text)| ((*name).into(), value(text))).collect())
}

fn refused(read: &Read) -> Vec<(usize, &str)> {
    read.iter().filter_map(|(line, record)| Some((*line, record.as_ref().err()?.as_str()))).collect()
}

#[test]
fn a_line_of_json_is_read_as_it_stands() {
    let record = Record::from_json(br#"{"num": 10, "country": ["us", "kr"], "x": null}"#).unwrap();
    assert_eq!(record.get("num"), Some(&Value::from(10)));
    assert_eq!(record.get("country").into_iter().flat_map(texts).collect::<Vec<_>>(), ["us", "kr"]);
    assert_eq!((record.get("x"), record.get("y")), (None, None));
    for line in [&b"[]"[..], b"{\"kind\": \"list\"", b"{\"kind\": \"\xff\"}"] {
        let error = Record::from_json(line).unwrap_err();
        assert!(error.contains("not a JSON object") || error.contains("not an object"), "{error}");
    }
}

#[test]
fn both_forms_are_read() {
    let records = |text: &[u8], kind| read(text, kind).into_iter().map(|(_, read)| read.unwrap()).collect::<Vec<_>>();
    let json = b"\n \n{\"kind\": \"list\", \"country\": \"us,kr\"}\r\n\n{\"kind\": \"list\", \"num\": \"3\"}";
    let expected = [record(&[("kind", "list"), ("country", "us,kr")]), record(&[("kind", "list"), ("num", "3")])];
    assert_eq!(records(json, None), expected);
    let csv = b"\xef\xbb\xbfkind,country,_note,num,\r\nlist,\"us,kr\",x,,\r\n\r\nlist,,\"a\r\n\"\"b\"\"\",3,y";
    let expected = [
        record(&[("kind", "list"), ("country", "us,kr"), ("_note", "x"), ("num", ""), ("", "")]),
        record(&[("kind", "list"), ("country", ""), ("_note", "a\r\n\"b\""), ("num", "3"), ("", "y")]),
    ];
    assert_eq!(records(csv, None), expected);
    assert_eq!(records(b"num\n3\n", Some("list")), [record(&[("num", "3")])]);
    for empty in [&b""[..], b"\xef\xbb\xbf \n", b"kind\n", b"# nothing\n\n", b"[\n]\n", b"[]"] {
        assert!(read(empty, None).is_empty(), "{}", String::from_utf8_lossy(empty));
    }
}

#[test]
fn the_lines_of_a_json_array_are_records() {
    let expected = [(2, Ok(record(&[("a", "1")]))), (3, Ok(record(&[("a", "2")])))];
    assert_eq!(read(b"[\n{\"a\":\"1\"},\n{\"a\":\"2\"}\n]\n", None), expected);
    assert_eq!(read(b"[{\"a\":\"1\"}\n,{\"a\":\"2\"}]\n", None).len(), 2);
}

#[test]
fn a_separator_is_found_in_the_header() {
    let expected = [(2, Ok(record(&[("app_id", "a.b"), ("note", "x;y\tz"), ("country", "us")])))];
    assert_eq!(read(b"App ID;note;country\na.b;\"x;y\tz\";us\n", Some("app")), expected);
    assert_eq!(read(b"app_id\tnote\tcountry\r\na.b\t\"x;y\tz\"\tus\r\n", Some("app")), expected);
    assert_eq!(read(b"app_id,note,country\na.b,x;y\tz,us\n", Some("app")), expected);
    let quoted = [(3, Ok(record(&[("kind", "list"), ("a\nb", "1\n2")])))];
    assert_eq!(read(b"kind;\"a\nb\"\nlist;\"1\n2\"\n", None), quoted);
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
    let reasons = [(2, cells), (3, "the header has 2 columns, and it has 1"), (5, "it is not UTF-8")];
    assert_eq!(refused(&csv), reasons);
    assert_eq!(csv.last(), Some(&(6, Ok(record(&[("kind", "list"), ("num", "7")])))));
    let json = read(b"{\"kind\": \xff}\n[]\n{\"kind\": \"list\"}\n", None);
    assert_eq!(refused(&json).iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(json.last(), Some(&(3, Ok(record(&[("kind", "list")])))));
}

#[test]
fn a_header_that_names_no_kind_ends_the_reading() {
    let read = read(b"country,num\nus,1\nkr,2\n", None);
    let reason = "the header \"country,num\" has no column \"kind\": add one, or give --kind KIND";
    assert_eq!(refused(&read), [(1, reason)]);
    assert_eq!(read.len(), 1);
}

#[test]
fn lines_without_a_header_are_values() {
    let ids = |ids: &[&str]| ids.iter().map(|id| Ok(record(&[("app_id", id)]))).collect::<Vec<_>>();
    for (text, expected) in [
        (&b"com.a.b\n"[..], &["com.a.b"][..]),
        (b"com.a.b", &["com.a.b"]),
        (b"\xef\xbb\xbf# some ids\r\n\r\ncom.a.b\r\n # more\r\n\"com.c.d\" \r\n", &["com.a.b", "com.c.d"]),
        (b"App\ncom.a.b\n", &["App", "com.a.b"]),
    ] {
        let read: Vec<_> = read(text, Some("app")).into_iter().map(|(_, asked)| asked).collect();
        assert_eq!(read, ids(expected), "{}", String::from_utf8_lossy(text));
    }
    let read = read(b"com.a.b\ncom.c.d,us\n", Some("app"));
    assert_eq!(refused(&read), [(2, "it has 2 values, and without a header a line is one app_id")]);
}

#[test]
fn a_first_line_that_is_neither_header_nor_value_is_refused() {
    for (text, kind, reason) in [
        (&b"a;b\n"[..], None, "the header \"a;b\" has no column \"kind\": add one, or give --kind KIND"),
        (
            &b"us\nkr\n"[..],
            Some("list"),
            "the header \"us\" names no parameter of list: it must name some of country,num",
        ),
        (b"com.a.b\n", None, "the header \"com.a.b\" has no column \"kind\": add one, or give --kind KIND"),
    ] {
        assert_eq!(refused(&read(text, kind)), [(1, reason)]);
    }
}

#[test]
fn a_header_is_read_in_any_letters_and_once() {
    let expected = [
        (2, Ok(record(&[("app_id", "a.b"), ("country", "us")]))),
        (4, Ok(record(&[("app_id", "c.d"), ("country", "")]))),
    ];
    assert_eq!(read(b"App-ID,Country\na.b,us\nApp-ID,Country\nc.d,\n", Some("app")), expected);
    assert_eq!(read(b"Kind,App ID\napp,a.b\n", None), [(2, Ok(record(&[("kind", "app"), ("app_id", "a.b")])))]);
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
        assert_eq!(read[2].1.as_ref().unwrap().get(KIND), Some(&Value::from("list")));
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
    let read: Read = Records::new(&b"{,kind\n1,list\n"[..], form, None, Names::default()).collect();
    assert_eq!(read, [(2, Ok(record(&[("{", "1"), ("kind", "list")])))]);
}

/// Gives what is sent to it, and ends with the sender.
struct Pipe(mpsc::Receiver<&'static [u8]>);

impl std::io::Read for Pipe {
    fn read(&mut self, mut bytes: &mut [u8]) -> io::Result<usize> {
        self.0.recv().map_or(Ok(0), |sent| bytes.write(sent))
    }
}

#[test]
fn a_record_is_there_as_soon_as_its_line_ends() {
    let (sender, pipe) = mpsc::channel();
    let mut records = Records::new(BufReader::new(Pipe(pipe)), None, None, Names::default());
    for piece in [&b"\xef"[..], b"\xbb", b"\xbfkind,", b"num\nlis", b"t,\"1\"", b"\nlist"] {
        sender.send(piece).unwrap();
    }
    assert_eq!(records.next(), Some((2, Ok(record(&[("kind", "list"), ("num", "1")])))));
    sender.send(b",2\n").unwrap();
    assert_eq!(records.next(), Some((3, Ok(record(&[("kind", "list"), ("num", "2")])))));
    drop(sender);
    assert_eq!(records.next(), None);
}

/// Reads the queries of a file that grows, until the sender is dropped.
fn follow(path: &Path) -> (mpsc::Sender<()>, mpsc::Receiver<Numbered<Record>>) {
    let (over, is_over) = mpsc::channel::<()>();
    let (sender, read) = mpsc::channel();
    let is_over = move || matches!(is_over.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    let growing = BufReader::new(Growing::open(path, is_over).unwrap());
    std::thread::spawn(move || Records::new(growing, None, None, names(None)).try_for_each(|asked| sender.send(asked)));
    (over, read)
}

/// A query's number, as it comes.
fn number(read: &mpsc::Receiver<Numbered<Record>>) -> String {
    let (_, record) = read.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
    record.unwrap().get("num").unwrap().to_string()
}

fn line(number: u32) -> String {
    format!("{{\"kind\": \"list\", \"num\": {number}}}\n")
}

#[test]
fn a_file_that_grows_is_read_on() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"{\"kind\": \"li").unwrap();
    let (over, read) = follow(file.path());
    std::thread::sleep(std::time::Duration::from_millis(20));
    file.write_all(b"st\"}\n").unwrap();
    assert_eq!(read.recv().unwrap(), (1, Ok(record(&[("kind", "list")]))));
    drop(over);
    assert!(read.recv().is_err());
}

#[test]
fn a_file_that_is_truncated_is_read_from_its_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), line(1000) + "{\"kind\": \"list\", \"num\": 2").unwrap();
    let (_over, read) = follow(file.path());
    assert_eq!(number(&read), "1000");
    // As `: > FILE` and a later line: what is shorter than before is seen as soon as anybody looks.
    file.as_file().set_len(0).unwrap();
    let (_, torn) = read.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
    assert!(
        torn.unwrap_err().contains("it is not a JSON object: it ends after "),
        "what was cut off is told, and does not run on"
    );
    std::fs::write(file.path(), line(3)).unwrap();
    assert_eq!(number(&read), "3");
}

#[test]
fn a_file_that_is_rotated_is_read_to_its_end_and_then_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("queries"), folder.path().join("queries.1"));
    std::fs::write(&path, line(0)).unwrap();
    let (_over, read) = follow(&path);
    assert_eq!(number(&read), "0");
    let mut expected = 1;
    for _ in 0..20 {
        let mut writer = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        std::fs::rename(&path, &old).unwrap();
        // Who has it open writes on, without an end of the last line.
        write!(writer, "{}{}", line(expected), line(expected + 1).trim_end()).unwrap();
        std::fs::write(&path, line(expected + 2)).unwrap();
        for number in expected..expected + 3 {
            assert_eq!(self::number(&read), number.to_string());
        }
        expected += 3;
    }
    std::fs::remove_file(&path).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(250));
    std::fs::write(&path, line(expected)).unwrap();
    assert_eq!(number(&read), expected.to_string(), "made anew");
}

proptest! {
    #[test]
    fn records_end_where_the_csv_crate_says(text in "[,\"a\n]{0,40}") {
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let expected: Vec<Vec<String>> =
            reader.into_records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        let mut texts = Texts::new(text.as_bytes());
        texts.set_separator(b',');
        let (mut read, mut open) = (Vec::new(), false);
        while let Some((_, text)) = texts.next(Form::Csv).unwrap() {
            open = text.is_err();
            read.extend(text.ok().filter(|text| !text.is_empty()).map(|text| record::cells(&text, b',').unwrap()));
        }
        // The crate takes what lacks its closing quote for a record.
        prop_assert_eq!(&read, &expected[..expected.len() - usize::from(open)]);
    }
}
