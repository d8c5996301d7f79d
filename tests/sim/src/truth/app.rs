//! The records of list items and of apps.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::catalogue::{App, Availability, DataType, Offer, PermissionGroup, Rating};

/// A list item's record.
pub(crate) fn item(app: &App) -> Value {
    let media = &app.media;
    json!({
        "app_id": app.id,
        "title": app.title,
        "developer": app.developer.name,
        "icon": media.icon.url,
        "score": app.rating.as_ref().map(|rating| rating.score),
        "score_text": app.rating.as_ref().map(|rating| &rating.text),
        "price": units(app.offer.micros),
        "currency": app.offer.currency,
        "price_text": app.offer.text,
        "genre": app.genre.name(app.language),
        "description": app.description.text,
        "installs": app.installs.text,
        "screenshots": screenshots(app),
        "video": media.video.as_ref().map(|film| &film.url),
        "header_image": media.header.as_ref().map(|image| &image.url),
        "content_rating": app.content.label,
        "iap_range": app.iap,
        "url": format!("https://play.google.com/store/apps/details?id={}", app.id),
    })
}

/// The record of an exact match: it is read from a details message, in which an app without ratings has zeros.
pub(crate) fn card(app: &App) -> Value {
    let of_details = object(numbers(app)).into_iter().flatten().filter(|(name, _)| name.starts_with("score"));
    object(item(app)).into_iter().flatten().chain(of_details).collect()
}

/// The record of a page on data safety; without a declaration its lists are `null`, while empty ones declare that there is nothing.
pub(crate) fn data_safety_page(app: &App) -> Value {
    let policy = json!({"privacy_policy": app.developer.privacy_policy});
    let declaration = if app.safety.declared {
        data_safety(app)
    } else {
        json!({"shared": null, "collected": null, "practices": null})
    };
    [declaration, policy].into_iter().filter_map(object).flatten().collect()
}

/// An app's record, as its page gives it: without `data_safety`, which pages don't ask for.
pub(crate) fn details(app: &App) -> Value {
    let parts = [
        identity(app),
        numbers(app),
        offer(&app.offer),
        availability(app),
        versions(app),
        developer(app),
        shelf(app),
        looks(app),
        dates(app),
    ];
    parts.into_iter().filter_map(object).flatten().collect()
}

/// What a details request adds that asks for field 138.
pub(crate) fn data_safety(app: &App) -> Value {
    let safety = &app.safety;
    let practices: Vec<_> =
        safety.practices.iter().map(|practice| json!({"practice": practice, "description": practice})).collect();
    json!({"shared": data_types(&safety.shared), "collected": data_types(&safety.collected), "practices": practices})
}

/// Whether an app can be had; none has a page.
pub(crate) fn availability_status(app: Option<&App>) -> &'static str {
    match app.map(|app| &app.availability) {
        None => "no-listing",
        Some(Availability::NotInCountry) => "not-in-country",
        Some(Availability::Preregister) => "preregister",
        Some(Availability::Available | Availability::EarlyAccess) => "available",
    }
}

fn object(value: Value) -> Option<serde_json::Map<String, Value>> {
    if let Value::Object(map) = value { Some(map) } else { None }
}

fn identity(app: &App) -> Value {
    json!({
        "app_id": app.id,
        "title": app.title,
        "summary": app.summary.text,
        "description": app.description.text,
        "description_html": app.description.html,
    })
}

fn numbers(app: &App) -> Value {
    let unrated = app.availability != Availability::Preregister;
    let rating = app.rating.as_ref();
    let count = |of: fn(&Rating) -> u64| rating.map(of).or(unrated.then_some(0));
    json!({
        "installs": app.installs.text,
        "min_installs": app.installs.least,
        "real_installs": app.installs.real,
        "score": rating.map(|rating| rating.score).or(unrated.then_some(0.0)),
        "score_text": rating.map(|rating| rating.text.as_str()).or(unrated.then_some("0.0")),
        "ratings": count(|rating| rating.ratings),
        "reviews": count(|rating| rating.reviews),
        "histogram": rating.map(|rating| rating.histogram),
    })
}

