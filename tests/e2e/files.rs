//! Files that the binary reads and writes: no output destroys an input, another output, or what is not its own.

use std::path::Path;
use std::process::Stdio;

use playfast_sim::{Canned, StoreConfig};

use crate::support::{Folder, Shop, binary, playfast};

const IDS: &str = "app_id\ncom.a.b\n";

#[cfg(unix)]
#[test]
fn no_output_is_an_input_by_any_name() {
    let shop = Shop::open(StoreConfig::default());
    let folder = Folder::new(&[("todo", IDS), ("page", "<html>"), ("parser.wasm", "x"), ("config", "retries = 0\n")]);
    std::fs::write(folder.path("ca"), std::fs::read(shop.authority()).unwrap()).unwrap();
    std::fs::hard_link(folder.path("todo"), folder.path("hard")).unwrap();
    std::os::unix::fs::symlink("todo", folder.path("soft")).unwrap();
    let before = folder.names();
    for output in ["-o", "--failures", "--summary-json"] {
        for name in ["todo", "hard", "soft"] {
            let (queries, file) = (folder.name("todo"), folder.name(name));
            let ran = shop.playfast(&["run", "--kind=app", "--queries", &queries, output, &file, "--format=json"]);
            ran.refused(2, &format!("{output} {file} would overwrite what is read, --queries {queries}"));
        }
        let (ca, config) = (folder.name("ca"), folder.name("config"));
        shop.playfast(&["app", "com.a.b", "--cacert", &ca, output, &ca, "--format=json"])
            .refused(2, "would overwrite what is read");
        shop.playfast(&["app", "com.a.b", "--config", &config, output, &config, "--format=json"])
            .refused(2, "--config");
    }
    let page = folder.name("page");
    shop.offline(&["parse", "--kind=list", &page, "-o", &page, "--format=json"])
        .refused(2, "would overwrite what is read");
    let queries = std::fs::File::open(folder.path("todo")).unwrap();
    let ran = binary()
        .args(["run", "--kind=app", "--queries=-", "-o", &folder.name("todo"), "--format=json"])
        .stdin(queries)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert_eq!((folder.read("todo").as_str(), folder.read("page").as_str()), (IDS, "<html>"));
    assert_eq!(folder.read("config"), "retries = 0\n");
    assert_eq!(folder.names(), before, "nothing was made either");
    assert_eq!(shop.store.stats().requests, 0);
}

#[cfg(unix)]
#[test]
fn a_parser_is_not_overwritten_either() {
    let folder = Folder::new(&[]);
    std::fs::write(folder.path("parser.wasm"), playfast::PLAY).unwrap();
    let file = folder.name("parser.wasm");
    playfast(&["list", "--parser", &file, "-o", &file]).refused(2, "--parser ");
    let parsers = format!("--parsers={}", folder.root().display());
    playfast(&["list", &parsers, "--failures", &file]).refused(2, "--parsers, ");
    assert_eq!(std::fs::read(folder.path("parser.wasm")).unwrap(), playfast::PLAY);
}

#[test]
fn outputs_are_files_of_their_own() {
    let shop = Shop::open(StoreConfig::default());
    let folder = Folder::new(&[]);
    let (file, journal) = (folder.name("x.csv"), folder.name("x.csv.journal"));
    for (first, second, other) in [
        ("-o", "--failures", &file),
        ("-o", "--summary-json", &file),
        ("--failures", "--summary-json", &file),
        ("-o", "--failures", &journal),
    ] {
        shop.playfast(&["app", "com.a.b", first, &file, second, other]).refused(2, "are one file");
    }
    assert!(folder.names().is_empty(), "{:?}", folder.names());
    // Devices keep nothing.
    #[cfg(unix)]
    assert_eq!(shop.playfast(&["list", "--num=1", "-o", "/dev/null", "--failures", "/dev/null"]).code(), 0);
}

#[test]
fn an_output_that_cannot_be_written_is_told_before_anything_is_asked() {
    let shop = Shop::open(StoreConfig::default());
    for output in ["-o", "--failures", "--summary-json"] {
        shop.playfast(&["list", output, "/nowhere/file.csv"]).refused(2, "failed to write to /nowhere/file.csv");
    }
    assert_eq!(shop.store.stats().connections, 0);
}

