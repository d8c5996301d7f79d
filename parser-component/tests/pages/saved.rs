//! Where are the saved pages, and what does the parser make of them?

use std::io::Write as _;
use std::path::{Path, PathBuf};

use playfast_guest::{Failure, HttpResponse, Parser as _, Query};
use playfast_play::Play;
use serde_json::Value;

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
pub(crate) const CHART: &str = "list/2026-07_topfree_GAME_en-us_vyAe2.txt";

/// A saved page; where there is none, says plainly that what needs it is skipped.
pub(crate) fn page(name: &str) -> Option<Vec<u8>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/pages");
    let folder = std::env::var_os("PLAYFAST_PAGES").map_or_else(beside, PathBuf::from);
    let page = std::fs::read(folder.join(name)).ok();
    if page.is_none() {
        // Not `println!`, which the test harness swallows where a test passes.
        let line = format!("SKIPPED: no saved page {name}; set PLAYFAST_PAGES to the folder of saved pages\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    page
}

/// What the parser says of a body that answers one query without parameters.
pub(crate) fn parse(kind: &str, body: &[u8]) -> Result<Vec<Value>, Failure> {
    let queries = [Query { kind: kind.to_owned(), ..Query::default() }];
    let response = HttpResponse { status: 200, body: body.to_vec(), ..HttpResponse::default() };
    let page = Play::parse(&queries, &response)?.remove(0)?;
    Ok(page.records.iter().map(|record| serde_json::from_str(record).unwrap()).collect())
}
