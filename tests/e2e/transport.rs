//! The network at its worst: servers that lie, stall, never end or lead astray cost their own query, and many connections are few.

use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt};
use playfast::{FailureKind, FetchOptions, Host, Outcome};
use playfast_sim::{Canned, Stats, StoreConfig};
use tokio::io::AsyncReadExt;
use tokio::runtime::Runtime;

use crate::raw::{Asked, Raw, ask, asking, query};
use crate::support::Shop;

/// How long an answer may take in these tests.
const PATIENCE: Duration = Duration::from_secs(2);

fn host(runtime: &Runtime, server: &Raw, fetch: FetchOptions) -> Host {
    let builder = Host::builder().parser(asking(&["play.google.com"])).fetch(fetch.timeout(PATIENCE));
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
    let host = shop.host_by(|builder| builder.parser(asking(&["play.google.com"])));
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
        let fetch = FetchOptions::default().header("X-Contact", "me@example.org").cookie("a=b").cookie("c=d");
        let host = host(&runtime, &server, fetch.keep_cookies(keep).user_agent("test/1"));
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
    let host = shop.host_by(|builder| builder.parser(asking(&["play.google.com"])));
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

#[test]
fn the_command_line_says_how_to_connect() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_secs(3)));
    let started = Instant::now();
    shop.playfast(&["app", "com.brave.otter", "--timeout", "300ms"]).refused(3, "within 300ms");
    assert!(started.elapsed() < Duration::from_secs(3));
    for (option, value, says) in [
        ("--timeout", "soon", "is no time"),
        ("--connect-timeout", "0", "is no time"),
        ("--idle-timeout", "soon", "is no time"),
        ("--request-header", "no header", "give 'NAME: VALUE'"),
        ("--request-header", "Host: evil.example", "it is the host's to set"),
        ("--cookie", "none", "is not NAME=VALUE"),
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
        let script =
            format!("{limits}; exec {binary} app a.b --concurrency 1000 --rate none --connect-to ::127.0.0.1:1");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let said = run("ulimit -n 200");
    assert!(said.contains("200 files may be open") && said.contains("ulimit -n 2064"), "{said}");
    let said = run("ulimit -S -n 200");
    assert!(!said.contains("files may be open"), "the soft limit is raised: {said}");
}
