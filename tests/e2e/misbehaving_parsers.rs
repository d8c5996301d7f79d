//! A component that misbehaves in every way: a mode each, and what the host must say of it.

use playfast::FailureKind;

use crate::wat_components::{self, Guest};

/// One way to misbehave.
pub(crate) struct Mode {
    pub(crate) name: &'static str,
    pub(crate) component: Vec<u8>,
    /// What its query fails with.
    pub(crate) kind: FailureKind,
    /// What the message says, beside the parser and the query's kind: the limit, where there is one.
    pub(crate) says: &'static str,
}

const LOOP: &str = "(loop $l (br $l)) (unreachable)";
const PLAY: &str = "https://play.google.com/";

/// One whole record.
const RECORD: &str = "(call $page (global.get $record) (i32.const 7))";

/// A text of 70 MB as the message of a failure.
const GIANT_MESSAGE: &str = "(drop (memory.grow (i32.const 1200)))
    (i32.store8 (global.get $result) (i32.const 1)) (i32.store8 offset=8 (global.get $result) (i32.const 0))
    (i32.store offset=12 (global.get $result) (i32.const 65536)) (i32.store offset=16 (global.get $result) (i32.const 70000000)) (global.get $result)";

/// A million of one record.
const MILLION_RECORDS: &str = "(local $i i32) (drop (memory.grow (i32.const 200)))
    (loop $l
        (i32.store (i32.add (global.get $grown) (i32.mul (local.get $i) (i32.const 8))) (global.get $record))
        (i32.store offset=4 (i32.add (global.get $grown) (i32.mul (local.get $i) (i32.const 8))) (i32.const 7))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 1000000))))
    (drop (call $page (global.get $record) (i32.const 7)))
    (i32.store offset=8 (global.get $page) (global.get $grown)) (i32.store offset=12 (global.get $page) (i32.const 1000000)) (global.get $result)";

/// A record of 100,000 brackets.
const DEEP_RECORD: &str = "(memory.fill (global.get $scratch) (i32.const 91) (i32.const 100000))
    (call $page (global.get $scratch) (i32.const 100000))";

/// As many notes as fit into memory: 2 million, each of nothing.
const GIANT_NOTES: &str = "(drop (memory.grow (i32.const 300)))
    (i32.store offset=36 (global.get $page) (global.get $grown)) (i32.store offset=40 (global.get $page) (i32.const 2000000))
    (call $page (global.get $record) (i32.const 7))";

/// A million further queries, each of nothing.
const MILLION_FOLLOWS: &str = "(drop (memory.grow (i32.const 500)))
    (i32.store offset=28 (global.get $page) (global.get $grown)) (i32.store offset=32 (global.get $page) (i32.const 1000000))
    (call $page (global.get $record) (i32.const 7))";

/// Two thousand further queries for the same chart, from each of which as many would follow.
const MANY_FOLLOWS: &str = r#"(local $i i32)
    (loop $l
        (i32.store (i32.add (global.get $scratch) (i32.mul (local.get $i) (i32.const 28))) (global.get $kind_name))
        (i32.store offset=4 (i32.add (global.get $scratch) (i32.mul (local.get $i) (i32.const 28))) (i32.const 4))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const COUNT))))
    (i32.store offset=28 (global.get $page) (global.get $scratch)) (i32.store offset=32 (global.get $page) (i32.const COUNT))
    (call $page (global.get $record) (i32.const 7))"#;

/// A further query for a kind that isn't described.
const STRANGE_FOLLOW: &str = r#"
    (i32.store offset=28 (global.get $page) (global.get $follow)) (i32.store offset=32 (global.get $page) (i32.const 1))
    (i32.store (global.get $follow) (global.get $host_name)) (i32.store offset=4 (global.get $follow) (i32.const 7))
    (call $page (global.get $record) (i32.const 7))"#;

