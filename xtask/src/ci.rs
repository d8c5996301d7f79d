//! Everything that must hold before a change lands: `cargo xtask ci`, which `.ci/run` calls. Starts from a clean clone and installs what it needs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A step: what it holds, and the command.
struct Step {
    name: &'static str,
    command: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
}

const fn step(name: &'static str, command: &'static [&'static str]) -> Step {
    Step { name, command, variables: &[] }
}

/// Version of cargo-deny that builds with Rust 1.95.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// Seconds that each fuzz target runs.
const FUZZ_TIME: &str = "-max_total_time=30";

/// Programs that read the databases and Parquet files of the tests.
const READERS: &[&str] = &["python3", "-m", "pip", "install", "--quiet", "duckdb", "pyarrow"];

/// Compilers for WebAssembly, if rustup has no target for it.
const DEBIAN_TOOLCHAIN: &[&str] =
    &["apt-get", "install", "-y", "-qq", "--no-install-recommends", "rustc-web", "cargo-web", "rust-web-src"];

const STEPS: &[Step] = &[
    step("the README's test command", &["cargo", "test", "--profile", "quick"]),
    step(
        "without --release: clap's assertions, debug assertions, overflow checks",
        &["cargo", "run", "--quiet", "--", "--help"],
    ),
    step("unit tests with debug assertions", &["cargo", "test", "--lib", "--bins"]),
    step("form", &["cargo", "fmt", "--all", "--check"]),
    step("lints", &["cargo", "clippy", "--profile", "quick", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    step(
        "lints of what people install, which has no demo",
        &["cargo", "clippy", "--profile", "quick", "--package", "playfast", "--lib", "--bins", "--", "-D", "warnings"],
    ),
    step(
        "lints of the library alone",
        &[
            "cargo",
            "clippy",
            "--profile",
            "quick",
            "--package",
            "playfast",
            "--lib",
            "--no-default-features",
            "--features",
            "output",
            "--",
            "-D",
            "warnings",
        ],
    ),
    Step {
        name: "documentation",
        command: &["cargo", "doc", "--quiet", "--profile", "quick", "--workspace", "--no-deps"],
        variables: &[("RUSTDOCFLAGS", "-D warnings")],
    },
    step("public API", &["cargo", "xtask", "api", "--check"]),
    step("names of countries and languages", &["cargo", "xtask", "aliases", "--check"]),
    step("licences and sources", &["cargo", "deny", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"]),
    step("the component, rebuilt from source", &["cargo", "xtask", "component", "--check"]),
    Step {
        name: "everything once more on the rebuilt component, with 200 swaps under load and 2,000 queries to faulty stores",
        command: &["cargo", "test", "--profile", "quick"],
        variables: &[
            ("PLAYFAST_TEST_SWAPS", "200"),
            ("PLAYFAST_TEST_QUERIES", "2000"),
            ("PLAYFAST_TEST_COMPONENT", "target/component/play.wasm"),
        ],
    },
    step(
        "a tool outside the workspace",
        &["cargo", "test", "--profile", "quick", "--test", "e2e", "--", "--ignored", "outside"],
    ),
    step(
        "what would be published, built from its packages",
        &[
            "cargo",
            "package",
            "--quiet",
            "--allow-dirty",
            "--workspace",
            "--exclude",
            "xtask",
            "--target-dir",
            "target/outside",
        ],
    ),
];

/// What Debian compiles for Windows with; its Rust builds the standard library from source.
const DEBIAN_MINGW: &[&str] =
    &["apt-get", "install", "-y", "-qq", "--no-install-recommends", "gcc-mingw-w64-x86-64", "g++-mingw-w64-x86-64"];

/// Checks that the host compiles for Windows.
const WINDOWS_CHECK: &[&str] = &[
    "/usr/bin/cargo",
    "check",
    "--quiet",
    "--package",
    "playfast",
    "--target",
    "x86_64-pc-windows-gnu",
    "-Zbuild-std=std,panic_abort",
    "--target-dir",
    "target/windows",
];

/// Variables of [`WINDOWS_CHECK`].
const WINDOWS_VARIABLES: &[(&str, &str)] = &[
    ("RUSTC_BOOTSTRAP", "1"),
    ("RUSTC", "/usr/bin/rustc"),
    ("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", "x86_64-w64-mingw32-gcc"),
    ("CC_x86_64_pc_windows_gnu", "x86_64-w64-mingw32-gcc"),
    ("CXX_x86_64_pc_windows_gnu", "x86_64-w64-mingw32-g++"),
    ("AR_x86_64_pc_windows_gnu", "x86_64-w64-mingw32-ar"),
];

/// Fuzz targets that build in seconds.
const FUZZ_TARGETS: [&str; 3] = ["batchexecute", "page", "json"];

/// Writes seeds of the fuzz targets.
const FUZZ_SEEDS: &[&str] =
    &["cargo", "run", "--quiet", "--profile", "quick", "--package", "playfast-sim", "--example", "fuzz_seeds"];

/// Runs all steps, and stops at the first that fails.
pub(crate) fn run(root: &Path) -> Result<()> {
    install(root)?;
    for Step { name, command, variables } in STEPS {
        super::say(&format!("== {name}"));
        let absolute = variables.iter().map(|(name, value)| {
            let is_path = value.starts_with("target/");
            (*name, if is_path { root.join(value).into_os_string() } else { value.into() })
        });
        execute(root, command, &absolute.collect::<Vec<_>>())?;
    }
    super::say("== seeds for the fuzz targets, from generated pages");
    execute(root, FUZZ_SEEDS, &[])?;
    for target in FUZZ_TARGETS {
        super::say(&format!("== fuzzing: {target}"));
        // Instrumentation is unstable: it needs a nightly compiler, or this.
        let stable = [("RUSTC_BOOTSTRAP", "1".into())];
        execute(root, &["cargo", "fuzz", "run", target, "--", FUZZ_TIME], &stable)?;
    }
    if Path::new("/usr/lib/rustlib/src/rust/library/std").is_dir() {
        super::say("== Windows: the host compiles");
        execute(root, DEBIAN_MINGW, &[])?;
        let variables: Vec<_> = WINDOWS_VARIABLES.iter().map(|(name, value)| (*name, (*value).into())).collect();
        execute(root, WINDOWS_CHECK, &variables)?;
    } else {
        super::say("SKIPPED: the check for Windows needs Debian's rustc-web, cargo-web and rust-web-src");
    }
    super::say("all holds");
    Ok(())
}

/// Installs the tools that are missing.
fn install(root: &Path) -> Result<()> {
    super::say("== tools");
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().context("failed to run rustc")?;
    let sysroot = String::from_utf8(sysroot.stdout)?;
    let has_target = Path::new(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir();
    let has_debian = Path::new("/usr/lib/rustlib/src/rust/library/std").is_dir();
    if !has_target && !has_debian && execute(root, &["rustup", "target", "add", "wasm32-unknown-unknown"], &[]).is_err()
    {
        execute(root, &["apt-get", "update", "-qq"], &[])?;
        execute(root, DEBIAN_TOOLCHAIN, &[])?;
    }
    for (tool, package) in [("deny", CARGO_DENY), ("fuzz", "cargo-fuzz")] {
        let is_there =
            Command::new("cargo").args([tool, "--version"]).output().is_ok_and(|output| output.status.success());
        if !is_there {
            execute(root, &["cargo", "install", "--locked", "--quiet", package], &[])?;
        }
    }
    if let Err(error) = execute(root, READERS, &[]) {
        super::say(&format!("SKIPPED: DuckDB and pyarrow read nothing in the tests: {error:#}"));
    }
    Ok(())
}

fn execute(root: &Path, command: &[&str], variables: &[(&str, std::ffi::OsString)]) -> Result<()> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let status = Command::new(program)
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (*name, value)))
        .current_dir(root)
        .status()
        .with_context(|| format!("failed to run {program}"))?;
    ensure!(status.success(), "`{}` failed", command.join(" "));
    Ok(())
}
