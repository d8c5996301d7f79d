//! Resuming through the library: a file with its journal, and another store of rows and states.

use std::collections::HashMap;
use std::path::Path;

use futures::StreamExt;
use playfast::output::{
    Checkpoint, CheckpointWriter, EndedQuery, FileCheckpoint, OpenMode, QueryEnd, QueryProgress, RunEnd,
};
use playfast::query::QueryKey;
use playfast::run::{PartialQuery, Remaining, ResumeFilter};
use playfast::{Host, Query, Row};
use playfast_sim::StoreConfig;
use serde_json::Value;

use crate::support::{Folder, Shop, timeless};

/// Twelve charts of eight apps.
fn queries(host: &Host) -> Vec<Query> {
    let plan = host.plan("list", [("country", "us,kr,jp,de"), ("category", "GAME,SOCIAL,TOOLS"), ("num", "8")]);
    plan.unwrap().queries().collect()
}

/// Stores pages until `pages` came or none is left, and then the end if none is left.
async fn run<C: Checkpoint<Error: std::fmt::Debug>>(host: &Host, checkpoint: C, pages: usize) -> Option<RunEnd> {
    let mut results = host.resume(queries(host), checkpoint.resume_filter());
    let mut writer = CheckpointWriter::new(checkpoint);
    for _ in 0..pages {
        match results.next().await {
            Some(page) => writer.write(page).unwrap(),
            None => return Some(writer.finish().unwrap()),
        }
    }
    None
}

/// Rows without the time of their fetch, sorted.
fn sorted(rows: impl IntoIterator<Item = Value>) -> Vec<String> {
    let mut rows: Vec<_> = rows.into_iter().map(|row| timeless(row).to_string()).collect();
    rows.sort();
    rows
}

fn rows_of(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    sorted(text.lines().map(|line| serde_json::from_str(line).unwrap()))
}

/// The rows of a run that nothing stops.
fn uninterrupted(shop: &Shop) -> Vec<String> {
    let host = shop.host();
    let outcomes = shop.runtime.block_on(host.run(queries(&host)).collect::<Vec<_>>());
    sorted(outcomes.into_iter().flat_map(|outcome| outcome.rows).map(Value::from))
}

#[test]
fn a_run_that_is_left_in_the_midst_continues_in_its_file() {
    let (shop, folder) = (Shop::open(StoreConfig::default()), Folder::empty());
    let whole = uninterrupted(&shop);
    assert_eq!(whole.len(), 12 * 8);
    let (host, file) = (shop.host(), folder.path("charts.ndjson"));
    let open = |mode| FileCheckpoint::open(&file, mode);
    assert_eq!(shop.runtime.block_on(run(&host, open(OpenMode::Fail).unwrap(), 3)), None);
    assert!(open(OpenMode::Fail).is_err(), "an unfinished run is not overwritten");
    let asked = shop.store.stats().requests;
    let mut runs = 1;
    loop {
        runs += 1;
        let checkpoint = open(OpenMode::Resume).unwrap();
        assert!(open(OpenMode::Resume).is_err(), "two runs write one file");
        if let Some(end) = shop.runtime.block_on(run(&host, checkpoint, 4)) {
            assert_eq!(end, RunEnd::Complete);
            break;
        }
    }
    assert_eq!((runs, rows_of(&file)), (4, whole));
    assert!(shop.store.stats().requests > asked);
    let before = shop.store.stats().requests;
    let restarted = shop.runtime.block_on(run(&host, open(OpenMode::Restart).unwrap(), usize::MAX));
    assert_eq!((restarted, shop.store.stats().requests - before), (Some(RunEnd::Complete), 12));
}

/// Rows and states in memory: each step is one change of both, as a transaction of a database is.
#[derive(Default)]
struct Memory {
    rows: Vec<Row>,
    states: HashMap<QueryKey, Remaining>,
    end: Option<RunEnd>,
}

impl Checkpoint for &mut Memory {
    type Error = std::convert::Infallible;

    fn resume_filter(&self) -> ResumeFilter {
        let states = self.states.clone();
        ResumeFilter::new(move |key| states.get(key).cloned().unwrap_or_default())
    }

    fn page(&mut self, rows: Vec<Row>, progress: QueryProgress) -> Result<(), Self::Error> {
        self.rows.extend(rows);
        let mut partial = PartialQuery::default();
        partial.record_page(progress.state.to_string(), progress.records);
        self.states.insert(progress.key, Remaining::Rest(partial));
        Ok(())
    }

    fn end(&mut self, rows: Vec<Row>, ended: EndedQuery) -> Result<(), Self::Error> {
        self.rows.extend(rows);
        if ended.end == QueryEnd::Answered {
            self.states.insert(ended.key, Remaining::Nothing);
        }
        Ok(())
    }

    fn finish(&mut self, end: RunEnd) -> Result<(), Self::Error> {
        self.end = Some(end);
        Ok(())
    }
}

#[test]
fn another_store_of_rows_and_states_continues_too() {
    let shop = Shop::open(StoreConfig::default());
    let (whole, host) = (uninterrupted(&shop), shop.host());
    let mut memory = Memory::default();
    while shop.runtime.block_on(run(&host, &mut memory, 5)).is_none() {}
    assert_eq!(memory.end, Some(RunEnd::Complete));
    assert_eq!(sorted(memory.rows.into_iter().map(Value::from)), whole);
}
