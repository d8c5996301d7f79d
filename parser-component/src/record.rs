//! Records as types, for programs in Rust.
//!
//! [`App`], [`ChartApp`], [`Review`] and the others come with the feature `records`, which the component does without. [`ChartApp`] is the record
//! of all kinds that list apps. A field that may be `null` is an `Option`; fields that a later parser gives too are kept in `rest`.

#[cfg(all(feature = "records", not(target_arch = "wasm32")))]
pub use crate::kinds::{App, Availability, ChartApp, DataSafetyPage, GroupPermissions, Review, Suggestion};
pub use crate::kinds::{Category, Criterion, DataSafety, PermissionGroup, Practice, UsedData};

#[cfg(test)]
#[cfg(feature = "records")]
mod tests {
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::{Map, Value, json};

    use super::*;

    fn properties(kind: &str) -> Map<String, Value> {
        let description: Value = serde_json::from_str(&crate::description()).unwrap();
        let kinds = description["kinds"].as_array().unwrap();
        let kind = kinds.iter().find(|described| described["name"] == kind).unwrap();
        kind["record"]["properties"].as_object().unwrap().clone()
    }

    /// Whether the property may have a value of this type.
    fn may_be(property: &Value, name: &str) -> bool {
        property["type"] == name || property["type"].as_array().is_some_and(|names| names.iter().any(|own| own == name))
    }

    /// What the property may hold.
    fn sample(name: &str, property: &Value) -> Value {
        match name {
            "histogram" => json!([1, 2, 3, 4, 5]),
            "categories" => json!([{"name": "Social", "id": "SOCIAL"}, {"name": "Chat", "id": null}]),
            "permissions" if property["items"]["type"] == "object" => json!([{"group": null, "permissions": ["a"]}]),
            "criteria" => json!([{"name": "a", "rating": 2}]),
            "data_safety" => json!({
                "shared": sample("shared", property),
                "collected": [],
                "practices": sample("practices", property),
            }),
            "shared" | "collected" => json!([{"type": "t", "data": "d", "optional": true, "purpose": null}]),
            "practices" => json!([{"practice": "p", "description": null}]),
            _ if may_be(property, "string") => json!("a"),
            _ if may_be(property, "integer") => json!(7),
            _ if may_be(property, "number") => json!(4.5),
            _ if may_be(property, "boolean") => json!(true),
            _ => json!(["a"]),
        }
    }

    fn check<R: DeserializeOwned + Serialize>(kind: &str) {
        let properties = properties(kind);
        let described: Vec<_> = properties.keys().map(String::as_str).collect();
        let full: Map<_, _> =
            properties.iter().map(|(name, property)| (name.clone(), sample(name, property))).collect();
        let mut extended = full.clone();
        extended.insert("later".to_owned(), json!({"new": true}));
        let record: R = serde_json::from_value(extended.clone().into()).unwrap();
        // Written, the record has each field in its own place, and nothing that wasn't in the row.
        let written = serde_json::to_value(record).unwrap();
        assert_eq!(written, Value::from(extended));
        let own: Vec<_> = written.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(own, [described.as_slice(), &["later"]].concat(), "the record's fields are not the description's");
        for (name, property) in &properties {
            let with = |value: Value| {
                let mut row = full.clone();
                row.insert(name.clone(), value);
                serde_json::from_value::<R>(row.into())
            };
            assert_eq!(with(Value::Null).is_ok(), may_be(property, "null"), "{name}: null");
            let other = if may_be(property, "object") { json!(1) } else { json!({"no": "such"}) };
            assert!(with(other).is_err(), "{name} takes what the description doesn't allow");
            let mut without = full.clone();
            without.remove(name);
            assert_eq!(
                serde_json::from_value::<R>(without.into()).is_ok(),
                may_be(property, "null"),
                "{name}: left out"
            );
        }
    }

    #[test]
    fn records_have_the_types_of_the_description() {
        check::<App>("app");
        check::<Review>("reviews");
        check::<Suggestion>("suggest");
        check::<GroupPermissions>("permissions");
        check::<Availability>("availability");
        for kind in ["list", "search", "developer", "similar"] {
            check::<ChartApp>(kind);
        }
        check::<DataSafetyPage>("datasafety");
    }
}
