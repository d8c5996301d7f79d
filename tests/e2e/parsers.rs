//! Several parsers in one host, and those of them that are let in.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use playfast::parser::Digest;
use playfast::swap::SwapError;
use playfast::{FailureKind, PlanError};
use playfast_sim::{Layout, StoreConfig};
use serde_json::Value;

use crate::support::{Shop, binary, playfast};
use crate::swap::{ONE_APP, again, charts};
use crate::wat_components::{self, Guest};

/// A parser of another name for the same kind of the same site.
fn shop_parser() -> Vec<u8> {
    let description = wat_components::charts().replace("\"play\"", "\"shop\"");
    Guest { description: &description, request: wat_components::GET, parse: ONE_APP, ..Guest::default() }.build()
}

pub(crate) fn rogue() -> Vec<u8> {
    Guest { request: wat_components::GET, url: "https://example.org/", parse: ONE_APP, ..Guest::default() }.build()
}

fn folder(parsers: &[(&str, Vec<u8>)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, component) in parsers {
        fs::write(folder.path().join(format!("{name}.wasm")), component).unwrap();
    }
    let option = format!("--parsers={}", folder.path().display());
    (folder, option)
}

#[test]
fn a_folders_parsers_each_have_their_commands() {
    let shop = Shop::open(StoreConfig::default());
    let (_folder, parsers) = folder(&[("rogue", rogue()), ("market", again(0)), ("broken", b"no parser".to_vec())]);
    let alone = shop.playfast(&["list", &parsers, "--num=2"]);
    assert_eq!((alone.code(), alone.rows().len()), (0, 2), "{}", alone.stderr());
    let said = alone.stderr();
    assert!(said.contains("broken.wasm is refused: it is not WebAssembly"), "{said}");
    assert!(said.contains("rogue.wasm is refused: it declares the host example.org"), "{said}");
    let full = shop.playfast(&["market:list", &parsers, "--num=2"]);
    assert_eq!((full.code(), full.rows().len()), (0, 2), "{}", full.stderr());
    let help = playfast(&["--help", &parsers, "--allow-host=example.org"]);
    assert!(help.stdout().contains("\n  thing") && help.stdout().contains("\n  list"), "{}", help.stdout());
    let (_folder, none) = folder(&[("broken", b"no parser".to_vec())]);
    let ran = playfast(&["list", &none]);
    assert_eq!(ran.code(), 4, "{}", ran.stderr());
    assert!(ran.stderr().contains("there is no parser"), "{}", ran.stderr());
}

#[test]
fn a_kind_of_two_parsers_is_asked_by_the_parsers_name() {
    let shop = Shop::open(StoreConfig::default());
    let (_folder, parsers) = folder(&[("a", again(0)), ("b", shop_parser())]);
    for (command, count) in [("a:list", 2), ("b:list", 1)] {
        let ran = shop.playfast(&[command, &parsers, "--source", "--param=num=2"]);
        if command == "b:list" {
            ran.refused(2, "list has no parameter \"num\"");
            continue;
        }
        assert_eq!((ran.code(), ran.rows().len()), (0, count), "{}", ran.stderr());
        assert_eq!(ran.rows()[0]["_source"]["parser"]["name"], "play");
        assert_eq!(ran.rows()[0]["_source"]["status"], 200);
    }
    let ran = shop.playfast(&["b:list", &parsers, "--source"]);
    assert_eq!(ran.rows()[0]["_source"]["parser"]["name"], "shop", "{}", ran.stderr());
    shop.playfast(&["list", &parsers]).refused(2, "list");
    let host = shop.host_of(&[again(0), shop_parser()]);
    let error = host.plan("list", []).unwrap_err();
    assert!(matches!(error, PlanError::Ambiguous { .. }), "{error}");
    assert!(error.to_string().contains("ask for play:list or shop:list"), "{error}");
    let error = host.plan("shp:list", []).unwrap_err().to_string();
    assert!(error.contains("did you mean shop?"), "{error}");
    assert_eq!(host.plan("app", [("app_id", "a.b")]).unwrap().kind(), "app");
    // A component takes the place of the parser that calls itself as it does.
    let swapped = shop.runtime.block_on(host.swap_unchecked(charts(ONE_APP))).unwrap();
    assert_eq!((&*swapped.slot, swapped.generation), ("play", 2));
    assert!(matches!(shop.runtime.block_on(host.swap(rogue())), Err(SwapError::AmbiguousSlot { .. })));
    assert!(matches!(host.rollback(), Err(SwapError::AmbiguousSlot { .. })));
    assert_eq!(host.slot("play").unwrap().rollback().unwrap().generation, 3);
    let error = shop.runtime.block_on(host.add("rogue", rogue())).unwrap_err();
    assert!(matches!(error, SwapError::Hosts { .. }), "{error}");
}

