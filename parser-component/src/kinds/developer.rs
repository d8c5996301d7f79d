//! Kind `developer`: the apps of a developer.

use std::borrow::Cow;

use playfast_guest::{Failure, Page, Query, url};

use super::cluster::{self, continuation_call, continuations, first_page};
use super::{COUNTRY, Kind, LANGUAGE, Param, PerRequest, item};
use crate::batchexecute;
use crate::request::{QueryRequest, STORE};

/// The rpc that the block of a developer's page answers.
const RPC: &str = "MRTdke";

pub(super) const KIND: Kind = Kind {
    name: "developer",
    summary: "The apps of a developer",
    params: &[
        Param::new(
            "developer_id",
            r#"{"type":"string","pattern":"\\S","x-positional":true,"x-url":"id","title":"developer","description":"Number or name of the developer's page, as the field developer_id of an app gives it","examples":["5700313618786177705","Spotify AB"]}"#,
        ),
        COUNTRY,
        LANGUAGE,
        Param::new(
            "num",
            r#"{"type":"integer","minimum":1,"maximum":1000,"default":200,"x-limit":true,"x-bytes":10000,"description":"Number of apps; the store may refuse to give more than the first page of 10"}"#,
        ),
    ],
    required: &["developer_id"],
    fields: item::FIELD_DOCS,
    required_fields: item::REQUIRED_FIELDS,
    compact: cluster::COMPACT,
    key: item::KEY,
    noisy: item::NOISY,
    feed: &[],
    per_request: PerRequest::new(1, 1),
    ask: |query| match query.state.as_deref() {
        Some(token) => continuation_call(query, token),
        None => {
            let id = name(query)?;
            let page = if is_number(&id) { "dev" } else { "developer" };
            let address = format!("{STORE}/store/apps/{page}");
            Ok(QueryRequest::Page { address, params: vec![("id", id.into_owned())] })
        }
    },
    // A saved continuation comes without the state that asked for it.
    read: |queries, body| match batchexecute::is_answer(body) || queries.iter().any(|query| query.state.is_some()) {
        true => continuations(queries, body),
        false => queries.iter().map(|query| page(body, query)).collect(),
    },
};

/// Digits of the shortest number. Names are shorter if they have digits only, and numbers almost always have 18 or 19.
const MIN_NUMBER_DIGITS: usize = 10;

/// Whether a developer is asked for by number.
fn is_number(id: &str) -> bool {
    id.len() >= MIN_NUMBER_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number or name that is asked for.
fn name(query: &Query) -> Result<Cow<'_, str>, Failure> {
    let given = query.param("developer_id").map(str::trim).filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| Failure::invalid_query("which developer? give the developer_id"))?;
    Ok(if is_encoded(given) {
        url::param(&format!("?id={given}"), "id").map_or(Cow::Borrowed(given), Cow::Owned)
    } else {
        Cow::Borrowed(given)
    })
}

/// Whether a name was copied from a link: it has `%2C` and the like, or words with `+` between them, and nothing that no link has.
fn is_encoded(name: &str) -> bool {
    let bytes = name.as_bytes();
    let is_link = bytes.iter().all(|byte| byte.is_ascii() && !matches!(byte, b' ' | b'&' | b'#' | b'?'));
    let has_escape = bytes
        .windows(3)
        .any(|three| matches!(three, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()));
    let joins_words =
        bytes.windows(3).any(|three| matches!(three, [before, b'+', after] if *before != b'+' && *after != b'+'));
    is_link && (has_escape || joins_words)
}

fn page(body: &[u8], query: &Query) -> Result<Page, Failure> {
    let asked = name(query).ok().filter(|id| is_number(id));
    first_page(body, RPC, |link| {
        let link = cluster::path(link);
        let number = url::param(link, "id").filter(|id| is_number(id));
        match (&asked, number) {
            (Some(asked), Some(number)) if *asked != number => {
                Err(Failure::unavailable(format!("the page is of the developer {number}, not of {asked}")))
            }
            _ => Ok(link.starts_with("/store/apps/dev")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_as_it_is_whether_it_was_copied_from_a_link_or_not() {
        let cases = [
            ("5700313618786177705", "5700313618786177705"),
            ("Panda Restaurant Group, Inc.", "Panda Restaurant Group, Inc."),
            ("Panda+Restaurant+Group,+Inc.", "Panda Restaurant Group, Inc."),
            ("Panda+Restaurant+Group%2C+Inc.", "Panda Restaurant Group, Inc."),
            ("AT%26T", "AT&T"),
            ("AT&T", "AT&T"),
            ("%E3%83%91%E3%83%B3%E3%83%80", "パンダ"),
            ("パンダ+一", "パンダ+一"),
            ("C++ Apps", "C++ Apps"),
            ("Google+", "Google+"),
            ("100% Fun", "100% Fun"),
            (" Waze ", "Waze"),
        ];
        for (given, wanted) in cases {
            let params = vec![("developer_id".to_owned(), given.to_owned())];
            let query = Query { kind: "developer".to_owned(), params, state: None };
            assert_eq!(name(&query).unwrap(), wanted, "{given}");
        }
        assert!(name(&Query::default()).is_err());
    }

    #[test]
    fn a_number_has_many_digits() {
        assert!(is_number("5700313618786177705"));
        for name in ["2048", "Waze", "5700313618786177705a", ""] {
            assert!(!is_number(name), "{name}");
        }
    }
}
