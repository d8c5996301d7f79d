//! The answer to a search: sections of text, of an exact match and of items.

use super::details::message_with_key;
use super::item::{item, token};
use super::mask::Mask;
use super::shapes::html;
use super::{NULL, Node, list, message};
use crate::catalogue::{App, SearchResults};

/// The answer; `next` is the token of its items.
pub(crate) fn search(found: Option<&SearchResults>, next: Option<&str>, changed: bool) -> Node {
    let Some(found) = found else {
        // No source says what a search without results looks like; charts have null in this place.
        return list![list![NULL, NULL], list![]];
    };
    let mut sections = Vec::new();
    sections.extend(found.notice.then(notice));
    sections.extend(found.corrected.as_deref().map(correction));
    sections.extend(found.exact.as_ref().map(|app| card(app, changed)));
    sections.push(items(&found.items, next, changed));
    list![list![NULL, sections, NULL, list![], 0, list![token("search")]], list![]]
}

/// What the store says about its ranking in the European Union; PLAY.md counts three sections there and not what is in them.
fn notice() -> Node {
    message([(3, list![token("notice")]), (26, list![html("About these results")])])
}

/// "Showing results for": PLAY.md says that this section comes before the items and not in which slot; its text is in one of its own here.
fn correction(term: &str) -> Node {
    let text = format!("Showing results for <b>{}</b>", crate::catalogue::encode(term));
    message([(3, list![token("correction")]), (20, list![html(&text), term])])
}

/// The exact match: a details message without the envelope, and its price once more.
fn card(app: &App, changed: bool) -> Node {
    let price = list![app.offer.micros, app.offer.currency, &app.offer.text];
    let action = list![list![NULL, NULL, list![list![NULL, list![price]]]]];
    let content = message([(16, message_with_key(app, &Mask::page(), changed)), (17, action)]);
    message([(3, list![token(&app.id)]), (23, content)])
}

fn items(apps: &[App], next: Option<&str>, changed: bool) -> Node {
    let entry = |app: &App| list![if changed { item(app).moved() } else { item(app) }];
    let header = next.map_or_else(|| list![""], |next| list!["", NULL, NULL, list![NULL, next]]);
    message([
        (3, list![token("items"), list![list!["results", 2], NULL, NULL, 1]]),
        (22, list![apps.iter().map(entry).collect::<Node>(), header]),
    ])
}
