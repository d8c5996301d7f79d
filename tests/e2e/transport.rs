//! The network at its worst: servers that lie, stall, never end or lead astray cost their own query, and many connections are few.

use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt};
use playfast::fetch::FetchOptions;
use playfast::{FailureKind, Host, Outcome};
use playfast_sim::{Canned, Stats, StoreConfig};
use tokio::io::AsyncReadExt;
use tokio::runtime::Runtime;

use crate::scripted_servers::{Asked, Http2, Raw, Reaction, ask, asking, head, query};
use crate::support::Shop;

/// How long an answer may take in these tests.
const PATIENCE: Duration = Duration::from_secs(2);

fn host(runtime: &Runtime, server: &Raw, fetch: FetchOptions) -> Host {
    let builder =
        Host::builder().with_parser(asking(&["play.google.com"])).with_fetch_options(fetch.with_timeout(PATIENCE));
    runtime.block_on(server.led(builder).build()).unwrap()
}

/// Fails unless a query failed so.
fn failed(outcome: &Outcome, kinds: &[FailureKind], says: &str) {
    let failure = outcome.failure.as_ref().unwrap_or_else(|| panic!("{} is answered", outcome.query));
    assert!(kinds.contains(&failure.kind) && failure.message.contains(says), "{}: {failure}", outcome.query);
}

