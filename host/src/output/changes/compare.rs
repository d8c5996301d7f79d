//! Comparison of two answers to a query.
//!
//! Records are matched by the kind's key. A move is told against the order of the records that both answers have: one that enters at the top
//! moves no other.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::answer::{Answer, AnswerState};
use super::change::{Change, ChangeKind};
use crate::parser::Kind;
use crate::types::value_text;

/// Which changes are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeFilter {
    /// Fields whose changes are wanted; `None` for all that aren't noisy.
    pub fields: Option<Vec<String>>,
    /// Fields whose changes aren't wanted.
    pub ignored: Vec<String>,
    /// Places that a record must have moved.
    pub min_move: usize,
}

impl Default for ChangeFilter {
    /// All changes of fields that aren't noisy, and all moves.
    fn default() -> Self {
        Self { fields: None, ignored: Vec::new(), min_move: 1 }
    }
}

impl ChangeFilter {
    fn wants(&self, field: &str, kind: &Kind) -> bool {
        let is_steady = || kind.noisy().iter().all(|name| name != field);
        let is_wanted = self.fields.as_ref().map_or_else(is_steady, |fields| fields.iter().any(|name| name == field));
        is_wanted && kind.key().iter().all(|name| name != field) && self.ignored.iter().all(|name| name != field)
    }

    /// Whether noisy fields of a kind are compared.
    #[cfg(feature = "db")]
    pub(in crate::output) fn wants_noisy(&self, kind: &Kind) -> bool {
        kind.noisy().iter().any(|field| self.wants(field, kind))
    }
}

/// A record with what identifies it.
struct Entry<'r> {
    key: Value,
    /// From 1.
    position: usize,
    record: &'r Map<String, Value>,
}

/// The changes from one answer to a later one: of the query, then records that are new, entered, left, moved, and changed fields.
#[must_use]
pub fn compare(
    kind: &Kind,
    params: &Map<String, Value>,
    was: &Answer,
    now: &Answer,
    filter: &ChangeFilter,
) -> Vec<Change> {
    let comparison = Comparison { kind, params, was, now, filter };
    let mut changes: Vec<_> = comparison.query_change().into_iter().collect();
    if was.state == AnswerState::NotAsked || now.state == AnswerState::NotAsked {
        return changes;
    }
    let (before, after) = (comparison.entries(was), comparison.entries(now));
    changes.extend(comparison.arrivals(&before, &after));
    changes.extend(comparison.departures(&before, &after));
    let pairs = pairs(&before, &after);
    changes.extend(comparison.moves(&pairs));
    changes.extend(pairs.iter().flat_map(|(before, after)| comparison.field_changes(before, after)));
    changes
}

/// The records that both answers have, in the order of the later one.
fn pairs<'e, 'r>(before: &'e [Entry<'r>], after: &'e [Entry<'r>]) -> Vec<(&'e Entry<'r>, &'e Entry<'r>)> {
    let by_key: HashMap<_, _> = before.iter().map(|entry| (entry.key.to_string(), entry)).collect();
    after.iter().filter_map(|entry| Some((*by_key.get(&entry.key.to_string())?, entry))).collect()
}

#[derive(Clone, Copy)]
struct Comparison<'c> {
    kind: &'c Kind,
    params: &'c Map<String, Value>,
    was: &'c Answer,
    now: &'c Answer,
    filter: &'c ChangeFilter,
}

impl<'c> Comparison<'c> {
    fn change(self, change: ChangeKind) -> Change {
        Change {
            change,
            kind: self.kind.name.clone(),
            params: self.params.clone(),
            key: None,
            label: None,
            field: None,
            was: Value::Null,
            now: Value::Null,
            from: self.was.asked_at.clone(),
            to: self.now.asked_at.clone(),
        }
    }

    fn record_change(self, change: ChangeKind, entry: &Entry<'_>) -> Change {
        Change { key: Some(entry.key.clone()), label: label(self.kind, entry.record), ..self.change(change) }
    }