/// A state that is one byte longer each time.
const COUNTING_NEXT: &str = "
    (i32.store offset=16 (global.get $page) (i32.const 1)) (i32.store offset=20 (global.get $page) (global.get $scratch))
    (i32.store offset=24 (global.get $page) (i32.add (i32.const 1) (i32.mul
        (i32.load8_u offset=16 (local.get 0)) (i32.load offset=24 (local.get 0)))))
    (call $page (global.get $record) (i32.const 7))";

/// A state of a megabyte.
const GIANT_NEXT: &str = "
    (i32.store offset=16 (global.get $page) (i32.const 1)) (i32.store offset=20 (global.get $page) (global.get $scratch))
    (i32.store offset=24 (global.get $page) (i32.const 1000000)) (call $page (global.get $record) (i32.const 7))";

/// A hundred thousand exchanges, for the same query.
const MANY_EXCHANGES: &str = "(drop (memory.grow (i32.const 200)))
    (i32.store (global.get $requests) (global.get $grown)) (i32.store offset=4 (global.get $requests) (i32.const 100000)) (global.get $requests)";

/// A hundred thousand exchanges, each for the only query.
const EXCHANGES_FOR_ONE: &str = "(local $i i32) (drop (memory.grow (i32.const 200)))
    (loop $l
        (i32.store offset=32 (i32.add (global.get $grown) (i32.mul (local.get $i) (i32.const 40))) (global.get $query_indices))
        (i32.store offset=36 (i32.add (global.get $grown) (i32.mul (local.get $i) (i32.const 40))) (i32.const 1))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 100000))))
    (i32.store (global.get $requests) (global.get $grown)) (i32.store offset=4 (global.get $requests) (i32.const 100000)) (global.get $requests)";

/// An exchange for the query of the largest index.
const STRANGE_INDEX: &str = "(i32.store (global.get $query_indices) (i32.const -1))";

/// A body of 50 MB, of what memory holds.
const GIANT_BODY: &str = "(drop (memory.grow (i32.const 1000)))
    (i32.store8 offset=20 (global.get $exchange) (i32.const 1)) (i32.store offset=24 (global.get $exchange) (i32.const 65536))
    (i32.store offset=28 (global.get $exchange) (i32.const 50000000))";

/// An address of 10 MB, after what is an address.
const GIANT_URL: &str = "(drop (memory.grow (i32.const 200)))
    (memory.fill (global.get $grown) (i32.const 97) (i32.const 10000000))
    (memory.copy (global.get $grown) (global.get $url) (i32.const 24))
    (i32.store (global.get $requests) (global.get $exchange)) (i32.store offset=4 (global.get $requests) (i32.const 1))
    (i32.store offset=4 (global.get $exchange) (global.get $grown)) (i32.store offset=8 (global.get $exchange) (i32.const 10000000))
    (i32.store offset=32 (global.get $exchange) (global.get $query_indices)) (i32.store offset=36 (global.get $exchange) (i32.const 1)) (global.get $requests)";

/// A thousand headers.
const MANY_HEADERS: &str = "(local $i i32)
    (i32.store offset=12 (global.get $exchange) (i32.const 2000000)) (i32.store offset=16 (global.get $exchange) (i32.const 10000))
    (loop $l
        (i32.store (i32.add (i32.const 2000000) (i32.mul (local.get $i) (i32.const 16))) (global.get $header_text))
        (i32.store offset=4 (i32.add (i32.const 2000000) (i32.mul (local.get $i) (i32.const 16))) (i32.const 3))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 10000))))";

/// Every mode in which a parser is taken, and fails its query.
pub(crate) fn modes() -> Vec<Mode> {
    [limits(), records(), requests(), pointers(), ends()].into_iter().flatten().collect()
}

fn mode(name: &'static str, guest: Guest<'_>, kind: FailureKind, says: &'static str) -> Mode {
    let description = wat_components::charts();
    Mode { name, component: Guest { description: &description, ..guest }.build(), kind, says }
}

/// Asks well, and parses so.
fn parses(parse: &str) -> Guest<'_> {
    Guest { request: wat_components::GET, url: PLAY, parse, ..Guest::default() }
}

