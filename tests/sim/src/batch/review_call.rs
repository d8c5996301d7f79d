//! What a reviews call asks for, in the arguments of both rpcs that have reviews.

use serde_json::Value;

use super::form::Call;
use crate::catalogue::{Device, ReviewQuery, ReviewSort};

/// How many reviews a page has if the call doesn't say, as on the app page.
const DEFAULT_LENGTH: u64 = 20;

/// The most reviews that a page of the older rpc has.
const LONGEST_OLD_PAGE: usize = 150;

/// A reviews call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReviewCall {
    pub(crate) query: ReviewQuery,
    pub(crate) length: usize,
    pub(crate) token: Option<String>,
}

impl ReviewCall {
    /// The call's parts; nothing if it has no app or an order that doesn't exist.
    pub(crate) fn new(call: &Call, language: &str) -> Option<Self> {
        let old = call.rpc == "UsvDTd";
        // `[2, SORT, [NUM, null, TOKEN], null, FILTER]`
        let request = call.argument.get(if old { 2 } else { 1 })?;
        let number = |path: &str| request.pointer(path).and_then(Value::as_u64);
        let length = usize::try_from(number("/2/0").unwrap_or(DEFAULT_LENGTH)).ok()?;
        let query = ReviewQuery {
            sort: ReviewSort::from_number(number("/1").unwrap_or(1))?,
            stars: number("/4/1").and_then(|stars| u8::try_from(stars).ok()),
            device: number("/4/8").and_then(Device::from_number),
            ..ReviewQuery::new(call.app_id()?, language)
        };
        let token = request.pointer("/2/2").and_then(Value::as_str).map(ToOwned::to_owned);
        Some(Self { query, length: if old { length.min(LONGEST_OLD_PAGE) } else { length }, token })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_arguments_are_read() {
        let read = |rpc: &str, argument| {
            ReviewCall::new(&Call { rpc: rpc.to_owned(), argument, tag: String::new() }, "de").unwrap()
        };
        let filter = json!([null, 4, null, null, null, null, null, null, 3]);
        let new = read("oCPfdb", json!([null, [2, 1, [1000, null, "T"], null, filter], ["a.b", 7]]));
        let query = ReviewQuery::new("a.b", "de");
        let selected = query.clone().sort(ReviewSort::MostHelpful).stars(4).device(Device::Tablet);
        assert_eq!(new, ReviewCall { query: selected, length: 1000, token: Some("T".to_owned()) });
        let old = read("UsvDTd", json!([null, null, [2, 2, [1000, null, null], null, []], ["a.b", 7]]));
        assert_eq!(old, ReviewCall { query, length: 150, token: None });
    }
}
