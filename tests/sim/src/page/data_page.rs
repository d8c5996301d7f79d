//! Pages other than an app's: the same chrome, and few blocks.

use super::blocks::{self, Exchange, page_blocks};
use super::chrome::{self, Chrome};
use crate::body::{Content, Part};
use crate::catalogue::encode;
use crate::dice::Dice;

/// What a page is about.
#[derive(Debug)]
pub(crate) struct DataPage<'a> {
    /// What the numbers of the blocks follow from, with the seed.
    pub(crate) subject: &'a str,
    pub(crate) title: &'a str,
    pub(crate) language: &'a str,
    /// The blocks that no other page has.
    pub(crate) own: Vec<Exchange>,
}

/// The page.
pub(crate) fn data_page(chrome: &Chrome, seed: u64, page: DataPage<'_>) -> Content {
    let blocks = page_blocks(&mut Dice::of(seed, &["page", page.subject]), page.own);
    let mut head = format!(
        "<title id=\"main-title\">{} - Apps on Google Play</title><script nonce=\"c2ltdWxhdGVk\">",
        encode(page.title)
    );
    blocks::write_requests(&mut head, &blocks);
    head.push_str(chrome::CALLBACKS);
    head.push_str("</script></head>");
    let mut body = String::with_capacity(100_000);
    blocks::write(&mut body, &blocks);
    body.push_str(chrome::END);
    let mut content =
        Content::from(format!("<!doctype html><html lang=\"{}\" dir=\"ltr\"><head>", encode(page.language)));
    content.part(chrome.head());
    content.part(&Part::new(head));
    content.part(chrome.body());
    content.part(&Part::new(body));
    content
}