/// Asks so.
fn asks(request: &str) -> Guest<'_> {
    Guest { request, url: PLAY, parse: RECORD, ..Guest::default() }
}

/// Asks this address.
fn at(url: &str) -> Guest<'_> {
    Guest { url, ..asks(wat_components::GET) }
}

fn limits() -> Vec<Mode> {
    use FailureKind::{ParserMemory, ParserOutput, ParserStack, ParserTimeout, ParserTrap};
    let table = "(table $t 1 funcref)";
    let grows_table = "(loop $l (drop (table.grow $t (ref.null func) (i32.const 50000))) (br $l)) (unreachable)";
    let bomb = "(loop $l (drop (memory.grow (i32.const 256)))
        (memory.fill (i32.const 65536) (i32.const 1) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 65536))) (br $l)) (unreachable)";
    vec![
        mode("an endless loop", parses(LOOP), ParserTimeout, "the limit of 250ms"),
        mode("a request that loops", asks(LOOP), ParserTimeout, "the limit of 250ms"),
        mode("a memory bomb", parses(bomb), ParserMemory, "the limit of 268435456 bytes"),
        mode(
            "a memory bomb at once",
            parses("(drop (memory.grow (i32.const 60000))) (unreachable)"),
            ParserMemory,
            "the limit of 268435456 bytes",
        ),
        mode(
            "a table bomb",
            Guest { fields: table, ..parses(grows_table) },
            ParserMemory,
            "the limit of 200000 elements",
        ),
        mode("endless recursion", parses("(call $recurse (i32.const 0))"), ParserStack, "limit is 524288 bytes"),
        mode("a trap", parses("(unreachable)"), ParserTrap, "wasm `unreachable`"),
        mode("a division by nothing", parses("(i32.div_s (i32.const 1) (i32.const 0))"), ParserTrap, "divide by zero"),
        mode("a giant message", parses(GIANT_MESSAGE), ParserOutput, "the limit of 67108864 bytes"),
        mode("a million records", parses(MILLION_RECORDS), ParserOutput, "the limit of 100000"),
        mode("millions of notes", parses(GIANT_NOTES), ParserOutput, "the limit of 100000"),
        mode("a million further queries", parses(MILLION_FOLLOWS), ParserOutput, "the limit of "),
        mode("a giant state", parses(GIANT_NEXT), ParserOutput, "the limit of 65536"),
    ]
}

fn records() -> Vec<Mode> {
    use FailureKind::ParserInvalid;
    vec![
        mode(
            "a record that is a list",
            parses("(call $page (i32.const 731) (i32.const 2))"),
            ParserInvalid,
            "record 1 is not a JSON object",
        ),
        mode(
            "a record that is empty",
            parses("(call $page (global.get $record) (i32.const 0))"),
            ParserInvalid,
            "record 1 is not a JSON object",
        ),
        mode("a record of brackets", parses(DEEP_RECORD), ParserInvalid, "record 1 is not a JSON object"),
        mode("no result", parses("(i32.const 32)"), ParserInvalid, "must give 1 results, but gave 0"),
        mode(
            "too many results",
            parses(
                "(i32.store offset=8 (global.get $result) (global.get $scratch)) (i32.store offset=12 (global.get $result) (i32.const 9)) (global.get $result)",
            ),
            ParserInvalid,
            "must give 1 results, but gave 9",
        ),
    ]
}

