//! Benchmark: parsing natively, in an instance that stays, and in a fresh sandbox; and the sandbox alone.
//!
//! On real pages, from `PLAYFAST_PAGES` or `../shared/pages`; without them only the sandbox is timed. `cargo bench`
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark")]

use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use playfast::parser::{Engine, EngineOptions, Parser, Response};
use playfast::{PLAY, Plan, Query};
use playfast_guest::Parser as _;
use tokio::runtime::Runtime;

#[path = "../e2e/saved_pages.rs"]
mod pages;

fn response(body: &[u8]) -> Response {
    Response::new("https://play.google.com/", playfast::http::StatusCode::OK, body)
}

fn native(query: &Query, body: &[u8]) -> (Vec<playfast_guest::Query>, playfast_guest::HttpResponse) {
    let params = query.params().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let query = playfast_guest::Query { kind: query.kind().to_owned(), params, state: None };
    let response = playfast_guest::HttpResponse { status: 200, body: body.to_vec(), ..Default::default() };
    (vec![query], response)
}

/// What a parser that builds trees does first: the frames, then the payload of the first.
fn tree(body: &[u8]) -> serde_json::Value {
    let text = std::str::from_utf8(body).expect("text");
    let frames = text.lines().nth(3).expect("the first chunk");
    let frames: serde_json::Value = serde_json::from_str(frames).expect("frames");
    serde_json::from_str(frames[0][2].as_str().expect("a payload")).expect("a tree")
}

fn parser(runtime: &Runtime) -> Parser {
    let engine = Engine::new(EngineOptions::default()).expect("an engine");
    let component = std::env::var_os("PLAYFAST_TEST_COMPONENT")
        .map_or(PLAY.to_vec(), |file| std::fs::read(file).expect("a component"));
    runtime.block_on(engine.load(&component)).expect("a parser")
}

fn parse(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let parser = parser(&runtime);
    let cases = [
        ("list", "list/2026-07_topfree_GAME_en-us_vyAe2.txt", ("category", "GAME")),
        ("app", "app/2026-07_minecraft_en-us.html", ("app_id", "com.mojang.minecraftpe")),
    ];
    for (kind, page, param) in cases {
        let Some(body) = pages::saved(page) else { continue };
        let query = Plan::new(parser.description(), kind, [param]).expect("a plan").query(0).expect("a query");
        let queries = std::slice::from_ref(&query);
        let mut group = criterion.benchmark_group(kind);
        group.throughput(criterion::Throughput::Bytes(body.len() as u64));
        let (own_queries, own_response) = native(&query, &body);
        group.bench_function("native", |bencher| {
            bencher.iter(|| playfast_play::Play::parse(&own_queries, &own_response).expect("a page"));
        });
        if kind == "list" {
            group.bench_function("yardstick: serde_json into a tree", |bencher| bencher.iter(|| tree(&body)));
        }
        let mut live = runtime.block_on(parser.live()).expect("an instance");
        group.bench_function("live instance", |bencher| {
            bencher.iter_batched(
                || response(&body),
                |response| runtime.block_on(live.parse(queries, &response)).expect("a page"),
                BatchSize::PerIteration,
            );
        });
        group.bench_function("fresh instance", |bencher| {
            bencher.iter_batched(
                || response(&body),
                |response| runtime.block_on(parser.parse(queries, &response)).expect("a page"),
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

fn sandbox(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let parser = parser(&runtime);
    criterion.bench_function("sandbox alone", |bencher| {
        bencher.iter(|| runtime.block_on(parser.request(&[], 1)).expect("no requests"));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    targets = parse, sandbox
}
criterion_main!(benches);
