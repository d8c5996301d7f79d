//! A developer's apps and similar ones: their pages, the link from an app's page, and what continues them.

use playfast_guest::FailureKind::{LayoutChanged, NotFound, Unavailable};
use playfast_guest::{Failure, HttpResponse, Page, Parser as _, Query};
use playfast_play::Play;
use serde_json::{Value, json};

use crate::built::{block, continued, page as built, page_of, query, records, shuffled};
use crate::damage::{Numbers, damaged};
use crate::fields::{item, same_and_no_more};
use crate::oracle::{app_block, at, blocks, in_a_frame, in_a_page};
use crate::saved::{APPS, DEVELOPER, OLD_SEARCH, SEARCH, SIMILAR, page};
use crate::sparse::sparsely;

const LINK: &str = "/store/apps/collection/cluster?gsr=SnFq%3D%3D:S:ANO1ljIWKIw";
const TOKEN: &str = "YrUBSkAK-_w:S:ANO1ljIWKIw";

fn developer() -> Query {
    query("developer", &[("developer_id", "5700313618786177705")])
}

fn similar() -> Query {
    query("similar", &[("app_id", "com.google.android.apps.translate")])
}

fn has_cluster(message: &Value) -> bool {
    at(message, &[0, 1, 0, 21, 0]).is_array()
}

