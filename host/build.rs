//! What `playfast --version -v` tells: commit, features, target, compiler, wasmtime.
//!
//! Nothing here fails a build: outside a git tree, or without git, the commit is the package's, or unknown.

use std::path::{Path, PathBuf};
use std::process::Command;

const UNKNOWN: &str = "unknown";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    set("COMMIT", &commit(&folder).or_else(|| packaged_commit(&folder)).unwrap_or_else(|| UNKNOWN.to_owned()));
    set("FEATURES", &features());
    set("WASMTIME", &wasmtime(&folder).unwrap_or_else(|| UNKNOWN.to_owned()));
    set("TARGET", &variable("TARGET"));
    let rustc = output(Command::new(variable("RUSTC")).arg("--version"));
    // "rustc 1.95.0 (…)"
    set("RUSTC", rustc.as_deref().and_then(|text| text.strip_prefix("rustc ")).unwrap_or(UNKNOWN));
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn set(name: &str, value: &str) {
    println!("cargo::rustc-env=PLAYFAST_BUILD_{name}={value}");
}

/// The commit that is checked out, if this is a file of the repository and not a copy inside another one.
fn commit(folder: &Path) -> Option<String> {
    git(folder, &["ls-files", "--error-unmatch", "build.rs"])?;
    // The log of HEAD grows with every commit and checkout. A file that isn't there would rebuild everything each time.
    for name in ["HEAD", "logs/HEAD"] {
        let file = folder.join(git(folder, &["rev-parse", "--git-path", name])?);
        if file.exists() {
            println!("cargo::rerun-if-changed={}", file.display());
        }
    }
    git(folder, &["rev-parse", "--short=12", "HEAD"])
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    output(Command::new("git").arg("-C").arg(folder).args(arguments))
}

/// The first line that a command prints; `None` if it fails.
fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.lines().next()?.trim().to_owned())
}

/// The commit that `cargo package` noted.
fn packaged_commit(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(".cargo_vcs_info.json")).ok()?;
    let (_, after) = text.split_once("\"sha1\"")?;
    after.split('"').nth(1)?.get(..12).map(str::to_owned)
}

fn features() -> String {
    let name = |variable: String| Some(variable.strip_prefix("CARGO_FEATURE_")?.to_lowercase());
    let mut names: Vec<_> = std::env::vars().filter_map(|(variable, _)| name(variable)).collect();
    // "default" says nothing, since the others are there.
    names.retain(|name| name != "default");
    names.sort();
    names.join(", ")
}

/// The version of wasmtime in the workspace's lock file, or in the package's.
fn wasmtime(folder: &Path) -> Option<String> {
    let files = [folder.join("Cargo.lock"), folder.join("..").join("Cargo.lock")];
    let file = files.into_iter().find(|file| file.exists())?;
    println!("cargo::rerun-if-changed={}", file.display());
    let text = std::fs::read_to_string(file).ok()?;
    let mut lines = text.lines().skip_while(|line| *line != "name = \"wasmtime\"");
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    version.strip_suffix('"').map(str::to_owned)
}
