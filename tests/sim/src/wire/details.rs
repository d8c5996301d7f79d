//! The details message, by slot numbers as in the store's own.
//!
//! Invariant: half of the apps have their late slots in a trailing object keyed by field number, since the real store does both.

use super::item::{content_rating, score, token, video};
use super::mask::{Mask, SAFETY_FIELD};
use super::offer::button;
use super::permissions::permissions;
use super::safety::{declaration, summary};
use super::shapes::{app_icon, app_key, html, image, link, path};
use super::{NULL, Node, list, message, node};
use crate::catalogue::{App, Availability, Image, Tag, Video};
use crate::dice::Dice;

/// The first slot that a sparse message keeps in its trailing object, as in the pages of 2025-10.
const SPARSE_FROM: usize = 103;

/// What stands in a translated description's place for the original.
const UNTRANSLATED: &str = "The text as its author wrote it.";

/// The answer of a details request: the fields of its mask.
pub(crate) fn details(app: &App, mask: &Mask, changed: bool) -> Node {
    list![list![list![]], message_with_key(app, mask, changed)]
}

/// The answer for field 52 alone, which is sparse for every app.
pub(crate) fn ratings_alone(app: &App, changed: bool) -> Node {
    list![list![list![]], with_key(app, node::sparse([(51, ratings(app))], 0), changed)]
}

/// The details message with the key of its app, as in an answer and in an exact match.
pub(super) fn message_with_key(app: &App, mask: &Mask, changed: bool) -> Node {
    let sparse = Dice::of(0, &["sparse", &app.id]).chance(0.5);
    let sparse_from = match (sparse, mask.is_short()) {
        (true, true) => 0,
        (true, false) => SPARSE_FROM,
        (false, _) => usize::MAX,
    };
    let message = details_message(app, mask, sparse_from);
    with_key(app, if changed { message.moved() } else { message }, changed)
}

fn with_key(app: &App, message: Node, changed: bool) -> Node {
    let asked = Node::Keyed(vec![(12, list![app_key(&app.id)]), (40, list![list![1, 9, 10, 52]])]);
    if changed { list![NULL, NULL, NULL, NULL, message, asked] } else { list![NULL, NULL, message, asked] }
}

fn details_message(app: &App, mask: &Mask, sparse_from: usize) -> Node {
    let (labels, developer, media) = (app.language.labels(), &app.developer, &app.media);
    mask.select(
        [
            (0, list![&app.title]),
            (8, list![0, 1, list![0]]),
            (9, content_rating(&app.content, labels.learn_more)),
            (10, app.released.as_ref().map_or(NULL, |date| list![&date.text, list![date.seconds, 825_000_000]])),
            (12, if app.translated { list![list![html(&app.description.html)]] } else { NULL }),
            (13, list![&app.installs.text, app.installs.least as i64, app.installs.real as i64, &app.installs.short]),
            (18, availability(&app.availability)),
            (19, app.iap.as_ref().map_or(NULL, |range| list![range, list![0]])),
            (37, list![&developer.seller]),
            (42, list![1, 1, 0]),
            (48, if app.contains_ads { list![NULL, labels.contains_ads] } else { NULL }),
            (51, ratings(app)),
            (57, button(app)),
            (58, app.standing.as_ref().map_or(NULL, |place| list![&place.label, list![], &place.rank])),
            (62, if app.play_pass { list![list![39]] } else { NULL }),
            (68, list![&developer.name, path(&developer.link), &developer.number]),
            (69, contact(app)),
            (72, list![html(if app.translated { UNTRANSLATED } else { &app.description.html })]),
            (73, list![html(&app.summary.html)]),
            (74, list![NULL, NULL, permissions(&app.permissions)]),
            (77, list![&app.id]),
            (78, list![media.screenshots.iter().map(image).collect::<Node>()]),
            (
                79,
                list![list![list![
                    app.genre.name(app.language),
                    path(&format!("/store/apps/category/{}", app.genre.id)),
                    app.genre.id
                ]]],
            ),
            (91, list![list![token(&app.id)], list![token(&app.title)], list![token(&developer.name)]]),
            (95, list![app_icon(&media.icon), 2]),
            (96, media.header.as_ref().map_or(NULL, |header| list![image(header)])),
            (99, developer.privacy_policy.as_ref().map_or(NULL, |target| list![link(target)])),
            (100, media.video.as_ref().map_or(NULL, |film| film_with_header(film, media.header.as_ref()))),
            (102, list![]),
            (111, list![3, NULL, NULL, NULL, NULL, NULL, 1]),
            (118, tags(&app.tags)),
            (136, if app.safety.declared { summary(app) } else { NULL }),
            (137, if mask.has(SAFETY_FIELD) && app.safety.declared { declaration(app) } else { NULL }),
            (140, versions(app)),
            (144, app.changelog.as_ref().map_or(NULL, |changes| list![NULL, html(&changes.html)])),
            (145, list![list![&app.updated.text, list![app.updated.seconds, 594_000_000]]]),
            (154, list![NULL, list![NULL, NULL, 5]]),
        ],
        sparse_from,
    )
}

