use proptest::prelude::*;
use serde_json::{Value, json};

use super::text::width;
use super::*;

mod rows;

use rows::{app, chart, charts, row};

/// What begins an escape sequence.
const ESCAPE: char = '\u{1b}';

fn view(width: usize) -> View {
    let params = ["collection", "category", "app_id", "country", "language", "via"].map(str::to_owned).into();
    View { params, hint: Some("--format json".to_owned()), ..View::new(width) }
}

/// Escape sequences in a form that a reader of the snapshot sees.
fn shown(text: &str) -> String {
    text.replace(ESCAPE, "␛")
}

#[test]
fn an_app_is_a_card() {
    insta::assert_snapshot!("card_80", render(&[app()], &view(80)));
    insta::assert_snapshot!("card_220", render(&[app()], &view(220)));
    insta::assert_snapshot!("card_32", render(&[app()], &view(32)));
}

#[test]
fn charts_of_several_countries_are_side_by_side() {
    insta::assert_snapshot!("pivot_80", render(&charts(), &view(80)));
    insta::assert_snapshot!("pivot_220", render(&charts(), &view(220)));
}

#[test]
fn charts_that_differ_otherwise_too_come_one_after_another() {
    let mut rows = chart("us", "GAME", 2);
    rows.extend(chart("kr", "GAME", 3));
    rows.extend(chart("us", "GAME_BOARD", 2));
    rows.extend(chart("kr", "GAME_BOARD", 2));
    let by = |pivot: &str| View { pivot: Some(pivot.to_owned()), ..view(80) };
    insta::assert_snapshot!("pivot_by_country", render(&rows, &by("country")));
    insta::assert_snapshot!("pivot_by_category", render(&rows, &view(80)));
    let fields = Some(vec!["app_id".to_owned(), "installs".to_owned()]);
    insta::assert_snapshot!("pivot_of_fields", render(&rows, &View { fields, width: 160, ..by("country") }));
}

#[test]
fn a_chart_is_a_table() {
    insta::assert_snapshot!("table_80", render(&chart("us", "GAME", 8), &view(80)));
    insta::assert_snapshot!("table_220", render(&chart("us", "GAME", 8), &view(220)));
    insta::assert_snapshot!("table_40", render(&chart("us", "GAME", 8), &view(40)));
}

#[test]
fn fields_that_were_asked_for_are_the_columns() {
    let fields = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let rows = chart("us", "GAME", 4);
    let view =
        |width| View { fields: fields(&["position", "app_id", "title", "description", "nothing"]), ..view(width) };
    insta::assert_snapshot!("fields_120", render(&rows, &view(120)));
    // Without room for a pivot the fields are columns all the same.
    let pivot = Some("country".to_owned());
    assert_eq!(render(&rows, &View { pivot, ..view(60) }), render(&rows, &view(60)));
    insta::assert_snapshot!("fields_60", render(&rows[..2], &view(60)));
}

#[test]
fn colour_is_added_if_wanted() {
    let colored = |width| View { is_colored: true, ..view(width) };
    insta::assert_snapshot!("card_colored", shown(&render(&[app()], &colored(80))));
    insta::assert_snapshot!("table_colored", shown(&render(&chart("us", "GAME", 8), &colored(80))));
    insta::assert_snapshot!("pivot_colored", shown(&render(&charts(), &colored(80))));
}

#[test]
fn kinds_are_shown_one_after_another() {
    let mut rows = chart("us", "GAME", 2);
    rows.push(app());
    rows.extend(chart("us", "GAME", 8).split_off(7));
    insta::assert_snapshot!("kinds_80", render(&rows, &view(80)));
}

#[test]
fn records_without_a_title_have_their_longest_text() {
    let review = |position: u32, text: &str| {
        row(
            json!({"app_id": "com.a", "country": "us", "position": position, "user": format!("User {position}"), "score": position, "text": text,
            "at": 1_790_000_000 + i64::from(position)}),
        )
    };
    let long = "Since the last update it stops after each tide, and the cranes are gone; otherwise a very good game.";
    insta::assert_snapshot!("reviews_80", render(&[review(1, "Bad"), review(2, long)], &view(80)));
}

#[test]
fn ids_are_whole_where_nothing_else_leads() {
    let ids =
        |id: &str, developer: &str| row(json!({"app_id": format!("com.example.{id}"), "developer_id": developer}));
    let rows = [ids(&"a".repeat(30), "57"), ids(&"b".repeat(20), "Quayside+Games+of+the+North+Sea")];
    for width in [10, 40, 60, 80] {
        let text = render(&rows, &View::new(width));
        assert!(rows.iter().all(|row| text.contains(row["app_id"].as_str().unwrap())), "{width}: {text}");
    }
}

