//! A file that is no parser is refused at the step where it fails, with a line that says which.

use crate::support::playfast;
use crate::wat_components::{self, Guest};

const DESCRIPTION: &str = wat_components::DESCRIPTION;

fn refused(bytes: &[u8], part: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let ran = playfast(&["inspect", file.path().to_str().unwrap()]);
    ran.refused(4, part);
}

#[test]
fn garbage_and_modules_are_told_apart() {
    refused(b"", "not WebAssembly");
    refused(b"MZ garbage", "not WebAssembly");
    refused(&wat::parse_str("(module)").unwrap(), "core WebAssembly module");
    refused(b"\0asm\x0d\0\x01\0 garbage", "not valid WebAssembly");
}

#[test]
fn another_world_or_version_is_named() {
    refused(&wat::parse_str("(component)").unwrap(), "another world: it exports nothing");
    let other = r#"(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#;
    refused(&wat::parse_str(other).unwrap(), "wasi:cli/run@0.2.0");
    let next = r#"(component (instance $i) (export "playfast:parser/parser@0.2.0" (instance $i)))"#;
    refused(&wat::parse_str(next).unwrap(), "version 0.2.0 of the contract");
    let hollow = r#"(component (instance $i) (export "playfast:parser/parser@0.1.0" (instance $i)))"#;
    refused(&wat::parse_str(hollow).unwrap(), "fails to start under the contract");
}

#[test]
fn imports_beyond_wasi_are_refused() {
    let greedy = r#"(component (import "evil:files/read@1.0.0" (instance)) (instance $i) (export "playfast:parser/parser@0.1.0" (instance $i)))"#;
    refused(&wat::parse_str(greedy).unwrap(), "may only import WASI");
}

#[test]
fn a_description_that_does_not_fit_is_refused_where_it_does_not() {
    let cases = [
        ("not JSON", "it is not JSON"),
        ("{}", "at the top"),
        (&DESCRIPTION.replace("example.org", "127.0.0.1"), "/hosts/0"),
        (&DESCRIPTION.replace("\"burst\": 1", "\"burst\": 0"), "/pace/burst"),
        (&DESCRIPTION.replace("\"required\": []", "\"required\": [\"nothing\"]"), "/kinds/0/params/required"),
        (&DESCRIPTION.replace("\"type\": \"string\"", "\"type\": \"strange\""), "/kinds/0/params/properties/id"),
        (&DESCRIPTION.replace("^[a-z]*$", "("), "/kinds/0/params/properties/id"),
    ];
    for (description, part) in cases {
        refused(&wat_components::component(description, wat_components::UNREACHABLE), part);
    }
}

#[test]
fn a_description_that_loops_is_refused() {
    let looping = Guest { describe: "(loop $l (br $l)) (unreachable)", ..Guest::default() }.build();
    refused(&looping, "parser-timeout");
}

#[test]
fn help_works_with_a_broken_parser() {
    let ran = playfast(&["--help", "--parser", "/nowhere/there.wasm"]);
    assert_eq!(ran.code(), 0);
    assert!(ran.stdout().contains("inspect"));
    assert!(ran.stderr().contains("/nowhere/there.wasm"));
}
