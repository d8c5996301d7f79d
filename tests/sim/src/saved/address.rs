//! A kind, a subject, a language and a country.

use serde_json::Value;

use crate::batch::{Call, calls};
use crate::serve::{Inquiry, pairs};

/// The kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    App,
    Search,
    Developer,
    Similar,
    DataSafety,
    Chart,
    Details,
    Reviews,
    Suggest,
    Permissions,
    OldSearch,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) kind: Kind,
    /// Nothing stands for every subject.
    subject: Option<String>,
    language: String,
    /// Nothing stands for every country.
    country: Option<String>,
}

impl Kind {
    /// The kind by the index's words; nothing for pages of errors.
    pub(crate) fn of_index(words: &str) -> Option<Self> {
        match words {
            "app" => Some(Self::App),
            "app via=rpc" => Some(Self::Details),
            "list" => Some(Self::Chart),
            "search" => Some(Self::Search),
            "search (old items)" => Some(Self::OldSearch),
            "developer" => Some(Self::Developer),
            "similar (second step)" => Some(Self::Similar),
            "datasafety" => Some(Self::DataSafety),
            "reviews" => Some(Self::Reviews),
            "suggest" => Some(Self::Suggest),
            "permissions" => Some(Self::Permissions),
            _ => None,
        }
    }
}

impl Address {
    /// The question that the index's parameters describe.
    pub(crate) fn from_params(kind: Kind, params: &str) -> Self {
        let pairs = pairs(params);
        let find = |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        let subject = match kind {
            // A cluster's link is opaque, and the old search was saved without its term.
            Kind::Similar | Kind::OldSearch => None,
            Kind::Chart => {
                Some(chart_subject(&find("collection").unwrap_or_default(), &find("category").unwrap_or_default()))
            }
            _ => find("app_id").or_else(|| find("query")).or_else(|| find("id")),
        };
        Self { kind, subject, language: find("language").unwrap_or_default(), country: find("country") }
    }

    /// The question that a request asks, if a saved page could answer it.
    pub(crate) fn of(inquiry: &Inquiry) -> Option<Self> {
        let (kind, subject) = if inquiry.post { asked_by_form(inquiry)? } else { asked_by_path(inquiry)? };
        Some(Self { kind, subject: Some(subject), language: inquiry.language(), country: Some(inquiry.country()) })
    }

    /// Whether the answer to this is one to that.
    pub(crate) fn covers(&self, asked: &Self) -> bool {
        let matches = |mine: &Option<String>, asked: &Option<String>| mine.is_none() || mine == asked;
        self.kind == asked.kind
            && self.language == asked.language
            && matches(&self.subject, &asked.subject)
            && matches(&self.country, &asked.country)
    }
}

fn chart_subject(collection: &str, category: &str) -> String {
    format!("{collection}/{category}")
}

fn asked_by_path(inquiry: &Inquiry) -> Option<(Kind, String)> {
    let (kind, param) = match inquiry.path.as_str() {
        "/store/apps/details" => (Kind::App, "id"),
        "/store/search" => (Kind::Search, "q"),
        "/store/apps/dev" | "/store/apps/developer" => (Kind::Developer, "id"),
        "/store/apps/collection/cluster" => (Kind::Similar, "gsr"),
        "/store/apps/datasafety" => (Kind::DataSafety, "id"),
        _ => return None,
    };
    Some((kind, inquiry.param(param)?.to_owned()))
}

/// Only a POST of one call has a saved answer: the body as it is.
fn asked_by_form(inquiry: &Inquiry) -> Option<(Kind, String)> {
    let calls = calls(&inquiry.form)?;
    let [call] = calls.as_slice() else { return None };
    let text = |path| call.argument.pointer(path).and_then(Value::as_str).map(str::to_owned);
    match call.rpc.as_str() {
        "vyAe2" => call.chart("", "").map(|query| (Kind::Chart, chart_subject(&query.collection, &query.category))),
        "Ws7gDc" => call.details_id().map(|id| (Kind::Details, id.to_owned())),
        "UsvDTd" if is_first_page(call) => Some((Kind::Reviews, text("/3/0")?)),
        "IJ4APc" => Some((Kind::Suggest, text("/0/1/0")?)),
        "xdSrCf" => Some((Kind::Permissions, text("/0/1/0")?)),
        "lGYRle" => Some((Kind::OldSearch, String::new())),
        _ => None,
    }
}

fn is_first_page(call: &Call) -> bool {
    call.argument.pointer("/2/2/2").is_none_or(Value::is_null)
}
