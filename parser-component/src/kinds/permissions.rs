//! Kind `permissions`: what apps ask to be allowed, by group.

use std::ops::ControlFlow;

use playfast_guest::json::{ANY_ELEMENT, Kind as Json, ReadError, Reader, RecordSchema};
use playfast_guest::{Failure, Page, Query};

use super::app::is_blank;
use super::{APP, COUNTRY, Kind, LANGUAGE, PerRequest, app_id, unknown_state};
use crate::request::{QueryRequest, string};
use crate::{batchexecute, unreadable};

/// The rpc that is asked for permissions.
const RPC: &str = "xdSrCf";

pub(super) const KIND: Kind = Kind {
    name: "permissions",
    summary: "Permissions that apps ask for, a row for each group",
    params: &[APP, COUNTRY, LANGUAGE],
    required: &["app_id"],
    fields: FIELD_DOCS,
    required_fields: &["permissions"],
    compact: &["app_id", "group", "permissions"],
    key: &["group"],
    noisy: &[],
    feed: &[],
    per_request: PerRequest::new(20, 100),
    ask: |query| Ok(QueryRequest::Call { rpc: RPC, argument: permissions_request(query)? }),
    read: |queries, body| batchexecute::answers(queries, body, RPC, page),
};

record! {
    /// Permissions of one group that an app asks for.
    GroupPermissions {
        group: Option<String> = Text at [0], "Name of the group; null for permissions without one", expected 0.8;
        permissions: Vec<String> = Texts at [2, ANY_ELEMENT, 1], "What they allow", expected 1;
    }
}

/// The slots of the answer to `xdSrCf` that hold groups: common ones, others.
const GROUPS: [u16; 2] = [0, 1];

/// Its slot of permissions without a group. A group has its permissions in that slot as well, so the answer reads as one more group, without name.
const UNGROUPED: u16 = 2;

/// The argument of `xdSrCf`: `[[null, [APP, 7], []]]`; 7 is the document type of an app.
fn permissions_request(query: &Query) -> Result<String, Failure> {
    match query.state {
        Some(_) => Err(unknown_state(query)),
        None => Ok(format!("[[null,[{},7],[]]]", string(app_id(query)?))),
    }
}

/// The permissions in the payload of a batchexecute frame. A payload without any list is the answer for an app that doesn't exist: an app that
/// asks for nothing has lists, with nothing in them.
fn page(payload: &mut Reader<'_>, _: Option<&Query>) -> Result<Page, Failure> {
    let answer = *payload;
    payload.skip().map_err(|error| unreadable(ANSWER, error))?;
    let unreadable = |error| unreadable(ANSWER, error);
    let Groups { records, bare } = groups(answer).map_err(unreadable)?;
    let is_blank = is_blank(answer, 0).map_err(unreadable)?;
    match lists(answer).map_err(unreadable)? {
        Lists::Other => Err(Failure::layout_changed("the permissions are not where they were")),
        Lists::Some if !records.is_empty() => {
            let note = (bare > 0).then(|| format!("{bare} groups without permissions were left out"));
            Ok(Page { records, notes: note.into_iter().collect(), ..Page::default() })
        }
        Lists::Some if bare == 0 => {
            Ok(Page { notes: vec!["the app asks for no permissions".to_owned()], ..Page::default() })
        }
        Lists::Some if !is_blank => Err(Failure::layout_changed("the groups hold no permissions where they were")),
        // No lists, or nothing but blank entries in them.
        Lists::Some | Lists::None => Err(Failure::not_found("the store has no such app, at least in this country")),
    }
}

/// What messages call an answer.
const ANSWER: &str = "the answer for permissions";

/// The groups of an answer.
struct Groups {
    records: Vec<String>,
    /// How many groups have no permissions.
    bare: usize,
}

fn groups(mut answer: Reader<'_>) -> Result<Groups, ReadError> {
    let schema = RecordSchema::new(FIELDS);
    let mut groups = Groups { records: Vec::new(), bare: 0 };
    for slot in GROUPS {
        let Some(mut list) = answer.get(&[slot])? else { continue };
        list.elements(|_, group| {
            let group = schema.read(group)?;
            match group.value("permissions") {
                Some(_) => groups.records.push(group.record()?),
                None => groups.bare += 1,
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    let ungrouped = schema.read(&mut answer)?;
    if ungrouped.value("permissions").is_some_and(|list| list.slot_count().is_ok_and(|count| count > 0)) {
        groups.records.push(ungrouped.record()?);
    }
    Ok(groups)
}

/// What an answer has in the places of its lists.
enum Lists {
    None,
    Some,
    /// Something else, there or elsewhere.
    Other,
}

fn lists(mut answer: Reader<'_>) -> Result<Lists, ReadError> {
    let (mut has_list, mut has_other) = (false, !matches!(answer.kind()?, Json::Array | Json::Null));
    let mut has_rest = false;
    answer.elements(|slot, value| {
        match (slot == usize::from(UNGROUPED) || GROUPS.iter().any(|own| usize::from(*own) == slot), value.kind()?) {
            (true, Json::Array) => has_list = true,
            (true, _) => has_other = true,
            (false, _) => has_rest = true,
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(match (has_other, has_list, has_rest) {
        (true, _, _) | (false, false, true) => Lists::Other,
        (false, true, _) => Lists::Some,
        (false, false, false) => Lists::None,
    })
}
