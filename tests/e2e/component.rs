//! The embedded component is the one that the sources make.

use std::path::Path;

use playfast::PLAY;
use playfast::parser::Digest;

use crate::support;

#[path = "../../xtask/src/stamp.rs"]
mod stamp;

const REMEDY: &str = "run `cargo xtask component` and commit what it writes";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn the_component_was_made_from_these_sources() {
    let stamp = stamp::Stamp::read(root()).unwrap();
    let now = stamp::Stamp::of(root(), &stamp.toolchain).unwrap();
    assert_eq!(stamp.component, now.component, "host/parser/play.wasm is not the one that was stamped: {REMEDY}");
    assert_eq!(stamp, now, "the sources changed since the component was built: {REMEDY}");
}

#[test]
fn the_component_imports_nothing() {
    let host = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(support::builder().with_pure_parsers_only(true).build())
        .unwrap();
    assert!(host.parser().imports().is_empty());
    assert_eq!(host.parser().exports(), ["playfast:parser/parser@0.1.0"]);
    if support::component().is_none() {
        assert_eq!(host.parser().digest(), Digest::compute(PLAY));
    }
}

#[test]
fn the_component_names_no_path_of_the_machine_that_built_it() {
    let text = String::from_utf8_lossy(PLAY);
    for part in ["/root/", "/home/", "/Users/", "registry/src", "\\Users\\"] {
        assert!(!text.contains(part), "{part}");
    }
}
