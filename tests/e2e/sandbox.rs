//! Nothing that a parser does hurts the host, and what stopped it is named.

use std::time::Duration;

use playfast::parser::Response;
use playfast::{Failure, FailureKind, Host, Plan};
use playfast_sim::StoreConfig;
use tokio::runtime::Runtime;

use crate::misbehaving_parsers::{self, Mode};
use crate::support::{Shop, playfast};
use crate::wat_components::{self, Guest};

fn parse(parser: &str) -> FailureKind {
    let runtime = Runtime::new().unwrap();
    let component = wat_components::component(wat_components::DESCRIPTION, parser);
    let host = runtime.block_on(Host::builder().with_parser(component).build()).unwrap();
    let query = Plan::new(&host.description(), "thing", []).unwrap().query(0).unwrap();
    let failure = runtime.block_on(host.parse(&query, &response())).unwrap_err();
    assert!(failure.message.contains("rogue") || failure.kind == FailureKind::ParserInvalid, "{failure}");
    assert!(failure.message.contains("parse"), "{failure}");
    failure.kind
}

fn response() -> Response {
    Response::new("https://example.org/", playfast::http::StatusCode::OK, "x")
}

#[test]
fn each_limit_is_named() {
    let message_of_70_mb = "(drop (memory.grow (i32.const 1200)))
        (i32.store8 (global.get $result) (i32.const 1)) (i32.store8 offset=8 (global.get $result) (i32.const 0))
        (i32.store offset=12 (global.get $result) (i32.const 65536)) (i32.store offset=16 (global.get $result) (i32.const 70000000)) (global.get $result)";
    let cases = [
        ("(loop $l (br $l)) (unreachable)", FailureKind::ParserTimeout),
        ("(loop $l (drop (memory.grow (i32.const 256))) (br $l)) (unreachable)", FailureKind::ParserMemory),
        ("(call $recurse (i32.const 0))", FailureKind::ParserStack),
        ("(unreachable)", FailureKind::ParserTrap),
        ("(i32.div_s (i32.const 1) (i32.const 0))", FailureKind::ParserTrap),
        (message_of_70_mb, FailureKind::ParserOutput),
        // An empty list, where one result is owed.
        ("(i32.const 32)", FailureKind::ParserInvalid),
    ];
    for (parser, kind) in cases {
        assert_eq!(parse(parser), kind, "{parser}");
    }
}

/// Each of the ways to misbehave, on a host of its own and in a good parser's place.
#[test]
fn whatever_a_parser_does_costs_its_own_query_alone() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.host();
    let ask = |host: &Host| {
        let plan = Plan::new(&host.description(), "list", []).unwrap();
        shop.runtime.block_on(host.batch(&plan))
    };
    let mut complaints = Vec::new();
    for Mode { name, component, kind, says } in misbehaving_parsers::modes() {
        // Some can't be asked at all with: those are taken back at once, which is why they are asked on a host of their own.
        let outcomes = ask(&shop.host_with(component.clone()));
        let failures: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.failure.as_ref()).collect();
        let expected = |failure: &&Failure| {
            let parts = ["the parser play for list", says];
            failure.kind == kind && parts.iter().all(|part| failure.message.contains(part))
        };
        if !failures.iter().any(expected) {
            complaints.push(format!("{name}: no {kind} that says {says:?}, but {:?}", failures.first()));
        }
        shop.runtime.block_on(host.swap_unchecked(component)).unwrap();
        ask(&host);
        drop(host.rollback());
        assert_eq!(ask(&host)[0].rows.len(), 100, "after {name}");
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_looping_parser_stalls_nobody_else() {
    let runtime = Runtime::new().unwrap();
    let looping = wat_components::component(wat_components::DESCRIPTION, "(loop $l (br $l)) (unreachable)");
    let host = runtime.block_on(Host::builder().with_parser(looping).build()).unwrap();
    let query = Plan::new(&host.description(), "thing", []).unwrap().query(0).unwrap();
    runtime.block_on(async {
        let loops = (0..8).map(|_| {
            let (host, query) = (host.clone(), query.clone());
            tokio::spawn(async move { host.parse(&query, &response()).await })
        });
        let loops: Vec<_> = loops.collect();
        // Eight guests loop on every core: a timer still fires, long before their limits are used up.
        let timer = tokio::time::timeout(Duration::from_secs(20), tokio::time::sleep(Duration::from_millis(1)));
        timer.await.unwrap();
        assert!(loops.iter().any(|task| !task.is_finished()));
        for task in loops {
            assert_eq!(task.await.unwrap().unwrap_err().kind, FailureKind::ParserTimeout);
        }
    });
}

/// Prints, and traps where it finds anything behind WASI.
const CURIOUS: &str = r#"
    (call $environment (i32.const 256)) (if (i32.load (i32.const 260)) (then (unreachable)))
    (call $arguments (i32.const 256)) (if (i32.load (i32.const 260)) (then (unreachable)))
    (call $directories (i32.const 256)) (if (i32.load (i32.const 260)) (then (unreachable)))
    (call $resolve (call $network) (global.get $host_name) (i32.const 11) (i32.const 256))
    (if (i32.ne (i32.load8_u (i32.const 256)) (i32.const 1)) (then (unreachable)))
    (call $write (call $stdout) (global.get $host_name) (i32.const 11) (i32.const 256))
    (if (i32.load8_u (i32.const 256)) (then (unreachable)))
    (call $page (global.get $record) (i32.const 7))"#;

#[test]
fn a_parser_that_imports_wasi_runs_and_finds_nothing_behind_it() {
    let component = Guest { parse: CURIOUS, imports: wat_components::WASI, ..Guest::default() }.build();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), component).unwrap();
    let parser = format!("--parser={}", file.path().display());
    let ran = playfast(&["parse", &parser, "--kind", "thing", "-vv", file.path().to_str().unwrap()]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert_eq!(ran.rows()[0]["x"], 1);
    assert!(ran.stderr().contains("printed: example.org"), "{}", ran.stderr());
    let pure = playfast(&["inspect", "--pure", file.path().to_str().unwrap()]);
    pure.refused(4, "wasi:");
}
