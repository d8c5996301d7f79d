//! Components written by hand in WebAssembly text, made by the same encoder as real ones.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

pub(crate) const DESCRIPTION: &str = r#"{"name": "rogue", "version": "1.0.0", "summary": "", "hosts": ["example.org"],
    "pace": {"burst": 1, "per_minute": 60}, "kinds": [{"name": "thing", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1},
    "params": {"required": [], "properties": {"id": {"type": "string", "pattern": "^[a-z]*$"}}}}]}"#;

pub(crate) const UNREACHABLE: &str = "(unreachable)";

/// What it takes to print, to look around, and to resolve names under WASI.
pub(crate) const WASI: &str = r#"
    (import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
    (import "wasi:cli/environment@0.2.0" "get-arguments" (func $arguments (param i32)))
    (import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $directories (param i32)))
    (import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $network (result i32)))
    (import "wasi:sockets/ip-name-lookup@0.2.0" "resolve-addresses" (func $resolve (param i32 i32 i32 i32)))
    (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
    (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))"#;

/// A request for [`Guest::url`], made of one query.
pub(crate) const GET: &str = r#"
    (i32.store (global.get $requests) (global.get $exchange)) (i32.store offset=4 (global.get $requests) (i32.const 1))
    (i32.store offset=4 (global.get $exchange) (global.get $url)) (i32.store offset=8 (global.get $exchange) (i32.const URL_LENGTH))
    (i32.store offset=32 (global.get $exchange) (global.get $query_indices)) (i32.store offset=36 (global.get $exchange) (i32.const 1))
    (global.get $requests)"#;

/// A request for [`Guest::url`] for each query.
pub(crate) const GETS: &str = r#"(local $i i32) (local $at i32)
    (loop $l
        (local.set $at (i32.add (global.get $scratch) (i32.mul (local.get $i) (i32.const 40))))
        (i32.store offset=4 (local.get $at) (global.get $url)) (i32.store offset=8 (local.get $at) (i32.const URL_LENGTH))
        (i32.store offset=32 (local.get $at) (i32.add (i32.const 2900000) (i32.mul (local.get $i) (i32.const 4))))
        (i32.store offset=36 (local.get $at) (i32.const 1))
        (i32.store (i32.load offset=32 (local.get $at)) (local.get $i))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (local.get 1))))
    (i32.store (global.get $requests) (global.get $scratch)) (i32.store offset=4 (global.get $requests) (local.get 1)) (global.get $requests)"#;

/// An address that Play's store answers.
const APP: &str = "https://play.google.com/store/apps/details?id=a.b";

/// A header whose value is two lines, for a request as [`GET`].
pub(crate) const HEADER: &str = r#"
    (i32.store offset=12 (global.get $exchange) (global.get $headers)) (i32.store offset=16 (global.get $exchange) (i32.const 1))
    (i32.store (global.get $headers) (global.get $header_text)) (i32.store offset=4 (global.get $headers) (i32.const 3))
    (i32.store offset=8 (global.get $headers) (i32.const 724)) (i32.store offset=12 (global.get $headers) (i32.const 7))"#;

/// A state for the page of `$page`.
pub(crate) const NEXT: &str = "(i32.store offset=16 (global.get $page) (i32.const 1)) (i32.store offset=20 (global.get $page) (global.get $header_text)) (i32.store offset=24 (global.get $page) (i32.const 3))";

/// A further query for the page of `$page`.
pub(crate) const FOLLOW: &str = r#"
    (i32.store offset=28 (global.get $page) (global.get $follow)) (i32.store offset=32 (global.get $page) (i32.const 1))
    (i32.store (global.get $follow) (global.get $kind_name)) (i32.store offset=4 (global.get $follow) (i32.const 4))"#;

/// Reads every byte of the body, and goes on for ever where the query's `id` starts with a z.
pub(crate) const LOOPS_FOR_SOME: &str = "(local $i i32) (local $sum i32)
    (if (i32.eq (i32.load8_u (i32.load offset=8 (i32.load offset=8 (local.get 0)))) (i32.const 122))
        (then (loop $l (br $l))))
    (loop $l
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.add (local.get 7) (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (local.get 8))))
    (call $page (global.get $app_record) (i32.const 28))";

/// Addresses in the memory of a component: texts, results of the contract's functions, and room for more.
const LAYOUT: &[(&str, u32)] = &[
    // The result of `describe`: a text.
    ("description_result", 8),
    // The result of `parse`: its case, then a list of pages, or a failure's kind and message.
    ("result", 64),
    // The page: its case, then records, state, further queries, notes.
    ("page", 128),
    ("record_list", 200),
    // The result of `request`: exchanges, refused queries.
    ("requests", 300),
    // The exchange: method, URL, headers, body, query indices.
    ("exchange", 320),
    ("query_indices", 400),
    ("headers", 416),
    // A further query: kind, parameters, state.
    ("follow", 440),
    ("host_name", 512),
    ("record", 528),
    ("url", 544),
    ("app_record", 640),
    ("kind_name", 704),
    ("header_text", 720),
    ("description", 1024),
    ("scratch", 3_000_000),
    // Beyond the memory that a component starts with.
    ("grown", 4_194_304),
];

/// A parser by what its functions do: their bodies, which leave the address of a result.
pub(crate) struct Guest<'a> {
    pub(crate) description: &'a str,
    pub(crate) describe: &'a str,
    pub(crate) request: &'a str,
    pub(crate) url: &'a str,
    pub(crate) parse: &'a str,
    pub(crate) imports: &'a str,
    /// More of the module's fields, such as a start function.
    pub(crate) fields: &'a str,
    /// What it does where the host wants memory for an argument.
    pub(crate) realloc: &'a str,
}

