//! The offer message, the same in list items and in details.

use super::shapes::link;
use super::{NULL, Node, list, message};
use crate::catalogue::{App, Discount};

/// The offer: amount in micros with currency and text, the action's label, and a reduced price's end.
pub(crate) fn offer(app: &App) -> Node {
    let (offer, buy) = (&app.offer, app.language.labels().buy);
    let original = offer.discount.as_ref().map_or(NULL, |cut| original(cut, offer.currency));
    message([
        (1, message([(0, list![offer.micros, offer.currency, &offer.text]), (1, original)])),
        (3, list![NULL, buy]),
        (5, if offer.micros == 0 { 1 } else { 2 }.into()),
        (6, link(&purchase_link(&app.id))),
        (8, list!["CAE="]),
        (14, offer.discount.as_ref().map_or(NULL, |cut| list![NULL, cut.ends_at])),
        (16, list![]),
    ])
}

/// The offer within the button that leads to it.
pub(crate) fn button(app: &App) -> Node {
    let labels = app.language.labels();
    let text =
        if app.offer.micros == 0 { labels.install.to_owned() } else { format!("{} {}", app.offer.text, labels.buy) };
    list![list![list![list![offer(app)], list![text], NULL, list!["CgYKBENBRT0="]]]]
}

fn original(cut: &Discount, currency: &str) -> Node {
    list![cut.original_micros, currency, &cut.original_text]
}

fn purchase_link(id: &str) -> String {
    format!("https://play.google.com/store/apps/details?id={id}&rdid={id}&feature=md&offerId")
}
