//! `playfast KIND …`: the queries of one plan, answered.

use std::sync::Arc;

use clap::ArgMatches;
use futures::StreamExt;

use super::args;
use super::delivery::{Taken, deliver, dry_run};
use super::exit::Exit;
use super::sink::{Columns, Sink};
use crate::batch::{Input, split_kind};
use crate::output::Format;
use crate::{Host, PlanError};

pub(super) async fn run(kind: &str, matches: &ArgMatches, options: &ArgMatches, host: &Host) -> Result<Exit, Exit> {
    let refused = |error: PlanError| Exit::config(error.to_string());
    let description = host.slot_of(kind).map_err(refused)?.description();
    let plain = split_kind(kind).1;
    let params = match description.kind(plain) {
        Some(kind) => args::params(kind, options)?,
        None => Vec::new(),
    };
    let params = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let plan = host.plan(kind, params).map_err(refused)?;
    let (queries, taken) = (futures::stream::iter(plan.queries()), Taken::default());
    taken.total.set(plan.len());
    if matches.get_flag("dry-run") {
        return dry_run(queries, &taken).await;
    }
    let sink = Sink::open(matches, Format::Table, || Columns::new(&[Arc::clone(&description)], Some(plain)))?;
    let input = Input { queries: queries.boxed(), is_at_hand: true };
    deliver(matches, host, input, &taken, sink).await
}
