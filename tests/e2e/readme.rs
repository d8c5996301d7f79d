//! README: its shell blocks run against a store, and its options are the program's.

use std::path::Path;
use std::process::Command;

use playfast_sim::StoreConfig;

use crate::support::{Shop, playfast, without_proxies};

/// Blocks that may be left out, each with a reason.
const MAX_NOT_RUN: usize = 6;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap()
}

/// A block of shell commands, and why it isn't run.
struct Block {
    commands: String,
    not_run: Option<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut before = "";
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == "```sh" {
            let commands: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            let reason = before.strip_prefix("<!-- not run: ").and_then(|rest| rest.strip_suffix(" -->"));
            blocks.push(Block { commands: commands.join("\n"), not_run: reason.map(str::to_owned) });
        }
        before = line;
    }
    blocks
}

#[cfg(unix)]
#[test]
fn its_shell_blocks_run() {
    let blocks = blocks(&readme());
    let (left_out, run): (Vec<_>, Vec<_>) = blocks.into_iter().partition(|block| block.not_run.is_some());
    assert!(left_out.len() <= MAX_NOT_RUN, "{} blocks are not run", left_out.len());
    assert!(left_out.iter().flat_map(|block| &block.not_run).all(|reason| reason.len() > 10), "each has a reason");
    assert!(run.len() >= 5, "{} blocks", run.len());
    let shop = Shop::open(StoreConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_playfast")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(binary.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap();
    for Block { commands, .. } in run {
        let mut bash = without_proxies(Command::new("bash"));
        bash.args(["-euo", "pipefail", "-c", &commands]).current_dir(folder.path()).env("PATH", &path);
        // Where the live store would be asked.
        bash.envs(shop.environment()).env("XDG_CONFIG_HOME", folder.path());
        let output = bash.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}\n{said}");
    }
    let rows = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(rows("apps.csv").starts_with("kind,app_id,"), "the run of cron replaced what the first wrote");
    assert_eq!(rows("top50.csv").matches("\napp,").count(), 50);
    assert_eq!(rows("charts.ndjson").lines().count(), 600);
    assert_eq!(rows("rows.ndjson").lines().count(), 21);
    assert!(shop.store.stats().requests > 15);
}

#[test]
fn its_options_are_the_programs() {
    let tables = playfast(&["help", "--markdown"]).stdout();
    assert!(tables.contains("| `--rate RATE` | Requests per time"), "{tables}");
    let start = "<!-- options: written by `cargo xtask readme` -->\n";
    assert!(readme().contains(&format!("{start}{tables}<!-- end of options -->\n")), "run `cargo xtask readme`");
}
