use serde_json::json;

use super::*;

fn rows(count: u32) -> Vec<Row> {
    (1..=count).map(|position| row(&json!({"position": position, "title": "a\nb"}))).collect()
}

fn row(value: &Value) -> Row {
    value.as_object().unwrap().clone().into()
}

fn written(format: Format, batches: &[u32]) -> String {
    let mut out = Vec::new();
    let mut writer = RowWriter::new(&mut out, format, 80);
    batches.iter().for_each(|count| writer.write(rows(*count)).unwrap());
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn with(format: Format, set: impl Fn(RowWriter<&mut Vec<u8>>) -> RowWriter<&mut Vec<u8>>, rows: &[Value]) -> String {
    let mut out = Vec::new();
    let mut writer = set(RowWriter::new(&mut out, format, 80));
    rows.iter().for_each(|value| writer.write(vec![row(value)]).unwrap());
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn json_is_one_array_however_the_rows_came() {
    for batches in [&[][..], &[0], &[1], &[2, 0, 1]] {
        let value: Value = serde_json::from_str(&written(Format::Json, batches)).unwrap();
        assert_eq!(value.as_array().unwrap().len() as u32, batches.iter().sum::<u32>());
    }
}

#[test]
fn ndjson_is_an_object_a_line() {
    let text = written(Format::Ndjson, &[2, 1]);
    assert_eq!(text.lines().count(), 3);
    assert!(text.lines().all(|line| serde_json::from_str::<Row>(line).is_ok()));
}

#[test]
fn csv_has_one_header_and_the_columns_of_the_first_rows() {
    assert_eq!(written(Format::Csv, &[0, 1, 1]), "position,title\n1,\"a\nb\"\n1,\"a\nb\"\n");
    assert_eq!(written(Format::Csv, &[]), "");
}

#[test]
fn known_columns_are_written_and_what_has_none_is_told() {
    let mut out = Vec::new();
    let mut writer = RowWriter::new(&mut out, Format::Csv, 80).columns(named(&["b", "a"]));
    writer.write(vec![row(&json!({"a": 1, "c": 2})), row(&json!({"b": 3, "d": 4}))]).unwrap();
    assert_eq!(writer.dropped().iter().collect::<Vec<_>>(), ["c", "d"]);
    writer.finish().unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "b,a\n,1\n3,\n");
    assert_eq!(with(Format::Csv, |writer| writer.columns(named(&["b", "a"])), &[]), "b,a\n");
}

#[test]
fn chosen_fields_come_in_their_order_and_nothing_else_does() {
    let chosen = |format| {
        let rows = [json!({"a": 1, "b": 2, "c": 3}), json!({"a": 4})];
        with(format, |writer| writer.fields(named(&["c", "a", "c"])).columns(named(&["b"])), &rows)
    };
    assert_eq!(chosen(Format::Ndjson), "{\"c\":3,\"a\":1}\n{\"c\":null,\"a\":4}\n");
    assert_eq!(chosen(Format::Json), "[\n{\"c\":3,\"a\":1},\n{\"c\":null,\"a\":4}\n]\n");
    assert_eq!(chosen(Format::Csv), "c,a\n3,1\n,4\n");
    let table = chosen(Format::Table);
    let cells: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(cells, [vec!["c", "a"], vec!["3", "1"], vec!["–", "4"]]);
}

#[test]
fn fields_that_nobody_wanted_are_not_told_as_dropped() {
    let mut writer = RowWriter::new(Vec::new(), Format::Csv, 80).fields(named(&["a"]));
    writer.write(vec![row(&json!({"a": 1, "b": 2}))]).unwrap();
    assert!(writer.dropped().is_empty());
}

#[test]
fn an_output_that_is_gone_on_in_is_the_same_as_one_written_at_once() {
    for format in [Format::Ndjson, Format::Json, Format::Csv] {
        for first in 0..3 {
            let mut out = Vec::new();
            let mut writer = RowWriter::new(&mut out, format, 80).columns(named(&["position", "title"]));
            (0..first).for_each(|_| writer.write(rows(2)).unwrap());
            let offset = writer.offset();
            drop(writer);
            assert_eq!(offset, out.len() as u64, "{format}");
            let mut writer = RowWriter::resumed(&mut out, format, 80, offset).columns(named(&["position", "title"]));
            (first..3).for_each(|_| writer.write(rows(2)).unwrap());
            writer.finish().unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), written(format, &[2, 2, 2]), "{format}");
        }
    }
}

/// A pipe whose reader is gone.
struct ClosedPipe;

impl Write for ClosedPipe {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_known_as_one_in_every_format() {
    for format in Format::NAMES.map(|name| name.parse().unwrap()) {
        for compression in [Compression::None, Compression::Gzip] {
            let mut writer = RowWriter::new(ClosedPipe, format, 80).with_compression(compression);
            let written = writer.write(rows(1000)).and_then(|()| writer.finish());
            assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe, "{format}");
        }
    }
}

fn decompressed(bytes: &[u8]) -> String {
    io::read_to_string(flate2::read::MultiGzDecoder::new(bytes)).unwrap()
}