#[test]
fn a_run_that_writes_no_row_leaves_what_was_there() {
    let shop = Shop::open(StoreConfig::default());
    shop.store.respond_with("/store/apps/details?id=com.a.b", Canned::new(503, "")).unwrap();
    for format in ["ndjson", "json", "csv", "table"] {
        let folder = Folder::new(&[("mine", "precious"), ("ids", "")]);
        let (mine, ids) = (folder.name("mine"), folder.name("ids"));
        let ran = shop.playfast(&["app", "com.a.b", "--via=page", "-o", &mine, "--format", format]);
        assert_eq!((ran.code(), folder.read("mine").as_str()), (3, "precious"), "{format}");
        let ran = shop.playfast(&["run", "--kind=app", "--queries", &ids, "-o", &mine, "--format", format]);
        ran.refused(2, "holds no queries");
        assert_eq!(folder.read("mine"), "precious", "{format}");
        let ran = shop.playfast(&["app", "com.c.d", "-o", &mine, "--format", format, "--fields=app_id"]);
        let rows = folder.read("mine");
        assert!(ran.code() == 0 && rows.contains("com.c.d") && !rows.contains("precious"), "{format}: {rows}");
    }
}

#[test]
fn a_run_that_failed_on_a_foreign_file_is_resumed_in_it() {
    let shop = Shop::open(StoreConfig::default());
    let folder = Folder::new(&[("mine.ndjson", "precious\n")]);
    let arguments = ["app", "com.a.b,com.c.d", "--via=page", "--fields=app_id", "-o", &folder.name("mine.ndjson")];
    shop.store.respond_with("/store/apps/details", Canned::new(503, "")).unwrap();
    assert_eq!(shop.playfast(&arguments).code(), 3);
    let resumed = [&arguments[..], &["--resume"]].concat();
    assert_eq!(shop.playfast(&resumed).code(), 3);
    assert_eq!(folder.read("mine.ndjson"), "precious\n");
    shop.store.clear_canned();
    assert_eq!(shop.playfast(&resumed).code(), 0);
    let mut rows: Vec<_> = folder.read("mine.ndjson").lines().map(str::to_owned).collect();
    rows.sort();
    assert_eq!(rows, [r#"{"app_id":"com.a.b"}"#, r#"{"app_id":"com.c.d"}"#]);
}

#[cfg(unix)]
#[test]
fn two_runs_do_not_write_one_file_by_two_names() {
    let shop = Shop::open(StoreConfig::default());
    let folder = Folder::new(&[("rows.csv", "")]);
    std::fs::hard_link(folder.path("rows.csv"), folder.path("hard.csv")).unwrap();
    std::os::unix::fs::symlink("rows.csv", folder.path("soft.csv")).unwrap();
    let mut command = binary();
    command.args(["run", "--queries=-", "-o", &folder.name("rows.csv"), "--rate=none"]).args(shop.options());
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !folder.path("rows.csv.journal").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    for name in ["rows.csv", "hard.csv", "soft.csv"] {
        for existing in ["fail", "resume", "restart", "replace"] {
            let ran = shop.playfast(&["app", "com.a.b", "-o", &folder.name(name), "--existing", existing]);
            ran.refused(75, "is being written by another run");
        }
    }
    drop(running.stdin.take());
    assert!(running.wait().unwrap().success());
    assert_eq!(shop.playfast(&["app", "com.a.b", "-o", &folder.name("hard.csv")]).code(), 0);
}

/// Bytes of a file of rows, and those of a device or pipe, which are written in large pieces.
#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_in_large_pieces() {
    let shop = Shop::open(StoreConfig::default());
    let writes = |output: &Path| {
        let mut command = binary();
        command.args(["run", "--queries=-", "--rate=none", "-o"]).arg(output).args(shop.options());
        let mut running = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut queries = running.stdin.take().unwrap();
        let io = format!("/proc/{}/io", running.id());
        let count = |name: &str| {
            let text = std::fs::read_to_string(&io).unwrap();
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_start_matches(':').trim().parse::<u64>().unwrap()
        };
        std::io::Write::write_all(&mut queries, b"{\"kind\":\"list\",\"country\":[\"us\",\"kr\",\"jp\",\"de\"]}\n")
            .unwrap();
        let before = shop.store.stats().requests;
        while shop.store.stats().requests < before + 4 || count("wchar") < 1_000_000 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let writes = count("syscw");
        drop(queries);
        assert!(running.wait().unwrap().success());
        writes
    };
    // Four charts of 100 rows each, with what the runtime and the connection write.
    let written = writes(Path::new("/dev/null"));
    assert!(written < 400, "{written} writes for 400 rows");
}
