//! The answer to a call for suggestions.

use super::shapes::path;
use super::{NULL, Node, list};

/// The suggestions with their links and ranks.
pub(crate) fn suggestions(terms: &[String]) -> Node {
    list![list![terms.iter().map(|term| suggestion(term)).collect::<Node>()], list!["simulated"]]
}

fn suggestion(term: &str) -> Node {
    let encoded: String = url::form_urlencoded::byte_serialize(term.as_bytes()).collect();
    let target = path(&format!("/store/search?q={encoded}&c=apps"));
    list![term, NULL, target, NULL, NULL, list!["simulated="], NULL, NULL, NULL, NULL, 1]
}
