//! Another parser for a running host, and back: `cargo run --profile quick --example swap_from_code FILE.wasm`.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use playfast::Host;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let component = std::fs::read(std::env::args().nth(1).ok_or("which FILE.wasm?")?)?;
    let host = Host::builder().environment()?.build().await?;
    let plan = host.plan("list", [("category", "all-games"), ("num", "5")])?;
    let (before, swapped) = tokio::join!(host.batch(&plan), host.swap(component));
    match swapped {
        Ok(swapped) => println!("generation {} answers from now on", swapped.generation),
        Err(refused) => println!("the old parser goes on: {refused}"),
    }
    for outcome in before.into_iter().chain(host.batch(&plan).await) {
        let answer = outcome.failure.map_or(format!("{} apps", outcome.rows.len()), |failure| failure.to_string());
        let parser = outcome.generation.map_or("no parser".to_owned(), |number| format!("generation {number}"));
        println!("{} ({parser}): {answer}", outcome.query);
    }
    match host.rollback() {
        Ok(back) => println!("generation {} is the old parser again", back.generation),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
