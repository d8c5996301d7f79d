//! The records of charts and apps, for a program in Rust.
//!
//! For programs that use a host, not for the component: feature `records`. The fields are the description's, in its order, and a test holds
//! that they are. What may be `null` is an `Option`, and what a later parser gives beside is kept.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An app in a chart.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChartApp {
    /// Package name.
    pub app_id: String,
    /// Title.
    pub title: String,
    /// Developer's name.
    pub developer: Option<String>,
    /// URL of the icon.
    pub icon: Option<String>,
    /// Mean rating, 1 to 5.
    pub score: Option<f64>,
    /// Mean rating as the store shows it.
    pub score_text: Option<String>,
    /// Price in units of currency.
    pub price: Option<f64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Price as the store shows it; empty where free.
    pub price_text: Option<String>,
    /// Category's name.
    pub genre: Option<String>,
    /// Description as text.
    pub description: Option<String>,
    /// Number of installs as the store shows it.
    pub installs: Option<String>,
    /// URLs, each once.
    pub screenshots: Option<Vec<String>>,
    /// URL of a video.
    pub video: Option<String>,
    /// URL.
    pub header_image: Option<String>,
    /// Content rating's name.
    pub content_rating: Option<String>,
    /// Prices of in-app purchases.
    pub iap_range: Option<String>,
    /// Address of the app's page.
    pub url: Option<String>,
    /// What a later parser gives beside.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An app in detail.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct App {
    /// Package name.
    pub app_id: String,
    /// Title.
    pub title: String,
    /// Short description.
    pub summary: Option<String>,
    /// Description as text, translated where the store did.
    pub description: Option<String>,
    /// Description, HTML.
    pub description_html: Option<String>,
    /// Number of installs as the store shows it.
    pub installs: Option<String>,
    /// Lower bound of the number of installs.
    pub min_installs: Option<u64>,
    /// Number of installs.
    pub real_installs: Option<u64>,
    /// Mean rating, 1 to 5; 0 without ratings.
    pub score: Option<f64>,
    /// Mean rating as the store shows it.
    pub score_text: Option<String>,
    /// Number of ratings.
    pub ratings: Option<u64>,
    /// Number of reviews with text.
    pub reviews: Option<u64>,
    /// Number of ratings with one to five stars.
    pub histogram: Option<[u64; 5]>,
    /// Price in units of currency.
    pub price: Option<f64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Price as the store shows it; empty where free.
    pub price_text: Option<String>,
    /// Whether the price is 0.
    pub free: Option<bool>,
    /// Price before a discount.
    pub original_price: Option<f64>,
    /// End of a discount, Unix seconds.
    pub discount_ends_at: Option<i64>,
    /// Whether it can be had in this country.
    pub available: bool,
    /// Whether it can only be preregistered for.
    pub preregister: bool,
    /// Whether it is in early access.
    pub early_access: bool,
    /// Whether it has in-app purchases.
    pub offers_iap: bool,
    /// Prices of in-app purchases.
    pub iap_range: Option<String>,
    /// Least version of Android; null varies with the device.
    pub min_android: Option<String>,
    /// The same as API level.
    pub min_android_api: Option<u32>,
    /// Last version of Android.
    pub max_android: Option<String>,
    /// API level that it is built for.
    pub target_sdk: Option<u32>,
    /// Version; null varies with the device.
    pub version: Option<String>,
    /// Developer's name.
    pub developer: Option<String>,
    /// Number or name of the developer's page.
    pub developer_id: Option<String>,
    /// Contact.
    pub developer_email: Option<String>,
    /// URL.
    pub developer_website: Option<String>,
    /// Postal address.
    pub developer_address: Option<String>,
    /// Name of the trader.
    pub developer_legal_name: Option<String>,
    /// Contact of the trader.
    pub developer_legal_email: Option<String>,
    /// Postal address of the trader.
    pub developer_legal_address: Option<String>,
    /// Phone number of the trader.
    pub developer_legal_phone: Option<String>,
    /// Seller of record, not the developer.
    pub seller: Option<String>,
    /// URL.
    pub privacy_policy: Option<String>,
    /// Category's name.
    pub genre: Option<String>,
    /// Category.
    pub genre_id: Option<String>,
    /// Categories and tags.
    pub categories: Option<Vec<Category>>,
    /// URL of the icon.
    pub icon: Option<String>,
    /// URL.
    pub header_image: Option<String>,
    /// URLs, each once.
    pub screenshots: Option<Vec<String>>,
    /// URL of a video.
    pub video: Option<String>,
    /// URL of the video's picture.
    pub video_image: Option<String>,
    /// Content rating's name.
    pub content_rating: Option<String>,
    /// What it is rated for.
    pub content_rating_description: Option<String>,
    /// URL of the rating's badge.
    pub content_rating_icon: Option<String>,
    /// Whether it shows advertisements.
    pub contains_ads: bool,
    /// Day of release as the store shows it.
    pub released: Option<String>,
    /// Release, Unix seconds.
    pub released_at: Option<i64>,
    /// Day of the last update as the store shows it.
    pub updated: Option<String>,
    /// Last update, Unix seconds.
    pub updated_at: Option<i64>,
    /// What is new, HTML.
    pub changelog: Option<String>,
    /// Whether it is part of Play Pass.
    pub play_pass: bool,
    /// The chart that it is in, such as top paid arcade.
    pub chart_label: Option<String>,
    /// Its place there, such as #1.
    pub chart_rank: Option<String>,
    /// Permissions by group.
    pub permissions: Option<Vec<PermissionGroup>>,
    /// Data shared and collected, and practices; `None` if the record comes from the app's page, which lacks it.
    pub data_safety: Option<DataSafety>,
    /// What a later parser gives beside.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A category or a tag.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Category {
    /// Its name.
    pub name: Option<String>,
    /// Its id; a tag has none.
    pub id: Option<String>,
}

