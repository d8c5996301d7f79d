//! `--limit`: the most rows of a query.

use std::num::NonZeroU32;

use serde_json::Value;

use crate::parser::{Kind, Param};

/// The parameters by which kinds are asked for this many rows, unless one was typed: those that are marked as the limit. Less is asked for if
/// a kind gives no more. The rows of other kinds can only be cut.
pub(in crate::cli) fn limit_params<'k>(
    limit: Option<NonZeroU32>,
    kinds: impl IntoIterator<Item = &'k Kind>,
    typed: &[(String, String)],
) -> Vec<(String, String)> {
    let Some(limit) = limit.map(|limit| u64::from(limit.get())) else { return Vec::new() };
    let mut params: Vec<(String, String)> = Vec::new();
    for (name, param) in kinds.into_iter().flat_map(|kind| &kind.params.properties).filter(|(_, param)| param.limit) {
        if !typed.iter().chain(&params).any(|(other, _)| other == name) {
            params.push((name.clone(), limit.min(maximum(param)).to_string()));
        }
    }
    params
}

fn maximum(param: &Param) -> u64 {
    param.schema.get("maximum").and_then(Value::as_u64).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_passed_on_as_far_as_a_kind_goes() {
        let description = crate::parser::Description::parse(
            r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60}, "kinds": [
                {"name": "list", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1}, "params": {
                    "properties": {"num": {"type": "integer", "maximum": 660, "x-limit": true}, "country": {"type": "string"}}}}]}"#,
        )
        .unwrap();
        let params = |limit, typed: &[(&str, &str)]| {
            let typed: Vec<_> = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            limit_params(NonZeroU32::new(limit), &description.kinds, &typed)
        };
        assert_eq!(params(10, &[]), [("num".to_owned(), "10".to_owned())]);
        assert_eq!(params(1000, &[("country", "us")]), [("num".to_owned(), "660".to_owned())]);
        assert!(params(10, &[("num", "5")]).is_empty() && params(0, &[]).is_empty());
    }
}
