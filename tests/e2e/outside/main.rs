//! Charts of some countries as lines of text: a tool that knows Playfast by its README and its docs alone.
//!
//! `tool AUTHORITY.pem HOST:PORT:ADDR:PORT…`: where the store is that it asks.

use std::error::Error;

use futures::StreamExt;
use playfast::fetch::{ConnectTo, FetchOptions};
use playfast::parser::Limits;
use playfast::{FailureKind, Host, Rate};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let authority = std::fs::read(arguments.next().ok_or("which authority?")?)?;
    let mut fetch = FetchOptions::default().with_certificate_authority(authority).with_user_agent("charts/1.0");
    for to in arguments {
        fetch = fetch.with_connect_to(to.parse::<ConnectTo>()?);
    }
    let limits = Limits::default().with_memory(64 << 20);
    let host = Host::builder().with_fetch_options(fetch).with_limits(limits).with_rate(Rate::Unlimited).build().await?;

    let plan = host.plan("list", [("country", "us,kr"), ("num", "3")])?;
    let mut outcomes = host.run(plan.queries());
    while let Some(outcome) = outcomes.next().await {
        let country = outcome.query.param("country").unwrap_or("nowhere");
        match outcome.failure {
            Some(failure) if failure.kind == FailureKind::Blocked => return Err(failure.into()),
            Some(failure) => eprintln!("{country}: {failure}"),
            None => {
                for row in outcome.rows {
                    println!("{country} {} {}", row["position"], row["app_id"]);
                }
            }
        }
    }
    Ok(())
}
