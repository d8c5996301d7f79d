//! Public API of the published libraries, as text.
//!
//! Each has its public items in a text beside its manifest, so that a change of them is seen where it is made. rustdoc tells them, in a
//! format that grows with Rust: the version of the crate that reads it is the one for the toolchain that builds this.
//! Invariant: no type of a dependency that may change or go stands in a signature, and everything can be sent and shared.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use public_api::PublicApi;

/// The published libraries: package, folder, and how cargo is told what is looked at.
const LIBRARIES: [(&str, &str, &[&str]); 2] =
    [("playfast", "host", &["--no-default-features", "--features=play,output"]), ("playfast-guest", "guest", &[])];

/// Crates whose items may stand in a signature, beside the standard library and the project's own.
const ALLOWED: [&str; 11] = [
    "core",
    "alloc",
    "std",
    "bytes",
    "http",
    "serde_core",
    "serde_json",
    "futures_core",
    "playfast",
    "playfast_guest",
    "playfast_play",
];

/// Set where this program stands in for rustdoc.
const STAND_IN: &str = "PLAYFAST_XTASK_RUSTDOC";

/// What to do where the two differ.
const REMEDY: &str = "run `cargo xtask api` and commit what it writes, if the change is meant";

/// Writes the texts, or holds them against the sources.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    for (package, folder, features) in LIBRARIES {
        let json = json(root, package, features)?;
        check_rules(&items(&json, true)?).with_context(|| format!("the API of {package}"))?;
        let text = items(&json, false)?;
        let file = root.join(folder).join("public-api.txt");
        if check {
            let committed = std::fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
            let changes = changes(&committed, &text);
            ensure!(changes.is_empty(), "the API of {package} is not the committed one:\n{changes}{REMEDY}");
            super::say(&format!("the API of {package} is the committed one"));
        } else {
            super::save(&file, text.as_bytes())?;
        }
    }
    Ok(())
}

/// Runs rustdoc, if this program was started in its place: only there may what isn't stable be used, since a dependency that finds it
/// allowed is built otherwise, and all that stands on it again.
pub(crate) fn stand_in() -> Option<Result<()>> {
    let rustdoc = std::env::var_os(STAND_IN)?;
    let status = Command::new(rustdoc).args(std::env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    Some(status.context("failed to run rustdoc").and_then(|status| {
        ensure!(status.success(), "rustdoc failed");
        Ok(())
    }))
}

/// The library's items as rustdoc's JSON.
fn json(root: &Path, package: &str, features: &[&str]) -> Result<PathBuf> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command
        .args(["rustdoc", "--locked", "--profile", "quick", "--package", package, "--lib"])
        .args(features)
        .args(["--", "-Zunstable-options", "--output-format=json"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", target(root))
        .env("RUSTDOC", std::env::current_exe()?)
        .env(STAND_IN, std::env::var_os("RUSTDOC").unwrap_or("rustdoc".into()));
    ensure!(command.status().context("failed to run cargo")?.success(), "no documentation of {package}");
    Ok(target(root).join("doc").join(package.replace('-', "_")).with_extension("json"))
}

/// Where the lints have checked most of what rustdoc needs.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// One item a line; of what the compiler finds out by itself only where it is asked for.
fn items(json: &Path, auto_traits: bool) -> Result<String> {
    let api: PublicApi = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(!auto_traits)
        .build()
        .context("is this toolchain the one that the version of public-api in Cargo.toml is for?")?;
    Ok(api.items().map(|item| format!("{item}\n")).collect())
}

fn check_rules(items: &str) -> Result<()> {
    let foreign: BTreeSet<&str> = items.lines().filter(|item| names_foreign(item)).collect();
    ensure!(foreign.is_empty(), "names what a dependency may change:\n{}", lines(&foreign));
    let bound: BTreeSet<&str> = items.lines().filter(|item| is_bound_to_a_thread(item)).collect();
    ensure!(bound.is_empty(), "can't be sent or shared:\n{}", lines(&bound));
    Ok(())
}

fn lines(items: &BTreeSet<&str>) -> String {
    items.iter().map(|item| format!("  {item}\n")).collect()
}

/// Whether a path in the item begins with the name of a crate that isn't allowed.
fn names_foreign(item: &str) -> bool {
    let words = item.split(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | ':')));
    let starts = words.filter_map(|word| word.split_once("::")).map(|(first, _)| first);
    starts.filter(|first| first.starts_with(char::is_lowercase)).any(|first| !ALLOWED.contains(&first))
}

fn is_bound_to_a_thread(item: &str) -> bool {
    ["!core::marker::Send for", "!core::marker::Sync for"].iter().any(|marker| item.contains(marker))
}

/// The lines that are gone and those that are new.
fn changes(committed: &str, now: &str) -> String {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (committed.lines().collect(), now.lines().collect());
    let gone = before.difference(&after).map(|line| format!("- {line}\n"));
    gone.chain(after.difference(&before).map(|line| format!("+ {line}\n"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_type_is_found_wherever_it_stands() {
        for item in [
            "pub fn playfast::Host::client(&self) -> &reqwest::async_impl::client::Client",
            "pub fn playfast::f(core::option::Option<wasmtime::engine::Engine>)",
            "impl core::convert::From<wasmtime_environ::Trap> for playfast::EngineError",
        ] {
            assert!(names_foreign(item), "{item}");
        }
        for item in [
            "pub fn playfast::Plan::new<'p>(&str, impl IntoIterator<Item = (&'p str, Q::IntoIter)>) -> Self",
            "impl serde_core::ser::Serialize for playfast::Digest",
        ] {
            assert!(!names_foreign(item), "{item}");
        }
    }

    #[test]
    fn a_change_is_told_by_its_lines() {
        assert_eq!(changes("a\nb\n", "b\nc\n"), "- a\n+ c\n");
        assert_eq!(changes("a\nb\n", "b\na\n"), "");
    }

    #[test]
    fn what_stays_on_a_thread_is_found() {
        assert!(is_bound_to_a_thread("impl !core::marker::Sync for playfast::Outcomes"));
        assert!(!is_bound_to_a_thread("impl core::marker::Sync for playfast::Host"));
    }
}