/// Permissions of one group.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PermissionGroup {
    /// Its name; `None` for permissions without a group.
    pub group: Option<String>,
    /// What they allow.
    pub permissions: Vec<String>,
}

/// What becomes of users' data.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DataSafety {
    /// What is shared with others.
    pub shared: Vec<UsedData>,
    /// What is collected.
    pub collected: Vec<UsedData>,
    /// How it is kept.
    pub practices: Vec<Practice>,
}

/// A kind of data that is shared or collected.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UsedData {
    /// Its category, such as location.
    pub r#type: Option<String>,
    /// What it is.
    pub data: Option<String>,
    /// Whether giving it is optional.
    pub optional: bool,
    /// What it is used for.
    pub purpose: Option<String>,
}

/// How data is kept.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Practice {
    /// What is done.
    pub practice: Option<String>,
    /// In more words.
    pub description: Option<String>,
}

#[cfg(test)]
mod tests {
    use playfast_guest::json::Field;
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;
    use crate::{app, list};

    fn properties(kind: &str) -> Map<String, Value> {
        let description: Value = serde_json::from_str(include_str!("description.json")).unwrap();
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
            "permissions" => json!([{"group": null, "permissions": ["a"]}]),
            "data_safety" => json!({
                "shared": [{"type": "t", "data": "d", "optional": true, "purpose": null}],
                "collected": [],
                "practices": [{"practice": "p", "description": null}],
            }),
            _ if may_be(property, "string") => json!("a"),
            _ if may_be(property, "integer") => json!(7),
            _ if may_be(property, "number") => json!(4.5),
            _ if may_be(property, "boolean") => json!(true),
            _ => json!(["a"]),
        }
    }

    fn check<R: DeserializeOwned + Serialize>(kind: &str, fields: &[Field]) {
        let properties = properties(kind);
        let described: Vec<_> = properties.keys().map(String::as_str).collect();
        let given: Vec<_> = fields.iter().map(|field| field.name).collect();
        assert_eq!(given, described, "the parser's fields are not the description's");
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
    fn records_are_the_description_and_what_the_parser_gives() {
        check::<ChartApp>("list", list::FIELDS);
        check::<App>("app", app::FIELDS);
    }
}
