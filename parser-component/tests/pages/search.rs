//! Searches: every field of their pages, exact matches, notes, and what is no result.

use playfast_guest::FailureKind::{LayoutChanged, Unavailable};
use playfast_guest::{Page, Query};
use serde_json::{Value, json};

use crate::built::{block, page as built, page_of, query, records, shuffled};
use crate::damage::{Numbers, damaged};
use crate::fields::{item, same, same_and_no_more};
use crate::oracle::{at, in_a_frame, in_a_page, payload};
use crate::saved::{OLD_SEARCH, SEARCH, page, parse};
use crate::sparse::sparsely;

const RPC: &str = "lGYRle";

fn search() -> Query {
    query("search", &[("term", "panda"), ("num", "30")])
}

fn is_results(message: &Value) -> bool {
    at(message, &[0, 1, 1, 22, 0]).is_array()
}

/// The page's message, if the page is there.
fn message() -> Option<Value> {
    page(SEARCH).map(|body| block(&body, is_results))
}

fn results(sections: &[Value]) -> Page {
    page_of(&search(), &built(&[(RPC, &json!([[null, sections], []]))])).unwrap()
}

fn ids(page: &Page) -> Vec<String> {
    records(page).iter().map(|record| record["app_id"].as_str().unwrap().to_owned()).collect()
}

/// A section with items of these ids.
fn items(ids: &[&str]) -> Value {
    let item = |id: &&str| json!([[[*id, 7], null, null, id.to_uppercase()]]);
    json!([{"4": ["token"], "23": [ids.iter().map(item).collect::<Value>(), [""]]}])
}

fn card(id: &str) -> Value {
    json!([{"4": ["token"], "24": [{"17": [null, null, [["A card"]], {"12": [[id, 7]]}]}]}])
}

#[test]
fn a_search_is_what_its_page_holds() {
    let Some(body) = page(SEARCH) else { return };
    let (message, found) = (block(&body, is_results), page_of(&search(), &body).unwrap());
    let rows = records(&found);
    assert_eq!(rows.len(), 20, "the exact match and 19 items");
    let entries = at(&message, &[0, 1, 1, 22, 0]);
    for (row, entry) in rows[1..].iter().zip(entries.as_array().unwrap()) {
        same_and_no_more(SEARCH, row, &item(&entry[0]));
    }
    assert_eq!(found.notes, ["the store gave 20 of the 30 apps asked for, and continues no search"]);
    assert_eq!(found.next, None);
}

#[test]
fn the_exact_match_comes_first_with_what_its_card_holds() {
    let Some(body) = page(SEARCH) else { return };
    let card = at(&block(&body, is_results), &[0, 1, 0, 23]);
    let details = at(&card, &[16, 2]);
    let path = at(&card, &[17, 0, 0, 4, 2]);
    let oracle = json!({
        "app_id": at(&card, &[16, 11, 0, 0]),
        "title": at(&details, &[0, 0]),
        "developer": at(&details, &[68, 0]),
        "icon": at(&details, &[95, 0, 3, 2]),
        "score": at(&details, &[51, 0, 1]),
        "score_text": at(&details, &[51, 0, 0]),
        "price": 0.0,
        "currency": at(&card, &[17, 0, 2, 0, 1, 0, 1]),
        "price_text": at(&card, &[17, 0, 2, 0, 1, 0, 2]),
        "genre": at(&details, &[79, 0, 0, 0]),
        "installs": at(&details, &[13, 0]),
        "video": null,
        "header_image": at(&details, &[96, 0, 3, 2]),
        "content_rating": at(&details, &[9, 0]),
        "iap_range": null,
        "url": format!("https://play.google.com{}", path.as_str().unwrap()),
    });
    let row = parse("search", &body).unwrap().remove(0);
    same("the card", &row, &oracle);
    assert_eq!((row["app_id"].as_str(), row["currency"].as_str()), (Some("com.pandaexpress.app"), Some("USD")));
    assert!(row["description"].as_str().unwrap().starts_with("Good Fortune Awaits"));
    assert!(row["screenshots"].as_array().unwrap().len() > 2);
}