#[test]
fn a_compressed_output_holds_what_a_plain_one_does() {
    for format in Format::NAMES.map(|name| name.parse().unwrap()) {
        for batches in [&[][..], &[0], &[1], &[2, 0, 1], &[5000]] {
            let mut out = Vec::new();
            let mut writer = RowWriter::new(&mut out, format, 80).with_compression(Compression::Gzip);
            batches.iter().for_each(|count| writer.write(rows(*count)).unwrap());
            writer.finish().unwrap();
            assert_eq!(decompressed(&out), written(format, batches), "{format}");
        }
    }
}

#[test]
fn a_compressed_output_is_continued_from_any_checkpoint() {
    const BATCHES: [u32; 4] = [2, 1, 0, 3];
    for format in [Format::Ndjson, Format::Json, Format::Csv] {
        let columns = || named(&["position", "title"]);
        for (cut, lost) in [(0, 1), (1, 1), (1, 3), (2, 2), (3, 1), (4, 0)] {
            let mut out = Vec::new();
            let mut writer =
                RowWriter::new(&mut out, format, 80).columns(columns()).with_compression(Compression::Gzip);
            for count in &BATCHES[..cut] {
                writer.write(rows(*count)).unwrap();
                writer.checkpoint().unwrap();
                assert_eq!(writer.pending_bytes(), 0);
            }
            let offset = writer.offset();
            // Written, but not covered by a checkpoint when the machine stops.
            BATCHES[cut..].iter().take(lost).for_each(|count| writer.write(rows(*count)).unwrap());
            assert_eq!(writer.offset(), offset);
            drop(writer);
            out.truncate(usize::try_from(offset).unwrap());
            assert_eq!(out.is_empty(), cut == 0);
            let mut writer = RowWriter::resumed(&mut out, format, 80, offset).columns(columns());
            writer = writer.with_compression(Compression::Gzip);
            BATCHES[cut..].iter().for_each(|count| writer.write(rows(*count)).unwrap());
            writer.finish().unwrap();
            assert_eq!(decompressed(&out), written(format, &BATCHES), "{format}, cut after {cut}");
        }
    }
}

#[test]
fn the_columns_of_a_compressed_file_are_read() {
    let mut out = Vec::new();
    let mut writer =
        RowWriter::new(&mut out, Format::Csv, 80).with_compression(Compression::Gzip).with_spreadsheet(true);
    writer.write(rows(2)).unwrap();
    writer.checkpoint().unwrap();
    writer.write(rows(1)).unwrap();
    writer.finish().unwrap();
    assert_eq!(crate::output::header(&out[..]).unwrap(), ["position", "title"]);
}

#[test]
fn a_checkpoint_of_a_plain_output_changes_nothing() {
    let mut out = Vec::new();
    let mut writer = RowWriter::new(&mut out, Format::Ndjson, 80);
    writer.write(rows(1)).unwrap();
    let offset = writer.offset();
    writer.checkpoint().unwrap();
    assert_eq!((writer.offset(), writer.pending_bytes()), (offset, 0));
    writer.finish().unwrap();
    assert_eq!(out.len() as u64, offset);
}

#[test]
fn csv_for_spreadsheets_has_one_mark_and_no_formulas() {
    let formulas = [json!({"a": "=1+1", "b": -1}), json!({"a": "\u{1}@x", "b": "-1"})];
    let written = with(Format::Csv, |writer| writer.with_spreadsheet(true), &formulas);
    assert_eq!(written, "\u{feff}a,b\n'=1+1,-1\n'@x,-1\n");
    assert_eq!(with(Format::Csv, |writer| writer.columns(named(&["a"])).with_spreadsheet(true), &[]), "\u{feff}a\n");
    for format in [Format::Ndjson, Format::Json] {
        let written = with(format, |writer| writer.with_spreadsheet(true), &formulas);
        assert_eq!(written, with(format, |writer| writer, &formulas));
    }
    let mut out = b"\xef\xbb\xbfa\nx\n".to_vec();
    let mut writer = RowWriter::resumed(&mut out, Format::Csv, 80, 6).columns(named(&["a"])).with_spreadsheet(true);
    writer.write(vec![row(&json!({"a": "=1"}))]).unwrap();
    writer.finish().unwrap();
    assert_eq!(out, b"\xef\xbb\xbfa\nx\n'=1\n");
}

#[test]
fn no_format_holds_control_characters() {
    let rows = [json!({"a": "x\u{0}\u{1b}[2J\ty\r\nz\u{7f}"}), json!({"a": "b"})];
    assert_eq!(with(Format::Ndjson, |writer| writer, &rows), "{\"a\":\"x[2J\\ty\\nz\"}\n{\"a\":\"b\"}\n");
    assert_eq!(with(Format::Csv, |writer| writer, &rows), "a\n\"x[2J\ty\nz\"\nb\n");
    assert_eq!(with(Format::Table, |writer| writer, &rows), "2 rows\n\na\nx[2J y z\nb\n");
}

#[test]
fn a_view_decides_how_a_table_looks() {
    let view = terminal::View { is_colored: true, fields: Some(named(&["a"])), ..terminal::View::new(80) };
    let rows = [json!({"a": 1, "b": 2})];
    let colored = with(Format::Table, |writer| writer.with_view(view.clone()), &rows);
    assert_eq!(colored, "\u{1b}[1ma\u{1b}[0m\n1\n");
    let colored = with(Format::Table, |writer| writer.with_view(view.clone()).fields(named(&["b"])), &rows);
    assert_eq!(colored, "\u{1b}[1mb\u{1b}[0m\n2\n");
}
