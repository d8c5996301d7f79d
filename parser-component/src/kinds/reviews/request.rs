//! What is asked for reviews, and for the app of a query that has none.

use playfast_guest::{Failure, Query};

use super::cursor::Cursor;
use super::since::{SINCE, since};
use crate::kinds::{app, app_id};
use crate::request::{OPTIONS, string};

/// The argument of `oCPfdb`: `[null, [2, SORT, [NUM, null, TOKEN], null, FILTER], [APP, 7]]`; 7 is the document type of an app.
pub(super) fn reviews_request(query: &Query) -> Result<String, Failure> {
    let cursor = Cursor::of_query(query)?;
    since(query)?;
    let sort = choice(query, "order", &[("newest", 2), ("helpful", 1), ("rating", 3)])?.unwrap_or("2".to_owned());
    let stars = choice(query, "stars", &[("1", 1), ("2", 2), ("3", 3), ("4", 4), ("5", 5)])?;
    let device = choice(query, "device", &[("phone", 2), ("tablet", 3), ("chromebook", 5), ("tv", 6)])?;
    let (stars, device) = (stars.as_deref().unwrap_or("null"), device.as_deref().unwrap_or("null"));
    let filter = format!("[null,{stars},null,null,null,null,null,null,{device}]");
    let num = cursor.page_size(num(query)?);
    let position = match &cursor.token {
        Some(token) => format!("[{num},null,{}]", string(token)),
        None => format!("[{num}]"),
    };
    Ok(format!("[null,[2,{sort},{position},null,{filter}],[{},7]]", string(app_id(query)?)))
}

/// The store's number for a parameter's value.
fn choice(query: &Query, name: &str, choices: &[(&str, u8)]) -> Result<Option<String>, Failure> {
    let Some(value) = query.param(name) else { return Ok(None) };
    match choices.iter().find(|(own, _)| *own == value) {
        Some((_, number)) => Ok(Some(number.to_string())),
        None => Err(Failure::invalid_query(format!("{name} can't be {value}"))),
    }
}

/// How many reviews a query gets that says neither how many nor since when.
const DEFAULT_NUM: u64 = 100;

/// The limit of a query that says neither: no host cuts its rows.
pub(super) fn own_limit(query: &Query) -> Option<u64> {
    (query.param("num").is_none() && query.param(SINCE).is_none()).then_some(DEFAULT_NUM)
}

/// How many reviews are wanted.
fn num(query: &Query) -> Result<u64, Failure> {
    let Some(num) = query.param("num") else { return Ok(own_limit(query).unwrap_or(u64::MAX)) };
    let is_valid = |num: &u64| *num > 0;
    let invalid = || Failure::invalid_query(format!("num is {num}; it is a number from 1 on"));
    num.parse().ok().filter(is_valid).ok_or_else(invalid)
}

/// The argument of `Ws7gDc` for an app's title and id.
pub(super) fn listing_request(query: &Query) -> Result<String, Failure> {
    Ok(app::argument("1,78", &format!("[{OPTIONS}]"), app_id(query)?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn query(state: Option<&str>, params: &[(&str, &str)]) -> Query {
        let params = [("app_id", "a.b")].iter().chain(params);
        let params = params.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Query { kind: "reviews".to_owned(), params, state: state.map(str::to_owned) }
    }

    fn argument(state: Option<&str>, params: &[(&str, &str)]) -> Value {
        serde_json::from_str(&reviews_request(&query(state, params)).unwrap()).unwrap()
    }

    #[test]
    fn the_first_page_has_no_token() {
        let all = vec![Value::Null; 9];
        let first = json!([null, [2, 2, [100], null, all], ["a.b", 7]]);
        assert_eq!(argument(None, &[]), first);
        assert_eq!(argument(Some("1000 0"), &[("language", "de")]), first);
        assert_eq!(argument(Some("40 0"), &[])[1][2], json!([40]));
        assert_eq!(argument(None, &[("num", "5000")])[1][2], json!([1000]));
        assert_eq!(argument(None, &[("num", "7")])[1][2], json!([7]));
    }

    #[test]
    fn a_further_page_has_the_token_as_it_is() {
        let token = "Cg \"é\\ 5";
        let state = format!("1000 2000 {token}");
        assert_eq!(argument(Some(&state), &[("num", "2500")])[1][2], json!([500, null, token]));
        assert_eq!(argument(Some(&state), &[("num", "9000")])[1][2], json!([1000, null, token]));
    }

    #[test]
    fn order_and_filter_have_the_numbers_of_the_store() {
        for (name, number) in [("newest", 2), ("helpful", 1), ("rating", 3)] {
            assert_eq!(argument(None, &[("order", name)])[1][1], number, "{name}");
        }
        for (name, number) in [("phone", 2), ("tablet", 3), ("chromebook", 5), ("tv", 6)] {
            let filter = json!([null, 4, null, null, null, null, null, null, number]);
            assert_eq!(argument(None, &[("stars", "4"), ("device", name)])[1][4], filter, "{name}");
        }
    }

    #[test]
    fn what_cant_be_asked_is_refused() {
        for (name, value) in
            [("order", "best"), ("stars", "6"), ("stars", "null"), ("device", "watch"), ("num", "0"), ("num", "x")]
        {
            let failure = reviews_request(&query(None, &[(name, value)])).unwrap_err();
            assert!(failure.message.contains(name) && failure.message.contains(value), "{failure}");
        }
        let failure = reviews_request(&query(Some("page-2"), &[])).unwrap_err();
        assert!(failure.message.contains("page-2"), "{failure}");
    }
}