fn requests() -> Vec<Mode> {
    use FailureKind::{Forbidden, ParserInvalid};
    let with = |before: &str| [before, wat_components::GET].concat();
    let (header, body, headers) =
        (with(wat_components::HEADER), with(GIANT_BODY), MANY_HEADERS.to_owned() + wat_components::GET);
    vec![
        mode("another host", at("https://evil.example/"), Forbidden, "it declares play.google.com alone"),
        mode("an address of this machine", at("https://127.0.0.1/"), Forbidden, "it declares play.google.com alone"),
        mode("no https", at("http://play.google.com/"), Forbidden, "it is not https"),
        mode("a user in the address", at("https://play.google.com@evil.example/"), Forbidden, "it has a user name"),
        mode("another port", at("https://play.google.com:8443/"), Forbidden, "it names a port"),
        mode("two lines in the address", at("https://play.google.com\\r\\n.evil.example/"), Forbidden, "it declares"),
        mode("no address", at("//"), Forbidden, "it may not ask"),
        mode("an address of 10 MB", asks(GIANT_URL), Forbidden, "above the limit of 16384"),
        mode("two lines in a header", asks(&header), ParserInvalid, "its value has characters"),
        mode("ten thousand headers", asks(&headers), ParserInvalid, "above the limit of 16384"),
        mode("a body of 50 MB", asks(&body), ParserInvalid, "above the limit of 1048576"),
        mode("no requests", asks("(i32.const 32)"), ParserInvalid, "must name each of 1 queries once, but named 0"),
        mode("exchanges for nobody", asks(MANY_EXCHANGES), ParserInvalid, "but named 0"),
        mode("too many exchanges", asks(EXCHANGES_FOR_ONE), ParserInvalid, "but named 100000"),
        mode("a query that there isn't", asks(&with(STRANGE_INDEX)), ParserInvalid, "must name each of 1 queries once"),
    ]
}

fn pointers() -> Vec<Mode> {
    use FailureKind::{ParserMemory, ParserTimeout, ParserTrap};
    let gives = |realloc| Guest { realloc, ..parses(RECORD) };
    vec![
        mode(
            "a text that is none",
            parses("(i32.store8 (global.get $record) (i32.const 255)) (call $page (global.get $record) (i32.const 7))"),
            ParserTrap,
            "utf-8",
        ),
        mode("a text beyond memory", parses("(call $page (i32.const -8) (i32.const 7))"), ParserTrap, "out of bounds"),
        mode(
            "a text round the end",
            parses("(call $page (global.get $record) (i32.const -1))"),
            ParserTrap,
            "out of bounds",
        ),
        mode("a result beyond memory", parses("(i32.const -64)"), ParserTrap, "pointer out of bounds"),
        mode("a result between words", parses("(i32.const 65)"), ParserTrap, "aligned"),
        mode("a request beyond memory", asks("(i32.const -64)"), ParserTrap, "pointer out of bounds"),
        mode("memory beyond memory", gives("(i32.const -16)"), ParserTrap, "realloc"),
        mode("memory between words", gives("(i32.const 65537)"), ParserTrap, "realloc"),
        mode("memory that takes forever", gives(LOOP), ParserTimeout, "the limit of 250ms"),
        mode("memory that is a trap", gives("(unreachable)"), ParserTrap, "trapped"),
        mode(
            "memory that grows",
            gives("(loop $l (drop (memory.grow (i32.const 256))) (br $l)) (unreachable)"),
            ParserMemory,
            "the limit of 268435456 bytes",
        ),
        mode(
            "a case that there isn't",
            parses("(i32.store8 (global.get $result) (i32.const 7)) (global.get $result)"),
            ParserTrap,
            "discriminant",
        ),
    ]
}

fn ends() -> Vec<Mode> {
    use FailureKind::ParserInvalid;
    let (next, follow) = ([wat_components::NEXT, RECORD].concat(), [wat_components::FOLLOW, RECORD].concat());
    let (many, more) = (MANY_FOLLOWS.replace("COUNT", "2000"), MANY_FOLLOWS.replace("COUNT", "40"));
    vec![
        mode("a state again and again", parses(&next), ParserInvalid, "names a state again"),
        mode("a state that counts", parses(COUNTING_NEXT), ParserInvalid, "the limit of 1000 pages"),
        mode("queries that raise queries", parses(&follow), ParserInvalid, "the limit is 1000, 3 deep"),
        mode("thousands of queries", parses(&many), ParserInvalid, "the limit is 1000, 3 deep"),
        mode("queries that raise more each time", parses(&more), ParserInvalid, "the limit is 1000, 3 deep"),
        mode("a query of a strange kind", parses(STRANGE_FOLLOW), ParserInvalid, "which it does not describe"),
    ]
}
