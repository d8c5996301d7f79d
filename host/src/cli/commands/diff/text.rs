//! Changes as a person reads them: query by query, what entered, left, moved and changed.

use serde_json::{Map, Value};

use crate::cli::report::number::counted;
use crate::cli::report::text::{align, cut, on_one_line};
use crate::output::changes::{Change, ChangeKind};
use crate::output::database::Differences;
use crate::types::value_text;

/// Characters of a value that are shown.
const MAX_VALUE_CHARACTERS: usize = 40;

/// Which runs are compared, and how much of them.
pub(super) fn heading(found: &Differences) -> String {
    let Differences { from, from_started_at, to, to_started_at, compared, unanswered, .. } = found;
    let both = counted(*compared as u64, "query", "queries");
    let neither = match unanswered {
        0 => String::new(),
        count => format!(", {} in neither", counted(*count as u64, "query", "queries")),
    };
    format!("run {from} ({from_started_at}) to run {to} ({to_started_at}): {both} answered in both{neither}\n")
}

/// All changes, below a line for each query.
pub(super) fn summary(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "no changes\n".to_owned();
    }
    let shared = shared_params(changes);
    let of_one_query = |left: &Change, right: &Change| left.kind == right.kind && left.params == right.params;
    let queries = changes.chunk_by(of_one_query).map(|changes| query_text(changes, &shared));
    format!("{}\n{}", queries.collect::<String>(), totals(changes))
}

/// Parameters that have one value in all changes, and say nothing.
fn shared_params(changes: &[Change]) -> Map<String, Value> {
    let Some(first) = changes.first() else { return Map::new() };
    if changes.iter().all(|change| change.params == first.params) {
        return Map::new();
    }
    let is_shared = |name: &str, value: &Value| changes.iter().all(|change| change.params.get(name) == Some(value));
    let shared = first.params.iter().filter(|(name, value)| is_shared(name, value));
    shared.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn query_text(changes: &[Change], shared: &Map<String, Value>) -> String {
    let Some(first) = changes.first() else { return String::new() };
    let own = first.params.iter().filter(|(name, _)| !shared.contains_key(*name));
    let params: Vec<_> = own.map(|(name, value)| format!("{name}={}", value_text(value))).collect();
    let rows: Vec<_> = changes.iter().map(change_row).collect();
    format!("\n{} {}\n{}", first.kind, params.join(" "), align(&rows, 2))
}

/// What happened, from what to what, and to which record.
fn change_row(change: &Change) -> [String; 3] {
    let values = |was: &Value, now: &Value| format!("{} → {}", shown(was), shown(now));
    let what = match change.change {
        ChangeKind::Entered | ChangeKind::New if change.key.is_some() => format!("at {}", value_text(&change.now)),
        ChangeKind::Left => format!("was at {}", value_text(&change.was)),
        ChangeKind::Changed => {
            format!("{} {}", change.field.as_deref().unwrap_or_default(), values(&change.was, &change.now))
        }
        _ => values(&change.was, &change.now),
    };
    let key = change.key.as_ref().map(value_text).unwrap_or_default();
    let record = match &change.label {
        Some(label) => format!("{} ({key})", short(label)),
        None => key,
    };
    [change.change.to_string(), what, record]
}

/// How many changes there are of each sort.
fn totals(changes: &[Change]) -> String {
    let kinds = [
        ChangeKind::New,
        ChangeKind::Entered,
        ChangeKind::Left,
        ChangeKind::Moved,
        ChangeKind::Changed,
        ChangeKind::Failed,
        ChangeKind::Recovered,
        ChangeKind::Unasked,
    ];
    let count = |kind: ChangeKind| changes.iter().filter(|change| change.change == kind).count();
    let counts = kinds.map(|kind| (kind, count(kind)));
    let texts: Vec<_> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{count} {kind}")).collect();
    format!("{}\n", texts.join(", "))
}

/// The beginning of a text, on one line.
fn short(text: &str) -> String {
    cut(&on_one_line(text), MAX_VALUE_CHARACTERS)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        value => short(&value_text(value)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::changes::{Answer, AnswerState, ChangeFilter, compare};
    use crate::parser::Description;
    use crate::types::{FailureKind, QueryEnd};

    #[test]
    fn changes_are_listed_query_by_query() {
        let description = Description::parse(
            r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60},
            "kinds": [{"name": "list", "summary": "", "params": {"properties": {"country": {"type": "string"}, "num": {"type": "integer"}}},
                "record": {"type": "object", "properties": {"id": {"type": "string"}, "title": {"type": "string"}}},
                "x-key": ["id"], "x-compact": ["title"], "per_request": {"default": 1, "max": 1}}]}"#,
        )
        .unwrap();
        let kind = description.kind("list").unwrap();
        let answer = |ids: &str, title: &str| {
            let record = |id: char| json!({"id": format!("com.{id}"), "title": title}).as_object().unwrap().clone();
            let mut answer = Answer::not_asked();
            answer.state = AnswerState::Ended(QueryEnd::Answered);
            answer.records = ids.chars().map(record).collect();
            answer
        };
        let params = |country: &str| json!({"country": country, "num": 10}).as_object().unwrap().clone();
        let mut failed = Answer::not_asked();
        failed.state = AnswerState::Ended(QueryEnd::Failed(FailureKind::Blocked));
        let filter = ChangeFilter::default();
        let mut changes = compare(
            kind,
            &params("us"),
            &answer("abcd", "A\u{7}pp"),
            &answer("xacb", "A very long title that goes on and on and on"),
            &filter,
        );
        changes.extend(compare(kind, &params("kr"), &answer("a", "App"), &failed, &filter));
        insta::assert_snapshot!(summary(&changes));
        assert_eq!(summary(&[]), "no changes\n");
    }
}
