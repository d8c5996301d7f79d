//! `cargo xtask component` builds the parser component that the host embeds, and its stamp; `cargo xtask aliases` generates the names of
//! countries and languages in its sets of values; `cargo xtask api` writes down what the published libraries show; `cargo xtask readme` writes
//! the options into the README.

mod aliases;
mod api;
mod build;
mod ci;
#[cfg(all(unix, feature = "picture"))]
mod picture;
mod readme;
mod stamp;
mod toolchain;

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use build::Source;
use stamp::{COMPONENT, MOVED_LAYOUT, STAMP, Stamp};
use toolchain::Toolchain;

const USAGE: &str =
    "usage: cargo xtask aliases [--check] | api [--check] | readme [--check] | picture | ci | component [--check | [--example NAME] --out FILE]

  aliases            write names of countries and languages, groups and currencies into the Play parser's sets, from CLDR
  aliases --check    hold the sets against them
  readme             write the tables of commands and options into README.md
  readme --check     hold it against the program
  picture            draw a session of target/quick/playfast for the README (feature `picture`)
  ci                 run everything that must hold before a change lands
  api                write the public items of the published libraries into their public-api.txt
  api --check        hold those texts against the sources
  component          build the parser component, and the demo's, and write them and their stamp into host/parser;
                     the example json_api, which tests run, goes into target/component
  component --check  rebuild all of them into target/component: the stamp's toolchain must give the same bytes
  component --out F  build it into F, and leave host/parser alone; with --example NAME, an example of the guest crate";

fn main() -> Result<()> {
    if let Some(rustdoc) = api::stand_in() {
        return rustdoc;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the xtask stands in the workspace")?;
    match arguments.as_slice() {
        ["aliases"] => aliases::run(root, false),
        ["aliases", "--check"] => aliases::run(root, true),
        ["readme"] => readme::run(root, false),
        ["readme", "--check"] => readme::run(root, true),
        #[cfg(all(unix, feature = "picture"))]
        ["picture"] => picture::run(root),
        #[cfg(not(all(unix, feature = "picture")))]
        ["picture"] => bail!("run `cargo run --profile quick --package xtask --features picture -- picture`"),
        ["ci"] => ci::run(root),
        ["api"] => api::run(root, false),
        ["api", "--check"] => api::run(root, true),
        ["component"] => write(root),
        ["component", "--check"] => check(root),
        ["component", "--out", file] => save(Path::new(file), &component(root, Source::Play)?.0),
        ["component", "--example", name, "--out", file] => {
            save(Path::new(file), &component(root, Source::Example(name))?.0)
        }
        _ => bail!("{USAGE}"),
    }
}

fn component(root: &Path, source: Source<'_>) -> Result<(Vec<u8>, Toolchain)> {
    let toolchain = Toolchain::find()?;
    say(&format!("building with {}", toolchain.version));
    let component = build::component(root, &toolchain, source)?;
    Ok((component, toolchain))
}

/// The example that tests run, and where they look for it.
const TESTED_EXAMPLE: (Source<'static>, &str) = (Source::Example("json_api"), "target/component/json_api.wasm");

/// Builds the example that tests run, so that no check of a component leaves it out.
fn save_example(root: &Path) -> Result<()> {
    let (source, file) = TESTED_EXAMPLE;
    save(&root.join(file), &component(root, source)?.0)
}

/// The components that are committed.
const COMMITTED: [(Source<'static>, &str); 2] = [(Source::Play, COMPONENT), (Source::MovedLayout, MOVED_LAYOUT)];

fn write(root: &Path) -> Result<()> {
    let mut version = String::new();
    for (source, file) in COMMITTED {
        let (component, toolchain) = component(root, source)?;
        save(&root.join(file), &component)?;
        version = toolchain.version;
    }
    save_example(root)?;
    let stamp = Stamp::of(root, &version).map_err(|error| anyhow!(error))?;
    save(&root.join(STAMP), format!("{}\n", serde_json::to_string_pretty(&stamp)?).as_bytes())
}

fn check(root: &Path) -> Result<()> {
    let stamp =
        Stamp::read(root).map_err(|error| anyhow!(error)).context("there is no stamp: run `cargo xtask component`")?;
    let mut same = true;
    for (source, file) in COMMITTED {
        let (component, toolchain) = component(root, source)?;
        let rebuilt = root.join("target/component").join(Path::new(file).file_name().unwrap_or_default());
        save(&rebuilt, &component)?;
        if toolchain.version == stamp.toolchain {
            same &= std::fs::read(root.join(file))? == component;
        } else {
            say(&format!(
                "the stamp's component was built with {}: bytes may differ, run the tests on {}",
                stamp.toolchain,
                rebuilt.display()
            ));
        }
    }
    save_example(root)?;
    let now = Stamp::of(root, &stamp.toolchain).map_err(|error| anyhow!(error))?;
    ensure!(
        same && now == stamp,
        "the sources give other components: run `cargo xtask component` and commit what it writes"
    );
    say("the sources are those that the components were made of");
    Ok(())
}

fn save(file: &Path, bytes: &[u8]) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    std::fs::write(file, bytes).with_context(|| format!("failed to write {}", file.display()))?;
    say(&format!("wrote {} ({} bytes)", file.display(), bytes.len()));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a build says what it does")]
fn say(line: &str) {
    eprintln!("xtask: {line}");
}
