//! A tool outside the workspace, with a path to the library only, builds and answers.
//!
//! On the toolchain that is here, without a wasm target, in the debug profile, with the versions that are locked here.

use std::path::Path;
use std::process::Command;

use playfast_sim::{ChartQuery, StoreConfig};

use crate::support::Shop;

const MANIFEST: &str = r#"
[package]
name = "tool"
edition = "2024"

[dependencies]
playfast = { path = 'PLAYFAST', default-features = false }
futures = { version = "0.3", default-features = false, features = ["std"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[workspace]
"#;

#[test]
#[ignore = "builds wasmtime anew, which takes minutes: .ci/run runs it"]
fn a_tool_outside_the_workspace_builds_and_answers() {
    let (host, crate_folder) = (Path::new(env!("CARGO_MANIFEST_DIR")), tempfile::tempdir().unwrap());
    let root = host.parent().unwrap();
    let crate_folder = crate_folder.path();
    std::fs::create_dir(crate_folder.join("src")).unwrap();
    std::fs::write(crate_folder.join("Cargo.toml"), MANIFEST.replace("PLAYFAST", host.to_str().unwrap())).unwrap();
    std::fs::write(crate_folder.join("src/main.rs"), include_str!("outside/main.rs")).unwrap();
    std::fs::copy(root.join("Cargo.lock"), crate_folder.join("Cargo.lock")).unwrap();
    let target = root.join("target/outside");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--offline"]).current_dir(crate_folder).env("CARGO_TARGET_DIR", &target);
    assert!(cargo.status().unwrap().success(), "the tool does not build");

    let shop = Shop::open(StoreConfig::default());
    let mut tool = Command::new(target.join("debug/tool"));
    let connect_to = shop.store.connect_to();
    let ran = tool.arg(shop.authority()).args(connect_to).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{stderr}");
    let expected = ["us", "kr"].map(|country| {
        let chart = shop.store.chart(&ChartQuery::new(country, "APPLICATION", "topselling_free"));
        let line = |(position, row): (u32, &serde_json::Value)| format!("{country} {position} {}\n", row["app_id"]);
        (1..).zip(&chart[..3]).map(line).collect::<String>()
    });
    assert_eq!(stdout, expected.concat());
}
