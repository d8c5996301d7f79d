//! Rows of apps: those on an app's page, pages of their own, and what continues them.

use super::item::{item, token};
use super::shapes::path;
use super::{NULL, Node, list, message};
use crate::catalogue::App;

/// The slot of the items, and that of the items of a developer who is asked for by name.
const ITEMS: usize = 21;
const NAMED_ITEMS: usize = 22;

/// A row of apps.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) title: &'a str,
    /// The link to the row's own page, relative to the store.
    pub(crate) link: &'a str,
    pub(crate) apps: &'a [App],
    /// The token of what comes after these apps.
    pub(crate) next: Option<&'a str>,
}

impl Row<'_> {
    fn header(&self) -> Node {
        list![self.title, NULL, path(self.link), self.next.map_or(NULL, |next| list![NULL, next]), 1]
    }

    fn items(&self) -> Node {
        self.apps.iter().map(item).collect()
    }

    fn message(&self) -> Node {
        message([(3, list![token(self.title)]), (ITEMS, list![self.items(), self.header()])])
    }
}

/// The rows of an app's page.
pub(crate) fn rows(rows: &[Row<'_>]) -> Node {
    list![NULL, list![NULL, rows.iter().map(Row::message).collect::<Node>(), NULL, list![], 0, list![token("rows")]]]
}

/// A row's own page; a developer asked for by name has its items in another slot, and each in a list.
pub(crate) fn row_page(row: &Row<'_>, named: bool) -> Node {
    let cluster = if named {
        let items: Node = row.apps.iter().map(|app| list![item(app)]).collect();
        message([(3, list![token(row.title)]), (NAMED_ITEMS, list![items, row.header()])])
    } else {
        row.message()
    };
    list![list![NULL, list![cluster], NULL, list![], 1, list![token("page")]]]
}

/// What continues a row.
pub(crate) fn continuation(row: &Row<'_>) -> Node {
    list![row.message()]
}

/// The details of a developer, on the page of a numbered one; they are no app's.
pub(crate) fn developer(number: &str) -> Node {
    list![list![list![]], list![Node::Keyed(vec![(12, list![list![number, 8]])])]]
}
