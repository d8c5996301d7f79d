//! A parser takes another's place under load, or is refused, and nothing is lost or mixed.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use futures::StreamExt;
use playfast::parser::Digest;
use playfast::swap::{Event, SwapError};
use playfast::{FailureKind, Host, Outcome, PLAY, Plan};
use playfast_sim::{Layout, StoreConfig};

use crate::support::{self, Shop};
use crate::wat_components::{self, Guest};

/// The component under test with another digest: a custom section more.
pub(crate) fn again(tag: u8) -> Vec<u8> {
    let mut component = support::component().map_or(PLAY.to_vec(), |file| std::fs::read(file).unwrap());
    component.extend([0, 3, 1, b'n', tag]);
    component
}

/// A parser for charts whose `parse` does this. It has Play's other kind too: else it couldn't take Play's place.
pub(crate) fn charts(parse: &str) -> Vec<u8> {
    Guest { description: &kinds_of_play(), request: wat_components::GETS, parse, ..Guest::default() }.build()
}

/// The description of a parser that may be asked for all that Play's may.
fn kinds_of_play() -> String {
    let description = wat_components::charts();
    let (start, list) = description.split_once("[{").unwrap();
    let (list, end) = list.rsplit_once("}]").unwrap();
    let kinds = [
        "list",
        "app",
        "reviews",
        "search",
        "availability",
        "suggest",
        "similar",
        "developer",
        "permissions",
        "datasafety",
    ];
    let kinds = kinds.map(|kind| format!("{{{}}}", list.replace("\"list\"", &format!("\"{kind}\""))));
    format!("{start}[{}]{end}", kinds.join(","))
}

pub(crate) const NOTHING: &str = "(i32.store offset=8 (global.get $result) (global.get $page)) (i32.store offset=12 (global.get $result) (i32.const 1)) (global.get $result)";
pub(crate) const ONE_APP: &str = "(call $page (global.get $app_record) (i32.const 28))";
const ONE_NAMELESS: &str = "(call $page (global.get $record) (i32.const 7))";

/// A running binary, its parser's file, and what it says on stderr.
struct Running {
    child: Child,
    folder: tempfile::TempDir,
    said: std::io::Lines<BufReader<ChildStderr>>,
    /// Counts the rows after the first.
    rows: thread::JoinHandle<usize>,
}

impl Running {
    /// Asks charts, ten a second, with the parser in a file that is watched.
    fn start(shop: &Shop, parser: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("parser.wasm");
        std::fs::write(&file, parser).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_playfast"));
        command.args([
            "list",
            "--watch",
            "--rate=10/s",
            "--num=2",
            "--country=us,kr",
            "--category=all-games",
            "--parser",
        ]);
        let mut child =
            command.arg(file).args(shop.options()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
        rows.next().unwrap().unwrap();
        let rows = thread::spawn(move || 1 + rows.map(Result::unwrap).count());
        Self { child, folder, said, rows }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("parser.wasm")
    }

    /// Puts another file in the parser's place, as `mv` does.
    fn replace(&self, parser: &[u8]) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, parser).unwrap();
        std::fs::rename(new, self.file()).unwrap();
    }

    fn says(&mut self, part: &str) {
        let line = self.said.next().unwrap().unwrap();
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }

    /// The rest of it: every query has its rows, and nothing else was said.
    fn ends_well(mut self) {
        let more: Vec<_> = self.said.map(Result::unwrap).filter(|line| !is_summary(line)).collect();
        assert!(self.child.wait().unwrap().success() && more.is_empty(), "{more:?}");
        let rows = self.rows.join().unwrap();
        assert!(rows > 30 && rows.is_multiple_of(4), "{rows}");
    }
}

/// Whether a line is of the table at the end of a run, whose other lines are indented.
fn is_summary(line: &str) -> bool {
    line.contains(" queries answered") || line.starts_with("  ")
}

