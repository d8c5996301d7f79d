//! Six charts at once, each shown as soon as it and those before it are there: `cargo run --profile quick --example charts`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use futures::StreamExt;
use playfast::Host;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Host::builder().environment()?.build().await?;
    let asked = [("country", "us,kr,jp"), ("category", "GAME_ACTION,SOCIAL"), ("num", "10")];
    let plan = host.plan("list", asked)?;
    let mut outcomes = host.run(plan.queries());
    while let Some(outcome) = outcomes.next().await {
        match &outcome.failure {
            None => println!("{}: {} apps", outcome.query, outcome.rows.len()),
            Some(failure) => eprintln!("{}: {failure}", outcome.query),
        }
    }
    Ok(())
}