#[test]
fn rows_of_the_older_shape_are_shown_too() {
    let older = |position: u32, country: &str| {
        row(json!({"country": country, "position": position, "app_id": "a.b", "title": "T"}))
    };
    let view = View { params: vec!["country".to_owned()], ..View::new(80) };
    let rows = [older(1, "us"), older(2, "us"), older(1, "kr")];
    assert_eq!(render(&rows, &view), "3 rows\n\n#  us    kr\n1  T     T\n2  T\n\n+ 1 more field\n");
    // One place has two rows: no pivot.
    let rows = [older(1, "us"), older(1, "us"), older(2, "kr")];
    assert_eq!(
        render(&rows, &view),
        "3 rows\n\n#  title  country\n1  T      us\n1  T      us\n2  T      kr\n\n+ 1 more field\n"
    );
}

#[test]
fn no_rows_are_no_text() {
    assert_eq!(render(&[], &view(80)), "");
    assert_eq!(render(&[Row::new(), Row::new()], &view(80)), "2 rows\n");
    assert_eq!(render(&[Row::new()], &view(80)), "");
}

#[test]
fn a_window_of_unknown_width_has_80_columns() {
    assert_eq!(render(&charts(), &view(0)), render(&charts(), &view(80)));
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,40}",
        Just("日本語のゲーム".to_owned()),
        Just("👨‍👩‍👧‍👦❤️🇩🇪".to_owned()),
        Just("a\u{1b}[31m\u{202e}b\r\n\tc\u{301}".to_owned()),
        Just("word ".repeat(60)),
        Just("1,000,000+".to_owned()),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..6_u32).prop_map(Value::from),
        any_text().prop_map(Value::from),
        prop::collection::vec(any_text(), 0..4).prop_map(Value::from),
        Just(json!({"name": "x", "deep": [1, {"y": null}]})),
    ]
}

fn any_row() -> impl Strategy<Value = Row> {
    let names = [
        "kind",
        "country",
        "position",
        "title",
        "name",
        "app_id",
        "developer",
        "score",
        "ratings",
        "histogram",
        "price",
        "currency",
        "url",
        "updated_at",
        "description",
        "summary",
        "genre",
        "categories",
        "free",
        "fetched_at",
        "a\u{1b}[2J\nname",
    ];
    prop::collection::btree_map(prop::sample::select(names.to_vec()), any_value(), 0..names.len())
        .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Rows that may be anything, or charts.
fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    prop_oneof![
        prop::collection::vec(any_row(), 0..5),
        (1..9_usize, 1..4_usize).prop_map(|(count, countries)| {
            ["us", "kr", "de"].into_iter().take(countries).flat_map(|country| chart(country, "GAME", count)).collect()
        }),
    ]
}

fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(ESCAPE) {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain + rest
}

proptest! {
    #[test]
    fn no_line_wraps_in_any_window(
        rows in any_rows(),
        width_here in 0..400_usize,
        is_colored: bool,
        pivot in prop::option::of(prop::sample::select(vec!["country", "title", "nothing"])),
        fields in prop::option::of(prop::sample::subsequence(vec!["title", "description", "score", "categories"], 0..4)),
    ) {
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let view = View { is_colored, pivot: pivot.map(str::to_owned), fields: fields.map(owned), ..view(width_here) };
        let text = render(&rows, &view);
        prop_assert!(is_colored || !text.contains(ESCAPE));
        let text = plain(&text);
        let limit = if width_here == 0 { 80 } else { width_here };
        // Ids are never cut.
        let id = |limit: usize| rows.iter().map(move |row| value::Cell::with_list_limit("app_id", row.get("app_id"), limit).text);
        let wide: Vec<String> = id(48).chain(id(160)).filter(|id| width(id) > limit).collect();
        for line in text.split_terminator('\n') {
            prop_assert!(width(line) <= limit || wide.iter().any(|id| line.contains(id)), "{limit} columns: {line:?}");
            prop_assert_eq!(line.trim_end(), line);
            prop_assert!(!line.chars().any(char::is_control), "{:?}", line);
        }
        prop_assert!(text.is_empty() || text.ends_with('\n'));
        prop_assert!(!text.starts_with('\n') && !text.ends_with("\n\n") && !text.contains("\n\n\n"), "{:?}", text);
    }
}
