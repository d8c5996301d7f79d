//! Images, links, labels and tokens, each written in one place.

use super::{NULL, Node, list, message};
use crate::catalogue::Image;

/// `[id, 7]`: an app's key; 7 is the document type.
pub(crate) fn app_key(id: &str) -> Node {
    list![id, 7]
}

/// An image with its size, and its colour when known.
pub(crate) fn image(image: &Image) -> Node {
    message([
        (1, 2.into()),
        (2, list![image.height, image.width]),
        (3, list![NULL, NULL, &image.url]),
        (5, image.colour.map_or(NULL, colour)),
    ])
}

/// An app's own icon, which says where it comes from in a ninth slot.
pub(crate) fn app_icon(picture: &Image) -> Node {
    message([
        (1, 2.into()),
        (2, list![picture.height, picture.width]),
        (3, list![NULL, NULL, &picture.url]),
        (5, picture.colour.map_or(NULL, colour)),
        (9, 2.into()),
    ])
}

/// A small picture of the store's own, without a size.
pub(crate) fn icon(url: &str) -> Node {
    list![NULL, 2, NULL, list![NULL, NULL, url]]
}

fn colour([red, green, blue]: [u8; 3]) -> Node {
    list![i64::from(red), i64::from(green), i64::from(blue), 255]
}

/// A link within the store.
pub(crate) fn path(target: &str) -> Node {
    list![NULL, NULL, NULL, NULL, list![NULL, NULL, target]]
}

/// A link that leaves the store.
pub(crate) fn link(target: &str) -> Node {
    list![NULL, NULL, NULL, NULL, NULL, list![NULL, NULL, target]]
}

/// A text that may hold markup.
pub(crate) fn html(text: &str) -> Node {
    list![NULL, text]
}