#[test]
fn where_the_first_does_not_know_the_layout_the_next_is_asked_for_the_same_response() {
    let shop = Shop::open(StoreConfig::default());
    let (_folder, parsers) = folder(&[("new", charts(ONE_APP)), ("old", again(0))]);
    // Both call themselves play: a plain name means the first, and either can be asked for.
    let asked = |command: &str| {
        let before = shop.store.stats().requests;
        let ran = shop.playfast(&[command, &parsers, "--source"]);
        (ran.rows(), shop.store.stats().requests - before, ran.stderr())
    };
    assert_eq!(asked("old:list").0.len(), 100);
    shop.store.set_layout(Layout::Changed);
    let (rows, requests, said) = asked("old:list");
    assert_eq!((rows.len(), requests), (1, 1), "{said}");
    assert_eq!(
        (rows[0]["title"].as_str(), rows[0]["_source"]["parser"]["version"].as_str()),
        (Some("B"), Some("1.0.0"))
    );
    assert_eq!(asked("list").0[0]["title"], "B");
    // Where no other knows it either, the first's failure stands.
    let host = shop.host_of(&[again(0), again(1)]);
    let plan = host.plan("list", []).unwrap();
    let outcome = shop.runtime.block_on(host.batch(&plan)).remove(0);
    assert_eq!(outcome.failure.unwrap().kind, FailureKind::LayoutChanged);
    assert_eq!(host.slots()[1].name(), "play-2");
}

