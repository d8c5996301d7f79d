//! The containers around the items, in today's layout or in one that no parser knows.

use super::item::{listed, token};
use super::{NULL, list, message};
use crate::catalogue::App;

/// The slot of the cluster that holds the items.
const ITEMS: usize = 28;

/// Where they stand when the layout has changed.
const ITEMS_MOVED: usize = 33;

/// The answer with these apps.
pub(crate) fn chart(apps: &[App], changed: bool) -> String {
    // Text item by item: a tree of a whole chart would be tens of thousands of nodes at once.
    let items = apps.iter().map(|app| listed(app, changed).json()).collect::<Vec<_>>().join(",");
    let slot = if changed { ITEMS_MOVED } else { ITEMS };
    let cluster = message([(3, list![token("cluster")]), (slot, list![list![HOLE]])]);
    let frame = list![list![NULL, list![cluster], NULL, list![], true, list!["qgIMCgoKBlNUUkVBTRoA"]]];
    frame.json().replacen(&format!("\"{HOLE}\""), &items, 1)
}

/// The answer when there is no such chart.
pub(crate) fn no_chart() -> String {
    list![list![NULL, NULL]].json()
}

/// Stands for the items until they are put in.
const HOLE: &str = "items";