/// Scores and counts; apps without ratings have zeros, or nothing at all.
fn ratings(app: &App) -> Node {
    match &app.rating {
        Some(rating) => {
            let counted = |count: u64| list![app.language.count(count), count as i64];
            let stars: Node = std::iter::once(NULL).chain(rating.histogram.map(counted)).collect();
            list![score(rating), stars, counted(rating.ratings), counted(rating.reviews), NULL, list![NULL, list![]]]
        }
        None if app.availability == Availability::Preregister => NULL,
        None => list![list!["0.0", 0], NULL, list!["0", 0], list!["0", 0], NULL, list![list![]]],
    }
}

fn availability(availability: &Availability) -> Node {
    match availability {
        Availability::Available => list![2],
        Availability::EarlyAccess => list![2, NULL, "Early access"],
        Availability::Preregister => list![1],
        // The slot is empty, so that nothing is at 18,0 (PLAY.md, section 6).
        Availability::NotInCountry => list![],
    }
}

fn contact(app: &App) -> Node {
    let developer = &app.developer;
    let legal = developer.legal.as_ref();
    message([
        (0, developer.website.as_ref().map_or(NULL, |target| link(target))),
        (1, list![&developer.email]),
        (2, developer.address.as_ref().map_or(NULL, |address| list![address])),
        (4, legal.map_or(NULL, |legal| list![&legal.name, list![&legal.email], list![&legal.address], &legal.phone])),
    ])
}

/// The genres stand in one branch, the other tags in another.
fn tags(tags: &[Tag]) -> Node {
    let (genres, others): (Vec<_>, Vec<_>) = tags.iter().partition(|tag| tag.id.is_some());
    let branch = |tags: Vec<&Tag>| list![list![tags.into_iter().map(tag).collect::<Node>()]];
    if tags.is_empty() { list![] } else { list![branch(genres), NULL, branch(others)] }
}

fn tag(tag: &Tag) -> Node {
    let target = tag
        .id
        .map_or_else(|| format!("/store/search?q={}&c=apps", tag.name), |id| format!("/store/apps/category/{id}"));
    list![&tag.name, path(&target), tag.id, &tag.topic]
}

fn film_with_header(film: &Video, header: Option<&Image>) -> Node {
    let Node::List(mut parts) = video(film) else { return NULL };
    parts.truncate(1);
    let poster = list![NULL, 2, NULL, list![NULL, NULL, &film.poster]];
    list![parts, list![header.map_or(poster, image)]]
}

fn versions(app: &App) -> Node {
    let versions = &app.versions;
    let least = versions.least.map(|(api, name)| list![api, name]);
    let most = versions.most.map(|name| list![34, name]);
    let range = list![list![least, most]];
    let target = versions.target.map(|api| list![list![api]]);
    list![versions.name.as_ref().map(|name| list![list![name]]), list![target, range]]
}