fn offer(offer: &Offer) -> Value {
    let discount = offer.discount.as_ref();
    json!({
        "price": units(offer.micros),
        "currency": offer.currency,
        "price_text": offer.text,
        "free": offer.micros == 0,
        "original_price": discount.map(|cut| units(cut.original_micros)),
        "discount_ends_at": discount.map(|cut| cut.ends_at),
    })
}

fn availability(app: &App) -> Value {
    json!({
        "available": app.availability != Availability::NotInCountry,
        "preregister": app.availability == Availability::Preregister,
        "early_access": app.availability == Availability::EarlyAccess,
        "offers_iap": app.iap.is_some(),
        "iap_range": app.iap,
        "contains_ads": app.contains_ads,
        "play_pass": app.play_pass,
        "permissions": permissions(app),
        "data_safety": null,
    })
}

fn versions(app: &App) -> Value {
    let versions = &app.versions;
    json!({
        "min_android": versions.least.map(|(_, name)| name),
        "min_android_api": versions.least.map(|(api, _)| api),
        "max_android": versions.most,
        "target_sdk": versions.target,
        "version": versions.name,
    })
}

fn developer(app: &App) -> Value {
    let developer = &app.developer;
    let legal = developer.legal.as_ref();
    json!({
        "developer": developer.name,
        "developer_id": developer.id,
        "developer_email": developer.email,
        "developer_website": developer.website,
        "developer_address": developer.address,
        "developer_legal_name": legal.map(|legal| &legal.name),
        "developer_legal_email": legal.map(|legal| &legal.email),
        "developer_legal_address": legal.map(|legal| &legal.address),
        "developer_legal_phone": legal.map(|legal| &legal.phone),
        "seller": developer.seller,
        "privacy_policy": developer.privacy_policy,
    })
}

fn shelf(app: &App) -> Value {
    let genre = app.genre.name(app.language);
    let tags: Vec<_> = app.tags.iter().map(|tag| json!({"name": tag.name, "id": tag.id})).collect();
    let standing = app.standing.as_ref();
    json!({
        "genre": genre,
        "genre_id": app.genre.id,
        "categories": if tags.is_empty() { vec![json!({"name": genre, "id": app.genre.id})] } else { tags },
        "chart_label": standing.map(|place| &place.label),
        "chart_rank": standing.map(|place| &place.rank),
    })
}

fn looks(app: &App) -> Value {
    let (media, content) = (&app.media, &app.content);
    let header = media.header.as_ref().map(|image| &image.url);
    json!({
        "icon": media.icon.url,
        "header_image": header,
        "screenshots": screenshots(app),
        "video": media.video.as_ref().map(|film| &film.url),
        "video_image": media.video.as_ref().map(|film| header.unwrap_or(&film.poster)),
        "content_rating": content.label,
        "content_rating_description": content.description,
        "content_rating_icon": content.icon.url,
    })
}

fn dates(app: &App) -> Value {
    let released = app.released.as_ref();
    json!({
        "released": released.map(|date| &date.text),
        "released_at": released.map(|date| date.seconds),
        "updated": app.updated.text,
        "updated_at": app.updated.seconds,
        "changelog": app.changelog.as_ref().map(|changes| &changes.html),
    })
}

/// Each once: the wire repeats those that are the same for several kinds of devices.
fn screenshots(app: &App) -> Vec<&str> {
    let mut seen = HashSet::new();
    app.media.screenshots.iter().map(|image| image.url.as_str()).filter(|url| seen.insert(*url)).collect()
}

/// An app's groups of permissions, a record each.
pub(crate) fn permissions(app: &App) -> Vec<Value> {
    let all = &app.permissions;
    let group = |group: &PermissionGroup| json!({"group": group.name, "permissions": group.permissions});
    let mut records: Vec<_> = all.groups.iter().chain(&all.other).map(group).collect();
    if !all.ungrouped.is_empty() {
        records.push(json!({"group": null, "permissions": all.ungrouped}));
    }
    records
}

fn data_types(types: &[DataType]) -> Vec<Value> {
    let uses = |kind: &DataType| -> Vec<Value> {
        let group = kind.group;
        kind.uses.iter().map(|usage| json!({"type": group, "data": usage.data, "optional": usage.optional, "purpose": usage.purpose})).collect()
    };
    types.iter().flat_map(uses).collect()
}

/// Millionths as units.
fn units(micros: i64) -> f64 {
    micros as f64 / 1e6
}