/// Does over HTTP/1.1 what its path says.
async fn misbehave(mut asked: Asked) {
    match asked.path.as_str() {
        "/headers" => {
            asked.send("HTTP/1.1 200 OK\r\n").await;
            while asked.send(format!("x-more: {}\r\n", "a".repeat(1000))).await {}
        }
        "/header" => {
            asked.send("HTTP/1.1 200 OK\r\nx-long: ").await;
            while asked.send("a".repeat(10_000)).await {}
        }
        "/trickle" => {
            asked.send("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
            while asked.send("a").await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        "/silent" => tokio::time::sleep(PATIENCE * 3).await,
        "/loop" => asked.answer("302 Found\r\nlocation: /loop", "").await,
        "/short" => {
            asked.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort").await;
        }
        "/garbage" => {
            asked.send("SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
        }
        "/broken" => asked.answer("200 OK\r\ncontent-encoding: gzip", "no gzip").await,
        _ => asked.answer("200 OK", "ok").await,
    }
}

#[test]
fn servers_that_break_the_protocol_cost_their_own_query() {
    use FailureKind::{Http, Network, Timeout};
    let runtime = Runtime::new().unwrap();
    let server = Raw::start(&runtime, "127.0.0.1:0", "http/1.1", &[], |asked| misbehave(asked).boxed());
    let host = host(&runtime, &server, FetchOptions::default());
    let cases = [
        ("headers", &[Http][..], "message head is too large"),
        ("header", &[Http], "message head is too large"),
        ("trickle", &[Timeout], "did not answer in full within 2s"),
        ("silent", &[Timeout], "did not answer in full within 2s"),
        ("loop", &[Http], "redirects more than 10 times"),
        ("short", &[Http, Network], "broke off"),
        ("garbage", &[Http], "sent what is no answer"),
        ("broken", &[Http], "can't be decompressed"),
    ];
    // A good query to the same host beside each.
    let ids: Vec<_> = cases.iter().flat_map(|(id, ..)| [*id, "good"]).collect();
    let start = Instant::now();
    let outcomes = ask(&runtime, &host, &ids);
    assert!(start.elapsed() < PATIENCE * 2, "they are waited for at once");
    for (pair, (_, kinds, says)) in outcomes.chunks(2).zip(cases) {
        failed(&pair[0], kinds, says);
        assert!(pair[1].failure.is_none(), "{:?}", pair[1].failure);
    }
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Headers over HTTP/2, as its path in the first frames can't be told: without an end, or many and then an end.
async fn flood(mut asked: Asked, frames: usize) {
    let field = [&[0, 3][..], b"abc", &[126], &[b'a'; 126]].concat();
    asked.send(frame(4, 0, 0, &[])).await;
    // What the client says by then has the request in it.
    let mut said = [0; 1000];
    let _ = asked.stream.read(&mut said).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    asked.send(frame(1, 0, 1, &[0x88])).await;
    for _ in 0..frames {
        if !asked.send(frame(9, 0, 1, &field.repeat(100))).await {
            return;
        }
    }
    asked.send(frame(9, 4, 1, &field)).await;
    tokio::time::sleep(PATIENCE * 2).await;
}

#[test]
fn headers_without_an_end_over_http2_cost_little() {
    for frames in [10, usize::MAX] {
        let runtime = Runtime::new().unwrap();
        let server = Raw::start(&runtime, "127.0.0.1:0", "h2", &[], move |asked| flood(asked, frames).boxed());
        let host = host(&runtime, &server, FetchOptions::default());
        let start = Instant::now();
        let outcomes = ask(&runtime, &host, &["x"]);
        failed(&outcomes[0], &[FailureKind::Http, FailureKind::Network], "play.google.com");
        assert!(start.elapsed() < PATIENCE, "{:?}", outcomes[0]);
    }
}

#[test]
fn redirects_to_where_nothing_public_is_are_forbidden() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.host_by(|builder| builder.with_parser(asking(&["play.google.com"])));
    for (location, says) in [
        ("https://127.0.0.1/", "it is no public host"),
        ("https://[::1]:8443/", "it is no public host"),
        ("http://0x7f.1/", "it is no public host"),
        ("//169.254.169.254/latest", "it is no public host"),
        ("https://other.localhost/", "it is no public host"),
        ("https://localhost/", "it is no public host"),
    ] {
        shop.store.respond_with("/to", Canned::new(302, "").header("location", location)).unwrap();
        failed(&ask(&shop.runtime, &host, &["to"])[0], &[FailureKind::Forbidden], says);
    }
    for location in ["https://consent.example/", "mailto:me@example.org", "https://play.google.com:8443/"] {
        shop.store.respond_with("/to", Canned::new(302, "").header("location", location)).unwrap();
        let outcome = ask(&shop.runtime, &host, &["to"]).remove(0);
        assert!(outcome.failure.is_none(), "{location} is the parser's to judge: {:?}", outcome.failure);
    }
}

#[test]
fn an_ipv6_address_is_asked_as_any_other() {
    let runtime = Runtime::new().unwrap();
    if runtime.block_on(tokio::net::TcpListener::bind("[::1]:0")).is_err() {
        eprintln!("skipped: this machine has no IPv6");
        return;
    }
    let server = Raw::start(&runtime, "[::1]:0", "http/1.1", &[], |asked| misbehave(asked).boxed());
    let host = host(&runtime, &server, FetchOptions::default());
    let outcomes = ask(&runtime, &host, &["good"]);
    assert!(outcomes[0].failure.is_none(), "{:?}", outcomes[0].failure);
}

/// The values of a header in a request.
fn sent<'h>(head: &'h str, name: &str) -> Vec<&'h str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

#[test]
fn requests_bear_what_the_user_says_and_cookies_that_hosts_set_where_wanted() {
    let runtime = Runtime::new().unwrap();
    let sets = |mut asked: Asked| async move { asked.answer("200 OK\r\nset-cookie: seen=1; Path=/", "").await }.boxed();
    for keep in [false, true] {
        let server = Raw::start(&runtime, "127.0.0.1:0", "http/1.1", &[], sets);
        let fetch =
            FetchOptions::default().with_header("X-Contact", "me@example.org").with_cookie("a=b").with_cookie("c=d");
        let host = host(&runtime, &server, fetch.with_cookie_store(keep).with_user_agent("test/1"));
        for _ in 0..2 {
            assert!(ask(&runtime, &host, &["x"])[0].failure.is_none());
        }
        let heads = server.heads();
        for head in &heads {
            assert_eq!((sent(head, "x-contact"), sent(head, "user-agent")), (vec!["me@example.org"], vec!["test/1"]));
        }
        let cookies: Vec<_> = heads.iter().flat_map(|head| sent(head, "cookie")).collect();
        assert_eq!(cookies, ["a=b; c=d", if keep { "a=b; c=d; seen=1" } else { "a=b; c=d" }]);
    }
}

/// What a store has seen after so many queries, which takes so many streams a connection.
fn seen(streams: u32, queries: usize) -> Stats {
    let config = StoreConfig::default().latency(Duration::from_millis(60));
    let shop = Shop::open(config.max_concurrent_streams(streams));
    let host = shop.host_by(|builder| builder.with_parser(asking(&["play.google.com"])));
    let query = query("store/apps/details?id=com.brave.otter");
    let outcomes: Vec<_> = shop.runtime.block_on(host.run(std::iter::repeat_n(query, queries)).collect());
    assert!(outcomes.iter().all(|outcome| outcome.failure.is_none()), "{:?}", outcomes[0]);
    shop.store.stats()
}

#[test]
fn a_limit_of_streams_is_got_round_and_without_one_there_is_one_connection() {
    let free = seen(256, 1000);
    assert_eq!(free.connections, 1, "all wait for the first that opens it, and then nothing binds");
    assert!(free.peak_in_flight > 50, "they were asked at once");
    let limited = seen(10, 1000);
    assert!((2..=8).contains(&limited.connections), "{limited:?}");
    assert!(limited.peak_in_flight > 10, "more than one connection takes: {limited:?}");
}

/// The outcomes of so many queries, all at once, to a server of HTTP/2.
fn asked_at_once(runtime: &Runtime, server: &Http2, queries: usize) -> Vec<Outcome> {
    let builder = Host::builder().with_parser(asking(&["play.google.com"]));
    let host = runtime.block_on(server.led(builder).build()).unwrap();
    let ids: Vec<_> = (0..queries).map(|number| format!("q{number}")).collect();
    ask(runtime, &host, &ids.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_connection_that_is_closed_gracefully_is_replaced_by_one() {
    const QUERIES: usize = 1000;
    let runtime = Runtime::new().unwrap();
    let server = Http2::start(&runtime, |number| match number {
        100 => Reaction::AnswerAndClose,
        _ => Reaction::Answer,
    });
    let outcomes = asked_at_once(&runtime, &server, QUERIES);
    // One that comes to connection after connection just as it closes may give up here, as nothing is asked again.
    let failures = outcomes.iter().filter_map(|outcome| outcome.failure.as_ref());
    let failures: Vec<_> = failures.filter(|failure| !failure.is_unprocessed).collect();
    assert!(failures.is_empty(), "{failures:?}");
    // What is sent while the server says so isn't answered by that connection, so there may be some more than 10.
    let (connections, requests) = (server.connections(), server.requests());
    assert!((2..=requests / 100 + 2).contains(&connections), "{connections} connections for {requests} requests");
}

#[test]
fn what_the_server_never_processed_is_told_from_what_it_refused() {
    use h2::Reason;
    let cases = [
        (Reaction::Reset(Reason::REFUSED_STREAM), FailureKind::Network, true, "REFUSED_STREAM"),
        (Reaction::Reset(Reason::INTERNAL_ERROR), FailureKind::Network, false, "INTERNAL_ERROR"),
        (Reaction::Reset(Reason::ENHANCE_YOUR_CALM), FailureKind::Blocked, false, "ENHANCE_YOUR_CALM"),
    ];
    for (reaction, kind, is_unprocessed, says) in cases {
        let runtime = Runtime::new().unwrap();
        let server = Http2::start(&runtime, move |_| reaction);
        for outcome in asked_at_once(&runtime, &server, 3) {
            failed(&outcome, &[kind], says);
            assert_eq!(outcome.failure.unwrap().is_unprocessed, is_unprocessed, "{says}");
        }
    }
    let runtime = Runtime::new().unwrap();
    // The server accepts them, so it names them as the last that it processed, and closes the connection.
    let server = Http2::start(&runtime, |_| Reaction::GoAway(Reason::ENHANCE_YOUR_CALM));
    for outcome in asked_at_once(&runtime, &server, 3) {
        failed(&outcome, &[FailureKind::Blocked, FailureKind::Network], "play.google.com");
    }
}

/// Answers the first request of a connection, and the next one with what a server sends to a client that is silent for too long.
async fn close_while_idle(mut asked: Asked) {
    if asked.path == "/fresh" {
        return asked.answer("408 Request Timeout", "").await;
    }
    asked.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    if head(&mut asked.stream).await.is_some() {
        asked.answer("408 Request Timeout", "").await;
    }
}

#[test]
fn a_408_on_an_idle_connection_is_not_the_answer_to_a_request() {
    let runtime = Runtime::new().unwrap();
    let server = Raw::start(&runtime, "127.0.0.1:0", "http/1.1", &[], |asked| close_while_idle(asked).boxed());
    let host = host(&runtime, &server, FetchOptions::default());
    assert!(ask(&runtime, &host, &["first"])[0].failure.is_none());
    let outcome = ask(&runtime, &host, &["second"]).remove(0);
    assert!(outcome.failure.is_none(), "it is asked again at once, on another connection: {:?}", outcome.failure);
    let outcome = ask(&runtime, &host, &["fresh"]).remove(0);
    assert!(outcome.failure.is_none(), "on a new connection it is the parser's to judge: {:?}", outcome.failure);
}

#[test]
fn a_body_is_read_however_its_coding_is_labelled() {
    let Some(page) = crate::saved_pages::saved("app/2026-07_minecraft_en-us.html") else { return };
    let gzip = |body: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, body).unwrap();
        encoder.finish().unwrap()
    };
    let deflate = |body: &[u8]| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, body).unwrap();
        encoder.finish().unwrap()
    };
    let shop = Shop::open(StoreConfig::default());
    let path = "/store/apps/details?id=com.mojang.minecraftpe&hl=en&gl=us";
    let asked = |label: Option<&str>, body: Vec<u8>| {
        let canned = Canned::new(200, body).header("content-type", "text/html");
        let canned = label.into_iter().fold(canned, |canned, label| canned.header("content-encoding", label));
        shop.store.respond_with(path, canned).unwrap();
        shop.playfast(&["app", "com.mojang.minecraftpe", "--via=page"])
    };
    for (label, body) in [
        (Some("gzip"), gzip(&page)),
        (Some("x-gzip"), gzip(&page)),
        (Some("GZIP"), gzip(&page)),
        (Some("deflate"), deflate(&page)),
        (Some("gzip, gzip"), gzip(&gzip(&page))),
        (None, gzip(&page)),
        (None, zstd::encode_all(page.as_slice(), 1).unwrap()),
    ] {
        let ran = asked(label, body);
        assert_eq!(ran.code(), 0, "{label:?}: {}", ran.stderr());
        assert_eq!(ran.rows()[0]["app_id"], "com.mojang.minecraftpe", "{label:?}");
    }
    for (label, body) in [("x-gzip", page.clone()), ("GZIP", gzip(&page)[..5000].to_vec()), ("compress", gzip(&page))] {
        asked(Some(label), body).refused(3, "http: ");
    }
}

