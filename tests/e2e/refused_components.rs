//! Components that are refused when they are loaded, or lie of themselves, or change: which step says so, and what it costs.

use std::time::{Duration, Instant};

use playfast::{Host, HostError, Plan};
use playfast_sim::StoreConfig;
use tokio::runtime::Runtime;

use crate::support::Shop;
use crate::wat_components::{self, Guest};

/// Long enough for a slow machine, and far below what a loop without an end takes.
const SOON: Duration = Duration::from_secs(20);

/// Why a component is refused, in one line.
fn refusal(component: &[u8]) -> String {
    let start = Instant::now();
    let built = Runtime::new().unwrap().block_on(Host::builder().with_parser(component).build());
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
    match built {
        Err(error @ HostError::Parser(_)) => reason(&error),
        built => panic!("it isn't refused: {built:?}"),
    }
}

/// An error with its causes.
fn reason(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn is_refused(name: &str, guest: &Guest<'_>, part: &str) {
    let refusal = refusal(&guest.build());
    assert!(refusal.contains(part), "{name}: {part:?} is not in {refusal:?}");
}

fn describes(description: &str) -> Guest<'_> {
    Guest { description, ..Guest::default() }
}

#[test]
fn a_start_function_runs_under_the_limits() {
    let start = |body: &str| format!("(func $start {body}) (start $start)");
    let cases = [
        (
            "loops",
            start("(loop $l (br $l))"),
            "parser-timeout: `describe` of the parser being loaded ran longer than the limit of 250ms",
        ),
        (
            "allocates",
            start("(loop $l (drop (memory.grow (i32.const 256))) (br $l))"),
            "parser-memory: `describe` of the parser being loaded wanted more memory than the limit of 268435456 bytes",
        ),
        ("traps", start("(unreachable)"), "parser-trap: `describe` of the parser being loaded trapped"),
        ("recurses", start("(drop (call $recurse (i32.const 0)))"), "parser-stack"),
    ];
    for (name, fields, part) in cases {
        is_refused(name, &Guest { fields: &fields, ..Guest::default() }, part);
    }
}

#[test]
fn what_is_too_large_to_start_is_refused_with_the_limit() {
    let cases = [
        ("a large table", "(table 1000000 funcref)", "200000"),
        ("many tables", &"(table 1 funcref)".repeat(50), "tables"),
        ("a segment beyond memory", "(data (i32.const 900000000) \"x\")", "out of bounds"),
    ];
    for (name, fields, part) in cases {
        is_refused(name, &Guest { fields, ..Guest::default() }, part);
    }
}

