//! One module alone names each of the large libraries, and nothing names what it shouldn't.

use std::path::{Path, PathBuf};

use playfast::parser::Response;
use playfast::{Host, Plan, Query};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The files of a module: its folder's, and the one of its name beside it.
fn module(name: &str) -> Vec<PathBuf> {
    let (folder, file) = (host_sources().join(name), host_sources().join(name).with_extension("rs"));
    let files = if folder.is_dir() { sources(&folder) } else { Vec::new() };
    let files: Vec<_> = files.into_iter().chain(file.is_file().then_some(file)).collect();
    assert!(!files.is_empty(), "there is no module {name}");
    files
}

fn host_sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn each_library_has_one_place() {
    for (library, place) in [
        ("wasmtime", "parser"),
        ("reqwest", "fetch"),
        ("brotli", "fetch"),
        ("rustls", "fetch"),
        ("rustls_native_certs", "fetch"),
        ("rlimit", "fetch"),
        ("h2", "fetch"),
        ("hyper_util", "fetch"),
        ("arc_swap", "swap"),
        ("governor", "schedule"),
        ("backon", "schedule"),
        ("hdrhistogram", "result"),
        ("httpdate", "exchange"),
        ("texting_robots", "robots"),
        ("clap", "cli"),
        ("indicatif", "cli"),
        ("libc", "cli"),
        ("notify", "cli"),
        ("playfast_play", "play"),
        ("playfast_sim", "cli"),
        ("parquet", "output"),
        ("plotters", "cli"),
        ("rusqlite", "output"),
        ("same_file", "cli"),
    ] {
        let named: Vec<_> = sources(&host_sources())
            .into_iter()
            .filter(|file| {
                let text = std::fs::read_to_string(file).unwrap();
                let names = |line: &str| !line.trim_start().starts_with("//") && line.contains(&format!("{library}::"));
                text.lines().any(names)
            })
            .filter(|file| !file.starts_with(host_sources().join(place)))
            .collect();
        assert!(named.is_empty(), "{library} is named outside {place}: {named:?}");
    }
}

/// Holds as soon as it compiles. Types are held by `cargo xtask api`, which does not see the futures of functions.
#[test]
fn what_is_awaited_may_move_between_threads() {
    fn sent<T: Send>(_: T) {}
    let awaited = |host: &Host, plan: &Plan, query: &Query, response: Response| {
        sent(Host::builder().build());
        sent(host.batch(plan));
        sent(host.parse(query, &response));
        sent(host.swap(Vec::new()));
        sent(host.swap_unchecked(Vec::new()));
        sent(host.run(plan.queries()));
        sent(host.addresses("app"));
        let parser = host.parser();
        sent(parser.request(std::slice::from_ref(query), 1));
        sent(parser.parse(std::slice::from_ref(query), &response));
    };
    let _ = awaited;
}

/// The rooms, each of which may name those before it. See ARCHITECTURE.md.
const ROOMS: [&str; 20] = [
    "types",
    "parser",
    "runtime",
    "fetch",
    "robots",
    "swap",
    "query",
    "schedule",
    "result",
    "jobs",
    "exchange",
    "run",
    "output",
    "host",
    "environment",
    "play",
    "blocking",
    "cli",
    "main",
    "lib",
];

/// The names that code takes from the crate's root: `crate::NAME`.
fn names_from_root(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1)).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn dependencies_point_one_way() {
    let entries = std::fs::read_dir(host_sources()).unwrap().map(|entry| entry.unwrap().path());
    for path in entries {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(ROOMS.contains(&name.as_str()), "{name} has no place among the rooms");
    }
    let place = |room: &str| ROOMS.iter().position(|other| *other == room);
    for (index, room) in ROOMS.iter().enumerate().filter(|(_, room)| !matches!(**room, "lib" | "main")) {
        for file in module(room) {
            let text = std::fs::read_to_string(&file).unwrap();
            for name in names_from_root(&text) {
                // The root's own names are for users: here a name is taken from where it is defined.
                let other = place(name).unwrap_or_else(|| panic!("{} names crate::{name}", file.display()));
                assert!(other <= index, "{} of {room} names {name}", file.display());
            }
        }
    }
}