#[test]
fn an_exact_match_is_first_and_once_wherever_its_section_is() {
    let wanted = ["c.d", "a.b", "e.f"];
    for sections in [
        vec![card("c.d"), items(&["a.b", "c.d", "e.f"])],
        vec![items(&["a.b", "c.d", "e.f"]), card("c.d")],
        vec![items(&["a.b"]), card("c.d"), items(&["c.d", "e.f"])],
        vec![card("c.d"), card("c.d"), items(&["a.b", "e.f"])],
    ] {
        assert_eq!(ids(&results(&sections)), wanted);
    }
}

#[test]
fn a_paid_match_has_its_price_in_either_place() {
    let price = json!([[null, null, [[null, [[4_990_000, "EUR", "4,99 €"]]]]]]);
    let mut section = card("a.b");
    section[0]["24"][0]["18"] = price.clone();
    let mut of_details = card("a.b");
    of_details[0]["24"][0]["17"][2] = json!([["A card"], {"58": [[[[[null, [[4_990_000, "EUR", "4,99 €"]]]]]]]}]);
    for section in [section, of_details] {
        let record = records(&results(&[section])).remove(0);
        assert_eq!(record["price"], 4.99, "{record}");
        assert_eq!((record["currency"].as_str(), record["price_text"].as_str()), (Some("EUR"), Some("4,99 €")));
    }
}

#[test]
fn old_items_have_what_they_hold() {
    let Some(body) = page(OLD_SEARCH) else { return };
    let message = payload(std::str::from_utf8(&body).unwrap(), RPC);
    let rows = parse("search", &body).unwrap();
    let entries = at(&message, &[0, 1, 0, 0, 0]);
    let entries = entries.as_array().unwrap();
    assert_eq!((rows.len(), entries.len()), (50, 50));
    for (row, entry) in rows.iter().zip(entries) {
        let path = at(entry, &[9, 4, 2]);
        let oracle = json!({
            "app_id": at(entry, &[12, 0]),
            "title": at(entry, &[2]),
            "developer": at(entry, &[4, 0, 0, 0]),
            "icon": at(entry, &[1, 1, 0, 3, 2]),
            "score": at(entry, &[6, 0, 2, 1, 1]),
            "score_text": at(entry, &[6, 0, 2, 1, 0]),
            "price": null,
            "price_text": at(entry, &[7, 0, 3, 2, 1, 0, 2]),
            "screenshots": null,
            "description": null,
            "url": format!("https://play.google.com{}", path.as_str().unwrap()),
        });
        same(OLD_SEARCH, row, &oracle);
        assert_eq!(row.as_object().unwrap().len(), 18);
    }
    assert!(rows.iter().filter(|row| row["score"].is_f64()).count() > 40);
}

#[test]
fn a_search_is_the_same_in_any_order_and_writing() {
    let Some(body) = page(SEARCH) else { return };
    let whole = parse("search", &body).unwrap();
    for shuffled in shuffled(&body, is_results) {
        assert_eq!(parse("search", &shuffled).unwrap(), whole);
    }
    let message = block(&body, is_results);
    let mut numbers = Numbers(23);
    for round in 0..10 {
        let sparse = sparsely(&message, &mut numbers);
        for body in [in_a_page(&sparse), built(&[(RPC, &sparse)]), in_a_frame(RPC, &sparse)] {
            assert_eq!(parse("search", &body).unwrap(), whole, "round {round}");
        }
    }
    let mut reversed = message;
    reversed[0][1].as_array_mut().unwrap().reverse();
    assert_eq!(parse("search", &in_a_page(&reversed)).unwrap(), whole);
}

#[test]
fn what_the_store_says_before_the_items_is_a_note() {
    let correction = json!([{"4": ["token"], "21": [[null, "Showing results for <b>panda &amp; co</b>"], "panda"]}]);
    let japanese = json!([{"4": ["a token"], "30": [[[null, "パンダの検索結果"]]]}]);
    let notice = json!([{"4": ["token"], "27": [[null, "About these results"], "https://support.google.com/x y"]}]);
    let found = results(&[correction, japanese, card("a.b"), items(&["c.d"]), notice]);
    assert_eq!(ids(&found), ["a.b", "c.d"]);
    assert_eq!(
        found.notes,
        [
            "the store says: Showing results for panda & co",
            "the store says: パンダの検索結果",
            "the store gave 2 of the 30 apps asked for, and continues no search",
        ]
    );
}