/// Gives memory from 64 KiB on, and nothing back.
const REALLOC: &str = "(local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (local.get $at)";

impl Default for Guest<'_> {
    fn default() -> Self {
        let describe = "(i32.store (global.get $description_result) (global.get $description)) (i32.store offset=4 (global.get $description_result) (i32.const DESCRIBED)) (global.get $description_result)";
        Self {
            description: DESCRIPTION,
            describe,
            request: UNREACHABLE,
            url: APP,
            parse: UNREACHABLE,
            imports: "",
            fields: "",
            realloc: REALLOC,
        }
    }
}

/// The description of a parser that may be asked for charts in Play's place.
pub(crate) fn charts() -> String {
    DESCRIPTION.replace("rogue", "play").replace("example.org", "play.google.com").replace("thing", "list")
}

/// A parser with this description, whose `parse` does this.
pub(crate) fn component(description: &str, parse: &str) -> Vec<u8> {
    Guest { description, parse, ..Guest::default() }.build()
}

impl Guest<'_> {
    /// The component. `$page` gives a result with one record, of which the text's address and length are known: `{"x":1}` at `$record`.
    pub(crate) fn build(&self) -> Vec<u8> {
        let text = self.description.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
        let describe = self.describe.replace("DESCRIBED", &self.description.len().to_string());
        let Self { url, parse, imports, fields, realloc, .. } = self;
        let request = self.request.replace("URL_LENGTH", &url.len().to_string());
        let layout = LAYOUT.iter().map(|(name, address)| format!("(global ${name} i32 (i32.const {address}))"));
        let layout: String = layout.collect();
        let module = format!(
            r#"(module
                {imports}
                (memory (export "memory") 64)
                (data (i32.const 512) "example.org")
                (data (i32.const 528) "{{\"x\":1}}")
                (data (i32.const 544) "{url}")
                (data (i32.const 640) "{{\"app_id\":\"a.b\",\"title\":\"B\"}}")
                (data (i32.const 704) "list")
                (data (i32.const 720) "x-a b\r\nc: d[]")
                (data (i32.const 1024) "{text}")
                {layout}
                (global $next (mut i32) (i32.const 65536))
                {fields}
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
                (func $recurse (param i32) (result i32) (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
                (func $page (param $record i32) (param $length i32) (result i32)
                    (i32.store offset=8 (global.get $result) (global.get $page)) (i32.store offset=12 (global.get $result) (i32.const 1))
                    (i32.store offset=8 (global.get $page) (global.get $record_list)) (i32.store offset=12 (global.get $page) (i32.const 1))
                    (i32.store (global.get $record_list) (local.get $record)) (i32.store offset=4 (global.get $record_list) (local.get $length))
                    (global.get $result))
                (func (export "playfast:parser/parser@0.1.0#describe") (result i32) {describe})
                (func (export "playfast:parser/parser@0.1.0#request") (param i32 i32 i32) (result i32) {request})
                (func (export "playfast:parser/parser@0.1.0#parse")
                    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32) {parse}))"#,
        );
        encode(wat::parse_str(module).unwrap(), !imports.is_empty())
    }
}

/// The parts of WASI that [`WASI`] names, and a world of a parser that imports them.
const WASI_WIT: &str = r#"
    package test:guest;
    world wasi-parser {
        import wasi:cli/environment@0.2.0;
        import wasi:cli/stdout@0.2.0;
        import wasi:filesystem/preopens@0.2.0;
        import wasi:sockets/ip-name-lookup@0.2.0;
        import wasi:sockets/instance-network@0.2.0;
        export playfast:parser/parser@0.1.0;
    }
    package wasi:io@0.2.0 {
        interface error { resource error; }
        interface streams {
            use error.{error};
            variant stream-error { last-operation-failed(error), closed }
            resource output-stream { blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>; }
        }
    }
    package wasi:cli@0.2.0 {
        interface environment {
            get-environment: func() -> list<tuple<string, string>>;
            get-arguments: func() -> list<string>;
        }
        interface stdout { use wasi:io/streams@0.2.0.{output-stream}; get-stdout: func() -> output-stream; }
    }
    package wasi:filesystem@0.2.0 {
        interface types { resource descriptor; }
        interface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }
    }
    package wasi:sockets@0.2.0 {
        interface network {
            resource network;
            enum error-code {
                unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout, concurrency-conflict, not-in-progress,
                would-block, invalid-state, new-socket-limit, address-not-bindable, address-in-use, remote-unreachable,
                connection-refused, connection-reset, connection-aborted, datagram-too-large, name-unresolvable,
                temporary-resolver-failure, permanent-resolver-failure
            }
        }
        interface instance-network { use network.{network}; instance-network: func() -> network; }
        interface ip-name-lookup {
            use network.{network, error-code};
            resource resolve-address-stream;
            resolve-addresses: func(network: borrow<network>, name: string) -> result<resolve-address-stream, error-code>;
        }
    }"#;

fn encode(mut module: Vec<u8>, imports_wasi: bool) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let contract = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/parser.wit");
    let package = resolve.push_file(contract).unwrap();
    let world = if imports_wasi {
        let package = resolve.push_str("wasi.wit", WASI_WIT).unwrap();
        resolve.select_world(&[package], Some("wasi-parser")).unwrap()
    } else {
        resolve.select_world(&[package], Some("playfast-parser")).unwrap()
    };
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}