    /// What became of the query itself.
    fn query_change(self) -> Option<Change> {
        let change = match (self.was.state, self.now.state) {
            (AnswerState::NotAsked, AnswerState::NotAsked) => return None,
            (AnswerState::NotAsked, _) => ChangeKind::New,
            (_, AnswerState::NotAsked) => ChangeKind::Unasked,
            (was, now) if was.is_whole() == now.is_whole() => return None,
            (_, now) if now.is_whole() => ChangeKind::Recovered,
            _ => ChangeKind::Failed,
        };
        let (was, now) = (self.was.state.to_string().into(), self.now.state.to_string().into());
        Some(Change { was, now, ..self.change(change) })
    }

    /// Whether a record that one answer lacks is missing, not only unknown.
    fn is_comparable(self) -> bool {
        self.was.state.is_whole() && self.now.state.is_whole() && self.was.row_limit == self.now.row_limit
    }

    fn entries(self, answer: &'c Answer) -> Vec<Entry<'c>> {
        let mut seen = HashSet::new();
        let entries =
            (1..).zip(&answer.records).map(|(position, record)| Entry { key: self.key(record), position, record });
        entries.filter(|entry| seen.insert(entry.key.to_string())).collect()
    }

    /// What identifies a record: its key, or all that isn't noisy.
    fn key(self, record: &Map<String, Value>) -> Value {
        match self.kind.key() {
            [] => {
                let is_steady = |name: &str| self.kind.noisy().iter().all(|noisy| noisy != name);
                let steady = record.iter().filter(|(name, _)| is_steady(name));
                Value::Object(steady.map(|(name, value)| (name.clone(), value.clone())).collect())
            }
            [name] => record.get(name).cloned().unwrap_or_default(),
            names => {
                let texts = names.iter().map(|name| record.get(name).map(value_text).unwrap_or_default());
                texts.collect::<Vec<_>>().join(" ").into()
            }
        }
    }

    fn arrivals(self, before: &[Entry<'_>], after: &[Entry<'_>]) -> Vec<Change> {
        let change = if self.kind.is_feed() { ChangeKind::New } else { ChangeKind::Entered };
        let arrived = self.missing(before, after).into_iter();
        arrived.map(|entry| Change { now: entry.position.into(), ..self.record_change(change, entry) }).collect()
    }

    /// A feed is read from its newest record on: one that isn't read again hasn't left.
    fn departures(self, before: &[Entry<'_>], after: &[Entry<'_>]) -> Vec<Change> {
        if self.kind.is_feed() {
            return Vec::new();
        }
        let departed = self.missing(after, before).into_iter();
        departed
            .map(|entry| Change { was: entry.position.into(), ..self.record_change(ChangeKind::Left, entry) })
            .collect()
    }

    /// Entries that are missing in other ones.
    fn missing<'e, 'r>(self, others: &[Entry<'_>], entries: &'e [Entry<'r>]) -> Vec<&'e Entry<'r>> {
        if !self.is_comparable() {
            return Vec::new();
        }
        let others: HashSet<_> = others.iter().map(|entry| entry.key.to_string()).collect();
        entries.iter().filter(|entry| !others.contains(&entry.key.to_string())).collect()
    }

    /// Moves among the records that both answers have.
    fn moves(self, pairs: &[(&Entry<'_>, &Entry<'_>)]) -> Vec<Change> {
        if self.kind.is_feed() {
            return Vec::new();
        }
        let mut order: Vec<_> = pairs.iter().map(|(before, _)| before.position).collect();
        order.sort_unstable();
        let ranks: HashMap<_, _> = order.into_iter().enumerate().map(|(rank, position)| (position, rank)).collect();
        let moved = pairs.iter().enumerate().filter(|(rank, (before, _))| {
            let distance = ranks.get(&before.position).map_or(0, |was| was.abs_diff(*rank));
            distance > 0 && distance >= self.filter.min_move
        });
        let change = |(before, after): &(&Entry<'_>, &Entry<'_>)| Change {
            field: Some("position".to_owned()),
            was: before.position.into(),
            now: after.position.into(),
            ..self.record_change(ChangeKind::Moved, after)
        };
        moved.map(|(_, pair)| change(pair)).collect()
    }

    fn field_changes(self, before: &Entry<'_>, after: &Entry<'_>) -> Vec<Change> {
        let added = before.record.keys().filter(|name| !after.record.contains_key(*name));
        let names = after.record.keys().chain(added).filter(|name| self.filter.wants(name, self.kind));
        let names = names.filter(|name| self.was.has_field(name) && self.now.has_field(name));
        let value = |entry: &Entry<'_>, name: &str| entry.record.get(name).cloned().unwrap_or_default();
        names
            .map(|name| (name, value(before, name), value(after, name)))
            .filter(|(_, was, now)| was != now)
            .map(|(name, was, now)| Change {
                field: Some(name.clone()),
                was,
                now,
                ..self.record_change(ChangeKind::Changed, after)
            })
            .collect()
    }
}

/// Whether parameters have these values, of which one for each name is enough.
#[cfg(feature = "db")]
pub(crate) fn has_params(params: &Map<String, Value>, wanted: &[(String, String)]) -> bool {
    let fits = |name: &str| {
        let value = params.get(name).map(value_text);
        wanted.iter().any(|(other, text)| other == name && Some(text) == value.as_ref())
    };
    wanted.iter().all(|(name, _)| fits(name))
}

/// What a person calls a record: the first text among its compact fields that isn't its key.
pub(in crate::output) fn label(kind: &Kind, record: &Map<String, Value>) -> Option<String> {
    let names = kind.compact().iter().filter(|name| !kind.key().contains(name));
    names.filter_map(|name| record.get(name)?.as_str()).next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parser::Description;
    use crate::types::{FailureKind, QueryEnd};

    fn kind(further: &str) -> Kind {
        let description = format!(
            r#"{{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {{"burst": 1, "per_minute": 60}},
            "kinds": [{{"name": "list", "summary": "", "params": {{"properties": {{"country": {{"type": "string"}}}}}},
                "record": {{"type": "object", "properties": {{"id": {{"type": "string"}}, "title": {{"type": "string"}}, "score": {{"type": "number"}}}}}},
                "x-key": ["id"], "x-noisy": ["score"], "x-compact": ["id", "title"]{further}, "per_request": {{"default": 1, "max": 1}}}}]}}"#
        );
        Description::parse(&description).unwrap().kinds.remove(0)
    }

    const ANSWERED: AnswerState = AnswerState::Ended(QueryEnd::Answered);

    fn answer(state: AnswerState, records: &[Value]) -> Answer {
        let records = records.iter().map(|record| record.as_object().unwrap().clone()).collect();
        Answer { state, asked_at: Some("2026-11-27T00:00:00Z".to_owned()), records, fields: None, row_limit: None }
    }

    /// Records of these ids, in this order.
    fn chart(ids: &str) -> Answer {
        let records: Vec<_> =
            ids.chars().map(|id| json!({"id": id.to_string(), "title": format!("App {id}")})).collect();
        answer(ANSWERED, &records)
    }

    fn changes_with(kind: &Kind, was: &Answer, now: &Answer, filter: &ChangeFilter) -> Vec<String> {
        let changes = compare(kind, &Map::new(), was, now, filter).into_iter();
        let show = |change: Change| {
            let field = change.field.map(|field| format!(" {field}")).unwrap_or_default();
            let key = change.key.map(|key| format!(" {}", value_text(&key))).unwrap_or_default();
            format!("{}{key}{field} {} {}", change.change, value_text(&change.was), value_text(&change.now))
        };
        changes.map(show).collect()
    }

    fn changes(was: &Answer, now: &Answer) -> Vec<String> {
        changes_with(&kind(""), was, now, &ChangeFilter::default())
    }

    #[test]
    fn a_record_that_enters_at_the_top_moves_no_other() {
        assert_eq!(changes(&chart("abcd"), &chart("xabcd")), ["entered x null 1"]);
        assert_eq!(changes(&chart("abcd"), &chart("bcd")), ["left a 1 null"]);
        assert!(changes(&chart("abcd"), &chart("abcd")).is_empty());
    }

    #[test]
    fn a_move_has_the_positions_and_is_measured_among_those_in_both() {
        assert_eq!(
            changes(&chart("abcd"), &chart("xadcb")),
            ["entered x null 1", "moved d position 4 3", "moved b position 2 5"]
        );
        let far = ChangeFilter { min_move: 3, ..ChangeFilter::default() };
        assert_eq!(changes_with(&kind(""), &chart("abcd"), &chart("dabc"), &far), ["moved d position 4 1"]);
    }

    #[test]
    fn what_is_not_known_is_not_gone() {
        let partial = Answer { state: AnswerState::Ended(QueryEnd::Partial(FailureKind::Timeout)), ..chart("a") };
        let failed = answer(AnswerState::Ended(QueryEnd::Failed(FailureKind::Blocked)), &[]);
        let unfinished = Answer { state: AnswerState::Unfinished, ..chart("ab") };
        let whole = chart("abc");
        assert_eq!(changes(&whole, &partial), ["failed answered partial:timeout"]);
        assert_eq!(changes(&partial, &whole), ["recovered partial:timeout answered"]);
        assert_eq!(changes(&whole, &failed), ["failed answered failed:blocked"]);
        assert_eq!(changes(&failed, &whole), ["recovered failed:blocked answered"]);
        assert_eq!(changes(&whole, &unfinished), ["failed answered unfinished"]);
        assert_eq!(changes(&whole, &Answer::not_asked()), ["unasked answered not-asked"]);
        assert_eq!(changes(&Answer::not_asked(), &whole), ["new not-asked answered"]);
        assert!(changes(&failed, &partial).is_empty(), "it still fails");
        let cut = Answer { row_limit: Some(2), ..chart("ab") };
        assert!(changes(&whole, &cut).is_empty(), "the third row is cut off, not gone");
    }

    #[test]
    fn fields_change_unless_they_are_noisy_or_were_not_asked_for() {
        let record = |title: &str, score: f64| answer(ANSWERED, &[json!({"id": "a", "title": title, "score": score})]);
        let (was, now) = (record("Chess", 4.5), record("Chess 2", 4.6));
        assert_eq!(changes(&was, &now), ["changed a title Chess Chess 2"]);
        let fields = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let wanted = ChangeFilter { fields: Some(fields(&["score"])), ..ChangeFilter::default() };
        assert_eq!(changes_with(&kind(""), &was, &now, &wanted), ["changed a score 4.5 4.6"]);
        let ignored = ChangeFilter { ignored: fields(&["title"]), ..ChangeFilter::default() };
        assert!(changes_with(&kind(""), &was, &now, &ignored).is_empty());
        let without = Answer { fields: Some(fields(&["id"])), ..answer(ANSWERED, &[json!({"id": "a"})]) };
        assert!(changes(&was, &without).is_empty(), "the title wasn't asked for");
        let absent = answer(ANSWERED, &[json!({"id": "a", "score": 4.5})]);
        assert_eq!(changes(&was, &absent), ["changed a title Chess null"]);
        assert!(
            changes(&absent, &answer(ANSWERED, &[json!({"id": "a", "title": null})])).is_empty(),
            "null is nothing"
        );
    }

    #[test]
    fn a_feed_has_new_records_and_loses_none() {
        let feed = kind(r#", "x-feed": {}"#);
        assert_eq!(changes_with(&feed, &chart("bcd"), &chart("ab"), &ChangeFilter::default()), ["new a null 1"]);
    }

    #[test]
    fn a_change_is_a_row_with_the_parameters() {
        let params = json!({"country": "us"}).as_object().unwrap().clone();
        let changes = compare(&kind(""), &params, &chart("a"), &chart("ab"), &ChangeFilter::default());
        assert_eq!(changes[0].label.as_deref(), Some("App b"));
        let row = changes[0].clone().into_row();
        assert_eq!(row.keys().cloned().collect::<Vec<_>>(), Change::columns(["country"]));
        assert_eq!(
            (&row["change"], &row["country"], &row["key"], &row["now"]),
            (&json!("entered"), &json!("us"), &json!("b"), &json!(2))
        );
    }
}