#[test]
fn the_command_line_says_how_to_connect() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_secs(3)));
    let started = Instant::now();
    shop.playfast(&["app", "com.brave.otter", "--timeout", "300ms"]).refused(3, "within 300ms");
    assert!(started.elapsed() < Duration::from_secs(3));
    for (option, value, says) in [
        ("--timeout", "soon", "give seconds, or a duration such as 500ms"),
        ("--connect-timeout", "0", "0 leaves no time"),
        ("--idle-timeout", "soon", "give seconds"),
        ("--request-header", "no header", "give 'NAME: VALUE'"),
        ("--request-header", "Host: evil.example", "it is the host's to set"),
        ("--cookie", "none", "give NAME=VALUE"),
    ] {
        let ran = shop.playfast(&["app", "com.brave.otter", option, value]);
        assert_eq!(ran.code(), 2, "{}", ran.stderr());
        assert!(ran.stderr().contains(says), "{}", ran.stderr());
    }
}

#[test]
#[cfg(unix)]
fn too_few_open_files_are_said_with_what_to_do() {
    let binary = env!("CARGO_BIN_EXE_playfast");
    let run = |limits: &str| {
        let script = format!(
            "{limits}; exec {binary} app a.b --concurrency 1000 --rate none --give-up 1s --connect-to ::127.0.0.1:1"
        );
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let said = run("ulimit -n 200");
    assert!(said.contains("200 files may be open") && said.contains("ulimit -n 2064"), "{said}");
    let said = run("ulimit -S -n 200");
    assert!(!said.contains("files may be open"), "the soft limit is raised: {said}");
}
