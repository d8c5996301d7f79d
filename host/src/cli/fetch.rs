//! `playfast KIND …`: the queries of one plan, answered.

use std::sync::Arc;

use futures::StreamExt;

use super::args::{KindCommand, Options};
use super::delivery::{Taken, deliver, dry_run};
use super::exit::Exit;
use super::sink::{Columns, Sink};
use crate::batch::{Input, split_kind};
use crate::output::Format;
use crate::{Host, PlanError};

pub(super) async fn run(command: &KindCommand, options: &Options, host: &Host) -> Result<Exit, Exit> {
    let kind = command.name.as_str();
    let refused = |error: PlanError| Exit::config(error.to_string());
    let description = host.slot_of(kind).map_err(refused)?.description();
    let plain = split_kind(kind).1;
    let named = options.input.params()?;
    let params = named.iter().chain(&command.params).map(|(name, value)| (name.as_str(), value.as_str()));
    let plan = host.plan(kind, params).map_err(refused)?;
    let (queries, taken) = (futures::stream::iter(plan.queries()), Taken::default());
    taken.total.set(plan.len());
    if options.run.dry_run {
        return dry_run(queries, &taken).await;
    }
    let sink = Sink::open(&options.output, Format::Table, || Columns::new(&[Arc::clone(&description)], Some(plain)))?;
    let input = Input { queries: queries.boxed(), is_at_hand: true };
    deliver(options, host, input, &taken, sink).await
}
