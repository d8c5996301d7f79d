//! An app's permissions: a slot of the details message, and an answer of its own.

use super::shapes::{html, icon};
use super::{NULL, Node, list};
use crate::catalogue::{PermissionGroup, Permissions};

/// The common groups, the other groups, and what is in no group.
pub(crate) fn permissions(all: &Permissions) -> Node {
    let ungrouped: Node = all.ungrouped.iter().map(|text| html(text)).collect();
    list![groups(&all.groups), groups(&all.other), if all.ungrouped.is_empty() { NULL } else { ungrouped }]
}

/// The answer for an app that doesn't exist, which must not read as "asks for nothing" (PLAY.md, section 6). An app that does ask for
/// nothing has empty groups; no source has one, so that form is chosen.
pub(crate) fn no_permissions() -> Node {
    list![]
}

fn groups(groups: &[PermissionGroup]) -> Node {
    groups.iter().map(group).collect()
}

fn group(group: &PermissionGroup) -> Node {
    let texts: Node = group.permissions.iter().map(|text| html(text)).collect();
    list![group.name, icon(&group.icon), texts, list![group.symbol]]
}