#[test]
fn no_results_are_an_answer() {
    let text = json!([{"4": ["token"], "20": [[null, "We couldn't find anything"]]}]);
    for message in [
        json!([[null, null], []]),
        json!([[null, []]]),
        json!([[null, [[]]], ["token"]]),
        json!([[null, [{"23": [[], [""]]}], null, []]]),
        json!([[null, [text], null, []]]),
        json!([]),
    ] {
        let found = page_of(&search(), &built(&[("Qu3lde", &json!([["x"]])), (RPC, &message)])).unwrap();
        assert_eq!((found.records.len(), found.next), (0, None), "{message}");
        assert!(found.notes.iter().any(|note| note == "the store finds no apps for this term"), "{message}");
    }
}

#[test]
fn an_empty_block_hides_no_results() {
    let (empty, full) = (json!([[null, null], []]), json!([[null, [items(&["a.b"])]]]));
    for blocks in [[(RPC, &empty), (RPC, &full)], [(RPC, &full), (RPC, &empty)], [(RPC, &empty), ("Other", &full)]] {
        assert_eq!(ids(&page_of(&search(), &built(&blocks)).unwrap()), ["a.b"]);
    }
}

#[test]
fn results_that_are_elsewhere_are_another_layout() {
    let Some(message) = message() else { return };
    let moves: [fn(&mut Value); 5] = [
        |found| {
            for section in found[0][1].as_array_mut().unwrap() {
                let moved = [json!(null), json!(null)].into_iter().chain(section.as_array().unwrap().clone());
                *section = moved.collect();
            }
        },
        |found| found[0][2] = found[0][1].take(),
        |found| found[1] = found[0].take(),
        |found| found[0][1] = json!([[{"31": at(&found[0][1][1], &[22])}]]),
        |found| {
            let mut list = at(&found[0][1][1], &[22]);
            for entry in list[0].as_array_mut().unwrap() {
                let message = entry[0].take();
                entry[0] = [json!(null), json!(null)].into_iter().chain(message.as_array().unwrap().clone()).collect();
            }
            found[0][1] = json!([[{"23": list}]]);
        },
    ];
    for (number, shift) in moves.iter().enumerate() {
        let mut moved = message.clone();
        shift(&mut moved);
        for body in [built(&[(RPC, &moved)]), in_a_page(&moved), in_a_frame(RPC, &moved)] {
            assert_eq!(page_of(&search(), &body).unwrap_err().kind, LayoutChanged, "{number}");
        }
    }
}

#[test]
fn sections_with_further_apps_are_told_of() {
    let row = json!([{"4": ["token"], "22": [[[["x.y", 7], null, null, "X", {"11": [null, null, null, null, [null, null, "/store/apps/details?id=x.y"]]}]]]}]);
    let found = results(&[items(&["a.b"]), row]);
    assert_eq!(ids(&found), ["a.b"]);
    assert_eq!(found.notes.last().unwrap(), "1 further sections with apps were left out");
}

#[test]
fn what_is_no_app_is_no_result() {
    let book = json!([[["a-book", 1], null, null, "A book"]]);
    let mut mixed = items(&["a.b"]);
    mixed[0]["23"][0].as_array_mut().unwrap().push(book.clone());
    let found = results(&[mixed]);
    assert_eq!(ids(&found), ["a.b"]);
    assert_eq!(found.notes.last().unwrap(), "1 entries that are no apps were left out");
    let books = json!([[null, [[{"23": [[book], [""]]}]]]]);
    assert_eq!(page_of(&search(), &built(&[(RPC, &books)])).unwrap_err().kind, LayoutChanged);
}

#[test]
fn cut_or_damaged_searches_are_failures_or_answers() {
    let Some(body) = page(SEARCH) else { return };
    let whole = parse("search", &body).unwrap();
    for cut in (0..200).map(|step| 20 + (body.len() - 20) * step / 200) {
        match parse("search", &body[..cut]) {
            Ok(records) => assert_eq!(records, whole, "cut at {cut}"),
            Err(failure) => assert_eq!(failure.kind, Unavailable, "cut at {cut}: {failure}"),
        }
    }
    let message = block(&body, is_results);
    let mut numbers = Numbers(29);
    for _ in 0..200 {
        let harmed = damaged(&in_a_page(&message), &mut numbers, Numbers::below);
        if let Ok(records) = parse("search", &harmed) {
            assert!(records.iter().all(|record| record["app_id"].is_string() && record["title"].is_string()));
        }
    }
}