#[test]
fn a_parser_dropped_in_beside_a_running_host_is_taken_or_refused() {
    let shop = Shop::open(StoreConfig::default());
    let mut running = Running::start(&shop, &again(0));
    running.replace(&again(1));
    running.says("answers from now on, as generation 2; of ");
    running.replace(&charts(NOTHING));
    running.says("is refused, and the old one goes on: it does worse on recent responses: of ");
    // Written bit by bit, and deleted before it comes.
    let component = again(2);
    let (start, rest) = component.split_at(component.len() / 2);
    std::fs::remove_file(running.file()).unwrap();
    thread::sleep(Duration::from_millis(50));
    std::fs::write(running.file(), start).unwrap();
    thread::sleep(Duration::from_millis(100));
    OpenOptions::new().append(true).open(running.file()).unwrap().write_all(rest).unwrap();
    running.says("answers from now on, as generation 3");
    running.ends_well();
}

/// As mounted volumes of Kubernetes change: a link to a folder is pointed at another.
#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere_is_a_change() {
    use std::os::unix::fs::symlink;
    let shop = Shop::open(StoreConfig::default());
    let mut running = Running::start(&shop, &again(0));
    let folder = running.folder.path();
    for (version, tag) in [("1", 3), ("2", 4)] {
        std::fs::create_dir(folder.join(version)).unwrap();
        std::fs::write(folder.join(version).join("parser.wasm"), again(tag)).unwrap();
    }
    symlink("1", folder.join("data")).unwrap();
    symlink("data/parser.wasm", folder.join("link")).unwrap();
    std::fs::rename(folder.join("link"), running.file()).unwrap();
    running.says("as generation 2");
    let folder = running.folder.path();
    symlink("2", folder.join("next")).unwrap();
    std::fs::rename(folder.join("next"), folder.join("data")).unwrap();
    running.says("as generation 3");
    running.ends_well();
}

fn plan(host: &Host, params: &[(&str, &str)]) -> Plan {
    Plan::new(&host.description(), "list", params.iter().copied()).unwrap()
}

fn batch(shop: &Shop, host: &Host, params: &[(&str, &str)]) -> Vec<Outcome> {
    shop.runtime.block_on(host.batch(&plan(host, params)))
}

/// One chart, asked now.
fn chart(shop: &Shop, host: &Host, params: &[(&str, &str)]) -> Outcome {
    batch(shop, host, params).remove(0)
}

#[test]
fn under_load_every_query_is_answered_once_and_generations_never_go_back() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(30)));
    let host = shop.host();
    let params = [("category", "all-games,all-apps"), ("country", "us,kr,jp,de"), ("num", "3")];
    let plan = plan(&host, &params);
    let swapping = Arc::new(AtomicBool::new(true));
    let (outcomes, taken) = shop.runtime.block_on(async {
        let swaps = tokio::spawn({
            let (host, swapping) = (host.clone(), Arc::clone(&swapping));
            async move {
                let mut taken = 0;
                for tag in 0..4 {
                    taken += usize::from(host.swap(again(tag)).await.is_ok_and(|swapped| !swapped.unchanged));
                    assert!(host.swap(b"garbage").await.is_err());
                }
                swapping.store(false, Ordering::Relaxed);
                taken
            }
        });
        // As many queries as there is time for, and once all after the last swap.
        let queries = (0..).map_while({
            let plan = plan.clone();
            move |index| {
                let goes_on = swapping.load(Ordering::Relaxed) || index % plan.len() != 0;
                goes_on.then(|| plan.query(index % plan.len())).flatten()
            }
        });
        let outcomes: Vec<_> = host.run(queries).collect().await;
        (outcomes, swaps.await.unwrap())
    });
    assert_eq!(taken, 4);
    assert_eq!(host.generation(), 5);
    for (index, outcome) in outcomes.iter().enumerate() {
        assert_eq!(Some(&outcome.query), plan.query(index % plan.len()).as_ref());
        assert!(outcome.failure.is_none() && outcome.rows.len() == 3, "{outcome:?}");
    }
    assert!(outcomes.is_sorted_by_key(|outcome| outcome.generation));
    let generations: HashSet<_> = outcomes.iter().map(|outcome| outcome.generation).collect();
    assert!(generations.len() >= 4, "swaps took effect under way: {generations:?}");
}

