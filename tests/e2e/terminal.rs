//! What a person sees at a terminal: cards, charts side by side, tables, a progress line that leaves no trace, colours.
#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::Duration;

use playfast_sim::{Canned, StoreConfig};
use unicode_width::UnicodeWidthStr;

use crate::support::{Shop, untimed, without_proxies};

/// Runs a command in a terminal of that many columns, and prints what it wrote there, and its exit code.
const IN_TERMINAL: &str = r#"
import fcntl, os, pty, struct, subprocess, sys, termios
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, int(sys.argv[1]), 0, 0))
child = subprocess.Popen(sys.argv[2:], stdin=theirs, stdout=theirs, stderr=theirs)
os.close(theirs)
written = b""
while True:
    try: piece = os.read(ours, 65536)
    except OSError: break
    if not piece: break
    written += piece
sys.stdout.buffer.write(written)
sys.exit(child.wait())
"#;

/// What a terminal was sent.
struct Sent(String);

impl Sent {
    fn new(shop: &Shop, columns: usize, arguments: &[&str]) -> Self {
        Self::with(shop, columns, arguments, &[("NO_COLOR", "1")])
    }

    fn with(shop: &Shop, columns: usize, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut python = without_proxies(Command::new("python3"));
        python.args(["-c", IN_TERMINAL, &columns.to_string(), env!("CARGO_BIN_EXE_playfast")]).args(arguments);
        python.args(shop.options()).args(["--rate=none", "--retries=0"]);
        python.env("TERM", "xterm-256color").env_remove("NO_COLOR").envs(variables.iter().copied());
        let output = python.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        Self(String::from_utf8(output.stdout).unwrap())
    }

    /// The lines that stay: each as it was last drawn.
    fn screen(&self) -> Vec<String> {
        let drawn = |line: &str| line.rsplit('\r').next().unwrap_or_default().replace("\x1b[2K", "");
        self.0.replace("\r\n", "\n").lines().map(drawn).collect()
    }
}

fn is_narrower(lines: &[String], columns: usize) {
    let widest = lines.iter().max_by_key(|line| line.width()).unwrap();
    assert!(widest.width() <= columns, "{} columns of {columns}: {widest}", widest.width());
}

#[test]
fn an_app_is_a_card_and_charts_stand_side_by_side() {
    let shop = Shop::open(StoreConfig::default());
    for columns in [80, 220] {
        let card = Sent::new(&shop, columns, &["app", "com.spotify.music"]).screen();
        is_narrower(&card, columns);
        let text = card.join("\n");
        for part in ["★ ", "5 ", "█", "installs ", "app_id ", "com.spotify.music", "more fields"] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        assert!(!text.contains("playfast: "), "of one app the card says enough: {text}");
        let charts = Sent::new(&shop, columns, &["list", "--country=us,de", "--num=5"]).screen();
        is_narrower(&charts, columns);
        assert!(charts[0].starts_with("list · collection topselling_free"), "{charts:?}");
        let heading: Vec<_> = charts[2].split_whitespace().collect();
        assert_eq!(heading, ["#", "us", "score", "de", "score"]);
        assert_eq!(charts.iter().filter(|line| line.starts_with(['1', '2', '3', '4', '5'])).count(), 5);
        let table = Sent::new(&shop, columns, &["list", "--num=5"]).screen();
        is_narrower(&table, columns);
        assert!(table[0].contains("country us") && table[2].starts_with("#  title"), "constants above: {table:?}");
        let ids = shop.playfast(&["list", "--num=5", "--fields=app_id", "--format=csv"]).stdout();
        assert!(ids.lines().skip(1).all(|id| table.iter().any(|line| line.contains(id))), "ids are whole: {table:?}");
        let compact = Sent::new(&shop, columns, &["list", "--num=5", "--fields=compact"]).screen();
        is_narrower(&compact, columns);
        assert!(compact[0].starts_with("country us · category APPLICATION") && compact[2].starts_with("#  title"));
    }
}

#[test]
fn the_progress_line_never_wraps_and_leaves_no_trace() {
    let shop = Shop::open(StoreConfig::default().latency(Duration::from_millis(150)));
    for columns in [40, 80] {
        let arguments =
            ["list", "--country=us,de,fr,gb", "--category=all-games", "--num=2", "--concurrency=4", "--format=ndjson"];
        let sent = Sent::new(&shop, columns, &[&arguments[..], &["--fields=position"]].concat());
        let drawn: Vec<_> = sent.0.split(['\r', '\n']).filter(|line| line.contains("of 68")).collect();
        assert!(drawn.len() > 3, "a line of progress was drawn: {:?}", sent.0);
        is_narrower(&drawn.iter().map(|line| line.replace("\x1b[2K", "")).collect::<Vec<_>>(), columns);
        let screen = sent.screen();
        assert_eq!(screen.iter().filter(|line| line.starts_with("{\"position\":")).count(), 136, "{screen:?}");
        assert!(!screen.iter().any(|line| line.contains("of 68")), "{screen:?}");
        let quiet = Sent::new(&shop, columns, &[&arguments[..], &["--fields=position", "--quiet"]].concat()).screen();
        assert_eq!(quiet.len(), 136, "errors only: {quiet:?}");
    }
}

#[test]
fn colours_are_for_terminals_and_as_the_environment_says() {
    let shop = Shop::open(StoreConfig::default());
    let colored = |variables: &[(&str, &str)], more: &[&str]| {
        Sent::with(&shop, 80, &[&["list", "--num=2"][..], more].concat(), variables).0.contains("\x1b[1m")
    };
    assert!(colored(&[], &[]));
    assert!(
        !colored(&[("NO_COLOR", "1")], &[]) && !colored(&[("CLICOLOR", "0")], &[]) && !colored(&[], &["--color=never"])
    );
    assert!(colored(&[("NO_COLOR", "1")], &["--color=always"]));
    let piped = shop.playfast(&["list", "--num=2", "--format=table"]).stdout();
    assert!(!piped.contains('\x1b'), "{piped:?}");
}

/// Lines of jobs that share a log come whole, with a time, and a cause is said a few times and then counted.
#[test]
fn without_a_terminal_lines_have_times_and_causes_are_counted() {
    let shop = Shop::open(StoreConfig::default());
    shop.store.respond_with("/_/PlayStoreUi/data/batchexecute", Canned::new(503, "")).unwrap();
    let ids: Vec<_> = (0..200).map(|index| format!("com.example.a{index}")).collect();
    let ran = shop.playfast(&["app", &ids.join(","), "--per-request=50"]);
    assert_eq!(ran.code(), 3);
    let said = ran.stderr();
    let (lines, table): (Vec<_>, Vec<_>) = said.lines().partition(|line| !line.starts_with("  "));
    assert!(lines.iter().all(|line| untimed(line) != *line && untimed(line).starts_with("playfast: ")), "{said}");
    let counted = lines.iter().filter(|line| line.contains(" more × unavailable: ")).count();
    assert_eq!((lines.len(), counted, table.len()), (5, 1, 4), "three, the rest as a number, and the summary: {said}");
    let child =
        Command::new(env!("CARGO_BIN_EXE_playfast")).args(["list", "--country=uk"]).stderr(Stdio::piped()).output();
    let refused = String::from_utf8(child.unwrap().stderr).unwrap();
    assert!(refused.starts_with("playfast: country can't be"), "what is refused before a run has no time: {refused}");
}
