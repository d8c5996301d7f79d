//! Bucket keys: which queries may share a request.

use std::sync::Arc;

use crate::parser::{Kind, PerRequestValue};
use crate::types::Query;

/// Queries of equal keys may share a request: they are of one parser and kind, agree in the parameters that the description marks with
/// `x-per-request: "same"` and in the selected fields, and all are new or all continue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BucketKey {
    slot: Arc<str>,
    kind: Arc<str>,
    same: Box<[Option<Arc<str>>]>,
    /// Fields that are selected: they decide how many queries a request may hold.
    fields: Option<Arc<Vec<Arc<str>>>>,
    continues: bool,
}

impl BucketKey {
    /// The key of a query that the parser in a slot answers, whose description has this of its kind.
    pub(crate) fn new(slot: &Arc<str>, kind: Option<&Kind>, query: &Query) -> Self {
        let params = kind.into_iter().flat_map(|kind| &kind.params.properties);
        let same = params.filter(|(_, param)| param.per_request == PerRequestValue::Same);
        Self {
            slot: Arc::clone(slot),
            kind: query.shared_kind(),
            same: same.map(|(name, _)| query.shared_param(name)).collect(),
            fields: query.shared_fields(),
            continues: query.state().is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::Description;

    #[test]
    fn queries_that_differ_in_what_must_agree_share_no_request() {
        let description = Description::parse(
            r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60},
            "kinds": [{"name": "app", "summary": "", "record": {}, "per_request": {"default": 50, "max": 100}, "params": {"properties": {
                "id": {"type": "string"}, "country": {"type": "string", "x-per-request": "same"}}}}]}"#,
        )
        .unwrap();
        let key = |params: &[(&str, &str)]| {
            let params = params.iter().map(|(name, value)| (Arc::from(*name), Arc::from(*value)));
            BucketKey::new(&"p".into(), description.kind("app"), &Query::new("app", params))
        };
        let us = key(&[("id", "a"), ("country", "us")]);
        assert_eq!(us, key(&[("id", "b"), ("country", "us")]));
        assert_ne!(us, key(&[("id", "a"), ("country", "kr")]));
        assert_ne!(us, key(&[("id", "a")]));
    }
}