#[test]
fn what_does_worse_is_refused_with_the_difference_and_the_old_one_goes_on() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.host();
    assert_eq!(chart(&shop, &host, &[]).rows.len(), 100);
    let other_host =
        Guest { description: &wat_components::charts().replace("play.google.com", "evil.example"), ..Guest::default() };
    let cases = [
        (b"garbage".to_vec(), "not WebAssembly"),
        (other_host.build(), "it declares the host evil.example"),
        (charts(NOTHING), "for list it answers 0 % (the old one 100 %)"),
        (charts(ONE_NAMELESS), "app_id is in 0 % of the records (with the old one in 100 %)"),
        (charts(wat_components::UNREACHABLE), "for list it answers 0 %"),
        (
            Guest { description: &kinds_of_play(), parse: ONE_APP, ..Guest::default() }.build(),
            "for list it answers 0 %",
        ),
        (
            Guest {
                description: &wat_components::charts(),
                request: wat_components::GETS,
                parse: ONE_APP,
                ..Guest::default()
            }
            .build(),
            "it can't be asked as the old one: it no longer has the kinds app, reviews, search, availability, suggest, similar, developer, permissions, datasafety; of ",
        ),
        (
            Guest {
                description: &kinds_of_play().replace("\"required\": []", "\"required\": [\"id\"]"),
                ..Guest::default()
            }
            .build(),
            "list needs id, which it didn't",
        ),
    ];
    for (component, part) in cases {
        let mut events = Box::pin(host.events());
        let error = shop.runtime.block_on(host.swap(&component)).unwrap_err();
        let Some(Event::Refused { digest, reason, .. }) = shop.runtime.block_on(events.next()) else {
            panic!("{error}")
        };
        assert_eq!(digest, Digest::compute(&component));
        assert!(reason.contains(part), "{part:?} is not in {reason:?}");
        assert_eq!(host.generation(), 1);
        assert_eq!(chart(&shop, &host, &[]).rows.len(), 100);
    }
    let unchanged = shop.runtime.block_on(host.swap(again(0))).unwrap();
    assert!(!unchanged.unchanged && unchanged.preflight.is_some_and(|preflight| preflight.kinds[0].new == 1.0));
    assert!(shop.runtime.block_on(host.swap(again(0))).unwrap().unchanged);
}

#[test]
fn a_fix_for_a_changed_layout_is_taken_and_answers() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.host();
    shop.store.set_layout(Layout::Changed);
    assert_eq!(chart(&shop, &host, &[]).failure.unwrap().kind, FailureKind::LayoutChanged);
    let swapped = shop.runtime.block_on(host.swap(charts(ONE_APP))).unwrap();
    assert_eq!(swapped.generation, 2);
    let change = &swapped.preflight.unwrap().kinds[0];
    assert_eq!((change.old, change.new), (0.0, 1.0));
    let outcome = chart(&shop, &host, &[]);
    assert_eq!((outcome.generation, outcome.rows[0]["title"].as_str()), (Some(2), Some("B")));
    shop.store.set_layout(Layout::default());
    let back = host.rollback().unwrap();
    assert_eq!((back.generation, back.parser.name.as_str()), (3, "play"));
    assert_eq!(chart(&shop, &host, &[]).rows.len(), 100);
    assert!(matches!(host.rollback(), Err(SwapError::NoPrevious)));
}

#[test]
fn a_forced_parser_that_fails_is_taken_back() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.host();
    chart(&shop, &host, &[]);
    // One that can't even ask costs no query.
    let mut events = Box::pin(host.events());
    shop.runtime.block_on(host.swap_unchecked(wat_components::component(&wat_components::charts(), ONE_APP))).unwrap();
    assert_eq!(chart(&shop, &host, &[]).generation, Some(3));
    let said: Vec<_> = shop.runtime.block_on(events.by_ref().take(2).map(|event| event.to_string()).collect());
    assert!(said[1].contains("failed on 1 of 1 responses, and is rolled back"), "{said:?}");
    // One that traps on every answer costs those until it is judged.
    shop.runtime.block_on(host.swap_unchecked(charts(wat_components::UNREACHABLE))).unwrap();
    let kinds: Vec<_> = (0..8).map(|_| chart(&shop, &host, &[]).failure.map(|failure| failure.kind)).collect();
    assert_eq!(kinds, [Some(FailureKind::ParserTrap); 8]);
    assert_eq!(chart(&shop, &host, &[]).rows.len(), 100);
    assert_eq!(host.generation(), 5);
}
