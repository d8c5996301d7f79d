//! Much chrome, and near the end the blocks of data.

mod blocks;
mod chrome;
mod data_page;
mod filler;

use std::sync::Arc;

use crate::body::{Content, Part};
use crate::catalogue::{App, encode};
use crate::config::Layout;
use crate::wire::Node;

pub(crate) use chrome::Chrome;
pub(crate) use data_page::{DataPage, data_page};

/// The page of an app: `rows` are those of other apps.
pub(crate) fn app_page(chrome: &Chrome, seed: u64, app: &App, rows: Node, language: &str, layout: Layout) -> Content {
    let blocks = blocks::blocks(seed, app, rows, layout);
    let mut content = Content::from(format!("<!doctype html><html lang=\"{}\" dir=\"ltr\"><head>", encode(language)));
    content.part(chrome.head());
    content.part(&Part::new(own_head(app, &blocks)));
    content.part(chrome.body());
    content.part(&Part::new(own_body(seed, app, &blocks)));
    content
}

/// Everything an app adds to its page weighs about this much in a cache; the chrome is shared.
pub(crate) fn own_weight(content: &Content, chrome: &Chrome) -> usize {
    content.len().saturating_sub(chrome.len())
}

/// Title, links to other languages, and the requests that the blocks answer.
fn own_head(app: &App, blocks: &[blocks::Block]) -> String {
    let title = encode(&app.title);
    let mut out = format!(
        "<title id=\"main-title\">{title} - Apps on Google Play</title><meta name=\"description\" content=\"{}\">",
        app.summary.html
    );
    out.push_str(&chrome::alternates(&app.id));
    out.push_str("<script nonce=\"c2ltdWxhdGVk\">");
    blocks::write_requests(&mut out, blocks);
    out.push_str(chrome::CALLBACKS);
    out.push_str("</script></head>");
    out
}

/// The structured data, the page's own values and the blocks.
fn own_body(seed: u64, app: &App, blocks: &[blocks::Block]) -> String {
    let mut out = String::with_capacity(160_000);
    out.push_str(&chrome::structured_data(app));
    out.push_str(&chrome::values(seed, app));
    blocks::write(&mut out, blocks);
    out.push_str(chrome::END);
    out
}

/// A shared part of static text.
fn shared(text: String) -> Arc<Part> {
    Part::new(text)
}
