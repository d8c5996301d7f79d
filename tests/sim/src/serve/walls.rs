//! The redirects to them, and the pages on the other hosts.

use super::inquiry::Inquiry;
use super::reply::Reply;
use crate::catalogue::encode;

/// What the store says of a page that it doesn't have.
pub(crate) const NOT_FOUND: &str = "<!doctype html><html><head><title>Not Found</title></head><body><div id=\"error-section\">We're sorry, the requested \
    URL was not found on this server.</div></body></html>";

/// A redirect to the captcha's host.
pub(crate) fn to_captcha(inquiry: &Inquiry) -> Reply {
    Reply::redirect(302, &wall("https://www.google.com/sorry/index", inquiry))
}

/// A redirect to the consent host.
pub(crate) fn to_consent(inquiry: &Inquiry) -> Reply {
    Reply::redirect(302, &wall("https://consent.google.com/ml", inquiry))
}

fn wall(target: &str, inquiry: &Inquiry) -> String {
    let page = format!("https://{}{}", inquiry.host, inquiry.path_and_query);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("continue", &page)
        .append_pair("hl", &inquiry.language())
        .finish();
    format!("{target}?{query}")
}

/// `www.google.com`: the captcha, and nothing else.
pub(crate) fn search_site(inquiry: &Inquiry) -> Reply {
    match inquiry.path.as_str() {
        "/sorry/index" => Reply::html(429, captcha(inquiry.param("continue").unwrap_or_default())),
        _ => Reply::html(404, NOT_FOUND.to_owned()),
    }
}

fn captcha(target: &str) -> String {
    format!(
        "<!doctype html><html><head><title>Simulated captcha</title></head><body><h1>Too much traffic from here, says the simulated store.</h1>\
         <form id=\"captcha-form\" action=\"index\" method=\"post\"><input type=\"hidden\" name=\"continue\" value=\"{}\"></form></body></html>",
        encode(target)
    )
}

/// `consent.google.com`: the two forms, and what they lead to.
pub(crate) fn consent_site(inquiry: &Inquiry) -> Reply {
    let target = inquiry.param("continue").unwrap_or("https://play.google.com/");
    match inquiry.path.as_str() {
        "/ml" => Reply::html(200, consent(target)),
        "/save" => Reply::redirect(303, target),
        _ => Reply::html(404, NOT_FOUND.to_owned()),
    }
}

fn consent(target: &str) -> String {
    let forms = ["Reject all", "Accept all"].map(|label| form(label, target)).concat();
    format!("<!doctype html><html><head><title>Before you continue</title></head><body>{forms}</body></html>")
}

fn form(label: &str, target: &str) -> String {
    let target = encode(target);
    format!(
        "<form action=\"https://consent.google.com/save\" method=\"POST\"><input type=\"hidden\" name=\"continue\" value=\"{target}\"><button>{label}</button></form>"
    )
}
