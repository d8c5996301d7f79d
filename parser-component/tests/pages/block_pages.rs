//! What is not an answer is told apart: block pages, absence, other layouts, other apps, other ways to write a page.

use playfast_guest::FailureKind::{Blocked, LayoutChanged, NotFound, Unavailable};
use playfast_guest::HttpResponse;

use crate::answers::{ask, failure, query};
use crate::oracle::blocks;
use crate::saved::{APPS, CHART, DETAILS, page, parse};

const STORE: &str = "https://play.google.com/store/apps/details?id=a.b";

/// All kinds, of which each is told walls from answers.
const KINDS: [&str; 6] = ["app", "list", "search", "developer", "similar", "datasafety"];

#[test]
fn walls_are_told_apart_whatever_their_status() {
    let cases = [
        ("error/2018_429_please-reduce-your-request-rate.html", 429, Blocked),
        ("error/2018_429_please-reduce-your-request-rate.html", 200, Blocked),
        ("error/sorry_captcha_SYNTHETIC.html", 429, Blocked),
        ("error/sorry_captcha_SYNTHETIC.html", 200, Blocked),
        ("error/sorry_captcha_SYNTHETIC.html", 503, Blocked),
        ("error/2026-09_consent_forms_excerpt.html", 200, Blocked),
        ("error/notfound_datasafety_missing_SYNTHETIC.html", 404, NotFound),
        ("error/notfound_datasafety_missing_SYNTHETIC.html", 200, NotFound),
    ];
    for (name, status, wanted) in cases {
        let Some(body) = page(name) else { return };
        let response = HttpResponse { url: STORE.to_owned(), status, body, ..HttpResponse::default() };
        for kind in KINDS {
            assert_eq!(failure(kind, &response), wanted, "{name} with {status} for {kind}");
        }
    }
}

#[test]
fn redirects_to_walls_are_walls_whether_followed_or_not() {
    for wall in [
        "https://www.google.com/sorry/index?continue=https://play.google.com/store&q=x",
        "https://consent.google.com/ml?continue=https://play.google.com/store&gl=DE",
    ] {
        for kind in KINDS {
            let headers = vec![("location".to_owned(), wall.to_owned())];
            let redirect = HttpResponse { url: STORE.to_owned(), status: 302, headers, ..HttpResponse::default() };
            assert_eq!(failure(kind, &redirect), Blocked, "{wall}");
            let followed = HttpResponse { url: wall.to_owned(), status: 200, ..HttpResponse::default() };
            assert_eq!(failure(kind, &followed), Blocked, "{wall}");
        }
    }
}

#[test]
fn an_empty_answer_is_worth_another_try() {
    for body in ["", "\n"] {
        let response =
            HttpResponse { url: STORE.to_owned(), status: 200, body: body.into(), ..HttpResponse::default() };
        for kind in KINDS {
            assert_eq!(failure(kind, &response), Unavailable);
        }
    }
}

#[test]
fn marks_of_walls_in_what_an_app_says_are_no_wall() {
    let Some(body) = page(DETAILS) else { return };
    let text = String::from_utf8(body).unwrap();
    let (start, rest) = text.split_once("Relief Map").unwrap();
    let marked = format!("{start}captcha-form g-recaptcha the requested URL was not found on this server{rest}");
    assert_eq!(parse("app", marked.as_bytes()).unwrap().len(), 1);
}

#[test]
fn another_app_is_no_answer() {
    for name in APPS.into_iter().chain([DETAILS]) {
        let Some(body) = page(name) else { return };
        let id = parse("app", &body).unwrap()[0]["app_id"].as_str().unwrap().to_owned();
        let response = HttpResponse { url: STORE.to_owned(), status: 200, body, ..HttpResponse::default() };
        for (asked, wanted) in [(id.as_str(), None), ("org.another", Some(Unavailable))] {
            let mut query = query("app");
            query.params.push(("app_id".to_owned(), asked.to_owned()));
            let answer = ask(&[query], &response).unwrap().remove(0);
            assert_eq!(answer.err().map(|failure| failure.kind), wanted, "{name} for {asked}");
        }
    }
}

#[test]
fn an_app_is_known_by_its_shape_in_any_order_of_blocks() {
    for name in APPS {
        let Some(body) = page(name) else { return };
        let mut blocks = blocks(std::str::from_utf8(&body).unwrap());
        blocks.reverse();
        let whole = parse("app", &body).unwrap();
        for _ in 0..blocks.len() {
            blocks.rotate_left(1);
            let scripts = (0..).zip(&blocks).map(|(key, (.., value))| {
                format!("<script>AF_initDataCallback({{key: 'ds:{key}', hash: '1', data:{value}, sideChannel: {{}}}});</script>")
            });
            assert_eq!(parse("app", scripts.collect::<String>().as_bytes()).unwrap(), whole, "{name}");
        }
    }
}

#[test]
fn an_app_is_found_however_its_page_names_the_blocks() {
    for name in APPS {
        let Some(body) = page(name) else { return };
        let (text, whole) = (String::from_utf8(body.clone()).unwrap(), parse("app", &body).unwrap());
        let Some(start) = text.find("AF_dataServiceRequests = {") else { continue };
        let end = start + text[start..].find("}};").unwrap_or_else(|| text[start..].find("]}};").unwrap()) + 3;
        let (requests, without) = (&text[start..end], text[..start].to_owned() + &text[end..]);
        let pages = [
            without.clone(),
            without.replace("</body>", &format!("<script>{requests}</script></body>")),
            text.replace("AF_dataServiceRequests = {'ds:", "AF_dataServiceRequests={ \"ds:")
                .replace("' : {id:'", "\":{id:\""),
            text.replace("' : {id:'", "':{\"id\":\"").replace("',request:", "\",request:"),
            text.replace("AF_initDataCallback({key: '", "AF_initDataCallback ( { 'key' : '")
                .replace(", data:", ",data : "),
            text.replace("{id:'Ws7gDc'", "{id:'Another'"),
            text.replace("AF_initDataCallback({key: 'ds:", "AF_initDataCallback({key: 'block:"),
        ];
        for (number, page) in pages.iter().enumerate() {
            assert_eq!(parse("app", page.as_bytes()).unwrap(), whole, "{name}, way {number}");
        }
    }
}

#[test]
fn what_answers_something_else_is_no_answer() {
    let others = [
        ("app", CHART),
        ("list", DETAILS),
        ("list", APPS[0]),
        ("app", "search/2026-07_panda_en-us.html"),
        ("app", "developer/2026-07_google_numeric-id_en-us.html"),
        ("app", "similar/2026-07_translate_cluster_en-us.html"),
        ("app", "reviews/2026-07_translate_en-us_UsvDTd_page1.txt"),
        ("list", "search-batch/2022-11_search_app_fr_lGYRle.txt"),
        ("search", CHART),
        ("search", DETAILS),
        ("search", APPS[0]),
        ("search", "datasafety/2026-07_translate_en.html"),
        ("developer", APPS[3]),
        ("developer", CHART),
        ("similar", CHART),
        ("similar", "datasafety/2026-07_translate_en.html"),
        ("datasafety", "search/2026-07_panda_en-us.html"),
        ("datasafety", CHART),
    ];
    for (kind, name) in others {
        let Some(body) = page(name) else { return };
        assert_eq!(parse(kind, &body).unwrap_err().kind, LayoutChanged, "{name} as {kind}");
    }
}
