use serde_json::json;

use super::*;

fn rows(count: u32) -> Vec<Row> {
    (1..=count).map(|position| row(&json!({"position": position, "title": "a\nb"}))).collect()
}

fn row(value: &Value) -> Row {
    value.as_object().unwrap().clone()
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
    assert_eq!(cells, [vec!["c", "a"], vec!["3", "1"], vec!["4"]]);
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
        let mut writer = RowWriter::new(ClosedPipe, format, 80);
        let written = writer.write(rows(1000)).and_then(|()| writer.finish());
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe, "{format}");
    }
}
