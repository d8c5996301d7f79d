//! Stamp of the committed component: digests of the sources that it was made from.
//!
//! The stamp beside it holds digests of all that governs it: the contract, the sources and manifests of the guest crate and of the parser,
//! the versions of what they depend on, and the component's own. Line ends don't count, so that a checkout on Windows agrees. The tests
//! include this file.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The components, and the stamp beside them.
pub(crate) const COMPONENT: &str = "host/parser/play.wasm";
pub(crate) const MOVED_LAYOUT: &str = "host/parser/moved_layout.wasm";
pub(crate) const STAMP: &str = "host/parser/play.stamp.json";

/// The crates whose sources make the component.
const CRATES: [&str; 2] = ["guest", "parser-component"];

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What the component was made of, and with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// SHA-256 of the contract.
    pub(crate) contract: String,
    /// SHA-256 of sources and manifests.
    pub(crate) sources: String,
    /// SHA-256 of names, versions and checksums of all packages that the component is made of.
    pub(crate) lock: String,
    /// SHA-256 of the component.
    pub(crate) component: String,
    /// SHA-256 of the demo's.
    pub(crate) moved_layout: String,
    /// The compiler.
    pub(crate) toolchain: String,
}

impl Stamp {
    /// The stamp that the workspace would get with the components that are there and this compiler.
    pub(crate) fn of(root: &Path, toolchain: &str) -> Result<Self> {
        Ok(Self {
            contract: hex(&text(&root.join("wit/parser.wit"))?),
            sources: sources(root)?,
            lock: lock(root)?,
            component: hex(&fs::read(root.join(COMPONENT))?),
            moved_layout: hex(&fs::read(root.join(MOVED_LAYOUT))?),
            toolchain: toolchain.to_owned(),
        })
    }

    /// The stamp that is there.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        Ok(serde_json::from_slice(&fs::read(root.join(STAMP))?)?)
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text file's bytes without carriage returns.
fn text(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    bytes.retain(|byte| *byte != b'\r');
    Ok(bytes)
}

fn sources(root: &Path) -> Result<String> {
    let mut files = Vec::new();
    for name in CRATES {
        files.push(root.join(name).join("Cargo.toml"));
        collect(&root.join(name).join("src"), &mut files)?;
    }
    files.push(root.join("parser-component/examples/moved_layout.rs"));
    let name = |file: &Path| file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
    files.sort_by_key(|file| name(file));
    let mut all = Vec::new();
    for file in files {
        let content = text(&file)?;
        all.extend(format!("{} {}\n", name(&file), content.len()).into_bytes());
        all.extend(content);
    }
    Ok(hex(&all))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// What the parser reaches in the lock without the tests' dependencies. Optional ones that aren't built may be among them: a change there
/// asks for a rebuild that changes nothing, and never the other way round.
fn lock(root: &Path) -> Result<String> {
    let lock: Lock = toml::from_str(std::str::from_utf8(&text(&root.join("Cargo.lock"))?)?)?;
    let packages: BTreeMap<String, &Package> = lock
        .package
        .iter()
        .flat_map(|package| {
            [(package.name.clone(), package), (format!("{} {}", package.name, package.version), package)]
        })
        .collect();
    let mut seen = BTreeMap::new();
    let mut open = vec!["playfast-play".to_owned()];
    while let Some(name) = open.pop() {
        let package = packages.get(&name).ok_or_else(|| format!("Cargo.lock has no {name}"))?;
        let line = format!("{} {} {}", package.name, package.version, package.checksum.as_deref().unwrap_or_default());
        if seen.insert(line, ()).is_none() {
            open.extend(package.dependencies.iter().filter(|name| !TESTS_ALONE.contains(&name.as_str())).cloned());
        }
    }
    Ok(hex(seen.into_keys().collect::<Vec<_>>().join("\n").as_bytes()))
}

/// What only tests of the two crates need.
const TESTS_ALONE: [&str; 2] = ["proptest", "serde_json"];
