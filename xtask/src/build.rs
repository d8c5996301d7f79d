//! Build of a parser's crate into a component.
//!
//! The same toolchain gives the same bytes on any machine: paths are mapped away, the lock is kept, and one codegen unit is built.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::toolchain::{TARGET, Toolchain};

/// Bytes of the guest's stack: a tenth is used, and all of it is cleared between two instances.
const STACK: u32 = 64 * 1024;

/// Bytes of memory that the component starts with. Each time all of it is cleared, 10 µs a megabyte; growing it costs 90 µs. It is enough for a
/// chart of 100 apps with its records, the largest of what is usual.
const MEMORY: u32 = 2 << 20;

/// How the component is built, whatever the host's profile says.
const PROFILE: [(&str, &str); 6] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
    // Before a configuration's `build.incremental`, which would split the crates.
    ("CARGO_INCREMENTAL", "0"),
];

/// Which parser is built.
#[derive(Clone, Copy)]
pub(crate) enum Source<'s> {
    /// The one that the host embeds.
    Play,
    /// The same, fixed for the layout that the demo's store changes to.
    MovedLayout,
    /// An example of the guest crate, by its name.
    Example(&'s str),
}

impl<'s> Source<'s> {
    /// How cargo is told which one it is.
    fn arguments(self) -> Vec<&'s str> {
        match self {
            Self::Play => vec!["--package", "playfast-play", "--lib"],
            Self::MovedLayout => {
                vec!["--package", "playfast-play", "--no-default-features", "--example", "moved_layout"]
            }
            Self::Example(name) => vec!["--package", "playfast-guest", "--example", name],
        }
    }

    /// Where cargo leaves the module.
    fn module(self) -> String {
        match self {
            Self::Play => "playfast_play.wasm".to_owned(),
            Self::MovedLayout => "examples/moved_layout.wasm".to_owned(),
            Self::Example(name) => format!("examples/{name}.wasm"),
        }
    }
}

/// Builds the component.
pub(crate) fn component(root: &Path, toolchain: &Toolchain, source: Source<'_>) -> Result<Vec<u8>> {
    let folder = root.join("target/component");
    let mut command = Command::new(&toolchain.cargo);
    command
        .args(["build", "--locked", "--release", "--target", TARGET])
        .args(source.arguments())
        .current_dir(root)
        .envs(PROFILE)
        .env("RUSTC", &toolchain.rustc)
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root, toolchain)?.join("\u{1f}"))
        // What the cargo that runs the xtask sets is its own toolchain's.
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .env_remove("RUSTFLAGS");
    if let Some(linker) = &toolchain.build_std {
        command
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    ensure!(command.status().context("failed to run cargo")?.success(), "the parser does not build for {TARGET}");
    let module = folder.join(TARGET).join("release").join(source.module());
    let module = std::fs::read(&module).with_context(|| format!("failed to read {}", module.display()))?;
    wit_component::ComponentEncoder::default().validate(true).module(&module)?.encode()
}

fn flags(root: &Path, toolchain: &Toolchain) -> Result<Vec<String>> {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".cargo")));
    let registry = cargo_home.context("where is cargo's home? set CARGO_HOME")?.join("registry/src");
    let mut maps = vec![(root.to_owned(), "/playfast"), (toolchain.sysroot.clone(), "/rust")];
    // Debian's library sources are linked into the sysroot.
    if let Ok(library) = toolchain.sysroot.join("lib/rustlib/src/rust").canonicalize() {
        maps.push((library, "/rust/lib/rustlib/src/rust"));
    }
    let indices = std::fs::read_dir(&registry).into_iter().flatten().flatten().map(|index| (index.path(), "/crates"));
    maps.extend(indices);
    let maps = maps.into_iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    // Without bulk memory operations, which are calls out of the guest: most copies here are of a few bytes.
    let fixed = [
        "-Ctarget-feature=+simd128,-bulk-memory".to_owned(),
        format!("-Clink-arg=-zstack-size={STACK}"),
        format!("-Clink-arg=--initial-memory={MEMORY}"),
    ];
    Ok(fixed.into_iter().chain(maps).collect())
}

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from)
}
