//! Compilers that build for WebAssembly.
//!
//! Rust's own where it has the target; else Debian's second toolchain, which comes with the standard library's source.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// The target: without WASI, so that the component imports nothing.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that builds for [`TARGET`].
pub(crate) struct Toolchain {
    pub(crate) cargo: PathBuf,
    pub(crate) rustc: PathBuf,
    pub(crate) sysroot: PathBuf,
    /// Its name and version, one line.
    pub(crate) version: String,
    /// Whether the standard library is built from source, and with which linker.
    pub(crate) build_std: Option<PathBuf>,
}

const NONE: &str = "no Rust toolchain here builds for wasm32-unknown-unknown. Either of these gives one:
  rustup target add wasm32-unknown-unknown
  apt-get install --no-install-recommends rustc-web cargo-web rust-web-src    (Debian 12)";

impl Toolchain {
    /// The first that there is.
    pub(crate) fn find() -> Result<Self> {
        let own = Self::with(&std::env::var_os("RUSTC").map_or("rustc".into(), PathBuf::from), "cargo".into())?;
        if has_target(&own.sysroot) {
            return Ok(own);
        }
        let (cargo, rustc) = (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc"));
        if !cargo.exists() || !rustc.exists() {
            bail!("{NONE}");
        }
        let debian = Self::with(&rustc, cargo)?;
        if has_target(&debian.sysroot) {
            return Ok(debian);
        }
        ensure!(debian.sysroot.join("lib/rustlib/src/rust/library/std").exists(), "{NONE}");
        let linker =
            linker(&[&own.sysroot, &debian.sysroot]).context("no rust-lld and no wasm-ld: install Debian's lld")?;
        Ok(Self { build_std: Some(linker), ..debian })
    }

    fn with(rustc: &Path, cargo: PathBuf) -> Result<Self> {
        let sysroot = output(rustc, &["--print", "sysroot"])?.into();
        let version = output(rustc, &["--version"])?;
        Ok(Self { cargo, rustc: rustc.to_owned(), sysroot, version, build_std: None })
    }
}

/// Whether the sysroot has the target's libraries: the folder alone may be what an uninstalled target left.
fn has_target(sysroot: &Path) -> bool {
    let libraries = std::fs::read_dir(sysroot.join("lib/rustlib").join(TARGET).join("lib"));
    libraries.into_iter().flatten().flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}

fn linker(sysroots: &[&Path]) -> Option<PathBuf> {
    let bundled = sysroots.iter().flat_map(|sysroot| {
        let targets = std::fs::read_dir(sysroot.join("lib/rustlib")).into_iter().flatten().flatten();
        targets.map(|target| target.path().join("bin/rust-lld")).collect::<Vec<_>>()
    });
    let system = ["/usr/bin/rust-lld", "/usr/bin/wasm-ld"].map(PathBuf::from);
    bundled.chain(system).find(|linker| linker.exists())
}

fn output(program: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("failed to run {}", program.display()))?;
    ensure!(output.status.success(), "{} {} failed", program.display(), arguments.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
