//! Nothing that a parser does hurts the host, and what stopped it is named.

use std::time::{Duration, SystemTime};

use playfast::{FailureKind, Host, Plan, Response};
use tokio::runtime::Runtime;

/// Components written by hand in WebAssembly text, made by the same encoder as real ones.
pub(crate) mod guest {
    use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
    use wit_parser::Resolve;

    pub(crate) const DESCRIPTION: &str = r#"{"name": "rogue", "version": "1.0.0", "summary": "", "hosts": ["example.org"],
        "pace": {"burst": 1, "per_minute": 60}, "kinds": [{"name": "thing", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1},
        "params": {"required": [], "properties": {"id": {"type": "string", "pattern": "^[a-z]*$"}}}}]}"#;

    pub(crate) const UNREACHABLE: &str = "(unreachable)";

    /// A parser with this description, whose `parse` does this.
    pub(crate) fn component(description: &str, parse: &str) -> Vec<u8> {
        component_with(
            "(i32.store (i32.const 8) (i32.const 1024)) (i32.store (i32.const 12) (i32.const DESCRIBED)) (i32.const 8)",
            description,
            parse,
        )
    }

    /// A parser whose `describe` does this.
    pub(crate) fn component_with(describe: &str, description: &str, parse: &str) -> Vec<u8> {
        let text = description.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
        let module = format!(
            r#"(module
                (memory (export "memory") 64)
                (data (i32.const 1024) "{text}")
                (global $next (mut i32) (i32.const 65536))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
                    (global.set $next (i32.add (local.get $at) (local.get 3)))
                    (local.get $at))
                (func $recurse (param i32) (result i32) (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
                (func (export "playfast:parser/parser@0.1.0#describe") (result i32) {})
                (func (export "playfast:parser/parser@0.1.0#request") (param i32 i32 i32) (result i32) (unreachable))
                (func (export "playfast:parser/parser@0.1.0#parse")
                    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32) {parse}))"#,
            describe.replace("DESCRIBED", &description.len().to_string()),
        );
        encode(&wat::parse_str(module).unwrap())
    }

    fn encode(module: &[u8]) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let contract = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/parser.wit");
        let package = resolve.push_file(contract).unwrap();
        let world = resolve.select_world(&[package], Some("playfast-parser")).unwrap();
        let mut module = module.to_vec();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
    }
}

fn parse(parser: &str) -> FailureKind {
    let runtime = Runtime::new().unwrap();
    let component = guest::component(guest::DESCRIPTION, parser);
    let host = runtime.block_on(Host::builder().parser(component).build()).unwrap();
    let query = Plan::new(host.description(), "thing", []).unwrap().query(0).unwrap();
    let failure = runtime.block_on(host.parse(&query, response())).unwrap_err();
    assert!(failure.message.contains("rogue") || failure.kind == FailureKind::ParserInvalid, "{failure}");
    assert!(failure.message.contains("parse"), "{failure}");
    failure.kind
}

fn response() -> Response {
    Response {
        url: "https://example.org/".to_owned(),
        status: 200,
        headers: Vec::new(),
        body: b"x".to_vec(),
        received_at: SystemTime::now(),
    }
}

#[test]
fn each_limit_is_named() {
    let message_of_70_mb = "(drop (memory.grow (i32.const 1200)))
        (i32.store8 (i32.const 64) (i32.const 1)) (i32.store8 (i32.const 72) (i32.const 0))
        (i32.store (i32.const 76) (i32.const 65536)) (i32.store (i32.const 80) (i32.const 70000000)) (i32.const 64)";
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

#[test]
fn a_looping_parser_stalls_nobody_else() {
    let runtime = Runtime::new().unwrap();
    let looping = guest::component(guest::DESCRIPTION, "(loop $l (br $l)) (unreachable)");
    let host = runtime.block_on(Host::builder().parser(looping).build()).unwrap();
    let query = Plan::new(host.description(), "thing", []).unwrap().query(0).unwrap();
    runtime.block_on(async {
        let loops = (0..8).map(|_| {
            let (host, query) = (host.clone(), query.clone());
            tokio::spawn(async move { host.parse(&query, response()).await })
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