/// The saved pages of clusters, with the queries that they answer.
fn saved() -> [(Query, &'static str, usize); 2] {
    [(developer(), DEVELOPER, 10), (continued(&similar(), LINK), SIMILAR, 50)]
}

/// An item with little in it.
fn small(id: &str) -> Value {
    json!([[id, 7], null, null, id.to_uppercase()])
}

/// The page of a cluster whose group stands in this slot.
fn cluster(slot: usize, items: &Value, link: &str, token: &Value) -> Value {
    let header = json!(["A title", null, [null, null, null, null, [null, null, link]], token]);
    let group = json!({(slot + 1).to_string(): [items, header]});
    json!([[null, [[null, null, null, ["token"], group]], null, [], 1]])
}

fn ids(page: &Page) -> Vec<String> {
    records(page).iter().map(|record| record["app_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn clusters_are_what_their_pages_hold() {
    for (query, name, count) in saved() {
        let Some(body) = page(name) else { return };
        let (message, found) = (block(&body, has_cluster), page_of(&query, &body).unwrap());
        let rows = records(&found);
        assert_eq!(rows.len(), count, "{name}");
        let entries = at(&message, &[0, 1, 0, 21, 0]);
        for (row, entry) in rows.iter().zip(entries.as_array().unwrap()) {
            same_and_no_more(name, row, &item(entry));
        }
        assert_eq!(found.next.as_deref(), at(&message, &[0, 1, 0, 21, 1, 3, 1]).as_str(), "{name}");
        assert!(found.next.is_some() && found.notes.is_empty(), "{name}");
        assert!(Play::request(&[continued(&query, found.next.as_deref().unwrap())], 1).refused.is_empty(), "{name}");
    }
}

#[test]
fn clusters_are_the_same_in_any_order_and_writing() {
    for (query, name, _) in saved() {
        let Some(body) = page(name) else { return };
        let whole = page_of(&query, &body).unwrap();
        for shuffled in shuffled(&body, has_cluster) {
            assert_eq!(page_of(&query, &shuffled).unwrap(), whole, "{name}");
        }
        let message = block(&body, has_cluster);
        let mut numbers = Numbers(41);
        for round in 0..5 {
            let sparse = sparsely(&message, &mut numbers);
            assert_eq!(page_of(&query, &in_a_page(&sparse)).unwrap(), whole, "{name}, round {round}");
        }
    }
}

#[test]
fn a_named_developers_items_are_in_arrays_of_one() {
    let query = query("developer", &[("developer_id", "Waze")]);
    let items = json!([[small("a.b")], [small("c.d")]]);
    for rpc in ["MRTdke", "AnyRpc"] {
        let message = cluster(22, &items, "/store/apps/developer?id=Waze", &json!([null, TOKEN]));
        let found = page_of(&query, &built(&[(rpc, &message)])).unwrap();
        assert_eq!((ids(&found), found.next.as_deref()), (vec!["a.b".to_owned(), "c.d".to_owned()], Some(TOKEN)));
    }
}

#[test]
fn another_developers_page_is_no_answer() {
    let Some(body) = page(DEVELOPER) else { return };
    let other = query("developer", &[("developer_id", "1234567890123456789")]);
    let failure = page_of(&other, &body).unwrap_err();
    assert_eq!(failure.kind, Unavailable, "{failure}");
    for (query, name) in [(developer(), SIMILAR), (continued(&similar(), LINK), DEVELOPER)] {
        let Some(body) = page(name) else { return };
        assert_eq!(page_of(&query, &body).unwrap_err().kind, LayoutChanged, "{name}");
    }
}

#[test]
fn clusters_that_are_elsewhere_are_another_layout() {
    for (query, name, _) in saved() {
        let Some(body) = page(name) else { return };
        let message = block(&body, has_cluster);
        let moves: [fn(&mut Value); 4] = [
            |found| found[0][2] = found[0][1].take(),
            |found| *found = json!([null, found[0].take()]),
            |found| found[0][1] = json!([[{"31": at(&found[0][1][0], &[21])}]]),
            |found| {
                let items = at(&found[0][1][0], &[21, 0]);
                let moved = |item: &Value| -> Value {
                    [json!(null), json!(null)].into_iter().chain(item.as_array().unwrap().clone()).collect()
                };
                let items: Value = items.as_array().unwrap().iter().map(moved).collect();
                found[0][1] = json!([[{"22": [items]}]]);
            },
        ];
        for (number, shift) in moves.iter().enumerate() {
            let mut moved = message.clone();
            shift(&mut moved);
            for body in [built(&[("MRTdke", &moved), ("CNT7ob", &moved)]), in_a_page(&moved)] {
                assert_eq!(page_of(&query, &body).unwrap_err().kind, LayoutChanged, "{name}, {number}");
            }
        }
        let empty = built(&[("MRTdke", &json!([])), ("CNT7ob", &json!([]))]);
        assert_eq!(page_of(&query, &empty).unwrap_err().kind, NotFound, "{name}");
    }
}

#[test]
fn an_apps_page_leads_to_similar_apps() {
    for name in APPS {
        let Some(body) = page(name) else { return };
        let rows = blocks(std::str::from_utf8(&body).unwrap()).into_iter().map(|(.., message)| at(&message, &[1, 1]));
        let links = rows.filter_map(|rows| {
            let rows = rows.as_array().cloned()?;
            let links = rows.iter().map(|row| at(row, &[21, 1, 2, 4, 2]).as_str().map(ToOwned::to_owned));
            links.collect::<Option<Vec<_>>>()
        });
        let expected = links.flatten().rfind(|link| link.starts_with("/store/apps/collection/cluster?gsr="));
        let first = page_of(&query("similar", &[]), &body).unwrap();
        assert_eq!((first.records.len(), &first.next), (0, &expected), "{name}");
        match first.next {
            Some(state) => assert!(Play::request(&[continued(&similar(), &state)], 1).refused.is_empty(), "{name}"),
            None => assert_eq!(first.notes, ["the store shows no similar apps for this app"], "{name}"),
        }
    }
}

#[test]
fn an_app_without_similar_apps_says_so() {
    let row = |link: &str| json!([{"22": [[], ["A title", null, [null, null, null, null, [null, null, link]]]]}]);
    let developer = row("/store/apps/developer?id=Waze");
    let ends = [
        json!([null, [null, null, null, [], 0, ["token"]]]),
        json!([null, [null, []]]),
        json!([null, [null, [developer]]]),
        json!([]),
    ];
    for message in ends {
        let first = page_of(&similar(), &built(&[("ag2B9c", &message)])).unwrap();
        assert_eq!((first.records.len(), first.next), (0, None), "{message}");
        assert_eq!(first.notes, ["the store shows no similar apps for this app"], "{message}");
    }
    for message in [json!([null, [null, [developer, row(LINK)]]]), json!([null, [null, [row(LINK)]]])] {
        let first = page_of(&similar(), &built(&[("ag2B9c", &message)])).unwrap();
        assert_eq!(first.next.as_deref(), Some(LINK), "{message}");
    }
    for moved in
        [json!([null, [null, [[null, [small("a.b")]]]]]), json!([null, [null, [row("https://evil.example/")]]])]
    {
        let failure = page_of(&similar(), &built(&[("ag2B9c", &moved)])).unwrap_err();
        assert_eq!(failure.kind, LayoutChanged, "{moved}");
    }
}

#[test]
fn a_page_that_has_no_rows_is_no_apps_page() {
    for name in [SEARCH, DEVELOPER] {
        let Some(body) = page(name) else { return };
        assert_eq!(page_of(&similar(), &body).unwrap_err().kind, LayoutChanged, "{name}");
    }
    let missing = HttpResponse { status: 404, ..HttpResponse::default() };
    for query in [similar(), developer(), query("datasafety", &[("app_id", "a.b")])] {
        assert_eq!(Play::parse(&[query], &missing).unwrap_err().kind, NotFound);
    }
}

fn further(message: &Value) -> Result<Page, Failure> {
    page_of(&continued(&developer(), TOKEN), &in_a_frame("qnKhOb", message))
}

#[test]
fn a_continuation_has_further_apps() {
    let items = json!([small("a.b"), small("c.d")]);
    let group = |token: Value| json!([[{"22": [items, ["More", null, null, token]]}]]);
    let page = further(&group(json!([null, "Next-1"]))).unwrap();
    assert_eq!((ids(&page), page.next.as_deref()), (vec!["a.b".to_owned(), "c.d".to_owned()], Some("Next-1")));
    let last = further(&group(json!(null))).unwrap();
    assert_eq!((last.records.len(), last.next), (2, None));
    let repeated = further(&group(json!([null, TOKEN]))).unwrap();
    assert_eq!((repeated.records.len(), repeated.next), (2, None));
    assert!(repeated.notes[0].contains("once more"));
    let odd = further(&group(json!([null, "a \"token\""]))).unwrap();
    assert_eq!((odd.records.len(), odd.next), (2, None));
    assert!(odd.notes[0].contains("another form"));
}

#[test]
fn a_saved_cluster_is_the_same_as_a_continuation() {
    for (query, name, _) in saved() {
        let Some(body) = page(name) else { return };
        let message = at(&block(&body, has_cluster), &[0, 1, 0]);
        let whole = page_of(&query, &body).unwrap();
        assert_eq!(further(&json!([message])).unwrap(), whole, "{name}");
    }
}

#[test]
fn a_continuation_of_2022_has_old_items() {
    let Some(body) = page(OLD_SEARCH) else { return };
    let message = crate::oracle::payload(std::str::from_utf8(&body).unwrap(), "lGYRle");
    let items = at(&message, &[0, 1, 0, 0, 0]);
    let header = json!(["", null, null, true, 2, null, [null, "log"], [null, "Next-1"]]);
    let old: Value = [items].into_iter().chain(header.as_array().unwrap()[1..].iter().cloned()).collect();
    let page = further(&json!([[old]])).unwrap();
    assert_eq!(page.records.len(), 50);
    assert_eq!(records(&page)[0]["title"], "Navigation Waze & Trafic Live");
}

#[test]
fn what_refuses_to_continue_is_worth_another_try() {
    let frame = |payload: Value, status: Value| {
        format!(")]}}'\n\n{}", json!([["wrb.fr", "qnKhOb", payload, null, null, status, "0"], ["di", 5]])).into_bytes()
    };
    let refusals = [
        frame(json!(null), json!([5])),
        frame(json!(null), json!([3])),
        frame(json!(null), json!(null)),
        frame(json!("[]"), json!(null)),
        frame(json!("[[{\"22\":[[],[\"\",null,null,[null,\"Next-1\"]]]}]]"), json!(null)),
    ];
    for query in [developer(), similar()] {
        for body in &refusals {
            let failure = page_of(&continued(&query, TOKEN), body).unwrap_err();
            assert_eq!(failure.kind, Unavailable, "{failure}");
        }
        let moved = in_a_frame("qnKhOb", &json!([[{"25": [[small("a.b")]]}]]));
        assert_eq!(page_of(&continued(&query, TOKEN), &moved).unwrap_err().kind, LayoutChanged);
    }
    let last = further(&json!([[{"22": [[], [""]]}]])).unwrap();
    assert_eq!((last.records.len(), last.next), (0, None));
}

#[test]
fn cut_or_damaged_clusters_are_failures_or_answers() {
    for (query, name, _) in saved() {
        let Some(body) = page(name) else { return };
        let whole = page_of(&query, &body).unwrap();
        for cut in (0..150).map(|step| 20 + (body.len() - 20) * step / 150) {
            match page_of(&query, &body[..cut]) {
                Ok(page) => assert_eq!(page, whole, "{name} cut at {cut}"),
                Err(failure) => assert_eq!(failure.kind, Unavailable, "{name} cut at {cut}: {failure}"),
            }
        }
        let small = in_a_page(&block(&body, has_cluster));
        let mut numbers = Numbers(43);
        for _ in 0..100 {
            if let Ok(page) = page_of(&query, &damaged(&small, &mut numbers, Numbers::below)) {
                assert!(records(&page).iter().all(|record| record["title"].is_string()), "{name}");
            }
        }
    }
    let Some(body) = page(APPS[0]) else { return };
    let (start, ..) = app_block(std::str::from_utf8(&body).unwrap());
    assert_eq!(page_of(&similar(), &body[..start]).unwrap_err().kind, Unavailable);
}
