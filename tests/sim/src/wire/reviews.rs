//! The answer to a call for reviews: the page and the token of the next.

use super::shapes::icon;
use super::{NULL, Node, list, message};
use crate::catalogue::Review;

/// The answer with these reviews; the last page has no token.
pub(crate) fn reviews(reviews: &[Review], token: Option<&str>, changed: bool) -> String {
    let messages: Node = reviews
        .iter()
        .map(|review| if changed { review_message(review).moved() } else { review_message(review) })
        .collect();
    let limits = list![list![NULL, list![list![600], NULL, list![3_600]]]];
    match token {
        Some(token) => list![messages, list![NULL, token], limits].json(),
        None => list![messages, NULL, limits].json(),
    }
}

/// The answer for an app that doesn't exist or has no reviews; the store tells neither from the other.
pub(crate) fn no_reviews() -> String {
    list![].json()
}

/// A review: ten to seventeen slots, since absent ones at the end are left out.
fn review_message(review: &Review) -> Node {
    let picture = || icon(&review.user_image);
    let user = list![&review.user_number, &review.user_name, NULL, list![picture(), true], picture()];
    let reply =
        review.reply.as_ref().map_or(NULL, |reply| list![&reply.author, &reply.content, list![reply.at, 120_000_000]]);
    let criteria: Vec<_> = review.criteria.iter().map(|(name, rating)| list![*name, list![*rating]]).collect();
    message([
        (0, (&review.id).into()),
        (1, list![&review.user_name, picture()]),
        (2, review.score.into()),
        (4, review.content.as_ref().map_or(NULL, Node::from)),
        (5, list![review.created_at, 250_000_000]),
        (6, review.thumbs_up.into()),
        (7, reply),
        (9, user),
        (10, review.app_version.as_ref().map_or(NULL, Node::from)),
        (12, if criteria.is_empty() { NULL } else { list![criteria] }),
        (16, if review.thumbs_up > 0 { 1.into() } else { NULL }),
    ])
}
