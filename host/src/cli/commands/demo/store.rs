//! The store on this machine that the demo and the benchmark ask, and a host that is led there.

use std::error::Error;
use std::time::Duration;

use playfast_sim::{ChartQuery, Store, StoreConfig};

use crate::cli::exit::ExitStatus;
use crate::host::{Host, HostBuilder};
use crate::parser::Parser;
use crate::query::Plan;
use crate::result::Outcome;
use crate::schedule::Rate;
use crate::types::{Query, chain};

/// The study's charts: the first `countries` countries and `categories` categories.
pub(in crate::cli) const COUNTRIES: [&str; 5] = ["us", "kr", "jp", "de", "gb"];
pub(in crate::cli) const CATEGORIES: [&str; 5] = ["GAME_ACTION", "SOCIAL", "PRODUCTIVITY", "ENTERTAINMENT", "FINANCE"];

/// Apps of a chart.
pub(in crate::cli) const APPS: usize = 100;

/// A store that runs, and a host that knows the way.
pub(in crate::cli) struct DemoStore {
    pub(in crate::cli) store: Store,
    pub(in crate::cli) host: Host,
}

impl DemoStore {
    /// Starts a store that has the charts ready, and warms connection, client and sandbox up by asking all of them once.
    pub(in crate::cli) async fn open(parser: Parser, charts: &Plan) -> Result<Self, ExitStatus> {
        let store = Store::start(StoreConfig::default()).await.map_err(failed)?;
        let ready: Vec<_> = charts.queries().map(|query| chart(&query)).collect();
        store.prepare(&ready, &[]).await.map_err(failed)?;
        let host = host(&store, parser).await?;
        let shop = Self { store, host };
        shop.all(charts.queries().collect()).await?;
        Ok(shop)
    }

    /// From now on every answer takes so long.
    pub(in crate::cli) fn slow_down(&self, latency: Duration) {
        self.store.set_latency(latency);
    }

    /// Asks one after another.
    pub(in crate::cli) async fn one_by_one(&self, queries: Vec<Query>) -> Result<Vec<Outcome>, ExitStatus> {
        let mut outcomes = Vec::new();
        for query in queries {
            outcomes.append(&mut self.all(vec![query]).await?);
        }
        Ok(outcomes)
    }

    /// Asks all at once. Anything but whole charts is an error: nothing else may be timed.
    pub(in crate::cli) async fn all(&self, queries: Vec<Query>) -> Result<Vec<Outcome>, ExitStatus> {
        let count = queries.len();
        let outcomes: Vec<Outcome> = futures::StreamExt::collect(self.host.run(queries)).await;
        match outcomes.iter().find(|outcome| outcome.failure.is_some() || outcome.rows.len() != APPS) {
            None if outcomes.len() == count => Ok(outcomes),
            None => Err(ExitStatus::config(format!("{count} charts were asked for, and {} came", outcomes.len()))),
            Some(Outcome { query, failure: Some(failure), .. }) => {
                Err(ExitStatus::config(format!("{query}: {failure}")))
            }
            Some(Outcome { query, rows, .. }) => {
                Err(ExitStatus::config(format!("{query}: {} apps instead of {APPS}", rows.len())))
            }
        }
    }
}

/// A host that connects to the store, and trusts its authority.
async fn host(store: &Store, parser: Parser) -> Result<Host, ExitStatus> {
    let mut builder = HostBuilder::default()
        .loaded(None, parser)
        .with_certificate_authority(store.ca_pem())
        .with_rate(Rate::Unlimited);
    for connect_to in store.connect_to() {
        builder = builder.with_connect_to(connect_to.parse().map_err(failed)?);
    }
    builder.build().await.map_err(failed)
}

/// Charts of the first countries and categories.
pub(in crate::cli) fn charts(parser: &Parser, countries: usize, categories: usize) -> Result<Plan, ExitStatus> {
    let (countries, categories) = (first(&COUNTRIES, countries), first(&CATEGORIES, categories));
    let apps = APPS.to_string();
    let params = [("country", countries.as_str()), ("category", &categories), ("num", &apps)];
    Plan::new(parser.description(), "list", params)
        .map_err(|error| ExitStatus::config(format!("this needs a parser for charts: {error}")))
}

fn first(names: &[&str], count: usize) -> String {
    names.iter().take(count).copied().collect::<Vec<_>>().join(",")
}

fn chart(query: &Query) -> ChartQuery {
    let param = |name| query.param(name).unwrap_or_default();
    ChartQuery::new(param("country"), param("category"), param("collection"))
}

pub(in crate::cli) fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> ExitStatus {
    let error: Box<dyn Error> = error.into();
    ExitStatus::config(format!("the store on this machine failed: {}", chain(&*error)))
}