/// A component of so many core instances, or so much in each.
fn crowd(count: usize, fields: &str) -> Vec<u8> {
    let instances = "(core instance (instantiate $m))".repeat(count);
    let text = format!(
        r#"(component (core module $m {fields}) {instances} (instance $i) (export "playfast:parser/parser@0.1.0" (instance $i)))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn a_crowd_is_refused() {
    for (name, component, part) in [
        ("core instances", crowd(1000, ""), "instances"),
        ("memories", crowd(30, "(memory 1)"), "memories"),
        ("tables", crowd(30, "(table 1 funcref)"), "tables"),
        ("a memory", crowd(1, "(memory 60000)"), "memory"),
        ("blocks", crowd(1, &format!("(func {} {})", "(block ".repeat(3000), ")".repeat(3000))), "export"),
    ] {
        let refusal = refusal(&component);
        assert!(refusal.contains(part), "{name}: {refusal}");
    }
}

#[test]
fn a_description_is_made_under_the_limits() {
    let cases = [
        ("loops", "(loop $l (br $l)) (unreachable)", "the limit of 250ms"),
        ("traps", wat_components::UNREACHABLE, "trapped"),
        ("beyond memory", "(i32.const -64)", "out of bounds"),
        (
            "70 MB",
            "(drop (memory.grow (i32.const 1200))) (i32.store (global.get $description_result) (i32.const 65536))
             (i32.store offset=4 (global.get $description_result) (i32.const 70000000)) (global.get $description_result)",
            "the limit of 67108864 bytes",
        ),
        (
            "2 MB",
            "(i32.store (global.get $description_result) (i32.const 65536)) (i32.store offset=4 (global.get $description_result) (i32.const 2000000)) (global.get $description_result)",
            "it has 2000000 bytes, and 1048576 are allowed",
        ),
        (
            "no text",
            "(i32.store8 (global.get $description) (i32.const 255)) (i32.store (global.get $description_result) (global.get $description))
             (i32.store offset=4 (global.get $description_result) (i32.const 9)) (global.get $description_result)",
            "utf-8",
        ),
    ];
    for (name, describe, part) in cases {
        is_refused(name, &Guest { describe, ..Guest::default() }, part);
    }
}

#[test]
fn a_description_that_lies_or_loops_in_itself_is_refused_where_it_does() {
    let with = |from: &str, to: &str| wat_components::DESCRIPTION.replace(from, to);
    let id = r#"{"type": "string", "pattern": "^[a-z]*$"}"#;
    let param = |schema: &str| with(id, schema);
    let brackets = |count| param(&format!(r#"{{"type": "string", "x": {}{}}}"#, "[".repeat(count), "]".repeat(count)));
    let cases = [
        ("a name of two lines", with("rogue", r"ro\ngue"), "/name"),
        ("a name that moves the cursor", with("rogue", r"ro\u001b[2J"), "/name"),
        ("a version of two lines", with("1.0.0", r"1.0.0\nplayfast: all is well"), "/version"),
        (
            "a summary without an end",
            with("\"summary\": \"\"", &format!("\"summary\": \"{}\"", "x".repeat(600))),
            "/summary",
        ),
        ("this machine", with("example.org", "127.0.0.1"), "/hosts/0"),
        ("this machine by another name", with("example.org", "[::1]"), "/hosts/0"),
        ("a name of this machine", with("example.org", "localhost"), "/hosts/0"),
        ("an address as a number", with("example.org", "2130706433"), "/hosts/0"),
        ("an address in octal", with("example.org", "0177.0.0.01"), "/hosts/0"),
        ("a port", with("example.org", "example.org:22"), "/hosts/0"),
        ("any host", with("example.org", "*.example.org"), "/hosts/0"),
        ("no hosts", with("[\"example.org\"]", "[]"), "/hosts"),
        ("a pace of nothing", with("\"per_minute\": 60", "\"per_minute\": 0"), "/pace/per_minute"),
        ("more to a request than at most", with("\"default\": 1", "\"default\": 2"), "/kinds/0/per_request"),
        ("everything in one request", with("\"max\": 1", "\"max\": 4000000000"), "/kinds/0/per_request/max"),
        ("brackets", brackets(100_000), "it is not JSON"),
        (
            "a pattern that goes back",
            param(r#"{"type": "string", "pattern": "^(a)\\1$"}"#),
            "/kinds/0/params/properties/id",
        ),
        (
            "a pattern that is huge",
            param(r#"{"type": "string", "pattern": "((a{200}){200}){200}"}"#),
            "/kinds/0/params/properties/id",
        ),
        (
            "a default that is no value",
            param(r#"{"type": "integer", "default": "x"}"#),
            "/kinds/0/params/properties/id",
        ),
        (
            "a group of what isn't there",
            param(r#"{"type": "string", "enum": ["a"], "x-groups": {"all": ["b"]}}"#),
            "/kinds/0/params/properties/id",
        ),
    ];
    for (name, description, part) in cases {
        is_refused(name, &describes(&description), part);
    }
}

#[test]
fn a_description_just_below_the_limit_is_read_soon() {
    let id = r#"{"type": "string", "pattern": "^[a-z]*$"}"#;
    let values = |count: usize| (0..count).map(|value| format!("\"{value:05}\"")).collect::<Vec<_>>().join(",");
    let params = |count: usize, schema: &str| {
        let params = (0..count).map(|number| format!("\"p{number}\": {schema}")).collect::<Vec<_>>().join(",");
        wat_components::DESCRIPTION.replace(&format!("\"id\": {id}"), &params)
    };
    let one = |schema: String| wat_components::DESCRIPTION.replace(id, &schema);
    let pattern = r#"{"type": "string", "pattern": "(((a|b)?){15}){60}", "default": "ab"}"#;
    // What is read is described as it is; what isn't is refused for a reason.
    let cases = [
        ("values", one(format!(r#"{{"type": "string", "enum": [{}]}}"#, values(120_000))), None),
        (
            "values and a group of them",
            one(format!(r#"{{"type": "string", "enum": [{0}], "x-groups": {{"all": [{0}]}}}}"#, values(60_000))),
            None,
        ),
        ("patterns", params(256, pattern), None),
        (
            "parameters",
            params(15_000, r#"{"type": "string"}"#),
            Some("there are 15000 parameters in all, and 256 are allowed"),
        ),
        ("spaces", one(id.replace(' ', &" ".repeat(300_000))), None),
        (
            "a schema that refers to itself",
            one(r##"{"type": "string", "default": "a", "allOf": [{"$ref": "#"}], "not": {"$ref": "#"}}"##.to_owned()),
            None,
        ),
        (
            "a schema that refers elsewhere",
            one(r#"{"type": "string", "default": "a", "$ref": "https://evil.example/schema"}"#.to_owned()),
            None,
        ),
    ];
    let runtime = Runtime::new().unwrap();
    for (name, description, refused) in cases {
        assert!(description.len() < 1 << 20, "{name}");
        let component = describes(&description).build();
        let start = Instant::now();
        let built = runtime.block_on(Host::builder().with_parser(component).build());
        assert!(start.elapsed() < SOON, "{name} took {:?}", start.elapsed());
        let said = built.err().map(|error| reason(&error));
        match (refused, &said) {
            (None, None) => {}
            (Some(part), Some(said)) if said.contains(part) => {}
            _ => panic!("{name}: {said:?}"),
        }
    }
}

/// A description is asked for once, and what it promises of records is held against them where another parser is to take its place.
#[test]
fn a_parser_that_does_not_give_what_it_promises_takes_no_other_ones_place() {
    let shop = Shop::open(StoreConfig::default());
    // It promises a title, at most one query a request, and a number: and gives none of it.
    let description = wat_components::charts().replace(
        r#""record": {}"#,
        r#""record": {"type": "object", "required": ["title"], "properties": {"x": {"type": "string"}}}"#,
    );
    let guest = Guest {
        description: &description,
        request: wat_components::GET,
        url: "https://play.google.com/",
        parse: "(call $page (global.get $record) (i32.const 7))",
        ..Guest::default()
    };
    let host = shop.host_with(guest.build());
    let plan = Plan::new(&host.description(), "list", []).unwrap();
    let outcomes = shop.runtime.block_on(host.batch(&plan));
    assert_eq!(outcomes[0].rows[0]["x"], 1, "{outcomes:?}");
    // A good parser can't be replaced by one that leaves out what it promises.
    let host = shop.host();
    shop.runtime.block_on(host.batch(&plan));
    let refused = shop.runtime.block_on(host.swap(guest.build())).unwrap_err().to_string();
    assert!(refused.contains("is in 0 % of the records"), "{refused}");
}

/// Answers many queries with one request, as its description says, although it can't.
#[test]
fn a_parser_that_promises_more_to_a_request_than_it_can_is_given_one_query_at_a_time() {
    let shop = Shop::open(StoreConfig::default());
    let description = wat_components::charts()
        .replace(r#""default": 1, "max": 1"#, r#""default": 10, "max": 10"#)
        .replace(r#""pattern": "^[a-z]*$""#, r#""x-many": true"#);
    let parse = "(call $page (global.get $record) (i32.const 7))";
    let guest = Guest { description: &description, request: wat_components::GET, parse, ..Guest::default() };
    let host = shop.host_with(guest.build());
    let ids = ["a", "b", "c"].map(|id| ("id", id));
    let plan = Plan::new(&host.description(), "list", ids).unwrap();
    let outcomes = shop.runtime.block_on(host.batch(&plan));
    assert_eq!(outcomes.len(), 3);
    for outcome in outcomes {
        assert!(outcome.failure.is_none() && outcome.rows.len() == 1, "{outcome:?}");
    }
}