/// Says what comes on a stream, line by line.
fn lines(stream: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

fn put(folder: &Path, name: &str, component: &[u8]) {
    fs::write(folder.join("new"), component).unwrap();
    fs::rename(folder.join("new"), folder.join(name)).unwrap();
}

#[test]
fn parsers_come_and_change_in_a_watched_folder() {
    let shop = Shop::open(StoreConfig::default());
    let (folder, parsers) = folder(&[("play", again(0))]);
    let mut command = binary();
    command.args(["run", "--queries=-", &parsers, "--watch", "--rate=none"]).args(shop.options());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (rows, said) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
    let mut queries = child.stdin.take().unwrap();
    let mut ask = |kind: &str| {
        writeln!(queries, r#"{{"kind": "{kind}"}}"#).unwrap();
        serde_json::from_str::<Value>(&rows.recv_timeout(Duration::from_secs(20)).unwrap()).unwrap()
    };
    let says = |part: &str| {
        let line = said.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    };
    assert_eq!(ask("list")["position"], 1);
    (1..100).for_each(|_| drop(rows.recv().unwrap()));
    put(folder.path(), "shop.wasm", &shop_parser());
    says("the parser shop 1.0.0");
    assert_eq!(ask("shop:list")["title"], "B");
    put(folder.path(), "play.wasm", &charts(ONE_APP));
    says("the new parser for play");
    put(folder.path(), "play.wasm", &again(1));
    says("answers from now on, as generation 2");
    put(folder.path(), "evil.wasm", &rogue());
    says("the parser evil");
    drop(queries);
    assert!(child.wait().unwrap().success());
}

/// A run that waits for queries, with parsers of a folder that are watched.
fn watch(shop: &Shop, parsers: &str, arguments: &[&str]) -> std::process::Child {
    let mut command = binary();
    command.args(["run", "--queries=-", parsers, "--watch", "--rate=none"]).args(arguments).args(shop.options());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Clock ticks of processor that a process has taken.
#[cfg(target_os = "linux")]
fn ticks(child: &std::process::Child) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_watched_folder_idles() {
    let shop = Shop::open(StoreConfig::default());
    let (_folder, parsers) = folder(&[("play", again(0))]);
    let mut child = watch(&shop, &parsers, &[]);
    let rows = lines(child.stdout.take().unwrap());
    writeln!(child.stdin.as_mut().unwrap(), r#"{{"kind": "list", "num": 1}}"#).unwrap();
    rows.recv_timeout(Duration::from_secs(60)).unwrap();
    thread::sleep(Duration::from_millis(500));
    let before = ticks(&child);
    thread::sleep(Duration::from_secs(3));
    let ticks = ticks(&child) - before;
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    // At a hundred a second it took more than 300.
    assert!(ticks < 30, "{ticks} ticks in three seconds");
}

#[test]
fn a_parser_that_lacks_a_kind_is_refused_in_a_folder_unless_it_is_forced() {
    let shop = Shop::open(StoreConfig::default());
    let lists_alone = Guest {
        description: &wat_components::charts(),
        request: wat_components::GETS,
        parse: ONE_APP,
        ..Guest::default()
    };
    for (force, answer) in [
        (
            &[][..],
            "is refused, and the old one goes on: it can't be asked as the old one: it no longer has the kinds app, ",
        ),
        (&["--force"], "answers from now on, as generation 2"),
    ] {
        let (folder, parsers) = folder(&[("play", again(0))]);
        let mut child = watch(&shop, &parsers, force);
        let said = lines(child.stderr.take().unwrap());
        let rows = lines(child.stdout.take().unwrap());
        writeln!(child.stdin.as_mut().unwrap(), r#"{{"kind": "app", "app_id": "com.a.b"}}"#).unwrap();
        rows.recv_timeout(Duration::from_secs(60)).unwrap();
        put(folder.path(), "play.wasm", &lists_alone.build());
        let line = said.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(line.contains(answer), "{line}");
        // A parser goes on without its file, and that is said once.
        fs::remove_file(folder.path().join("play.wasm")).unwrap();
        let line = said.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(line.contains("play.wasm is gone; its parser goes on"), "{line}");
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        let rest: Vec<_> = said.iter().filter(|line| line.contains("is gone")).collect();
        assert!(rest.is_empty(), "{rest:?}");
    }
}

#[test]
fn pinned_digests_let_no_other_parser_in() {
    let shop = Shop::open(StoreConfig::default());
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), again(0)).unwrap();
    let parser = format!("--parser={}", file.path().display());
    let pin = |component: &[u8]| format!("--parser-digest={}", Digest::compute(component));
    assert_eq!(shop.playfast(&["list", &parser, &pin(&again(0)), &pin(&again(1))]).code(), 0);
    shop.playfast(&["list", &parser, &pin(&again(1))]).refused(4, "only these are pinned");
    shop.playfast(&["list", &parser, "--parser-digest=sha256:12"]).refused(2, "64 hexadecimal digits");
    let host = shop.host_by(|builder| {
        builder
            .with_parser(again(0))
            .with_pinned_digest(Digest::compute(&again(0)))
            .with_pinned_digest(Digest::compute(&again(1)))
    });
    shop.runtime.block_on(host.swap(again(1))).unwrap();
    let error = shop.runtime.block_on(host.swap_unchecked(again(2))).unwrap_err();
    assert!(matches!(error, SwapError::Load(_)), "{error}");
}

#[test]
fn options_are_taken_from_a_file_and_from_the_environment() {
    let shop = Shop::open(StoreConfig::default());
    let config = tempfile::NamedTempFile::new().unwrap();
    let option = format!("--config={}", config.path().display());
    let (_folder, parsers) = folder(&[("rogue", rogue())]);
    let parsers = parsers.trim_start_matches("--parsers=");
    let run = |text: &str, variable: &str, arguments: &[&str]| {
        fs::write(config.path(), text).unwrap();
        let (name, value) = variable.split_once('=').unwrap();
        let ran = binary().env(name, value).args(arguments).arg(&option).args(shop.options()).output().unwrap();
        let (code, said) = (ran.status.code().unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned());
        (code, String::from_utf8_lossy(&ran.stdout).into_owned(), said)
    };
    let from_file = format!("parsers = {parsers:?}\nallow-host = [\"example.org\"]\nformat = \"json\"");
    let (code, rows, said) = run(&from_file, "X=", &["--help"]);
    assert!(code == 0 && rows.contains("\n  thing"), "{said}");
    let (code, rows, said) = run("format = \"json\"\nworkers = 1", "X=", &["list", "--num=1"]);
    assert!(code == 0 && rows.starts_with('['), "{rows}{said}");
    // The environment over the file, the command line over both.
    let (_, rows, said) = run("format = \"json\"", "PLAYFAST_FORMAT=ndjson", &["list", "--num=1"]);
    assert!(rows.starts_with('{'), "{rows}{said}");
    let (_, rows, said) = run("", "PLAYFAST_FORMAT=ndjson", &["list", "--num=1", "--format=json"]);
    assert!(rows.starts_with('['), "{rows}{said}");
    for (text, part) in [
        ("formt = \"json\"", "no option formt: did you mean format?"),
        ("format = \"xml\"", "xml"),
        ("format = ", "TOML"),
        ("watch = 3", "watch"),
    ] {
        let (code, _, said) = run(text, "X=", &["list"]);
        assert!(code == 2 && said.contains(part) && said.contains(config.path().to_str().unwrap()), "{part}: {said}");
    }
    let (code, _, said) = run("rate = \"1/s\"\nformat = root:x\n", "X=", &["list"]);
    assert!(code == 2 && said.contains("it is not TOML at line 2, column ") && said.lines().count() == 1, "{said}");
    for (variable, part) in
        [("PLAYFAST_RATE=fast", "PLAYFAST_RATE: "), ("PLAYFAST_RETRIES=-1", "PLAYFAST_RETRIES can't be ")]
    {
        let (code, _, said) = run("", variable, &["list"]);
        assert!(code == 2 && said.contains(part), "{said}");
    }
    // A variable that is empty says nothing.
    let (code, rows, said) = run("", "PLAYFAST_FORMAT=", &["list", "--num=1", "--rate=none"]);
    assert!(code == 0 && rows.starts_with('{'), "{said}");
    let (code, _, said) = run("", "PLAYFAST_PARSER=/nowhere.wasm", &["list"]);
    assert!(code == 2 && said.contains("/nowhere.wasm"), "{said}");
}
