//! Responses that somebody saved: what `parse` makes of their files, and what `doctor --save` keeps.

use std::path::Path;
use std::process::Command;

use playfast_sim::{FaultKind, Faults, StoreConfig};

use crate::support::{Ran, Shop, playfast};
use crate::wat_components::{self, Guest};

/// A parser whose queries' `id` stands in addresses as `i`; `num` has a default.
fn parser() -> tempfile::NamedTempFile {
    let id = r#""id": {"type": "string", "pattern": "^[a-z]*$"#;
    let described =
        r#""num": {"type": "integer", "default": 100}, "id": {"x-url": "i", "type": "string", "pattern": "^[a-z]*$"#;
    let description = wat_components::DESCRIPTION.replace(id, described);
    assert!(description.contains("x-url"));
    let parse = "(call $page (global.get $record) (i32.const 7))";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), Guest { description: &description, parse, ..Guest::default() }.build()).unwrap();
    file
}

fn parse(file: &Path, more: &[&str]) -> Ran {
    let parser = parser();
    let arguments = ["parse", "--parser", parser.path().to_str().unwrap(), "--kind", "thing", file.to_str().unwrap()];
    playfast(&[&arguments, more].concat())
}

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

#[test]
fn parameters_are_given_or_in_the_address_and_else_null() {
    let page = file(b"page");
    for (more, id, num) in [
        (&[][..], serde_json::Value::Null, serde_json::Value::Null),
        (&["--url", "https://example.org/x?a=b&i=abc"], "abc".into(), serde_json::Value::Null),
        (&["--url", "https://example.org/x?i=abc", "--param", "id=given"], "given".into(), serde_json::Value::Null),
        (&["--url", "https://example.org/x?i=NO!"], serde_json::Value::Null, serde_json::Value::Null),
        (&["--url", "no address", "--param", "num=5"], serde_json::Value::Null, 5.into()),
    ] {
        let ran = parse(page.path(), more);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        let row = &ran.rows()[0];
        assert_eq!((&row["id"], &row["num"], &row["position"]), (&id, &num, &1.into()), "{more:?}: {row}");
        assert_eq!(row.as_object().unwrap().keys().next().unwrap(), "kind");
        assert!(row["kind"] == "thing" && row["fetched_at"].is_null(), "nobody knows when it was fetched: {row}");
    }
}

#[test]
fn a_file_that_is_no_body_is_named_with_what_to_do() {
    for (content, says) in [
        (&br#"{"log": {"entries": [{}]}}"#[..], "it is a HAR file, not the body of a response"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n", "it is an MHTML file"),
    ] {
        let page = file(content);
        let ran = parse(page.path(), &[]);
        ran.refused(2, says);
        assert!(ran.stderr().contains(page.path().to_str().unwrap()) && ran.stdout().is_empty(), "{}", ran.stderr());
    }
    let ran = parse(file(b"plain").path(), &["--header", "content-encoding: gzip"]);
    ran.refused(2, "leave the header content-encoding out");
}

#[test]
fn what_the_doctor_saves_is_parsed_by_the_command_beside_it() {
    let shop = Shop::open(StoreConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let doctor = || shop.playfast(&["doctor", "--save", saved.to_str().unwrap(), "--cookie", "consent=secret"]);
    let ran = doctor();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let mut parsed = 0;
    for entry in std::fs::read_dir(&saved).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        assert!(!text.contains("consent=secret"), "{}", path.display());
        if path.extension().is_some_and(|extension| extension == "json") {
            let sidecar: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(sidecar["response"]["status"], 200);
            let command = sidecar["parse"].as_str().unwrap();
            let command = command.replacen("playfast", env!("CARGO_BIN_EXE_playfast"), 1);
            let ran = Ran(Command::new("sh").args(["-c", &command]).current_dir(&saved).output().unwrap());
            // The page of an app names the page of similar ones, which is nothing without its state.
            let is_step = command.contains("similar");
            assert!(is_step || (ran.code() == 0 && !ran.rows().is_empty()), "{command}: {}", ran.stderr());
            parsed += 1;
        }
    }
    assert_eq!(parsed, 13, "one of each kind, the page of an app, and a second of similar and developer");
    doctor().refused(2, "is not empty");
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&saved).unwrap().permissions()) & 0o777,
        0o700
    );
}

#[test]
fn the_doctor_asks_little_of_a_store_that_says_no() {
    let shop = Shop::open(StoreConfig::default());
    shop.store.set_faults(Faults::none().with(FaultKind::Captcha, 1.0));
    // As many retries as by default.
    let options = shop.options();
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let ran = playfast(&[&["doctor", "--rate=none"], options.as_slice()].concat());
    assert_eq!(ran.code(), 3);
    // Of each kind, and robots.txt.
    assert!(shop.store.stats().requests <= 5, "{}", shop.store.stats().requests);
    for kind in ["\n  list            blocked (HTTP 302)  0     2 ", "not asked: the site answers nothing"] {
        assert!(ran.stdout().contains(kind), "{kind:?} is not in {}", ran.stdout());
    }
}

#[test]
fn the_doctor_refuses_parameters_that_no_kind_can_have() {
    for (param, says) in [
        ("nume=1", "did you mean num?"),
        ("nope=x", "has no parameter \"nope\""),
        ("country=xx", "country can't be \"xx\""),
    ] {
        playfast(&["doctor", "--param", param]).refused(2, says);
    }
}
