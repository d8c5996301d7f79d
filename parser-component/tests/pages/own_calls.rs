//! What saved pages of apps ask for themselves, next to what the parser asks.

use playfast_guest::{HttpResponse, Parser as _, Query};
use playfast_play::Play;

use crate::saved::page;

/// The notes on an app's saved page.
fn notes(name: &str) -> Option<Vec<String>> {
    let queries = [Query { kind: "app".to_owned(), ..Query::default() }];
    let response = HttpResponse { status: 200, body: page(name)?, ..HttpResponse::default() };
    Some(Play::parse(&queries, &response).unwrap().remove(0).unwrap().notes)
}

#[test]
fn pages_of_today_ask_as_the_parser_does() {
    for name in ["2026-07_minecraft_en-us", "2026-07_translate_en-us", "2026-10_whatsapp_en-us_blocks"] {
        let Some(notes) = notes(&format!("app/{name}.html")) else { return };
        assert!(notes.is_empty(), "{name}: {notes:?}");
    }
}

#[test]
fn older_pages_ask_otherwise() {
    for (name, told) in [
        ("2025-10_edumarket_en_no-ratings", "the page's own call leaves out 140, 183, 193"),
        ("2022-08_minecraft_en-us", "the page's own call asks for the fields 45, which ours doesn't, leaves out 13 ("),
    ] {
        let Some(notes) = notes(&format!("app/{name}.html")) else { return };
        assert!(notes.len() == 1 && notes[0].starts_with(told), "{name}: {notes:?}");
    }
}
