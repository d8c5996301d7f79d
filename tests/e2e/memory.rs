//! Memory, watched from outside: it is back where it was after each way to misbehave, and after swaps for as long as one likes.
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use playfast_sim::StoreConfig;

use crate::misbehaving_parsers::{self, Mode};
use crate::support::Shop;
use crate::swap::{self, again};
use crate::watched::Watched;

/// MiB by which memory may be above what it was: sandboxes and allocators keep some, though no bomb's 256 nor giant answer's 64 twice.
const ABOUT: u64 = 32;
const KEPT: u64 = 96;

/// A parser that asks and reads well, and gives a row.
const GOOD: &str = "(call $page (global.get $record) (i32.const 7))";

/// One that takes its time for it, some milliseconds, so that many are under way at once.
const SLOW: &str = "(local $i i32)
    (loop $l
        (memory.fill (i32.const 3500000) (local.get $i) (i32.const 500000))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 200))))
    (call $page (global.get $record) (i32.const 7))";

/// Times that a mode's query is asked.
const TIMES: usize = 3;

/// The memory after a parser failed so and a good one came, the most that there was, and the time that its queries took.
fn misbehave(shop: &Shop, cache: &tempfile::TempDir, parser: &[u8], says: &str) -> (u64, u64, Duration) {
    let mut watched = Watched::start(shop, parser, cache);
    let start = Instant::now();
    for _ in 0..TIMES {
        watched.ask(r#"{"kind": "list"}"#);
        watched.until_it_says(says);
    }
    let took = start.elapsed();
    watched.replace(&swap::charts(GOOD));
    watched.until_it_says("answers from now on, as generation 2");
    let before = watched.rows();
    for _ in 0..20 {
        watched.ask(r#"{"kind": "list"}"#);
    }
    watched.until("rows", |watched| watched.rows() >= before + 20);
    let memory = (watched.mebibytes("VmRSS"), watched.mebibytes("VmHWM"), took);
    assert_ne!(watched.end(), 101, "it panicked");
    memory
}

/// The memory of a good parser's host after so many responses at once. A sandbox that was used keeps 3 MiB of its own.
fn warm(shop: &Shop, cache: &tempfile::TempDir, queries: usize, parse: &str) -> u64 {
    let mut watched = Watched::start(shop, &swap::charts(parse), cache);
    for _ in 0..queries {
        watched.ask(r#"{"kind": "list"}"#);
    }
    watched.until("rows", |watched| watched.rows() >= queries);
    let memory = watched.mebibytes("VmRSS");
    assert_eq!(watched.end(), 0);
    memory
}

#[test]
fn after_each_way_to_misbehave_memory_is_back_where_it_was() {
    let shop = Shop::open(StoreConfig::default());
    let cache = tempfile::tempdir().unwrap();
    let (idle, busy) = (warm(&shop, &cache, 1, GOOD), warm(&shop, &cache, 1000, SLOW));
    let modes = Mutex::new(misbehaving_parsers::modes());
    let complaints = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = modes.lock().unwrap().pop();
            let Some(Mode { name, component, says, .. }) = next else { return };
            let (after, peak, took) = misbehave(&shop, &cache, &component, says);
            // Queries that raise others have as many sandboxes busy as there are.
            let before = if says.contains("deep") { busy } else { idle };
            let line = format!("{name}: {after} MiB afterwards ({before} without it), {peak} at most, {took:.1?}");
            println!("{line}");
            if after > before + KEPT {
                complaints.lock().unwrap().push(line);
            }
        }
    };
    thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What random swaps are made of: good parsers, and such as are refused.
fn candidates() -> Vec<Vec<u8>> {
    let good = (0..16).map(again);
    let whole = again(16);
    let broken = [b"garbage".to_vec(), whole[..whole.len() / 2].to_vec(), swap::charts(swap::NOTHING), Vec::new()];
    good.chain(broken).chain(misbehaving_parsers::modes().into_iter().map(|mode| mode.component)).collect()
}

/// A generator of numbers that are random enough, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % count
    }
}

fn median(looks: &[u64]) -> u64 {
    let mut looks = looks.to_vec();
    looks.sort_unstable();
    looks[looks.len() / 2]
}

/// For as many minutes as `PLAYFAST_SOAK_MINUTES` says, one if it doesn't: `cargo test --profile quick --test e2e soak -- --ignored --nocapture`
#[test]
#[ignore = "takes as long as it is told"]
fn soak_random_swaps_end_with_the_memory_that_they_began_with() {
    let minutes = std::env::var("PLAYFAST_SOAK_MINUTES").map_or(1.0, |minutes| minutes.parse::<f64>().unwrap());
    let shop = Shop::open(StoreConfig::default());
    let cache = tempfile::tempdir().unwrap();
    let (candidates, mut dice) = (candidates(), Dice(1));
    let mut watched = Watched::start(&shop, &again(0), &cache);
    let (mut asked, mut swaps, mut said) = (1, 0, HashMap::<&str, usize>::new());
    watched.ask(r#"{"kind": "list"}"#);
    watched.until("the first rows", |watched| watched.rows() >= 100);
    let (start, length) = (Instant::now(), Duration::from_secs_f64(minutes * 60.0));
    let (mut looks, mut next_look, mut next_swap) = (Vec::new(), Duration::ZERO, Duration::ZERO);
    while start.elapsed() < length {
        if asked < watched.rows() / 100 + 8 {
            let countries = ["us", "kr", "jp", "de", "fr", "br"];
            let country = countries[dice.below(countries.len())];
            let category = ["GAME", "GAME_ACTION", "SOCIAL", "TOOLS"][dice.below(4)];
            watched.ask(&format!(r#"{{"kind": "list", "country": "{country}", "category": "{category}"}}"#));
            asked += 1;
        }
        if start.elapsed() > next_swap {
            watched.replace(&candidates[dice.below(candidates.len())]);
            swaps += 1;
            next_swap = start.elapsed() + Duration::from_millis(100 + dice.below(900) as u64);
        }
        for line in watched.said() {
            let known = ["answers from now on", "is refused", "is rolled back", "answers already"];
            let what = known.iter().find(|part| line.contains(**part));
            *said.entry(what.unwrap_or_else(|| panic!("{line}"))).or_default() += 1;
        }
        if start.elapsed() > next_look {
            let now = watched.mebibytes("VmRSS");
            println!(
                "{:5.0} s: {now} MiB, {} rows, {swaps} swaps: {said:?}",
                start.elapsed().as_secs_f64(),
                watched.rows()
            );
            next_look = start.elapsed() + length.div_f64(60.0).max(Duration::from_secs(5));
            looks.push(now);
        }
        thread::sleep(Duration::from_millis(10));
    }
    watched.until("every query's rows", |watched| watched.rows() >= asked * 100);
    assert_eq!(watched.rows(), asked * 100);
    // Single looks differ by what is under way.
    let fifth = looks.len() / 5;
    let (first, last) = (median(&looks[fifth / 2..][..fifth]), median(&looks[looks.len() - fifth..]));
    println!("{first} MiB after the first tenth, {last} MiB in the last fifth, {} at most", watched.mebibytes("VmHWM"));
    assert_eq!(watched.end(), 0);
    assert!(last <= first + ABOUT, "{first} MiB, then {last}");
}
