//! Texts of events, `inspect` and `doctor`, word for word. What differs from run to run is replaced.

use futures::StreamExt;
use playfast::swap::Event;
use playfast_sim::StoreConfig;

use crate::parsers::rogue;
use crate::support::{Shop, playfast};
use crate::swap::{ONE_APP, again, charts};
use crate::wat_components::{self, UNREACHABLE};

/// Compares a text with its snapshot, without digests, sizes of components and times.
fn assert_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"sha256:[0-9a-f]{64}", "sha256:[digest]");
    settings.add_filter(r"\([0-9a-f]{12}\)", "([digest])");
    settings.add_filter(r"size     \d+ bytes", "size     [count] bytes");
    settings.add_filter(r"\b\d+(\.\d+)? m?s\b", "[time]");
    settings.add_filter(r"\b\d+(\.\d+)? [KM]B\b", "[size]");
    // Columns are as wide as what is replaced.
    settings.add_filter(r"(\S) {2,}", "$1  ");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn events_of_swaps() {
    let shop = Shop::open(StoreConfig::default());
    let host = shop.host();
    let plan = host.plan("list", []).unwrap();
    let ask = || shop.runtime.block_on(host.batch(&plan));
    ask();
    let mut events = Box::pin(host.events());
    let swap = |component: Vec<u8>| shop.runtime.block_on(host.swap(component)).map(drop);
    swap(again(0)).unwrap();
    swap(b"garbage".to_vec()).unwrap_err();
    swap(charts(UNREACHABLE)).unwrap_err();
    shop.runtime.block_on(host.swap_unchecked(wat_components::component(&wat_components::charts(), ONE_APP))).unwrap();
    ask();
    shop.runtime.block_on(host.add("other", rogue())).unwrap_err();
    shop.runtime.block_on(host.add("other", again(1))).unwrap();
    let events: Vec<Event> = shop.runtime.block_on(events.by_ref().take(7).collect());
    assert_text("events", &events.iter().map(|event| format!("{event}\n")).collect::<String>());
}

#[test]
fn inspection_of_the_built_in_parser() {
    assert_text("inspect", &playfast(&["inspect"]).stdout());
}

#[test]
fn report_of_doctor() {
    let shop = Shop::open(StoreConfig::default());
    let ran = shop.playfast(&["doctor"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let authority = shop.options().into_iter().skip_while(|option| option != "--cacert").nth(1).unwrap();
    let text = ran.stdout().replace(&authority, "[authority]");
    let port = shop.options()[1].rsplit(':').next().unwrap().to_owned();
    assert_text("doctor", &text.replace(&port, "[port]"));
}
