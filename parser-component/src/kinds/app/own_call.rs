//! Comparison of a page's own call with the one that asks the rpc for an app.
//!
//! The page asks the same rpc for itself. If it asks for other fields, the store has added some, or what they hold lies elsewhere.

use std::ops::ControlFlow;

use playfast_guest::json::{Nesting, ReadError, Reader};

use super::{DETAILS_FIELDS, FIELDS};
use crate::request::OPTIONS;

/// The field of data safety, which pages of apps don't ask for.
const DATA_SAFETY_FIELD: u16 = 138;

/// Fields that are read of a page's calls. Those of 2026 have 49.
const MAX_FIELDS: usize = 512;

/// Where the argument of a call has the numbers of its fields, and its options.
const FIELD_NUMBERS: &[u16] = &[2, 0];
const CALL_OPTIONS: &[u16] = &[3];

/// What a page's own calls ask for otherwise than ours, for a person; `None` if they don't, or there are none.
pub(super) fn difference<'a>(arguments: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let (mut asked, mut has_calls, mut has_our_options) = (Vec::new(), false, false);
    for argument in arguments {
        has_calls = true;
        let call = Reader::new(argument, 0, Nesting::Plain);
        let read = read_fields(call, &mut asked).and_then(|()| has_options(call, argument));
        has_our_options |= read.unwrap_or(false);
    }
    if !has_calls {
        return None;
    }
    if asked.is_empty() {
        return Some("the page's own call names its fields in a way that this parser doesn't know".to_owned());
    }
    told(&changes(&asked, has_our_options))
}

/// Adds the fields that a call asks for.
fn read_fields(call: Reader<'_>, asked: &mut Vec<u16>) -> Result<(), ReadError> {
    let Some(mut numbers) = call.get(FIELD_NUMBERS)? else { return Ok(()) };
    numbers.elements(|_, number| {
        let number = number.number().and_then(|number| number.parse().ok());
        asked.extend(number.filter(|number| asked.len() < MAX_FIELDS && !asked.contains(number)));
        Ok(ControlFlow::Continue(()))
    })
}

/// Whether a call has the options that ours has.
fn has_options(call: Reader<'_>, argument: &[u8]) -> Result<bool, ReadError> {
    let Some(mut options) = call.get(CALL_OPTIONS)? else { return Ok(false) };
    let start = options.position();
    options.skip()?;
    let written = argument.get(start..options.position()).unwrap_or_default();
    let written = written.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or_default();
    Ok(written.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(OPTIONS.as_bytes()))
}

/// What is asked for otherwise, each to follow "the page's own call".
fn changes(asked: &[u16], has_our_options: bool) -> Vec<String> {
    let ours: Vec<u16> = DETAILS_FIELDS.split(',').filter_map(|number| number.parse().ok()).collect();
    let added = asked.iter().filter(|number| !ours.contains(number)).map(u16::to_string);
    let dropped = ours.iter().filter(|number| **number != DATA_SAFETY_FIELD && !asked.contains(number));
    let (added, dropped) = (added.collect::<Vec<_>>(), dropped.map(|number| named(*number)).collect::<Vec<_>>());
    let mut changes = Vec::new();
    if !added.is_empty() {
        changes.push(format!("asks for the fields {}, which ours doesn't", added.join(", ")));
    }
    if !dropped.is_empty() {
        changes.push(format!("leaves out {}", dropped.join(", ")));
    }
    if !has_our_options {
        changes.push("has other options".to_owned());
    }
    changes
}

/// The number of a message's field, with the fields of records that are read from there: a slot is the number less 1.
fn named(number: u16) -> String {
    let is_there = |path: &&[u16]| path.first().is_some_and(|slot| slot + 1 == number);
    let fields = FIELDS.iter().filter(|field| field.paths.iter().any(is_there));
    let names: Vec<_> = fields.map(|field| field.name).collect();
    if names.is_empty() { number.to_string() } else { format!("{number} ({})", names.join(", ")) }
}

fn told(changes: &[String]) -> Option<String> {
    let (last, others) = changes.split_last()?;
    let others = others.join(", ");
    let and = if others.is_empty() { "" } else { ", and " };
    Some(format!("the page's own call {others}{and}{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::app::{argument, details_request};

    fn difference_of(arguments: &[&str]) -> Option<String> {
        difference(arguments.iter().map(|argument| argument.as_bytes()))
    }

    fn call(fields: &str) -> String {
        argument(fields, &format!("[{OPTIONS}]"), "a.b")
    }

    #[test]
    fn the_same_call_is_no_difference() {
        let ours = details_request("a.b");
        assert_eq!(difference_of(&[&ours]), None);
        assert_eq!(difference_of(&[&ours.replace(",138", "")]), None, "pages don't ask for data safety");
        assert_eq!(difference_of(&[&ours.replace(",null", ", null")]), None, "spaces mean nothing");
        assert_eq!(difference_of(&[]), None, "a trimmed page tells nothing");
    }

    #[test]
    fn the_fields_of_several_calls_count_together() {
        let main = call(&DETAILS_FIELDS.replace(",137,138", ""));
        let other = argument("137", "null", "a.b");
        assert_eq!(difference_of(&[&other, &main]), None);
    }

    #[test]
    fn what_is_asked_for_otherwise_is_named() {
        let fields = DETAILS_FIELDS.replace(",43,", ",").replace("59,", "").replace("193", "193,201,207");
        let expected = "the page's own call asks for the fields 201, 207, which ours doesn't, and leaves out 43, 59 (chart_label, chart_rank)";
        assert_eq!(difference_of(&[&call(&fields)]).as_deref(), Some(expected));
        let options = argument(DETAILS_FIELDS, "[[[2]]]", "a.b");
        assert_eq!(difference_of(&[&options]).as_deref(), Some("the page's own call has other options"));
    }

    #[test]
    fn a_call_that_cant_be_read_is_a_difference() {
        for odd in ["[]", "{}", "[null,null,{\"fields\":[1,9]}]", "[null,null,[[1"] {
            let told = difference_of(&[odd]);
            assert!(told.is_some(), "{odd}");
        }
    }
}
