//! Each module writes one message from a catalogue entry.

mod chart;
mod cluster;
mod details;
mod item;
mod mask;
mod node;
mod offer;
mod permissions;
mod reviews;
mod safety;
mod search;
mod shapes;
mod suggestions;

pub(crate) use chart::{chart, no_chart};
pub(crate) use cluster::{Row, continuation, developer, row_page, rows};
pub(crate) use details::{details, ratings_alone};
pub(crate) use mask::{Mask, SAFETY_PAGE_FIELDS};
pub(crate) use node::{NULL, Node, list, message, nested, quoted};
pub(crate) use permissions::{no_permissions, permissions};
pub(crate) use reviews::{no_reviews, reviews};
pub(crate) use search::search;
pub(crate) use shapes::{app_key, icon, path};
pub(crate) use suggestions::suggestions;
