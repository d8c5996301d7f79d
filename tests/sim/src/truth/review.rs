//! The record of a review.

use serde_json::{Value, json};

use crate::catalogue::Review;

/// A review's record; without criteria, `criteria` is `null`.
pub(crate) fn review(review: &Review) -> Value {
    let reply = review.reply.as_ref();
    let criteria: Vec<_> =
        review.criteria.iter().map(|(name, rating)| json!({"name": name, "rating": rating})).collect();
    json!({
        "review_id": review.id,
        "user_name": review.user_name,
        "user_image": review.user_image,
        "score": review.score,
        "content": review.content,
        "created_at": review.created_at,
        "thumbs_up": review.thumbs_up,
        "reply_author": reply.map(|reply| &reply.author),
        "reply_content": reply.map(|reply| &reply.content),
        "reply_at": reply.map(|reply| reply.at),
        "app_version": review.app_version,
        "criteria": Some(criteria).filter(|criteria| !criteria.is_empty()),
    })
}
