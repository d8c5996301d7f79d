//! The item message, of list, search and cluster answers alike.

use super::offer::{button, offer};
use super::shapes::{app_icon, app_key, html, image, link, path};
use super::{NULL, Node, list, message};
use crate::catalogue::{App, ContentRating, Rating, Video};
use crate::dice::Dice;

/// The item message.
pub(crate) fn item(app: &App) -> Node {
    message([
        (0, app_key(&app.id)),
        (1, app_icon(&app.media.icon)),
        (2, app.media.screenshots.iter().map(image).collect()),
        (3, (&app.title).into()),
        (4, app.rating.as_ref().map_or(NULL, score)),
        (5, app.genre.name(app.language).into()),
        (8, offer(app)),
        (9, list![]),
        (10, path(&format!("/store/apps/details?id={}", app.id))),
        (11, list![token(&app.id)]),
        (12, app.media.video.as_ref().map_or(NULL, |film| list![video(film)])),
        (13, html(&app.description.html)),
        (14, (&app.developer.name).into()),
        (15, (&app.installs.text).into()),
        (17, "".into()),
        (22, app.media.header.as_ref().map_or(NULL, image)),
        (24, content_rating(&app.content, app.language.labels().learn_more)),
        (25, button(app)),
        (26, list![2]),
        (28, list![1, true, false]),
        (29, app.iap.as_ref().map_or(NULL, |range| list![range, list![false]])),
        (33, if app.play_pass { list![list![list![list!["playpass_family", 39]]], path("/store/pass")] } else { NULL }),
    ])
}

/// The item as a list holds it: with the chips below it.
pub(crate) fn listed(app: &App, changed: bool) -> Node {
    let message = item(app);
    let chips = app.tags.iter().map(|tag| list![NULL, NULL, NULL, list![&tag.name]]);
    let chip_rows = row(list![list![Node::from_iter(chips)]]);
    let empty = row(list![list![list![NULL, NULL, list![]]], list![list![NULL, NULL, NULL, NULL, NULL, list![]]]]);
    list![
        if changed { message.moved() } else { message },
        list![list![row(list![list![list![list![]]]]), chip_rows, empty]],
        0
    ]
}

fn row(content: Node) -> Node {
    list![content, NULL, NULL, NULL, list![], NULL, NULL, NULL, list![]]
}

/// `[text, number]`.
pub(crate) fn score(rating: &Rating) -> Node {
    list![&rating.text, rating.score]
}

/// The film message.
pub(crate) fn video(film: &Video) -> Node {
    let player = list![
        NULL,
        NULL,
        &film.key,
        list![NULL, NULL, &film.url],
        format!("yt:movie:{}", film.key),
        NULL,
        NULL,
        NULL,
        NULL,
        &film.ticket
    ];
    list![player, NULL, 1, list![NULL, NULL, NULL, list![NULL, NULL, &film.poster]]]
}

/// Whom the app is fit for.
pub(crate) fn content_rating(content: &ContentRating, learn_more: &str) -> Node {
    let support = "https://support.google.com/googleplay?p=appgame_ratings";
    list![
        content.label,
        image(&content.icon),
        content.description.map(html),
        html(content.interaction),
        html(&format!("<a href=\"{support}\">{learn_more}</a>")),
        false,
        NULL,
        NULL,
        link(support),
    ]
}

/// A token such as the store logs by; the same for the same app.
pub(crate) fn token(id: &str) -> String {
    format!("qgJ{}==", Dice::of(0, &["token", id]).opaque(135))
}
