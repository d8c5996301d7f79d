//! Saved pages, and what the parser makes of them.

use playfast_guest::{Failure, HttpResponse, Parser as _, Query};
use playfast_play::Play;
use serde_json::Value;

pub(crate) use crate::pages::saved as page;

/// The modern app pages.
pub(crate) const APPS: [&str; 8] = [
    "app/2022-05_treasury_en-br.html",
    "app/2022-08_minecraft_en-us.html",
    "app/2025-10_edumarket_en_no-ratings.html",
    "app/2026-07_minecraft_en-us.html",
    "app/2026-07_translate_en-us.html",
    "app/2026-10_chrome_en-us_blocks.html",
    "app/2026-10_whatsapp_de-de_blocks.html",
    "app/2026-10_whatsapp_en-us_blocks.html",
];

pub(crate) const DETAILS: &str = "app-batch/2022-08_reliefmaps_fr_Ws7gDc.txt";
pub(crate) const DATA_SAFETY: &str = "datasafety/2026-07_translate_en.html";
pub(crate) const REVIEWS: &str = "reviews/2026-07_translate_en-us_UsvDTd_page1.txt";
pub(crate) const SUGGESTIONS: &str = "suggest/2026-07_pand_en-us_IJ4APc.txt";
pub(crate) const PERMISSIONS: &str = "permissions/2026-07_translate_en-us_xdSrCf.txt";
pub(crate) const CHART: &str = "list/2026-07_topfree_GAME_en-us_vyAe2.txt";

pub(crate) const SEARCH: &str = "search/2026-07_panda_en-us.html";
pub(crate) const OLD_SEARCH: &str = "search-batch/2022-11_search_app_fr_lGYRle.txt";
pub(crate) const DEVELOPER: &str = "developer/2026-07_google_numeric-id_en-us.html";
pub(crate) const SIMILAR: &str = "similar/2026-07_translate_cluster_en-us.html";

/// What the parser says of a body that answers one query without parameters.
pub(crate) fn parse(kind: &str, body: &[u8]) -> Result<Vec<Value>, Failure> {
    let queries = [Query { kind: kind.to_owned(), ..Query::default() }];
    let response = HttpResponse { status: 200, body: body.to_vec(), ..HttpResponse::default() };
    let page = Play::parse(&queries, &response)?.remove(0)?;
    Ok(page.records.iter().map(|record| serde_json::from_str(record).unwrap()).collect())
}
