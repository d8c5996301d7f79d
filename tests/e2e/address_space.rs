//! Where address space is short, as under `ulimit -v`, the program runs, and says so once.
#![cfg(target_os = "linux")]

use std::process::{Command, Output};

use crate::saved_pages;
use crate::support::without_proxies;

/// Runs the binary with 4 GB of address space.
fn short_of_space(arguments: &str) -> Output {
    let binary = env!("CARGO_BIN_EXE_playfast");
    let mut bash = without_proxies(Command::new("bash"));
    bash.arg("-c").arg(format!("ulimit -v 4000000; exec '{binary}' {arguments}")).output().unwrap()
}

/// The standard output, after one warning.
fn warned_once(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(output.status.success(), "{said}");
    let warnings: Vec<_> = said.lines().filter(|line| !line.starts_with("playfast: ")).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("too little address space for a pool"), "{said}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn it_runs_with_one_warning() {
    assert!(warned_once(&short_of_space("inspect")).contains("play 0.1.0"));
    let shown = warned_once(&short_of_space("demo --latency 20"));
    assert!(shown.contains("list · category GAME_ACTION · 10 rows") && shown.contains("kr "), "{shown}");
}

#[test]
fn saved_pages_are_parsed_there() {
    let Some(page) = saved_pages::saved("app/2026-07_minecraft_en-us.html") else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), page).unwrap();
    let file = file.path().display();
    let parse = format!("parse --kind app --param app_id=com.mojang.minecraftpe --format ndjson '{file}'");
    assert!(warned_once(&short_of_space(&parse)).contains("Minecraft"));
}
